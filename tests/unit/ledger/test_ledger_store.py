"""The log: appending, states, idempotency, append-only tables, checkpoints, permissions, reading."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sqlite3
import stat
import tempfile
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_world import BATCH, NAME, fill

from provision import databasefile
from provision.errors import FixConfiguration, IllegalTransition, LedgerBroken, Refused, RetryLater
from provision.ledger import merkle, notes
from provision.ledger.checkpoints import CheckpointFolder
from provision.ledger.copying import copy
from provision.ledger.entry import Entry, draft, stamp
from provision.ledger.places import Place
from provision.ledger.reading import LedgerReader
from provision.ledger.report import show, verification
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger
from provision.ledger.verify import Problem, Verification, verify

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
)
PAYLOADS = st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=4)
#: What the file itself refuses; PostgreSQL has a module of its own.
SQLITE = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
NOON = datetime(2026, 4, 1, 3, 0, 0, 5, UTC)


def receive(ledger: Ledger, batch: str = "b1", **more: Any) -> Entry:
    return ledger.transition("batch", batch, "received", actor="intake", payload=BATCH, **more)


# -- entries ---------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(PAYLOADS)
def test_an_entry_comes_back_from_its_bytes(payload: dict[str, Any]) -> None:
    entry = stamp(draft("note.written", "tester", {"release": "r1"}, payload, "k"), 7, NOON)
    assert Entry.from_bytes(entry.canonical()) == entry
    assert (entry.seq, entry.at, entry.when) == (7, "2026-04-01T03:00:00.000005Z", NOON)


@settings(deadline=None)
@given(PAYLOADS, st.data())
def test_bytes_with_any_byte_changed_are_never_the_same_entry(payload: dict[str, Any], data: st.DataObject) -> None:
    entry = stamp(draft("note.written", "tester", {}, payload, None), 0, NOON)
    spoiled = bytearray(entry.canonical())
    spoiled[data.draw(st.integers(0, len(spoiled) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(LedgerBroken):
        assert Entry.from_bytes(bytes(spoiled)) != entry


def test_keys_are_sorted_and_spelling_is_unique() -> None:
    entry = stamp(draft("note.written", "tester", {}, {"b": 1, "a": "髙"}, None), 0, NOON)
    assert b'"payload":{"a":"\xe9\xab\x99","b":1}' in entry.canonical()
    for other in (entry.canonical() + b" ", entry.canonical().replace(b'"seq":0', b'"seq":0,"seq":0'), b"{}", b"[]"):
        with pytest.raises(LedgerBroken):
            Entry.from_bytes(other)


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), 2**53, b"x", {1}, NOON, {1: 2}, "\ud800", object(), "x" * (1 << 20)],
    ids=lambda v: type(v),
)
def test_values_without_one_spelling_are_refused(ledger: Ledger, value: object) -> None:
    for payload in ({"field": value}, {"field": [{"inner": value}]}):
        with pytest.raises(Refused):
            ledger.append("note.written", actor="tester", subjects={}, payload=payload)
    assert ledger.size == 0


@pytest.mark.parametrize(
    ("type", "actor", "subjects", "key"),
    [
        ("note", "a", {}, None),
        ("Note.written", "a", {}, None),
        ("note.", "a", {}, None),
        ("note.written", "", {}, None),
        ("note.written", "a\nb", {}, None),
        ("note.written", "a", {"Kind": "x"}, None),
        ("note.written", "a", {"kind": ""}, None),
        ("note.written", "a", {"kind": "x" * 301}, None),
        ("note.written", "a", {}, ""),
        ("note.written", "a", {}, "k\0"),
    ],
)
def test_a_bad_envelope_is_refused(
    ledger: Ledger, type: str, actor: str, subjects: dict[str, str], key: str | None
) -> None:
    with pytest.raises(Refused):
        ledger.append(type, actor=actor, subjects=subjects, payload={}, key=key)
    assert ledger.size == 0


def test_no_value_of_a_payload_appears_in_an_error(ledger: Ledger) -> None:
    with pytest.raises(Refused) as caught:
        ledger.append("note.written", actor="a", subjects={}, payload={"field": {"inner": ["山田太郎", 1.25]}})
    assert "山田" not in str(caught.value)
    assert "1.25" not in str(caught.value)
    assert "field" in str(caught.value)


def test_an_entry_does_not_change_with_its_payload_later(ledger: Ledger) -> None:
    payload = {"list": [1]}
    entry = ledger.append("note.written", actor="a", subjects={}, payload=payload)
    payload["list"].append(2)
    assert entry == ledger.entry(0)
    assert entry.payload == {"list": [1]}


# -- appending and states --------------------------------------------------------------------------------------------


def test_numbers_are_contiguous_and_bytes_are_what_is_hashed(ledger: Ledger) -> None:
    fill(ledger, 11)
    assert [entry.seq for entry in ledger.entries()] == list(range(11))
    tree = merkle.Tree(merkle.leaf_hash(entry.canonical()) for entry in ledger.entries())
    assert [ledger.root(size) for size in range(12)] == [tree.root(size) for size in range(12)]
    for size in range(1, 12):
        path = ledger.inclusion_proof(size - 1, 11)
        leaf = merkle.leaf_hash(ledger.entry_bytes(size - 1))
        assert merkle.verify_inclusion(size - 1, 11, leaf, path, ledger.root())
        path = ledger.consistency_proof(size, 11)
        assert merkle.verify_consistency(size, 11, ledger.root(size), ledger.root(), path)


@pytest.mark.parametrize("size", [-1, 4])
def test_sizes_the_log_never_had_are_refused(ledger: Ledger, size: int) -> None:
    fill(ledger, 3)
    for ask in (
        ledger.root,
        lambda size: ledger.inclusion_proof(0, size),
        lambda size: ledger.consistency_proof(1, size),
    ):
        with pytest.raises(Refused):
            ask(size)
    with pytest.raises(Refused):
        ledger.entry(size)


def test_the_same_key_is_the_same_entry_once(ledger: Ledger) -> None:
    first = ledger.append("note.written", actor="a", subjects={"release": "r"}, payload={"n": 1}, key="k")
    again = ledger.append("note.written", actor="b", subjects={"release": "r"}, payload={"n": 1}, key="k")
    assert again == first
    assert ledger.size == 1
    for type, subjects, payload in (
        ("note.read", {"release": "r"}, {"n": 1}),
        ("note.written", {"release": "s"}, {"n": 1}),
        ("note.written", {"release": "r"}, {"n": 2}),
    ):
        with pytest.raises(Refused, match="idempotency key"):
            ledger.append(type, actor="a", subjects=subjects, payload=payload, key="k")
    assert ledger.size == 1


def test_a_state_is_what_the_entries_add_up_to(ledger: Ledger) -> None:
    assert ledger.state("batch", "b1") == ""
    entry = receive(ledger, subjects={"source": "hospital-a"})
    assert (entry.type, entry.subjects) == ("batch.received", {"batch": "b1", "source": "hospital-a"})
    assert ledger.state("batch", "b1") == "received"
    ledger.append("batch.looked_at", actor="auditor", subjects={"batch": "b1"}, payload={})
    ledger.append("release.emptied", actor="a", subjects={"batch": "b1", "release": "r1"}, payload={"what": "x"})
    assert ledger.state("batch", "b1") == "received"
    assert ledger.state("release", "r1") == ""
    ledger.transition("batch", "b1", "quarantined", actor="intake", payload={"problems": 1})
    assert ledger.state("batch", "b1") == "quarantined"
    assert ledger.state("batch", "b2") == ""


def test_a_delivery_changes_no_release(ledger: Ledger) -> None:
    order = {"release": "r1", "recipient": "x", "channel": "mail", "digest": "d"}
    ledger.transition("delivery", "r1.x", "ordered", actor="a", payload=order, subjects={"release": "r1"})
    ledger.transition("delivery", "r1.x", "failed", actor="a", payload={"reason": "x"}, subjects={"release": "r1"})
    assert ledger.state("delivery", "r1.x") == "failed"
    assert ledger.state("release", "r1") == ""


def test_illegal_transitions_leave_no_trace(ledger: Ledger) -> None:
    receive(ledger)
    with pytest.raises(IllegalTransition, match="cannot become received"):
        receive(ledger)
    with pytest.raises(IllegalTransition, match="without"):
        ledger.transition("batch", "b1", "accepted", actor="a", payload={})
    with pytest.raises(IllegalTransition):
        ledger.transition("batch", "b1", "nonsense", actor="a", payload={})
    with pytest.raises(IllegalTransition):
        ledger.transition("cake", "b1", "eaten", actor="a", payload={})
    with pytest.raises(IllegalTransition):
        ledger.state("cake", "b1")
    with pytest.raises(Refused, match="two subjects"):
        ledger.transition("batch", "b1", "quarantined", actor="a", payload={"problems": 1}, subjects={"batch": "b2"})
    assert ledger.size == 1


def test_a_state_cannot_be_appended_past_its_check(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="transition"):
        ledger.append("release.approved", actor="a", subjects={"release": "r1"}, payload={})
    assert ledger.size == 0


def test_a_repeated_transition_with_its_key_is_the_first_one(ledger: Ledger) -> None:
    first = receive(ledger, key="receive.b1")
    ledger.transition("batch", "b1", "quarantined", actor="a", payload={"problems": 1})
    assert receive(ledger, key="receive.b1") == first
    with pytest.raises(Refused, match="idempotency key"):
        receive(ledger, "b2", key="receive.b1")
    assert (ledger.size, ledger.state("batch", "b1")) == (2, "quarantined")


def test_a_clock_set_back_is_written_as_it_was(place: Place, signer: Signer) -> None:
    times = iter([NOON, NOON - timedelta(days=400)])
    with Ledger.open(place, clock=lambda: next(times)) as ledger:
        fill(ledger, 2)
        assert [entry.when for entry in ledger.entries()] == [NOON, NOON - timedelta(days=400)]
        ledger.checkpoint(signer)
    assert verify(place, public_key=signer.public).ok


# -- the tables only grow --------------------------------------------------------------------------------------------

FORBIDDEN = [
    "UPDATE {0} SET {1} = {1}",
    "DELETE FROM {0}",
    "INSERT OR REPLACE INTO {0} SELECT * FROM {0} LIMIT 1",
    "REPLACE INTO {0} SELECT * FROM {0} LIMIT 1",
    "INSERT OR IGNORE INTO {0} SELECT * FROM {0} LIMIT 1",
    "UPDATE OR REPLACE {0} SET {1} = 0",
]


@SQLITE
@pytest.mark.parametrize(
    ("table", "column"),
    [("entry", "seq"), ("subject", "seq"), ("key", "seq"), ("node", "idx"), ("checkpoint", "number")],
)
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_nothing_is_changed_replaced_or_deleted(
    ledger: Ledger, signer: Signer, table: str, column: str, statement: str
) -> None:
    fill(ledger, 4)
    ledger.checkpoint(signer)
    with sqlite3.connect(ledger.path) as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement.format(table, column))
    assert verify(ledger.place, public_key=signer.public).ok


@SQLITE
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO entry VALUES (5, 'a.b', x'00', zeroblob(32))",
        "INSERT INTO entry VALUES (NULL, 'a.b', x'00', zeroblob(32))",
        "INSERT INTO entry VALUES (-1, 'a.b', x'00', zeroblob(32))",
        "INSERT INTO node VALUES (0, 4, zeroblob(32))",
        "INSERT INTO node VALUES (1, 3, zeroblob(32))",
        "INSERT INTO node VALUES (3, 0, zeroblob(32))",
        "INSERT INTO subject VALUES ('release', 'r9', 1)",
        "INSERT INTO key VALUES ('new', 2)",
        "INSERT INTO checkpoint VALUES (2, 4, 'x')",
        "INSERT INTO checkpoint VALUES (1, 3, 'x')",
        "INSERT INTO checkpoint VALUES (1, 5, 'x')",
    ],
)
def test_no_gap_and_nothing_out_of_place_is_inserted(ledger: Ledger, signer: Signer, statement: str) -> None:
    fill(ledger, 4)
    ledger.checkpoint(signer)
    with sqlite3.connect(ledger.path) as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)


# -- opening ---------------------------------------------------------------------------------------------------------


@SQLITE
def test_only_the_owner_can_read_folder_and_files(ledger: Ledger, signer: Signer) -> None:
    fill(ledger, 2)
    ledger.checkpoint(signer)
    found = {file.name: stat.S_IMODE(file.stat().st_mode) for file in ledger.path.parent.rglob("*")}
    assert found.pop("checkpoints") == 0o700 == stat.S_IMODE(ledger.path.parent.stat().st_mode)
    assert found == dict.fromkeys(("ledger.db", "ledger.db-wal", "ledger.db-shm", "2.note", "2.leaves"), 0o600)


def test_a_lost_or_older_database_is_not_continued(path: Path, signer: Signer) -> None:
    with Ledger.open(path) as ledger:
        fill(ledger, 2)
    older = path.read_bytes()
    with Ledger.open(path) as ledger:
        fill(ledger, 2)
        ledger.checkpoint(signer)
    path.write_bytes(older)
    with pytest.raises(LedgerBroken, match="2 entries, but 4 were signed"):
        Ledger.open(path)
    path.unlink()
    with pytest.raises(LedgerBroken, match="0 entries, but 4 were signed"):
        Ledger.open(path)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"not a database" * 500])
def test_another_file_is_not_taken_for_a_ledger(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LedgerBroken):
        Ledger.open(path)
    assert path.read_bytes() == content
    assert not verify(path, public_key=None).ok


def test_another_sqlite_database_is_not_taken_for_a_ledger(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE entry (seq)")
    with pytest.raises(LedgerBroken):
        Ledger.open(path)


def test_a_reader_never_makes_or_changes_a_log(path: Path) -> None:
    with pytest.raises(FixConfiguration):
        LedgerReader.read(path)
    assert not path.parent.exists()
    with Ledger.open(path) as ledger:
        fill(ledger, 1)
    with LedgerReader.read(path) as reader:
        assert reader.entry(0).type == "note.written"
        with pytest.raises(FixConfiguration):
            reader.select("INSERT INTO key VALUES ('k', 0)")


def verify_as_nobody(pipe: Connection, path: Path, key: str) -> None:
    if os.geteuid() == 0:  # root may write everywhere, so root becomes somebody who may not
        os.setgid(65534)
        os.setuid(65534)
    pipe.send((os.access(path.parent, os.W_OK), verify(path, public_key=key)))


def test_a_copy_is_verified_on_a_read_only_medium(ledger: Ledger, signer: Signer) -> None:
    fill(ledger, 3)
    ledger.checkpoint(signer)
    fill(ledger, 2)
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        copied = copy(ledger, Path(place) / "disc")
        assert sorted(os.listdir(copied.parent)) == ["checkpoints", "ledger.db"]
        for thing in (copied.parent, *copied.parent.rglob("*")):
            thing.chmod(0o555 if thing.is_dir() else 0o444)
        here, there = multiprocessing.Pipe()
        child = multiprocessing.get_context("fork").Process(
            target=verify_as_nobody, args=(there, copied, signer.public)
        )
        child.start()
        writable, result = here.recv() if here.poll(30) else (True, None)
        child.join(30)
        copied.parent.chmod(0o755)
    assert not writable
    assert result == Verification(True, 5, ledger.root().hex(), 1, True, ())


def test_a_copy_leaves_out_what_was_signed_later_and_overwrites_nothing(
    ledger: Ledger, signer: Signer, tmp_path: Path
) -> None:
    fill(ledger, 3)
    ledger.checkpoint(signer)
    CheckpointFolder.beside(ledger.path).write(9, "made while the copy was running", [])
    copied = copy(ledger, tmp_path / "copy")
    assert verify(copied, public_key=signer.public).ok
    assert stat.S_IMODE(copied.stat().st_mode) == 0o600
    with pytest.raises(FixConfiguration):
        copy(ledger, tmp_path / "copy")


@SQLITE
def test_a_writer_that_waited_long_enough_says_try_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databasefile, "BUSY_SECONDS", 0.05)
    with Ledger.open(ledger.path) as other, sqlite3.connect(ledger.path, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(RetryLater):
            fill(other, 1)
        holder.execute("ROLLBACK")
        fill(other, 1)


# -- checkpoints -----------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_kept_in_the_database_and_as_files(ledger: Ledger, signer: Signer) -> None:
    fill(ledger, 3)
    first = ledger.checkpoint(signer)
    fill(ledger, 2)
    second = ledger.checkpoint(signer)
    assert notes.verify(second, [signer.verifier]) == notes.Checkpoint(NAME, 5, ledger.root())
    assert ledger.last_note() == second
    folder = ledger.path.parent / "checkpoints"
    assert (folder / "3.note").read_text() == first
    assert (folder / "5.note").read_text() == second
    hashes = (folder / "3.leaves").read_bytes() + (folder / "5.leaves").read_bytes()
    assert hashes == b"".join(merkle.leaf_hash(ledger.entry_bytes(seq)) for seq in range(5))


def test_without_new_entries_there_is_no_new_checkpoint(ledger: Ledger, signer: Signer) -> None:
    assert ledger.checkpoint(signer) == ledger.checkpoint(signer)
    fill(ledger, 3)
    assert ledger.checkpoint(signer) == ledger.checkpoint(signer)
    assert list(ledger.select("SELECT number, size FROM checkpoint")) == [(0, 0), (1, 3)]
    assert verify(ledger.place, public_key=signer.public).ok


def test_a_new_key_signs_on(ledger: Ledger, signer: Signer, tmp_path: Path) -> None:
    fill(ledger, 2)
    ledger.checkpoint(signer)
    second = Signer.create(tmp_path / "second.pem", NAME)
    both = ledger.checkpoint(second)
    fill(ledger, 2)
    ledger.checkpoint(second)
    assert notes.verify(both, [signer.verifier]) == notes.verify(both, [second.verifier])
    assert verify(ledger.place, public_key=f"{signer.public}\n{second.public}\n").ok
    assert not verify(ledger.place, public_key=signer.public).ok


def test_killed_between_files_and_commit_a_checkpoint_is_picked_up(
    ledger: Ledger, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ledger, 3)
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "_keep", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ledger.checkpoint(signer)
    assert ledger.last_note() is None
    assert verify(ledger.place, public_key=signer.public).ok
    fill(ledger, 1)
    ledger.checkpoint(signer)
    assert verify(ledger.place, public_key=signer.public) == Verification(True, 4, ledger.root().hex(), 2, True, ())


# -- reading ---------------------------------------------------------------------------------------------------------


def test_entries_are_selected_by_type_and_subject(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.ledger.reading.PAGE", 2)
    fill(ledger, 7)
    receive(ledger)
    ledger.append("batchy.noted", actor="a", subjects={"batch": "b1"}, payload={})

    def numbers(**how: Any) -> list[int]:
        return [entry.seq for entry in ledger.entries(**how)]

    assert numbers() == list(range(9))
    assert numbers(start=3, limit=3) == [3, 4, 5]
    assert numbers(limit=0) == []
    assert numbers(type="batch.") == numbers(type="batch.received") == [7]
    assert numbers(type="note.") == numbers(type="note.written") == list(range(7))
    assert numbers(type="note") == []
    assert numbers(kind="release", subject="r1") == [1, 4]
    assert numbers(kind="batch") == numbers(subject="b1") == [7, 8]
    assert numbers(type="batch.", subject="b1", start=8) == []


def test_entries_may_be_appended_while_others_are_read(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.ledger.reading.PAGE", 2)
    fill(ledger, 4)
    seen = 0
    for entry in ledger.entries(limit=10):
        seen += 1
        if entry.seq < 3:
            fill(ledger, 1)
    assert seen == 7


def test_the_table_for_the_terminal(path: Path) -> None:
    with Ledger.open(path, clock=lambda: NOON) as ledger:
        receive(ledger, "b1", subjects={"source": "病院"})
        fill(ledger, 1)
        lines = show(ledger.entries()).splitlines()
    assert [line.split() for line in lines] == [
        ["seq", "time", "(Asia/Tokyo)", "type", "subjects", "actor"],
        ["0", "2026-04-01", "12:00:00", "batch.received", "batch=b1", "source=病院", "intake"],
        ["1", "2026-04-01", "12:00:00", "note.written", "delivery=d1", "release=r1", "tester"],
    ]
    assert lines[0].index("actor") == lines[1].index("intake") + 2  # two letters of double width stand before it


def test_the_outcome_for_the_terminal() -> None:
    text = verification(Verification(False, 3, "ab", 1, False, (Problem(2, "changed: x", "do y"),)))
    assert "BROKEN" in text
    assert "NOT checked" in text
    assert "- entry 2: changed: x\n  -> do y" in text
    good = verification(Verification(True, 3, "ab", 1, True, ()))
    assert "BROKEN" not in good
    assert "root: ab" in good
