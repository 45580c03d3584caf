"""The doctor: every kind of trouble is found and named with a remedy, nothing is changed, and no secret is repeated."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from provision import doctor
from provision.cli import main
from provision.connections import EnvironmentResolver
from provision.context import Context, open_context
from provision.doctor import backups, clocks, configuration, databases, keys, programs, servers, zones
from provision.doctor.finding import Check, Finding
from provision.ledger.store import Ledger
from tests.support.backups import safe_for
from tests.support.house import ACTOR, House, copy_of_house
from tests.support.pgp import Keeper
from tests.support.releases import Partners
from tests.support.servers import s3_server, sftp_server, smtp_server

__all__ = ["s3_server", "sftp_server", "smtp_server"]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return copy_of_house(tmp_path / "house")


def bad(check: Check, ctx: Context, level: str = "fail") -> dict[str, str]:
    """Where -> what, of the findings of one level; each has a remedy."""
    found = [f for f in check(ctx) if f.level == level]
    assert all(f.remedy and f.text.endswith(f.remedy) for f in found)
    return {f.where: f.what for f in found}


def test_a_house_in_order_has_no_failure_but_its_servers(house: House) -> None:
    ctx = house.open()
    for check in (configuration, zones, programs, keys, clocks, databases, backups):
        assert bad(check.check, ctx) == {}, check.__name__
    assert {f.where for f in databases.check(ctx)} >= {"ledger", "vault/vault.db"}


def test_every_kind_is_found_by_itself() -> None:
    wanted = {"backups", "clocks", "configuration", "databases", "keys", "programs", "servers", "zones"}
    assert set(doctor.checks()) == wanted


def test_looking_at_an_empty_machine_makes_no_log(house: House, tmp_path: Path) -> None:
    ctx = open_context(EnvironmentResolver(), folder=house.config, home=tmp_path / "empty")
    for check in (zones, keys, clocks, databases, backups):
        assert bad(check.check, ctx) == {}
    assert not (tmp_path / "empty" / "ledger" / "ledger.db").exists()


def test_configuration_is_named_by_file_and_line(house: House) -> None:
    house.replace("sources/kita-hospital.yaml", "format: ", "format: no-such-")
    found = bad(configuration.check, house.open())
    assert any(where.startswith("sources/kita-hospital.yaml:4 format") for where in found)


def test_agreements_that_end_and_old_confirmations_are_told_in_time(house: House) -> None:
    def soon(recipient: dict) -> None:  # type: ignore[type-arg]
        recipient["agreement"]["ends"] = (datetime.now(UTC) + timedelta(days=30)).date()
        recipient["encryption"]["confirmed_on"] = (datetime.now(UTC) - timedelta(days=900)).date()

    (name,) = [p.stem for p in (house.config / "recipients").glob("*.yaml")][:1]
    house.edit(f"recipients/{name}.yaml", soon)
    told = [f.what for f in configuration.check(house.open()) if f.level == "warn" and f.where == name]
    assert len(told) == 2


def _file_instead(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()
    folder.touch(mode=0o600)


@pytest.mark.parametrize(
    ("place", "spoil", "what"),
    [
        ("store", lambda f: f.chmod(0o755), "others may enter it"),
        ("landing/inbox/kita-hospital", lambda f: f.chmod(0o777), "others may enter it"),
        ("staging", _file_instead, "it is no folder"),
    ],
    ids=["readable", "an open inbox", "a file"],
)
def test_zones(house: House, place: str, spoil: Callable[[Path], object], what: str) -> None:
    folder = house.home / place
    folder.mkdir(parents=True, exist_ok=True)
    spoil(folder)
    assert bad(zones.check, house.open())[place] == what


def test_an_inbox_may_be_open_to_its_senders_group(house: House) -> None:
    (house.home / "landing" / "inbox" / "kita-hospital").chmod(0o730)
    assert bad(zones.check, house.open()) == {}


def test_a_zone_that_cannot_be_written_or_is_full(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (house.home / "outbox").mkdir(mode=0o700, exist_ok=True)

    def refuse(**_: object) -> None:
        raise OSError(30, "text of the system that is not repeated")

    with monkeypatch.context() as patch:
        patch.setattr("provision.doctor.zones.tempfile.TemporaryFile", refuse)
        assert "Read-only file system" in bad(zones.check, house.open())["outbox"]
    with monkeypatch.context() as patch:
        patch.setattr("provision.doctor.zones._free", lambda _: 500 << 20)
        assert "500 MiB" in bad(zones.check, house.open())["outbox"]
        patch.setattr("provision.doctor.zones._free", lambda _: 5 << 30)
        assert "5120 MiB" in bad(zones.check, house.open(), "warn")["outbox"]


def test_programs_are_asked_for_where_they_are_needed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("provision.paper._require_japanese", lambda: None)
    found = bad(programs.check, house.open())
    assert "xorriso" in found  # a recipient gets discs
    assert "gpg" not in found  # nobody has an OpenPGP key
    assert "age" in bad(programs.check, house.open(), "warn")


def test_a_machine_that_cannot_set_japanese(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from provision import paper

    def refuse() -> None:
        raise paper._missing("a Japanese font", "fonts-ipafont-gothic")

    monkeypatch.setattr("provision.paper._require_japanese", refuse)
    assert bad(programs.check, house.open()) == {"PDF": "a Japanese font is not installed"}


def test_keys_of_ours(house: House) -> None:
    ctx = house.open()
    folder = house.home / "vault" / "keys"
    (folder / "known-values.key").chmod(0o644)
    (folder / "x.1.2.tmp").touch(mode=0o600)
    (folder / "ledger-signing.former").touch(mode=0o600)
    destroyed = next(iter(ctx.ledger.entries(type="batch.destroyed"))).subjects["batch"]
    ctx.keys.create_identity(f"batch-{destroyed}")  # as a copy would bring it back
    found = bad(keys.check, ctx)
    assert found == {
        "vault/keys/known-values.key": "others may read it",
        f"vault/keys/batch-{destroyed}.key": "the log says that it was destroyed, and it is there",
    }
    assert bad(keys.check, ctx, "warn").keys() == {"vault/keys/x.1.2.tmp", "vault/keys/ledger-signing.former"}


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda home: (home / "vault/keys/ledger-signing.key").unlink(), "ledger-signing"),
        (lambda home: (home / "vault/keys/ledger-signing.key").write_text("no key"), "ledger-signing"),
        (lambda home: (home / "ledger/log.vkey").write_text("another+00+x\n"), "ledger/log.vkey"),
    ],
    ids=["lost", "damaged", "another one"],
)
def test_the_logs_key(house: House, spoil: Callable[[Path], object], where: str) -> None:
    spoil(house.home)
    assert where in bad(keys.check, house.open())
    if where == "ledger-signing":
        assert (
            not (house.home / "vault/keys/ledger-signing.key").exists()
            or "no key" in (house.home / "vault/keys/ledger-signing.key").read_text()
        ), "looking makes no new key"


def test_a_partners_key_near_its_end(house: House, tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "ring")
    keeper.home.mkdir(mode=0o700)
    try:
        keeper.gpg("--quick-gen-key", "架空 <kakuu@recipient.example>", "future-default", "default", "20d")
        key = keeper.key("kakuu@recipient.example")
        (name,) = [p.stem for p in (house.config / "recipients").glob("*.yaml")][:1]
        said = key.model_dump()
        house.edit(f"recipients/{name}.yaml", lambda recipient: recipient.update(encryption=said))
        assert "ends in 19 days" in bad(keys.check, house.open(), "warn")[name]
    finally:
        keeper.close()


def test_clocks(house: House, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TOKUMEI_S3", s3_server.connection_json())
    ctx = open_context(EnvironmentResolver(), folder=house.config, home=house.home)
    good = {f.where for f in clocks.check(ctx) if f.level == "good"}
    assert {"ledger", "connection tokumei_s3"} <= good
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with Ledger.open(ctx.zones.ledger(), clock=lambda: tomorrow) as log:
        log.append("test.later", actor=ACTOR, subjects={}, payload={})
    assert set(bad(clocks.check, ctx)) == {"ledger"}
    monkeypatch.setattr("provision.doctor.clocks.time.time", lambda: datetime.now(UTC).timestamp() + 100)
    assert "connection tokumei_s3" in bad(clocks.check, ctx, "warn")


def test_databases(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = house.open()
    with closing(sqlite3.connect(house.home / "ledger/ledger.db")) as db:
        db.execute("DROP TRIGGER entry_update")
        db.commit()
    (house.home / "vault" / "vault.db").write_bytes(b"no database" * 100)
    found = bad(databases.check, ctx)
    assert "triggers" in found["ledger"]
    assert found["vault/vault.db"] == "it is damaged"
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+psycopg2://me:secretword@127.0.0.1:9/x")
    (airflow,) = [f for f in databases.check(ctx) if f.where == "Airflow"]
    assert airflow.level == "fail"
    assert "secretword" not in airflow.text
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "sqlite://")
    assert [f.level for f in databases.check(ctx) if f.where == "Airflow"] == ["good"]


def test_a_log_that_was_signed_and_is_gone(house: House) -> None:
    (house.home / "ledger" / "ledger.db").unlink()
    assert bad(databases.check, house.open()) == {"ledger": "it was signed, and is not there"}


def test_backups_that_are_missing_old_or_behind(house: House, tmp_path: Path) -> None:
    safe = safe_for(house.config, tmp_path / "safe")
    assert set(bad(backups.check, house.open(), "warn")) == {"data", "vault"}
    ctx = house.open()
    long_ago = datetime.now(UTC) - timedelta(days=4)
    ctx.__dict__["ledger"] = Ledger.open(ctx.zones.ledger(), clock=lambda: long_ago)
    safe.save(ctx, "data")
    ctx.__dict__["ledger"] = Ledger.open(ctx.zones.ledger())
    safe.save(ctx, "vault")
    assert bad(backups.check, house.open(), "warn") == {"data": "the newest is 4 days old"}
    safe.save(ctx)
    assert bad(backups.check, house.open(), "warn") == {}


def test_servers_are_tried_and_nothing_is_delivered(
    house: House,
    smtp_server: SmtpServer,
    s3_server: S3Server,
    sftp_server: SftpServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    partners = Partners(smtp_server, s3_server, sftp_server)
    partners.place(house.config, "doctor")
    for name, text in partners.connections().items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", text)
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    monkeypatch.delenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", raising=False)
    ctx = open_context(EnvironmentResolver(), folder=house.config, home=house.home)
    mails = len(smtp_server.messages("doctor@recipient.example"))
    assert bad(servers.check, ctx) == {}
    tried = {f.where for f in servers.check(ctx)}
    assert len(tried) == len(ctx.recipients) + len(ctx.sources) + 1
    assert len(smtp_server.messages("doctor@recipient.example")) == mails
    assert main(["doctor", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is True
    assert said["good"] > 20

    # The same with a wrong password, and without an answer: told apart, and neither repeats a secret.
    sftp = json.loads(partners.connections()["partner_midori"])
    monkeypatch.setenv("AIRFLOW_CONN_PARTNER_MIDORI", json.dumps(sftp | {"port": 9}))
    smtp = json.loads(smtp_server.connection_json())
    monkeypatch.setenv("AIRFLOW_CONN_TOKUMEI_SMTP", json.dumps(smtp | {"password": "wrong-secretword"}))
    assert main(["doctor", "--all"]) == 5
    text = capsys.readouterr().out
    failures = [line for line in text.splitlines() if line.startswith("fail servers")]
    assert len(failures) >= 3  # the mail channel, the server of the foundation, the alerts; a bucket's mail, too
    assert "secretword" not in text
    assert smtp["password"] not in text
    assert all(" -> " in line for line in failures)


def test_a_platform_file_that_does_not_hold_ends_it_there(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    (house.config / "platform.yaml").write_text("environment: nowhere\n")
    assert main(["doctor"]) == 5
    assert "platform.yaml" in capsys.readouterr().out


def test_warnings_count_when_asked_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.doctor.examine", lambda _: [Finding("warn", "x", "y", "z", "r")])
    assert main(["doctor"]) == 0
    assert main(["doctor", "--strict"]) == 5


def test_a_question_that_breaks_is_a_finding_without_its_text(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(_: Context) -> list[Finding]:
        raise ValueError("架空花子 090-5550-0147")

    found = list(doctor._answers("broken", breaking, house.open()))  # type: ignore[arg-type]
    assert [f.level for f in found] == ["fail"]
    assert "架空" not in found[0].text


def test_connections_come_from_airflow_where_its_database_is_named() -> None:
    """In processes of their own: Airflow's engine is made once, and others of this process want theirs."""
    asks = (
        "from provision.connections import resolver_here as r; c = r().get('somewhere'); print(c.host, c.port, c.login)"
    )
    plain = {k: v for k, v in os.environ.items() if k != "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"}
    plain["AIRFLOW_CONN_SOMEWHERE"] = "ftp://me:word@host.example:21"
    for more in ({}, {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite://"}):
        done = subprocess.run(
            [sys.executable, "-c", asks], env=plain | more, capture_output=True, text=True, check=True, timeout=120
        )
        assert done.stdout.splitlines()[-1] == "host.example 21 me"
