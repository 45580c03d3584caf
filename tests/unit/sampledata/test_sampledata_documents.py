"""Deliveries of documents in the world: the same bytes again, folders and archives alike, the truth about each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.formats import formats
from provision.sampledata import write_world
from provision.sampledata.blocks import World, blocks
from provision.sampledata.deliveries import document_stream, senders
from provision.sampledata.deliveries.base import Written
from provision.sampledata.documents import ARCHIVE, delivered
from provision.sampledata.illness import Visit
from tests.support.slips import SENDER, SLIPS, SlipDelivery, registered

MONTHS = ["2025-04", "2025-05"]


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with registered():
        yield


def world(folder: Path, also: str = SLIPS.id) -> Path:
    write_world(folder, seed=4, people=300, months=MONTHS, also=[also])
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = contents(world(tmp_path / "one")), contents(world(tmp_path / "other"))
    assert one == other
    assert any(SENDER.source in name for name in one)


def test_asking_for_documents_changes_no_other_file(tmp_path: Path) -> None:
    one, other = contents(world(tmp_path / "one")), contents(world(tmp_path / "other", "life"))
    shared = [name for name in set(one) & set(other) if name.startswith("senders/")]
    assert len(shared) > 10
    assert all(one[name] == other[name] for name in shared)


def test_files_lie_in_the_order_of_their_paths_packed_or_not(tmp_path: Path) -> None:
    drops = sorted((world(tmp_path) / "senders" / SENDER.source).iterdir())
    assert [(drop / ARCHIVE).is_file() for drop in drops] == [False, True]
    for drop in drops:
        paths = [written.path for written in delivered(drop)]
        assert paths == sorted(paths)
        assert len(paths) > 2
        assert (drop / "batch.yaml").is_file()


def test_the_truth_knows_every_document(tmp_path: Path) -> None:
    folder = world(tmp_path)
    told = [json.loads(line) for line in (folder / "truth" / "evidence.jsonl").read_text("utf-8").splitlines()]
    own = {(line["drop"], line["file"]): line for line in told if line["source"] == SENDER.source}
    for drop in (folder / "senders" / SENDER.source).iterdir():
        for written in delivered(drop):
            document = SLIPS.document(written.data, {})
            assert own.pop((drop.name, written.path))["chart"] == document.people[0][11]
    assert own == {}


def test_a_folder_with_files_of_another_writing_is_refused(tmp_path: Path) -> None:
    stray = tmp_path / "senders" / SENDER.source / "2025-04-1" / "stray.xml"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"<slip/>")
    with pytest.raises(ValueError, match="one path"):
        world(tmp_path)
    assert not (stray.parent / "batch.yaml").exists()


class Several(SlipDelivery):
    """Two files and one row: what it cannot say by itself, it must be told."""

    def documents(self, visit: Visit) -> list[Written]:
        return super().documents(visit) * 2


class Many(SlipDelivery):
    """Two rows of one file."""

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        return super().evidence(visit) * 2


def test_head_rows_of_files() -> None:
    made = World.of(4, 300, MONTHS)
    block, month = next(blocks(made)), made.months[0]
    visit = next(SENDER.occasion(made, block, month, True))
    assert SlipDelivery(month).heads(visit) == [1]
    assert Many(month).heads(visit) == [2]
    with pytest.raises(TypeError, match="heads"):
        Several(month).heads(visit)


def test_a_stream_is_as_long_as_asked_for() -> None:
    found = [written.data for written in document_stream(SLIPS.id, 3, 40)]
    assert len(found) == 40
    assert found == [written.data for written in document_stream(SLIPS.id, 3, 40)]


@pytest.mark.parametrize("form", sorted({*senders(), SLIPS.id}))
def test_every_sender_of_documents_has_a_format_and_a_source_of_its_own(form: str) -> None:
    assert form in formats()
    sources = [sender.source for sender in senders().values()]
    assert sources.count(senders()[form].source) == 1
