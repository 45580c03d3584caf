"""Random tampering by somebody who owns database, folder and even the signing key: `tokumei ledger verify` with a
checkpoint the auditor kept names the first wrong entry, on both databases, and on a copy without any server."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import rfc8785
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ledger_world import build, emptied_database, rebuild, unlocked

from provision.cli import main
from provision.ledger.copying import copy
from provision.ledger.places import ADDRESS, Place
from provision.ledger.reading import LedgerReader
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger

Entries = list[dict[str, Any]]


def edit(entries: Entries, at: int, other: int) -> None:
    entries[at % len(entries)]["payload"] = {"number": -1 - other}


def delete(entries: Entries, at: int, other: int) -> None:
    del entries[at % len(entries)]


def insert(entries: Entries, at: int, other: int) -> None:
    entries.insert(at % (len(entries) + 1), {**entries[other % len(entries)], "actor": "forger", "key": ""})


def reorder(entries: Entries, at: int, other: int) -> None:
    entries.insert(other % len(entries), entries.pop(at % len(entries)))


def roll_back(entries: Entries, at: int, other: int) -> None:
    del entries[at % len(entries) :]


def fork(entries: Entries, at: int, other: int) -> None:
    """The log of an older copy, gone on with other entries."""
    kept = at % len(entries)
    entries[kept:] = [{**entry, "actor": "fork", "key": ""} for entry in entries[kept:]] * (1 + other % 2)


TAMPERINGS = [edit, delete, insert, reorder, roll_back, fork]
#: One to three of them, each at two random places.
STORIES = st.lists(
    st.tuples(st.sampled_from(TAMPERINGS), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=3
)


@contextmanager
def a_log(kind: str, signer: Signer, size: int, signed: list[int]) -> Iterator[tuple[Place, Path]]:
    """A log with checkpoints, and the folder of an auditor who kept all of them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "home" / "ledger" / "ledger.db"
        place = Place(path, emptied_database() if kind == "postgres" else "")
        build(place, signer, size, signed)
        kept = Path(folder) / "auditor"
        shutil.copytree(path.parent / "checkpoints", kept)
        yield place, kept


def ask(place: Place, kept: Path, signed: int, signer: Signer, *more: str) -> tuple[int, Any]:
    """Exit code and answer of the command."""
    environment = {ADDRESS: place.url, "TOKUMEI_HOME": str(place.path.parents[1])}
    answer = StringIO()
    words = ["ledger", "verify", "--checkpoint", str(kept / f"{signed}.note"), "--key", signer.public, "--json", *more]
    with mock.patch.dict(os.environ, environment), redirect_stdout(answer):
        code = main(words)
    return code, json.loads(answer.getvalue())


def as_they_stand(place: Place) -> Entries:
    with LedgerReader.read(place) as ledger:
        return [json.loads(ledger.entry_bytes(seq)) for seq in range(ledger.size)]


def first_difference(before: Entries, after: Entries, upto: int) -> int | None:
    numbered = [rfc8785.dumps({**entry, "seq": seq}) for seq, entry in enumerate(after)]
    return next((i for i in range(upto) if i >= len(after) or rfc8785.dumps(before[i]) != numbered[i]), None)


def sign_anew(place: Place, signer: Signer) -> None:
    """The forger has the key: all checkpoints within reach are made anew."""
    shutil.rmtree(place.path.parent / "checkpoints")
    with unlocked(place) as db:
        db.execute("DELETE FROM checkpoint")
    with Ledger.open(place) as ledger:
        ledger.checkpoint(signer)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@settings(max_examples=25, deadline=None)
@given(
    size=st.integers(3, 12),
    others=st.lists(st.integers(0, 12), max_size=2),
    story=STORIES,
    has_key=st.booleans(),
    offline=st.booleans(),
)
def test_the_first_wrong_entry_is_named(
    signer: Signer, kind: str, size: int, others: list[int], story: list[Any], has_key: bool, offline: bool
) -> None:
    signed = sorted({size - 1, *(n for n in others if n < size)})
    with a_log(kind, signer, size, signed) as (place, kept):
        code, answer = ask(place, kept, size - 1, signer)
        assert (code, answer["ok"]) == (0, True)  # else the test could not fail
        before, after = as_they_stand(place), as_they_stand(place)
        for tamper, at, other in story:
            if after:
                tamper(after, at, other)
        wanted = first_difference(before, after, size - 1)
        assume(wanted is not None)
        rebuild(place, lambda entries: entries.__setitem__(slice(None), after))
        if has_key:
            sign_anew(place, signer)
        more: list[str] = []
        if offline:
            with LedgerReader.read(place) as ledger:
                more = ["--path", str(copy(ledger, kept.parent / "copy"))]
        code, answer = ask(place, kept, size - 1, signer, *more)
        assert code == 8
        assert answer["problems"][0]["seq"] == wanted, answer


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@settings(max_examples=15, deadline=None)
@given(size=st.integers(3, 9), data=st.data())
def test_bytes_changed_in_the_table_are_named(signer: Signer, kind: str, size: int, data: st.DataObject) -> None:
    with a_log(kind, signer, size, [size]) as (place, kept):
        seq = data.draw(st.integers(0, size - 1))
        with unlocked(place) as db:
            (old,) = db.execute("SELECT bytes FROM entry WHERE seq = ?", (seq,)).fetchone()
            spoiled = bytearray(old)
            spoiled[data.draw(st.integers(0, len(old) - 1))] ^= data.draw(st.integers(1, 255))
            db.execute("UPDATE entry SET bytes = ? WHERE seq = ?", (bytes(spoiled), seq))
        code, answer = ask(place, kept, size, signer)
        assert (code, answer["problems"][0]["seq"]) == (8, seq)
        assert answer["problems"][0]["what"].startswith("changed")


def test_a_file_that_is_not_there_is_no_broken_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An auditor mistypes a name: nothing was verified, and nothing is wrong with the log."""
    assert main(["ledger", "verify", "--path", str(tmp_path / "ledger.db"), "--key", "x"]) == 6
    assert "no such file [ledger.path]" in capsys.readouterr().err
    (tmp_path / "ledger.db").touch()
    (tmp_path / "7.note").write_bytes(b"\x83\x40")
    for name in ("6.note", "7.note"):
        words = ["--path", str(tmp_path / "ledger.db"), "--checkpoint", str(tmp_path / name), "--key", "x"]
        assert main(["ledger", "verify", *words]) == 6
        assert f"--checkpoint {name}: it cannot be read, so nothing was verified" in capsys.readouterr().err
