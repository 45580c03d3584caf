"""Databases of another version are not worked with, and come up to date in one step, whole or not at all."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from provision import vault as vault_room
from provision.cli import main
from provision.errors import FixConfiguration, RetryLater
from provision.migrations import upgrading
from provision.migrations.upgrading import databases, migrate, pending, script_of
from provision.migrations.versions import HEADS, version
from provision.portal import database as portal_room
from provision.vault import Vault
from provision.zones import Zones
from tests.support.house import House, copy_of_house

ROOMS: dict[str, Callable[[Path], object]] = {"vault": Vault, "portal": portal_room.Database}
#: What version 0.1.0 made, of which databases had no version: as in its tag, not as in today's code.
VAULT_0_1_0 = """
create table if not exists identity (
    scope text not null, identity blob not null, alias text not null unique,
    health_branch blob, health_birth blob, care blob, facility_chart blob, name_birth blob, e_birth blob, e_sex blob, e_kana blob, e_written blob,
    primary key (scope, identity)
) without rowid, strict;
create table if not exists withdrawal (
    scope text not null, alias text not null, cause text not null check (cause in ('veto', 'deletion')),
    entry integer not null, primary key (scope, alias, cause)
) without rowid, strict;
insert into identity (scope, identity, alias) values ('group-x', x'01', 'a1');
insert into withdrawal values ('group-x', 'a1', 'veto', 7);
"""  # noqa: E501


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return Zones(tmp_path / "home")


def path_of(zones: Zones, kind: str) -> Path:
    return (zones.vault() if kind == "vault" else zones.portal()) / f"{kind}.db"


def tables(path: Path) -> list[str]:
    """Every statement of the schema, spaces and the clause that new databases need set aside."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("select sql from sqlite_master where sql is not null").fetchall()
    return sorted(re.sub(r"\s+", "", sql).lower() for (sql,) in rows)


def old(path: Path, script: str = VAULT_0_1_0) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)


@pytest.mark.parametrize("kind", HEADS)
def test_the_newest_version_is_the_last_file_and_the_line_is_one(kind: str) -> None:
    script = script_of(kind)
    assert script.get_heads() == [HEADS[kind]]
    assert len(script.get_bases()) == 1
    revisions = [r.revision for r in script.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True), "numbers tell the order"


@pytest.mark.parametrize("kind", HEADS)
def test_a_new_database_is_what_all_migrations_together_make(zones: Zones, kind: str, tmp_path: Path) -> None:
    """Whoever changes the tables of a room without a migration is stopped here: add ``versions/r…`` and raise HEADS."""
    ROOMS[kind](path_of(zones, kind))
    migrated = tmp_path / "migrated.db"
    sqlite3.connect(migrated).close()
    upgrading._upgrade(migrated, kind)
    assert tables(path_of(zones, kind)) == tables(migrated)
    assert pending(zones) == []


def test_the_vault_of_the_previous_version_is_refused_and_brought_up_to_date(zones: Zones) -> None:
    path = path_of(zones, "vault")
    old(path)
    for _ in range(2):
        with pytest.raises(FixConfiguration, match="tokumei migrate"):
            Vault(path)
    (step,) = migrate(zones)
    assert (step.kind, step.before, step.after) == ("vault", "", "0002")
    assert migrate(zones) == []
    now = Vault(path)
    assert now.records("group-x")["alias"].to_list() == ["a1"]
    assert now.withdrawn("group-x").rows() == [("a1", "veto", 7)]


@pytest.mark.parametrize("kind", HEADS)
def test_a_newer_database_is_refused_and_nothing_goes_back(zones: Zones, kind: str) -> None:
    path = path_of(zones, kind)
    ROOMS[kind](path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("update alembic_version set version_num = '9999'")
        database.commit()
    with pytest.raises(FixConfiguration, match="newer program"):
        ROOMS[kind](path)
    with pytest.raises(FixConfiguration, match="newer"):
        migrate(zones)


def _further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A version of tomorrow."""
    versions = tmp_path / "kinds" / "vault" / "versions"
    versions.mkdir(parents=True)
    for path in (upgrading.FOLDER / "vault" / "versions").glob("r*.py"):
        (versions / path.name).write_text(path.read_text())
    (versions / "r0003_next.py").write_text(
        f'from alembic import op\nrevision, down_revision = "0003", "0002"\ndef upgrade():\n{body}'
    )
    monkeypatch.setattr(upgrading, "FOLDER", tmp_path / "kinds")
    monkeypatch.setitem(HEADS, "vault", "0003")


def test_a_further_version_keeps_what_is_there(zones: Zones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old(path_of(zones, "vault"))
    _further(tmp_path, monkeypatch, '    op.execute("alter table identity add column e_zip blob")\n')
    (step,) = migrate(zones)
    assert step.after == "0003"
    with closing(sqlite3.connect(path_of(zones, "vault"))) as database:
        assert database.execute("select alias, e_zip from identity").fetchall() == [("a1", None)]


def test_a_migration_that_fails_changes_nothing(zones: Zones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(zones, "vault")
    old(path)
    before = tables(path)
    body = '    op.execute("alter table identity add column e_zip blob")\n'
    body += '    op.execute("drop table withdrawal")\n    1 / 0\n'
    _further(tmp_path, monkeypatch, body)
    with pytest.raises(ZeroDivisionError):
        migrate(zones)
    assert tables(path) == before
    with closing(sqlite3.connect(path)) as database:
        assert version(database) is None
        assert database.execute("select count(*) from withdrawal").fetchone() == (1,)


def test_a_database_in_use_is_left_alone(zones: Zones, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(zones, "vault")
    old(path)
    monkeypatch.setattr("sqlalchemy.create_engine", _impatient(__import__("sqlalchemy").create_engine))
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        with pytest.raises(RetryLater, match="stop all runs"):
            migrate(zones)
    assert len(migrate(zones)) == 1


def _impatient(real: Callable[..., object]) -> Callable[..., object]:
    return lambda address, **how: real(address, **{**how, "connect_args": {"timeout": 0.1}})


def test_the_command_and_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from provision.doctor import databases as question

    house: House = copy_of_house(tmp_path / "house")
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    assert main(["migrate", "--check"]) == 0
    with closing(sqlite3.connect(house.home / "vault/vault.db")) as database:
        database.execute("drop table alembic_version")
        database.commit()
    assert main(["migrate", "--check"]) == 5
    (found,) = [f for f in question.check(house.open()) if f.level == "fail"]
    assert (found.where, "tokumei migrate" in found.remedy) == ("vault.db", True)
    assert main(["migrate", "--json"]) == 0
    assert main(["migrate", "--check"]) == 0
    assert "vault.db: no version -> 0002" in capsys.readouterr().out
    assert house.open().vault.scopes()


def test_every_database_of_ours_is_known_here() -> None:
    """A room that makes a database with tables of its own is in `HEADS`, or says here why it needs no migrations."""
    others = {"ledger", "accesslog", "lookup", "databasefile.py", "backup", "doctor", "migrations", "sampledata"}
    root = Path(vault_room.__file__).parent
    makers = {p.relative_to(root).parts[0] for p in root.rglob("*.py") if "sqlite3.connect(" in p.read_text("utf-8")}
    assert makers - others == {"vault.py", "portal"}
    assert databases(Zones(root / "nowhere")) == {}
