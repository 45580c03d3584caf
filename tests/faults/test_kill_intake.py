"""kill -9 in intake: nobody is left in a temporary file, and the batch is taken in once, as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision.ledger.reading import LedgerReader
from provision.ledger.verify import verify
from provision.sampledata.leaks import identifying_values
from provision.sampledata.world import write_world
from tests.support.leaksearch import search
from tests.support.needles import Needles
from tests.support.processes import PROJECT, Ended, Stage

SOURCES = ("kita-hospital", "minato-city", "sakura-care")
DROP = "2025-04-1"
LEDGER_MARKS = [
    *(("receive", f"{when}:batch.received") for when in ("before", "after")),
    *(("take-in", f"{when}:batch.{state}") for state in ("accepted", "destroyed") for when in ("before", "after")),
]
#: Where programs put temporary files whatever TMPDIR says.
SHARED = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))


@dataclass(frozen=True)
class Plain:
    """An undisturbed run: its accepted entry, its changes in the file system and its time, by step."""

    accepted: dict[str, Any]
    changes: dict[str, int]
    seconds: dict[str, float]


@dataclass
class Room:
    """Senders' files, the values that must not be found, and what undisturbed runs gave. `unique` are values of this
    very run: the shared folders may hold other fictitious worlds."""

    world: Path
    needles: Needles
    unique: Needles
    folder: Path
    plain: dict[str, Plain]

    def stage(self, source: str, name: str) -> Stage:
        """Fresh zones with one drop of the source in the inbox."""
        stage = Stage(self.folder / name, PROJECT / "config")
        inbox = stage.home / "landing" / "inbox" / source / DROP
        shutil.copytree(self.world / "senders" / source / DROP, inbox)
        return stage


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    world = Path(tmp_path_factory.mktemp("world"))
    write_world(world, seed=730_117, people=400, months=["2025-04"], sins=True)
    renamed = [("name", name) for name in _rename_people(world)]
    assert len(renamed) > 20
    needles = Needles([*identifying_values(world / "truth"), *renamed])
    room = Room(world, needles, Needles(renamed), Path(tmp_path_factory.mktemp("stages")), {})
    for source in SOURCES:
        stage = room.stage(source, f"plain-{source}")
        received = stage.step("receive", source)
        taken = stage.step("take-in", received.said["result"][0])
        assert (received.status, taken.status) == (0, 0), taken.errors
        steps = {"receive": received, "take-in": taken}
        room.plain[source] = Plain(
            _accepted(stage)[0],
            {name: ended.said["changes"] for name, ended in steps.items()},
            {name: ended.seconds for name, ended in steps.items()},
        )
        _check_finished(room, stage, source)
    return room


def _rename_people(world: Path) -> list[str]:
    """Give many people of every drop a name nobody else has, as long as the old one; gives the new names."""
    kanji = [chr(code) for code in range(0x4E00, 0x9000) if _is_common(chr(code))]
    drops = [path for source in SOURCES for path in (world / "senders" / source / DROP).iterdir()]
    contents, used = {path: path.read_bytes() for path in drops}, []
    with (world / "truth" / "people.jsonl").open(encoding="utf-8") as people:
        names = [json.loads(line)["names"][0] for line in people]
    for surname, given in names:
        new = tuple("".join(secrets.choice(kanji) for _ in part) for part in (surname, given))
        for gap in ("", "　", " "):
            old_bytes, new_bytes = ((gap.join(pair)).encode("cp932", "ignore") for pair in ((surname, given), new))
            for path, content in contents.items():
                if len(surname + given) > 2 and old_bytes in content:
                    contents[path] = content.replace(old_bytes, new_bytes)
                    used.append(gap.join(new))
    for path, content in contents.items():
        path.write_bytes(content)
    return used


def _is_common(character: str) -> bool:
    try:
        return 0x88 <= character.encode("shift_jis")[0] <= 0x97  # JIS level 1
    except UnicodeEncodeError:
        return False


def _entries(stage: Stage, type: str) -> list[Any]:
    with LedgerReader.read(stage.home / "ledger" / "ledger.db") as ledger:
        return list(ledger.entries(type=type))


def _accepted(stage: Stage) -> list[dict[str, Any]]:
    return [dict(entry.payload) for entry in _entries(stage, "batch.accepted")]


def _check_nobody(room: Room, stage: Stage, since: float) -> None:
    """Nobody outside landing and vault: zones, temporary folder, working directory, and shared temporary folders."""
    kept_out = [stage.home / "landing", stage.home / "vault"]
    assert search([stage.folder], room.needles, excluding=kept_out) == []
    for path in _new_in_shared_folders(since):
        try:
            assert search([path], room.unique) == []
        except OSError:
            continue  # another program's, and gone or changed already


def _new_in_shared_folders(since: float) -> Iterator[Path]:
    for folder in filter(Path.is_dir, SHARED):
        for path in folder.iterdir():
            try:
                fresh = path.stat().st_ctime >= since and path.stat().st_uid == os.geteuid()
            except OSError:
                continue
            if fresh and not path.name.startswith("pytest-"):  # our own stages are below it
                yield path


def _check_finished(room: Room, stage: Stage, source: str) -> None:
    """One accepted batch, as undisturbed; nothing of the raw files, of their key or of dead tasks is left."""
    accepted = _entries(stage, "batch.accepted")
    assert [entry.payload for entry in accepted] == [room.plain[source].accepted]
    assert len(_entries(stage, "batch.received")) == len(_entries(stage, "batch.destroyed")) == 1
    assert _entries(stage, "drop.quarantined") == []
    batch = accepted[0].subjects["batch"]
    folders = [path.parent for path in (stage.home / "store").rglob("batch.json")]
    assert [folder.name for folder in folders] == [batch]
    assert list(folders[0].parent.iterdir()) == folders
    for table, rows in accepted[0].payload["tables"].items():
        assert pl.scan_parquet(folders[0] / table / "*.parquet").select(pl.len()).collect().item() == rows
    assert [path for path in (stage.home / "landing").rglob("*") if path.is_file()] == []
    assert not list((stage.home / "vault" / "keys").glob(f"batch-{batch}*.key"))
    assert verify(stage.home / "ledger" / "ledger.db", public_key=None).ok


def _finish(stage: Stage, source: str) -> None:
    """Repeat both steps as Airflow does, to their end."""
    received = stage.step("receive", source)
    assert received.status == 0, received.errors
    for batch in received.said["result"]:
        taken = stage.step("take-in", batch)
        assert taken.status == 0, taken.errors
    once_more = stage.step("receive", source)
    assert (once_more.status, once_more.said.get("result")) == (0, []), once_more.errors


def _kill(stage: Stage, source: str, step: str, *, mark: str = "", after: float | None = None) -> Ended:
    """Run up to `step` and kill in it. Before taking in, the batch is received undisturbed."""
    if step == "receive":
        return stage.step("receive", source, mark=mark, after=after)
    received = stage.step("receive", source)
    assert received.status == 0, received.errors
    return stage.step("take-in", received.said["result"][0], mark=mark, after=after)


def _through(room: Room, source: str, step: str, *, mark: str = "", after: float | None = None) -> bool:
    """Kill, search, repeat, search, compare. True where the step was really killed."""
    stage, began = room.stage(source, f"{source}-{step}-{mark}-{after}".replace(":", "-")), time.time()
    ended = _kill(stage, source, step, mark=mark, after=after)
    _check_nobody(room, stage, began)
    _finish(stage, source)
    _check_nobody(room, stage, began)
    _check_finished(room, stage, source)
    shutil.rmtree(stage.folder)
    return ended.killed


@pytest.mark.parametrize("mark", ["before:batch.received", "event:27"])
def test_killed_while_receiving(room: Room, mark: str) -> None:
    assert _through(room, "minato-city", "receive", mark=mark)


@pytest.mark.parametrize("mark", ["before:batch.accepted", "before:batch.destroyed"])
def test_killed_while_taking_in(room: Room, mark: str) -> None:
    assert _through(room, "sakura-care", "take-in", mark=mark)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("step", "mark"), LEDGER_MARKS)
def test_killed_around_every_entry_of_the_log(room: Room, source: str, step: str, mark: str) -> None:
    assert _through(room, source, step, mark=mark)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("step", ["receive", "take-in"])
def test_killed_before_changes_in_the_file_system(room: Room, source: str, step: str) -> None:
    """Every fourth change of a step; each source begins at another one, so that together they meet most."""
    points = range(1 + SOURCES.index(source), room.plain[source].changes[step] + 1, 4)
    killed = [_through(room, source, step, mark=f"event:{point}") for point in points]
    assert all(killed)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("source", SOURCES)
def test_killed_at_random_moments(room: Room, source: str) -> None:
    """Moments that only the clock finds: inside engines, threads and writes that Python does not see."""
    chance = random.Random(f"moments of {source}")
    seconds = room.plain[source].seconds
    steps = ["take-in"] * 6 + ["receive"] * 2
    killed = [_through(room, source, step, after=chance.uniform(0, 0.7 * seconds[step])) for step in steps]
    assert any(killed)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_again_and_again(room: Room) -> None:
    """Ten kills of one batch, each search clean, and it ends as if nothing had happened."""
    source, chance = "kita-hospital", random.Random("again")
    stage, began, plain = room.stage(source, "again"), time.time(), room.plain[source]
    for _ in range(5):
        stage.step("receive", source, mark=f"event:{chance.randint(1, plain.changes['receive'])}")
        _check_nobody(room, stage, began)
    for _ in range(5):
        for batch in stage.step("receive", source).said["result"]:
            stage.step("take-in", batch, mark=f"event:{chance.randint(1, plain.changes['take-in'])}")
        _check_nobody(room, stage, began)
    _finish(stage, source)
    _check_finished(room, stage, source)
