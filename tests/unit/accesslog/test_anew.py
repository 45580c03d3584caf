"""An access log that is lost for good begins anew; one that is there, or was tampered with, is never declared lost."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from provision.accesslog import anchoring, anew
from provision.accesslog.places import opened
from provision.accesslog.visit import visit
from provision.cli import main
from provision.context import Context
from provision.errors import LedgerBroken, Refused, RetryLater
from provision.ledger.places import ADDRESS
from tests.support.intake import platform
from tests.support.postgres import cluster

EVENING = datetime(2026, 3, 31, 14, 30, tzinfo=UTC)
WHY = "媒体の故障"


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.delenv(ADDRESS, raising=False)
    monkeypatch.setenv("TOKUMEI_HOME", str(tmp_path))
    return platform(tmp_path)


def look(ctx: Context, day: int, count: int = 2) -> None:
    """Visits on the evening of a day after 31 March."""
    with opened(ctx.zones) as log:
        for _ in range(count):
            log.add(visit(EVENING + timedelta(days=day), "auditor-1", "auditors", "view", "log"))


def anchor(ctx: Context, day: int) -> list[tuple[int, int]]:
    """In the morning after that day."""
    with opened(ctx.zones) as log:
        made = anchoring.anchor(ctx.ledger, log, actor="tester", today=date(2026, 4, 1) + timedelta(days=day))
    return [(one.first, one.last) for one in made]


def problems(ctx: Context) -> list[str]:
    with opened(ctx.zones) as log:
        return anchoring.problems(ctx.ledger, log)


def lose(ctx: Context) -> None:
    for path in ctx.zones.access().parent.iterdir():
        path.unlink()


def damage(ctx: Context) -> None:
    lose(ctx)
    ctx.zones.access().write_bytes(b"no database at all " * 1000)


def begin(ctx: Context) -> dict[str, object]:
    return anew.begin(ctx, reason=WHY, actor="operator")


@pytest.mark.parametrize("lost", [lose, damage])
def test_lost_for_good_it_begins_anew_and_says_what_nobody_knows(ctx: Context, lost: Callable[[Context], None]) -> None:
    look(ctx, 0, 3)
    look(ctx, 1)
    anchor(ctx, 1)
    lost(ctx)
    said = begin(ctx)
    assert (said["since"], said["visits"], said["kept"], said["reason"]) == ("2026-03-31", 5, 0, WHY)
    (entry,) = ctx.ledger.entries(type="access.lost")
    assert (entry.actor, entry.payload) == ("operator", said)
    look(ctx, 2)
    assert anchor(ctx, 2) == [(1, 2)]
    assert problems(ctx) == []
    with pytest.raises(Refused) as refused:
        begin(ctx)
    assert refused.value.rule == "accesslog.readable"


def test_what_was_recorded_since_stays_and_ends_the_gap(ctx: Context) -> None:
    look(ctx, 0, 3)
    anchor(ctx, 0)
    lose(ctx)
    look(ctx, 2)  # pages go on
    with pytest.raises(LedgerBroken, match="begin-anew"):
        anchor(ctx, 2)
    assert begin(ctx)["until"] == "2026-04-02T14:30:00.000000Z"
    assert anchor(ctx, 2) == [(1, 2)]
    assert problems(ctx) == []


def test_more_visits_than_before_are_still_other_ones(ctx: Context) -> None:
    look(ctx, 0)
    anchor(ctx, 0)
    lose(ctx)
    look(ctx, 1, 9)
    assert problems(ctx) != []
    assert begin(ctx)["visits"] == 2
    assert anchor(ctx, 1) == [(1, 9)]
    assert problems(ctx) == []


def test_an_old_copy_keeps_its_days(ctx: Context, tmp_path: Path) -> None:
    look(ctx, 0, 3)
    anchor(ctx, 0)
    look(ctx, 1, 1)  # of a day that the copy has in part
    shutil.copytree(ctx.zones.access().parent, tmp_path / "copy")
    look(ctx, 1, 4)
    anchor(ctx, 1)
    lose(ctx)
    shutil.copytree(tmp_path / "copy", ctx.zones.access().parent, dirs_exist_ok=True)
    said = begin(ctx)
    assert (said["since"], said["visits"], said["kept"]) == ("2026-04-01", 5, 3)
    look(ctx, 2)
    assert anchor(ctx, 2) == [(4, 6)]
    assert problems(ctx) == []
    assert [(one.first, one.last) for one in anchoring.anchors(ctx.ledger)] == [(1, 3), (4, 6)]


@pytest.mark.parametrize("touched", [1, 4])
def test_what_was_changed_is_evidence_and_never_declared_lost(ctx: Context, touched: int) -> None:
    look(ctx, 0, 3)
    look(ctx, 1)
    anchor(ctx, 1)
    with sqlite3.connect(ctx.zones.access()) as other:
        other.execute("DROP TRIGGER visit_update")
        other.execute("UPDATE visit SET actor = 'somebody-else' WHERE number = ?", (touched,))
    with pytest.raises(Refused) as refused:
        begin(ctx)
    assert refused.value.rule == "accesslog.changed"
    assert not list(ctx.ledger.entries(type="access.lost"))


def test_nothing_is_declared_lost_that_is_there_or_only_busy(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    look(ctx, 0)
    with pytest.raises(Refused, match="every anchored day is there"):
        begin(ctx)
    anchor(ctx, 0)
    with pytest.raises(Refused, match="every anchored day is there"):
        begin(ctx)
    with pytest.raises(Refused, match="no reason"):
        anew.begin(ctx, reason=" ", actor="operator")

    def busy(*_: object) -> None:
        raise RetryLater("busy", rule="accesslog.busy", remedy="try again")

    monkeypatch.setattr("provision.accesslog.sqlite.FILE", type("Busy", (), {"connect": busy}))
    with pytest.raises(RetryLater):
        begin(ctx)
    assert ctx.zones.access().exists()


def test_expiry_goes_on_in_the_new_log(ctx: Context) -> None:
    look(ctx, 0, 3)
    look(ctx, 1)
    anchor(ctx, 1)
    with opened(ctx.zones) as log:
        assert anchoring.expire(ctx.ledger, log, actor="t", days=0, today=date(2026, 4, 1)) == 3
    lose(ctx)
    assert begin(ctx)["visits"] == 2  # what was over is not lost
    look(ctx, 2, 3)
    anchor(ctx, 2)
    with opened(ctx.zones) as log:
        assert anchoring.expire(ctx.ledger, log, actor="t", days=0, today=date(2026, 4, 2)) == 0
        assert anchoring.expire(ctx.ledger, log, actor="t", days=0, today=date(2026, 4, 3)) == 3
    assert problems(ctx) == []


@pytest.mark.parametrize("step", ["provision.accesslog.anew._begin", "provision.ledger.store.Ledger.append"])
def test_a_run_that_died_is_run_again(ctx: Context, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second call of the step: a damaged file was put aside, and nothing is in the log."""
    look(ctx, 0)
    anchor(ctx, 0)
    damage(ctx)
    real, calls = anew._begin, list[int]()

    def die(*arguments: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == 1 and step.endswith("_begin"):
            return real(*arguments, **named)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(step, die)
        with pytest.raises(KeyboardInterrupt):
            begin(ctx)
    assert begin(ctx)["visits"] == 2
    assert len(list(ctx.ledger.entries(type="access.lost"))) == 1


def test_a_damaged_file_is_put_aside_until_its_visits_are_over(ctx: Context) -> None:
    damage(ctx)
    assert begin(ctx)["since"] == ""  # nothing was ever anchored
    (aside,) = ctx.zones.access().parent.glob("*.lost-*")
    assert aside.read_bytes().startswith(b"no database")
    anew.destroy_overdue(ctx, 365)
    assert aside.exists()
    then = time.time() - 366 * 86_400
    os.utime(aside, (then, then))
    anew.destroy_overdue(ctx, 365)
    assert not aside.exists()


def test_beside_a_log_in_postgres_it_begins_anew_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = cluster()
    monkeypatch.setenv(ADDRESS, server.url(server.borrowed(), "tasks"))
    ctx = platform(tmp_path)
    look(ctx, 0, 3)
    anchor(ctx, 0)
    with psycopg.connect(os.environ[ADDRESS].replace("//tasks:", "//admin:"), autocommit=True) as db:
        db.execute("ALTER TABLE access_log.visit DISABLE TRIGGER USER")
        db.execute("DELETE FROM access_log.visit")
        db.execute("ALTER TABLE access_log.visit ENABLE ALWAYS TRIGGER only_grows")
        db.execute("ALTER TABLE access_log.visit ENABLE ALWAYS TRIGGER only_ends")
    assert begin(ctx)["visits"] == 3
    look(ctx, 1)
    assert anchor(ctx, 1) == [(1, 2)]
    assert problems(ctx) == []


def test_through_the_command(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    look(ctx, 0)
    anchor(ctx, 0)
    lose(ctx)
    assert main(["accesslog", "begin-anew", "--reason", WHY, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["visits"] == 2
    assert main(["accesslog", "verify"]) == 0
    assert main(["accesslog", "begin-anew", "--reason", WHY]) == 6
