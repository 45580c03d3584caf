"""The portal's key is made anew: who may sign in goes on, a thief of the former key opens nothing any more."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from provision import cli
from provision.errors import FixConfiguration, Refused
from provision.keys import ROTATED, FileKeys
from provision.portal import members, sessions, totp
from provision.portal.desk import KEY, Desk, open_desk
from provision.portal.rekeying import rotate
from provision.portal.secrecy import Secrecy
from tests.support.intake import CONFIG

NOW = 1_800_000_000.0
SEED, OTHER = b"s" * totp.SEED_BYTES, b"o" * totp.SEED_BYTES
WORDS = "ファイルが開けません"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A portal with somebody who has an app, somebody who is setting one up, and a report."""
    shutil.copytree(CONFIG, tmp_path / "config")
    platform = tmp_path / "config" / "platform.yaml"
    told = yaml.safe_load(platform.read_text("utf-8")) | {"portal_url": "https://portal.example"}
    platform.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    made = open_desk(folder=tmp_path / "config", home=tmp_path / "home", clock=lambda: NOW)
    members._insert(made, "m-1", "aozora-pharma", "kanri@aozora-pharma.example", "contact", "agreement")
    members._insert(made, "m-2", "aozora-pharma", "kenkyu@aozora-pharma.example", "member", "m-1")
    with made.database.opened() as rows:
        rows.execute("UPDATE member SET seed = ? WHERE id = 'm-1'", (made.secrecy.seal(SEED, "m-1"),))
        rows.execute(
            "INSERT INTO report VALUES ('q-1', 'm-1', 'o-1', 'other', ?, ?)",
            (made.secrecy.seal(WORDS.encode(), "q-1"), NOW),
        )
    return made


def again(desk: Desk, later: float = 0.0) -> Desk:
    """The portal, started anew."""
    return open_desk(folder=desk.folder, home=desk.zones.home, clock=lambda: NOW + later)


def link_of(desk: Desk, member: str) -> str:
    found = members.by_id(desk, member)
    assert found is not None
    return sessions.issue_link(desk, found)


def code(seed: bytes, later: float = 0.0) -> str:
    return totp.code(seed, int(NOW + later) // totp.STEP_SECONDS)


def sealed(desk: Desk) -> list[tuple[bytes, str]]:
    """Everything sealed, and for whom."""
    with closing(sqlite3.connect(desk.database.path)) as db:
        rows = [
            *db.execute("SELECT seed, id FROM member"), *db.execute("SELECT seed, member FROM ticket"),
            *db.execute("SELECT words, id FROM report"),
        ]  # fmt: skip
    return [(content, owner) for content, owner in rows if content is not None]


def opens(secrecy: Secrecy, desk: Desk) -> int:
    """How much of it a key opens."""
    count = 0
    for content, owner in sealed(desk):
        try:
            secrecy.open(content, owner)
            count += 1
        except FixConfiguration:
            pass
    return count


def test_the_drill(desk: Desk) -> None:
    """Before: a thief with the key reads seeds. After: nothing; and people sign in as before, links of before go on."""
    thief = desk.secrecy
    before, onward = link_of(desk, "m-1"), link_of(desk, "m-2")
    shown = sessions.ticket(desk, onward).seed  # on the page of somebody who is setting the app up
    session, _ = sessions.enter(desk, before, code(SEED))
    standing = link_of(desk, "m-1")
    assert opens(thief, desk) == len(sealed(desk)) == 3
    done = rotate(desk, actor="operator:one")
    assert (done.seeds, done.reports) == (2, 1)
    assert opens(thief, desk) == 0
    now = again(desk, 60)
    assert opens(now.secrecy, now) == 3
    assert sessions.ticket(now, onward).seed == shown
    assert sessions.enter(now, standing, code(SEED, 60))[1].id == "m-1"
    with now.database.opened() as rows:
        assert rows.execute("SELECT count(*) FROM session WHERE ended IS NULL").fetchone()[0] == 2
        assert rows.execute("SELECT words FROM report").fetchone()[0] != WORDS.encode()
    assert session
    (entry,) = _entries(now)
    assert (entry.actor, entry.payload, entry.subjects) == ("operator:one", {"compromised": False}, {"key": "portal"})
    assert sorted(path.name for path in (desk.zones.portal() / "keys").iterdir()) == ["portal.key"]


def _entries(desk: Desk) -> list[object]:
    with desk.context() as ctx:
        return list(ctx.ledger.entries(type=ROTATED))


def test_after_a_theft_everybody_enrols_anew(desk: Desk) -> None:
    standing = link_of(desk, "m-1")
    sessions.enter(desk, link_of(desk, "m-1"), code(SEED))
    rotate(desk, actor="operator:one", compromised=True)
    now = again(desk, 60)
    with pytest.raises(sessions.DeadLink):
        sessions.ticket(now, standing)
    with now.database.opened() as rows:
        assert rows.execute("SELECT count(*) FROM session WHERE ended IS NULL").fetchone()[0] == 0
        assert rows.execute("SELECT count(*) FROM link").fetchone()[0] == 0
    fresh = link_of(now, "m-1")
    seed = sessions.ticket(now, fresh).seed
    assert seed not in (None, SEED)
    assert opens(now.secrecy, now) == 2  # the report, and the new seed


class Killed(BaseException):
    pass


def _die(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize("compromised", [False, True])
@pytest.mark.parametrize(
    "step", ["rekeying._reseal", "rekeying.os.link", "rekeying.os.replace", "rekeying.flush", "rekeying.erase"]
)
def test_whenever_it_dies_the_next_run_finishes_it(
    desk: Desk, step: str, compromised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = desk.secrecy
    calls: dict[str, Callable[..., object]] = {"rekeying.erase": _second_time(rotate.__globals__["erase"])}
    with monkeypatch.context() as patch:
        patch.setattr(f"provision.portal.{step}", calls.get(step, _die))
        with pytest.raises(Killed):
            rotate(desk, actor="operator:one", compromised=compromised)
    now = again(desk)
    rotate(now, actor="operator:one", compromised=compromised)
    now = again(desk)
    assert opens(thief, now) == 0
    assert opens(now.secrecy, now) == len(sealed(now)) == (1 if compromised else 2)
    assert sorted(path.name for path in (desk.zones.portal() / "keys").iterdir()) == ["portal.key"]


def _second_time(real: Callable[..., object]) -> Callable[..., object]:
    """Forgetting what an earlier run left comes first."""
    calls: list[int] = []

    def maybe(*arguments: object) -> object:
        calls.append(1)
        return real(*arguments) if len(calls) == 1 else _die()

    return maybe


def test_a_database_that_neither_key_opens_stays_as_it_is(desk: Desk) -> None:
    with desk.database.opened() as rows:
        rows.execute("UPDATE member SET seed = ? WHERE id = 'm-2'", (b"x" * 48,))
    before = sealed(desk)
    with pytest.raises(FixConfiguration, match="does not open"):
        rotate(desk, actor="operator:one")
    assert sealed(desk) == before
    assert again(desk).secrecy.open(before[0][0], "m-1") == SEED


def test_without_a_key_there_is_nothing_to_make_anew(desk: Desk) -> None:
    FileKeys(desk.zones.portal() / "keys").destroy(KEY)
    with pytest.raises(Refused, match="no such key"):
        rotate(desk, actor="operator:one")


def test_through_the_command(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("provision.portal.desk.open_desk", lambda: replace(desk))
    assert cli.main(["portal", "new-key"]) == 0
    assert "1 seeds and 1 reports" in capsys.readouterr().out
