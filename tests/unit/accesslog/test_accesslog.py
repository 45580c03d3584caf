"""The access log: what may be written, digests of days, expiry, and what tampering with it shows."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision import accesslog
from provision.accesslog import anchoring
from provision.accesslog.places import AccessLog, opened
from provision.accesslog.visit import Visit, visit
from provision.cli import main
from provision.errors import LedgerBroken, Refused, RetryLater
from provision.ledger.places import ADDRESS, place_of
from provision.ledger.store import Ledger
from provision.zones import Zones
from tests.support.house import copy_of_house
from tests.support.postgres import LOGINS, cluster

#: 23:30 in Japan on 31 March.
EVENING = datetime(2026, 3, 31, 14, 30, tzinfo=UTC)
MARCH_31, APRIL_1, APRIL_2 = date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2)


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What keeps both logs; its address, "" for files."""
    monkeypatch.delenv(ADDRESS, raising=False)
    if request.param == "postgres":
        server = cluster()
        monkeypatch.setenv(ADDRESS, server.url(server.borrowed(), "tasks"))
    return os.environ.get(ADDRESS, "")


@pytest.fixture
def log(tmp_path: Path, where: str) -> Iterator[AccessLog]:
    with opened(Zones(tmp_path)) as log:
        yield log


@pytest.fixture
def ledger(tmp_path: Path, where: str) -> Iterator[Ledger]:
    with Ledger.open(place_of(Zones(tmp_path))) as ledger:
        yield ledger


SQLITE = pytest.mark.parametrize("where", ["sqlite"], indirect=True)


@contextmanager
def owner(where: str, tmp_path: Path) -> Iterator[Callable[[str], object]]:
    """Somebody who owns file or database, with the triggers out of the way; runs statements."""
    if not where:
        with sqlite3.connect(Zones(tmp_path).access()) as other:
            for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                other.execute(f"DROP TRIGGER {name}")
            yield other.execute
        return
    with psycopg.connect(where.replace("//tasks:", "//admin:"), autocommit=True) as db:
        db.execute("SET search_path = access_log; ALTER TABLE visit DISABLE TRIGGER USER")
        yield lambda statement: db.execute(statement.encode())
        db.execute("ALTER TABLE visit ENABLE ALWAYS TRIGGER only_grows")
        db.execute("ALTER TABLE visit ENABLE ALWAYS TRIGGER only_ends")


def look(log: AccessLog, at: datetime = EVENING, count: int = 1, subject: str = "release/r1") -> None:
    for _ in range(count):
        log.add(visit(at, "auditor-1", "auditors", "view", subject))


def anchored(ledger: Ledger, log: AccessLog, today: date) -> list[tuple[date, int, int]]:
    return [(a.day, a.first, a.last) for a in anchoring.anchor(ledger, log, actor="tester", today=today)]


def _die() -> None:
    raise KeyboardInterrupt


def expired(ledger: Ledger, log: AccessLog, today: date, days: int = 365) -> int:
    return anchoring.expire(ledger, log, actor="tester", days=days, today=today)


# -- recording -------------------------------------------------------------------------------------------------------


def test_a_visit_is_there_when_record_returns(tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKUMEI_HOME", str(tmp_path))
    accesslog.record(EVENING, "auditor-1", "auditors", "view", "log")
    accesslog.record(EVENING, "account-7", "portal", "download", "delivery/d1/data.age")
    with opened() as log:
        assert log.newest(9) == [
            Visit(2, "2026-03-31T14:30:00.000000Z", "account-7", "portal", "download", "delivery/d1/data.age"),
            Visit(1, "2026-03-31T14:30:00.000000Z", "auditor-1", "auditors", "view", "log"),
        ]
        assert [found.number for found in log.newest(9, room="portal")] == [2]
        assert [found.number for found in log.newest(9, actor="auditor-1")] == [1]
        assert [found.number for found in log.newest(1)] == [2]
    if where:
        return
    assert stat.S_IMODE((tmp_path / "access").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "access" / "access.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "part",
    [
        {"at": datetime(2026, 3, 31)},
        {"actor": ""},
        {"actor": "a\nb"},
        {"actor": "a" * 201},
        {"room": "Auditors"},
        {"room": ""},
        {"action": "look at"},
        {"subject": ""},
        {"subject": "架空 太郎"},
        {"subject": "架空"},
        {"subject": "two words"},
        {"subject": "x" * 201},
        {"subject": "a\n"},
    ],
    ids=str,
)
def test_what_could_be_a_value_is_refused_and_not_repeated(log: AccessLog, part: dict[str, object]) -> None:
    whole = {"at": EVENING, "actor": "a", "room": "auditors", "action": "view", "subject": "log"} | part
    with pytest.raises(Refused) as caught:
        log.add(visit(**whole))  # type: ignore[arg-type]
    assert "架空" not in str(caught.value)
    assert log.last_number() == 0


@SQLITE
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE visit SET actor = 'x'",
        "DELETE FROM visit",
        "INSERT OR REPLACE INTO visit SELECT * FROM visit LIMIT 1",
        "INSERT INTO visit VALUES (9, 'a', 'b', 'c', 'd', 'e')",
        "DELETE FROM expired",
        "UPDATE expired SET upto = 9",
        "INSERT INTO expired VALUES (0)",
    ],
)
def test_rows_are_neither_changed_nor_removed(tmp_path: Path, log: AccessLog, statement: str) -> None:
    look(log, count=3)
    log.expire(1)
    with sqlite3.connect(Zones(tmp_path).access()) as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)


@pytest.mark.parametrize("where", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE visit SET actor = 'x'",
        "DELETE FROM visit",
        "TRUNCATE visit",
        "INSERT INTO visit VALUES (9, 'a', 'b', 'c', 'd', 'e')",
        "DELETE FROM expired",
        "INSERT INTO expired VALUES (9)",
        "SELECT expire(99)",
    ],
)
def test_no_login_changes_rows_and_the_administrator_has_to_mean_it(log: AccessLog, where: str, statement: str) -> None:
    look(log, count=3)
    log.expire(1)
    for login in (*LOGINS, *(["admin"] if not statement.startswith("INSERT") else [])):
        with psycopg.connect(where.replace("//tasks:", f"//{login}:"), autocommit=True) as db:
            db.execute("SET search_path = access_log")
            with pytest.raises(psycopg.Error):
                db.execute(statement.encode())
    assert [found.number for found in log.newest(9)] == [3, 2]


# -- digests of days -------------------------------------------------------------------------------------------------


def test_past_days_are_anchored_once_and_today_is_not(ledger: Ledger, log: AccessLog) -> None:
    look(log, EVENING, 3)
    look(log, EVENING + timedelta(minutes=40), 2)  # the next day in Japan
    assert anchored(ledger, log, MARCH_31) == []
    assert anchored(ledger, log, APRIL_1) == [(MARCH_31, 1, 3)]
    assert anchored(ledger, log, APRIL_1) == []
    assert anchored(ledger, log, APRIL_2) == [(APRIL_1, 4, 5)]
    assert anchored(ledger, log, date(2026, 5, 1)) == []
    assert (ledger.size, anchoring.problems(ledger, log)) == (2, [])
    assert ledger.entry(0).payload.keys() == {"day", "first", "last", "visits", "root"}
    assert "auditor" not in json.dumps([entry.payload for entry in ledger.entries()])


def test_a_run_that_died_between_two_days_is_finished_by_the_next(
    ledger: Ledger, log: AccessLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(3):
        look(log, EVENING + timedelta(days=day), day + 1)
    append = ledger.append
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "append", lambda *a, **k: _die() if ledger.size else append(*a, **k))
        with pytest.raises(KeyboardInterrupt):
            anchored(ledger, log, date(2026, 4, 5))
    assert anchored(ledger, log, date(2026, 4, 5)) == [(APRIL_1, 2, 3), (APRIL_2, 4, 6)]
    assert anchoring.problems(ledger, log) == []


def test_a_visit_written_late_counts_to_the_first_open_day(ledger: Ledger, log: AccessLog) -> None:
    look(log)
    assert anchored(ledger, log, APRIL_1) == [(MARCH_31, 1, 1)]
    look(log)  # of 31 March still
    assert anchored(ledger, log, APRIL_1) == []
    look(log, EVENING + timedelta(days=1))
    assert anchored(ledger, log, APRIL_2) == [(APRIL_1, 2, 3)]


def test_of_two_runs_at_once_the_slower_one_says_try_again(ledger: Ledger, log: AccessLog) -> None:
    look(log, count=2)

    def overtaken(*arguments: Any, **named: Any) -> None:
        """Another run comes between looking and writing."""
        look(log)
        anchored(ledger, log, APRIL_1)
        late.append(*arguments, **named)

    with Ledger.open(ledger.place) as late:
        slower = SimpleNamespace(entries=late.entries, append=overtaken)
        with pytest.raises(RetryLater):
            anchored(cast(Ledger, slower), log, APRIL_1)
    assert [a.visits for a in anchoring.anchors(ledger)] == [3]


@given(days=st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_whatever_the_clock_says_every_visit_is_under_exactly_one_digest(
    tmp_path_factory: pytest.TempPathFactory, days: list[int]
) -> None:
    home = tmp_path_factory.mktemp("home")
    with opened(Zones(home)) as log, Ledger.open(Zones(home).ledger()) as ledger:
        for day in days:
            look(log, EVENING + timedelta(days=day))
        anchored(ledger, log, MARCH_31 + timedelta(days=5))
        anchored(ledger, log, MARCH_31 + timedelta(days=20))
        found = anchoring.anchors(ledger)
        assert [n for a in found for n in range(a.first, a.last + 1)] == list(range(1, len(days) + 1))
        assert [a.day for a in found] == sorted({a.day for a in found})
        assert anchoring.problems(ledger, log) == []


# -- the end ---------------------------------------------------------------------------------------------------------


def test_visits_end_after_their_year_and_the_rest_still_verifies(ledger: Ledger, log: AccessLog) -> None:
    look(log, EVENING, 3)
    look(log, EVENING + timedelta(days=1), 2)
    anchored(ledger, log, APRIL_2)
    assert expired(ledger, log, date(2027, 3, 31)) == 0
    assert expired(ledger, log, date(2027, 4, 1)) == 3
    assert expired(ledger, log, date(2027, 4, 1)) == 0
    assert [found.number for found in log.newest(9)] == [5, 4]
    assert anchoring.problems(ledger, log) == []
    assert expired(ledger, log, date(2027, 4, 2)) == 2
    look(log, datetime(2027, 4, 2, tzinfo=UTC))
    assert [found.number for found in log.newest(9)] == [6]  # numbers are never given again
    assert anchored(ledger, log, date(2027, 4, 3)) == [(date(2027, 4, 2), 6, 6)]
    assert anchoring.problems(ledger, log) == []


def test_what_is_not_anchored_does_not_end(ledger: Ledger, log: AccessLog) -> None:
    look(log)
    assert expired(ledger, log, date(2036, 1, 1)) == 0
    assert log.newest(1)


def test_what_a_dead_run_declared_over_is_destroyed_by_the_next(ledger: Ledger, log: AccessLog) -> None:
    look(log, count=2)
    anchored(ledger, log, APRIL_1)

    class Dead:
        def expire(self, upto: int) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        expired(ledger, Dead(), date(2027, 6, 1))  # type: ignore[arg-type]
    assert anchoring.problems(ledger, log) == ["2 visits that are over are still there"]
    assert expired(ledger, log, date(2027, 6, 1)) == 2
    assert (len(list(ledger.entries(type="access.expired"))), anchoring.problems(ledger, log)) == (1, [])


# -- tampering -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "touch",
    [
        "UPDATE visit SET actor = 'somebody-else' WHERE number = 2",
        "UPDATE visit SET at = '2026-03-31T14:31:00.000000Z' WHERE number = 3",
        "DELETE FROM visit WHERE number = 2",
        "DELETE FROM visit",
        "UPDATE visit SET number = 9 WHERE number = 3",
    ],
)
def test_a_touched_day_is_named(tmp_path: Path, where: str, ledger: Ledger, log: AccessLog, touch: str) -> None:
    look(log, count=3)
    look(log, EVENING + timedelta(days=1), 2)
    anchored(ledger, log, APRIL_2)
    with owner(where, tmp_path) as execute:
        execute(touch)
    assert "2026-03-31: the 3 visits 1 to 3" in anchoring.problems(ledger, log)[0]


@SQLITE
def test_a_lost_access_log_is_not_anchored_over(tmp_path: Path, ledger: Ledger, log: AccessLog) -> None:
    look(log, count=3)
    anchored(ledger, log, APRIL_1)
    for file in Zones(tmp_path).access().parent.iterdir():
        file.unlink()
    with opened(Zones(tmp_path)) as fresh:
        look(fresh, EVENING + timedelta(days=1))
        with pytest.raises(LedgerBroken, match="ends before visit 3"):
            anchored(ledger, fresh, APRIL_2)
        assert anchoring.problems(ledger, fresh)


# -- the commands ----------------------------------------------------------------------------------------------------


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    house = copy_of_house(tmp_path / "house")
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    accesslog.record(EVENING, "auditor-1", "auditors", "view", "log")
    assert main(["accesslog", "anchor", "--json"]) == 0
    assert [day["day"] for day in json.loads(capsys.readouterr().out)] == ["2026-03-31"]
    assert main(["accesslog", "anchor"]) == main(["accesslog", "verify"]) == 0
    assert "every past day is anchored" in capsys.readouterr().out
    assert main(["accesslog", "list"]) == 0
    assert "auditors.view  log" in capsys.readouterr().out
    assert main(["accesslog", "expire", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["destroyed"] in (0, 1)
