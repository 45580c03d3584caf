"""復旧訓練: the machine is lost after a backup; what had left by then is not delivered a second time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from provision import releasing
from provision.backup import verifying
from provision.backup.restoring import Place
from provision.connections import EnvironmentResolver
from provision.context import Context, open_context
from provision.errors import DeliveryUnknown
from provision.ledger.verify import verify
from provision.releasing.resolving import resolve
from tests.support.backups import Safe, lose, safe_for
from tests.support.processes import Stage
from tests.support.releases import PLANS, Partners, at_recipient, published_release, write_config

ACTOR = "test:drill"


@dataclass(frozen=True)
class Drill:
    """A platform with a release that is published and not delivered, saved at that moment; and the machine to be."""

    channel: str
    partners: Partners
    old: Stage
    new: Stage
    safe: Safe
    release: str

    @property
    def case(self) -> str:
        return f"drill-{self.channel}-{self.old.folder.parent.name}".replace("_", "-")

    def open(self, stage: Stage) -> Context:
        return open_context(EnvironmentResolver(), folder=stage.config, home=stage.home)

    def there(self) -> int:
        """Deliveries at the recipient's end."""
        return len(at_recipient(self.channel, self.new, self.partners, self.case).sets)


def drill(channel: str, folder: Path, partners: Partners, monkeypatch: pytest.MonkeyPatch) -> Drill:
    old, new = (Stage(folder / name, folder / name / "config") for name in ("old", "new"))
    for stage in (old, new):
        stage.scratch.mkdir(parents=True)
    write_config(old.config)
    monkeypatch.setenv("AIRFLOW_CONN_TOKUMEI_SMTP", partners.smtp.connection_json())
    monkeypatch.setenv("AIRFLOW_CONN_PARTNER_MIDORI", partners.sftp.connection_json())
    safe = safe_for(old.config, folder / "safe")
    made = Drill(channel, partners, old, new, safe, "")
    partners.place(old.config, made.case)
    release = published_release(old.config, old.home, PLANS[channel], 30_000)
    with made.open(old).ledger:
        safe.save(made.open(old))
    return Drill(channel, partners, old, new, safe, release)


def restored(made: Drill) -> Context:
    """The machine is lost, and made again from both sets."""
    lose(made.old.home, made.old.config)
    for wanted in ("data", "vault"):
        made.safe.restore(wanted, Place(made.new.home, made.new.config))  # type: ignore[arg-type]
    context = made.open(made.new)
    assert verify(context.zones.ledger(), public_key=context.log_keys).ok
    assert verifying.problems(context) == []
    return context


@pytest.fixture
def partners(smtp_server: SmtpServer, sftp_server: SftpServer) -> Partners:
    return Partners(smtp_server, None, sftp_server)  # type: ignore[arg-type]


@pytest.mark.parametrize("left", [True, False], ids=["had left", "had not left"])
@pytest.mark.parametrize("channel", ["mail", "partner_sftp"])
def test_what_may_have_left_is_asked_about_and_goes_out_once(
    channel: str, left: bool, tmp_path: Path, partners: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = drill(channel, tmp_path, partners, monkeypatch)
    if left:  # after the backup, so that the restored log does not know it
        receipt = releasing.deliver(made.open(made.old), made.release, actor=ACTOR)
        assert receipt["channel"] == channel
    context = restored(made)
    for _ in range(2):
        with pytest.raises(DeliveryUnknown):
            releasing.deliver(context, made.release, actor=ACTOR)
        assert made.there() == int(left)
    (ordered,) = context.ledger.entries(type="delivery.ordered")
    resolve(context, ordered.subjects["delivery"], sent=left, reason="the recipient was asked", actor=ACTOR)
    for _ in range(2):
        releasing.deliver(context, made.release, actor=ACTOR)
        assert made.there() == 1
    assert context.ledger.state("release", made.release) == "open"
    assert verify(context.zones.ledger(), public_key=context.log_keys).ok


def test_without_the_restore_nobody_is_asked(
    tmp_path: Path, partners: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the above: the same release on the machine that was not lost simply goes out."""
    made = drill("partner_sftp", tmp_path, partners, monkeypatch)
    releasing.deliver(made.open(made.old), made.release, actor=ACTOR)
    assert made.there() == 1
