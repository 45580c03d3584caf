"""Whatever somebody who owns the file does to it is found, and the first wrong entry is named."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_world import NAME, build, fill, rebuild, settle, truncate, unlocked

from provision.errors import FixConfiguration
from provision.ledger import notes
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger
from provision.ledger.verify import Verification, verify

pytestmark = pytest.mark.filterwarnings("error")


@dataclass(frozen=True)
class Log:
    """A log on disk with its checkpoints; `signed` is the size of the last one."""

    path: Path
    size: int
    signed: int
    notes: list[str]
    public: str

    def verify(self, *, outside: bool = False) -> Verification:
        return verify(self.path, public_key=self.public, checkpoint_notes=self.notes if outside else [])


@st.composite
def plans(draw: st.DrawFn) -> tuple[int, list[int]]:
    """Size of a log and the sizes at which it was signed, at least once with three entries."""
    size = draw(st.integers(3, 14))
    return size, sorted({draw(st.integers(3, size)), *draw(st.lists(st.integers(0, size), max_size=2))})


@contextmanager
def log(plan: tuple[int, list[int]], signer: Signer) -> Iterator[Log]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger" / "ledger.db"
        made = build(path, signer, *plan)
        found = Log(path, plan[0], max(plan[1]), made, signer.public)
        assert found.verify(outside=True).ok  # else the test could not fail
        yield found


def first(result: Verification) -> tuple[int | None, str]:
    assert not result.ok
    return result.problems[0].seq, result.problems[0].what.partition(":")[0]


# -- whole logs verify -----------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(plan=plans())
def test_an_untouched_log_verifies(signer: Signer, plan: tuple[int, list[int]]) -> None:
    with log(plan, signer) as made:
        result = made.verify(outside=True)
        with Ledger.open(made.path) as ledger:
            assert result == Verification(True, plan[0], ledger.root().hex(), len(plan[1]), True, ())
        json.dumps(result.as_json())
        assert verify(made.path, public_key=None) == Verification(
            True, plan[0], result.root_hex, len(plan[1]), False, ()
        )


def test_an_empty_log_verifies(path: Path, signer: Signer) -> None:
    Ledger.open(path).close()
    assert verify(path, public_key=signer.public).ok


def test_no_log_is_no_verified_log(path: Path, signer: Signer) -> None:
    assert first(verify(path, public_key=signer.public))[0] is None
    assert not path.parent.exists()


@pytest.mark.parametrize("key", ["", "nonsense", "a+b+c"])
def test_a_key_that_is_none_is_not_taken_as_no_key(path: Path, key: str) -> None:
    with pytest.raises(FixConfiguration):
        verify(path, public_key=key)


# -- edits of single tables ------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(plan=plans(), data=st.data())
def test_changed_bytes_are_found(signer: Signer, plan: tuple[int, list[int]], data: st.DataObject) -> None:
    with log(plan, signer) as made:
        seq = data.draw(st.integers(0, made.size - 1))
        with unlocked(made.path) as db:
            (old,) = db.execute("SELECT bytes FROM entry WHERE seq = ?", (seq,)).fetchone()
            spoiled = bytearray(old)
            spoiled[data.draw(st.integers(0, len(old) - 1))] ^= data.draw(st.integers(1, 255))
            db.execute("UPDATE entry SET bytes = ? WHERE seq = ?", (bytes(spoiled), seq))
        assert first(made.verify()) == (seq, "changed")


@settings(max_examples=30, deadline=None)
@given(plan=plans(), data=st.data())
def test_a_removed_row_is_found(signer: Signer, plan: tuple[int, list[int]], data: st.DataObject) -> None:
    renumber, tidy = data.draw(st.booleans()), data.draw(st.booleans())
    with log(plan, signer) as made:
        seq = data.draw(st.integers(0, made.size - 1))
        with unlocked(made.path) as db:
            db.execute("DELETE FROM entry WHERE seq = ?", (seq,))
            if tidy:
                db.execute("DELETE FROM subject WHERE seq = ?", (seq,))
                db.execute("DELETE FROM key WHERE seq = ?", (seq,))
            if renumber:
                db.execute("UPDATE entry SET seq = seq - 1 WHERE seq > ?", (seq,))
        assert first(made.verify()) == (seq, "rolled back" if seq == made.size - 1 else "removed")


@settings(max_examples=20, deadline=None)
@given(plan=plans(), data=st.data())
def test_an_inserted_row_is_found(signer: Signer, plan: tuple[int, list[int]], data: st.DataObject) -> None:
    with log(plan, signer) as made:
        source = data.draw(st.integers(0, made.size - 1))
        with unlocked(made.path) as db:
            db.execute("INSERT INTO entry SELECT ?, type, bytes, leaf FROM entry WHERE seq = ?", (made.size, source))
        assert first(made.verify()) == (made.size, "added")


@settings(max_examples=30, deadline=None)
@given(plan=plans(), data=st.data())
def test_swapped_rows_are_found(signer: Signer, plan: tuple[int, list[int]], data: st.DataObject) -> None:
    with log(plan, signer) as made:
        low, high = sorted(data.draw(st.lists(st.integers(0, made.size - 1), min_size=2, max_size=2, unique=True)))
        with unlocked(made.path) as db:
            for old, new in ((low, -1), (high, low), (-1, high)):
                db.execute("UPDATE entry SET seq = ? WHERE seq = ?", (new, old))
        assert first(made.verify()) == (low, "reordered")


TOUCHES = [
    "UPDATE entry SET leaf = zeroblob(32) WHERE seq = {0}",
    "UPDATE entry SET type = 'batch.received' WHERE seq = {0}",
    "UPDATE subject SET id = 'r9' WHERE seq = {0} AND kind = 'release'",
    "UPDATE subject SET seq = seq + 100 WHERE seq = {0} AND kind = 'release'",
    "DELETE FROM subject WHERE seq = {0}",
    "INSERT INTO subject VALUES ('batch', 'b1', {0})",
    "INSERT OR REPLACE INTO key VALUES ('new', {0})",
    "UPDATE node SET hash = zeroblob(32) WHERE level = 0 AND idx = {0}",
]


@settings(max_examples=40, deadline=None)
@given(plan=plans(), touch=st.sampled_from(TOUCHES), data=st.data())
def test_a_touched_index_is_found(signer: Signer, plan: tuple[int, list[int]], touch: str, data: st.DataObject) -> None:
    with log(plan, signer) as made:
        seq = data.draw(st.integers(0, made.size - 1))
        with unlocked(made.path) as db:
            db.execute(touch.format(seq))
        assert first(made.verify())[0] == seq


@pytest.mark.parametrize(
    "touch",
    [
        "DELETE FROM node WHERE level = 1 AND idx = 0",
        "UPDATE node SET hash = zeroblob(32) WHERE level = 2",
        "INSERT INTO node VALUES (9, 0, zeroblob(32))",
        "INSERT INTO subject VALUES ('batch', 'b1', 99)",
        "INSERT INTO key VALUES ('new', 99)",
        "DELETE FROM checkpoint WHERE number = 0",
        "UPDATE checkpoint SET size = size - 1 WHERE number = 0",
        "UPDATE checkpoint SET note = replace(note, '5', '4')",
        "DROP INDEX entry_type",
        "CREATE TABLE other (a)",
    ],
)
def test_other_touches_are_found(path: Path, signer: Signer, touch: str) -> None:
    build(path, signer, 7, [4, 5])
    with unlocked(path) as db:
        db.execute(touch)
    assert not verify(path, public_key=signer.public).ok


def test_a_dropped_trigger_is_found(path: Path, signer: Signer) -> None:
    build(path, signer, 3, [3])
    with unlocked(path) as db:
        db.execute("COMMIT")
        assert "triggers" in verify(path, public_key=signer.public).problems[0].what
        db.execute("BEGIN")
    assert verify(path, public_key=signer.public).ok


# -- forgeries that rebuild everything -------------------------------------------------------------------------------


def swap(entries: list[Any], low: int, high: int) -> None:
    entries[low], entries[high] = entries[high], entries[low]


@settings(max_examples=30, deadline=None)
@given(plan=plans(), data=st.data(), outside=st.booleans())
def test_a_rebuilt_log_with_a_changed_entry_is_found(
    signer: Signer, plan: tuple[int, list[int]], data: st.DataObject, outside: bool
) -> None:
    with log(plan, signer) as made:
        seq = data.draw(st.integers(0, made.signed - 1))
        rebuild(made.path, lambda entries: entries[seq].update(actor="forger"))
        assert first(made.verify(outside=outside)) == (seq, "changed")


@settings(max_examples=30, deadline=None)
@given(plan=plans(), data=st.data())
def test_a_rebuilt_log_without_an_entry_is_found(
    signer: Signer, plan: tuple[int, list[int]], data: st.DataObject
) -> None:
    with log(plan, signer) as made:
        seq = data.draw(st.integers(0, made.signed - 1))
        rebuild(made.path, lambda entries: entries.pop(seq))
        found, what = first(made.verify())
        assert found == seq
        if seq < made.signed - 1:
            assert what == "removed"
        else:  # what comes after the last checkpoint cannot be told from something new
            assert what == ("rolled back" if made.size == made.signed else "changed")


@settings(max_examples=30, deadline=None)
@given(plan=plans(), data=st.data())
def test_a_rebuilt_log_with_one_entry_more_is_found(
    signer: Signer, plan: tuple[int, list[int]], data: st.DataObject
) -> None:
    with log(plan, signer) as made:
        seq = data.draw(st.integers(0, made.signed - 1))
        rebuild(made.path, lambda entries: entries.insert(seq, {**entries[seq], "actor": "forger", "key": ""}))
        assert first(made.verify()) == (seq, "added")


@settings(max_examples=30, deadline=None)
@given(plan=plans(), data=st.data())
def test_a_rebuilt_log_in_another_order_is_found(
    signer: Signer, plan: tuple[int, list[int]], data: st.DataObject
) -> None:
    with log(plan, signer) as made:
        low, high = sorted(data.draw(st.lists(st.integers(0, made.signed - 1), min_size=2, max_size=2, unique=True)))
        rebuild(made.path, lambda entries: swap(entries, low, high))
        assert first(made.verify()) == (low, "reordered")


@settings(max_examples=30, deadline=None)
@given(plan=plans(), data=st.data())
def test_a_truncated_log_is_found(signer: Signer, plan: tuple[int, list[int]], data: st.DataObject) -> None:
    with log(plan, signer) as made:
        size = data.draw(st.integers(0, made.signed - 1))
        truncate(made.path, size)
        assert first(made.verify()) == (size, "rolled back")


@settings(max_examples=20, deadline=None)
@given(plan=plans(), edit=st.booleans(), data=st.data())
def test_without_the_folder_notes_kept_elsewhere_still_find_it(
    signer: Signer, plan: tuple[int, list[int]], edit: bool, data: st.DataObject
) -> None:
    with log(plan, signer) as made:
        seq = data.draw(st.integers(0, made.signed - 1))
        if edit:
            rebuild(made.path, lambda entries: entries[seq].update(actor="forger"))
        else:
            truncate(made.path, seq)
        shutil.rmtree(made.path.parent / "checkpoints", ignore_errors=True)
        with unlocked(made.path) as db:
            db.execute("DELETE FROM checkpoint")
        assert made.verify().ok  # nothing in the folder itself can show it
        found, what = first(made.verify(outside=True))
        assert found in (seq, None)
        assert what == ("changed" if edit else "rolled back")


def test_the_range_is_named_where_the_leaf_hashes_are_gone(path: Path, signer: Signer) -> None:
    build(path, signer, 9, [3, 7, 8])
    for file in (path.parent / "checkpoints").glob("*.leaves"):
        file.unlink()
    rebuild(path, lambda entries: entries[5].update(actor="forger"))
    problems = verify(path, public_key=signer.public).problems
    assert any("at least one of entries 3 to 6" in problem.what for problem in problems)
    rebuild(path, lambda entries: entries[5].update(actor="tester"))
    rebuild(path, lambda entries: entries[7].update(actor="forger"))
    assert first(verify(path, public_key=signer.public)) == (7, "changed")


def test_an_older_copy_of_everything_is_found_by_a_note_kept_elsewhere(
    path: Path, signer: Signer, tmp_path: Path
) -> None:
    build(path, signer, 5, [5])
    shutil.copytree(path.parent, tmp_path / "backup")
    with Ledger.open(path) as ledger:
        fill(ledger, 3)
        outside = ledger.checkpoint(signer)
    shutil.rmtree(path.parent)
    shutil.copytree(tmp_path / "backup", path.parent)
    assert verify(path, public_key=signer.public).ok
    result = verify(path, public_key=signer.public, checkpoint_notes=[outside])
    assert first(result) == (5, "rolled back")
    assert "entries 5 to 7" in result.problems[0].what


def test_an_older_copy_that_went_on_is_found(path: Path, signer: Signer, tmp_path: Path) -> None:
    build(path, signer, 5, [5])
    shutil.copytree(path.parent, tmp_path / "backup")
    with Ledger.open(path) as ledger:
        fill(ledger, 3)
        outside = ledger.checkpoint(signer)
    shutil.rmtree(path.parent)
    shutil.copytree(tmp_path / "backup", path.parent)
    with Ledger.open(path) as ledger:
        fill(ledger, 4)
        ledger.checkpoint(signer)
    assert verify(path, public_key=signer.public).ok
    result = verify(path, public_key=signer.public, checkpoint_notes=[outside])
    assert "at least one of entries 5 to 7" in result.problems[0].what


def test_two_logs_of_one_size_are_found(path: Path, signer: Signer) -> None:
    build(path, signer, 4, [4])
    other = notes.make(notes.Checkpoint(NAME, 4, bytes(32)), signer)
    result = verify(path, public_key=signer.public, checkpoint_notes=[other])
    assert any("two different logs of size 4" in problem.what for problem in result.problems)


# -- checkpoints and files -------------------------------------------------------------------------------------------


def test_checkpoints_of_another_key_are_not_believed(path: Path, signer: Signer, tmp_path: Path) -> None:
    forger = Signer.create(tmp_path / "forger.pem", NAME)
    build(path, forger, 4, [2, 4])
    assert not verify(path, public_key=signer.public).ok
    assert verify(path, public_key=forger.public).ok


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff\xfe\x00", bytes(32 * 3)])
@pytest.mark.parametrize("name", ["3.note", "3.leaves"])
def test_damaged_checkpoint_files_are_found(path: Path, signer: Signer, name: str, damage: bytes) -> None:
    build(path, signer, 6, [3, 5])
    (path.parent / "checkpoints" / name).write_bytes(damage)
    result = verify(path, public_key=signer.public)
    assert first(result)[0] is None
    assert name in result.problems[0].what
    assert result.checkpoints == 2  # the database still has them


def test_a_missing_checkpoint_file_is_found(path: Path, signer: Signer) -> None:
    build(path, signer, 6, [3, 5])
    (path.parent / "checkpoints" / "5.note").unlink()
    assert "5.note is missing" in verify(path, public_key=signer.public).problems[0].what


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_no_byte_of_the_file_changes_unnoticed(signed_log: tuple[Path, str], place: float, change: int) -> None:
    path, public = signed_log
    whole = path.read_bytes()
    before = contents(path)
    spoiled = bytearray(whole)
    spoiled[int(place * len(whole))] ^= change
    try:
        path.write_bytes(bytes(spoiled))
        result = verify(path, public_key=public)
        # Bytes that hold nothing (free space in pages) may differ; what can be read may not.
        assert not result.ok or contents(path) == before
    finally:
        path.write_bytes(whole)


def contents(path: Path) -> list[bytes]:
    with Ledger.open(path) as ledger:
        return [ledger.entry_bytes(seq) for seq in range(ledger.size)]


@pytest.fixture(scope="session")
def signed_log(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("log") / "ledger.db"
    build(path, signer, 12, [5, 12])
    settle(path)
    return path, signer.public
