"""kill -9 while single documents are received and taken in: one batch, the same tables, nobody left over."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision.ledger.reading import LedgerReader
from provision.ledger.verify import verify
from tests.support.archives import zipped
from tests.support.intake import CONFIG, in_clear
from tests.support.processes import Stage
from tests.support.visits import index, visit

SOURCE = "clinic"
_SOURCE = """id: clinic
name: {ja: 架空診療所, en: Clinic (fictitious)}
kind: hospital
format: visits
legal_status: personal
"""
NAMES = ("架空山野1花子", "CH0000001", "sender-name")


@dataclass(frozen=True)
class Room:
    """What an undisturbed run gave: its entry, its tables, its changes in the file system by step."""

    folder: Path
    accepted: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    changes: dict[str, int]

    def stage(self, name: str) -> Stage:
        return _stage(self.folder / name)


def _stage(folder: Path) -> Stage:
    """Fresh zones, and a drop of documents in folders and in an archive, some of them bad, some passed over."""
    config = folder / "config"
    shutil.copytree(CONFIG, config)
    shutil.rmtree(config / "sources")
    shutil.rmtree(config / "releases")
    (config / "sources").mkdir()
    (config / "releases").mkdir()
    (config / "sources" / f"{SOURCE}.yaml").write_text(_SOURCE, encoding="utf-8")
    stage = Stage(folder, config)
    drop = stage.home / "landing" / "inbox" / SOURCE / "sender-name"
    wrong = {f"w{n:02d}": visit(300 + n, kind="7") for n in range(25)}
    files = {f"{n:03d}": visit(n) for n in range(20)} | {"bad": b"{", "index": index(), "gone_0": visit(9)} | wrong
    files["more.zip"] = zipped({f"sender-name/{n}": visit(n) for n in range(20, 40)})
    drop.mkdir(parents=True)
    for name, data in files.items():
        (drop / name).write_bytes(data)
    (drop / "batch.yaml").write_text('period: "2025-05"\nsequence: 1\n', encoding="utf-8")
    return stage


def _accepted(stage: Stage) -> list[Any]:
    with LedgerReader.read(stage.home / "ledger" / "ledger.db") as ledger:
        return list(ledger.entries(type="batch.accepted"))


def _tables(stage: Stage) -> dict[str, pl.DataFrame]:
    folder = stage.home / "store" / "visits" / SOURCE
    found = {}
    for batch in folder.iterdir():
        for table in filter(Path.is_dir, batch.iterdir()):
            found[table.name] = pl.read_parquet(table / "*.parquet").drop("alias", strict=False).sort(pl.all())
    return found


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    folder = tmp_path_factory.mktemp("stages")
    stage = _stage(folder / "plain")
    received = stage.step("receive", SOURCE)
    assert received.status == 0, received.errors
    taken = stage.step("take-in", received.said["result"][0])
    assert taken.status == 0, taken.errors
    changes = {"receive": received.said["changes"], "take-in": taken.said["changes"]}
    return Room(folder, dict(_accepted(stage)[0].payload), _tables(stage), changes)


def _through(room: Room, step: str, mark: str) -> None:
    """Kill in a step, search, repeat both steps to their end, compare."""
    stage = room.stage(f"{step}-{mark}".replace(":", "-"))
    if step == "receive":
        assert stage.step("receive", SOURCE, mark=mark).killed
    else:
        assert stage.step("take-in", stage.step("receive", SOURCE).said["result"][0], mark=mark).killed
    assert in_clear(stage.home, *NAMES) == []
    received = stage.step("receive", SOURCE)
    assert received.status == 0, received.errors
    for batch in received.said["result"]:
        taken = stage.step("take-in", batch)
        assert taken.status == 0, taken.errors
    (entry,) = _accepted(stage)
    assert dict(entry.payload) == room.accepted
    found = _tables(stage)
    assert found.keys() == room.tables.keys()
    assert all(frame.equals(room.tables[name]) for name, frame in found.items())
    batch = entry.subjects["batch"]
    kept = json.loads((stage.home / "quarantine" / batch / "report.json").read_text("utf-8"))
    assert len(kept) == len(list((stage.home / "quarantine" / batch).glob("0*.age"))) == 26
    assert [path for path in (stage.home / "landing").rglob("*") if path.is_file()] == []
    assert [path.name for path in (stage.home / "quarantine").iterdir()] == [batch]
    assert verify(stage.home / "ledger" / "ledger.db", public_key=None).ok
    assert in_clear(stage.home, *NAMES) == []
    shutil.rmtree(stage.folder)


def test_an_undisturbed_delivery(room: Room) -> None:
    assert room.accepted["files_taken"] == {"visits": 40}
    assert room.accepted["files_quarantined"] == 26
    assert room.accepted["files_passed_over"] == {"visits.deleted": 1, "visits.index": 1}


@pytest.mark.parametrize(("step", "mark"), [("receive", "event:60"), ("take-in", "before:batch.accepted")])
def test_killed_among_documents(room: Room, step: str, mark: str) -> None:
    _through(room, step, mark)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", ["receive", "take-in"])
def test_killed_before_changes_in_the_file_system(room: Room, step: str) -> None:
    """Some forty moments of each step, spread over all of it."""
    every = max(1, room.changes[step] // 40)
    for point in range(1, room.changes[step] + 1, every):
        _through(room, step, f"event:{point}")
