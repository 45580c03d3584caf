"""Verifying the log from its bytes: entries, tree, indexes, schema and every checkpoint. Opens the file read-only.

What is found is said as "the first wrong entry and what is wrong with it". What can be proved: everything under a
checkpoint the verifier holds. Entries after the last one are only held by their own tree, which somebody who owns the
file could rebuild; therefore checkpoints are made after each delivery and copied elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from provision.errors import FixConfiguration, RetryLater, TokumeiError
from provision.ledger import evidence, locate, notes
from provision.ledger.checkpoints import CheckpointFolder
from provision.ledger.database import Database
from provision.ledger.entry import Entry
from provision.ledger.locate import Row
from provision.ledger.merkle import Tree, leaf_hash
from provision.ledger.places import Place, as_place
from provision.ledger.signing import Verifier

_RESTORE = "stop all runs, keep this file as evidence, restore the newest backup that verifies, and tell the auditors"
_REBUILD = "the entries are whole; stop all runs, keep this file as evidence and restore the newest backup"
_CHECKPOINT = "compare with the copies kept elsewhere; if they agree with each other, restore the folder from them"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `seq` is the entry concerned, None where it is not a single entry."""

    seq: int | None
    what: str
    remedy: str


@dataclass(frozen=True)
class Verification:
    """The result. `checkpoints` is how many sizes are held by a checkpoint that agrees with the log; without a key
    their signatures were not checked."""

    ok: bool
    size: int
    root_hex: str
    checkpoints: int
    signatures_checked: bool
    problems: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {**asdict(self), "problems": [asdict(problem) for problem in self.problems]}


def verify(
    where: Path | Place, *, public_key: str | None, checkpoint_notes: Sequence[str] = (), kept: Sequence[Path] = ()
) -> Verification:
    """Verify a log (a path is that of an SQLite file). Problems come as result, the first wrong entry first, and not
    as an exception.

    `public_key` holds one or more keys (``<name>+<id>+<base64>``), one a line; with None signatures are not looked
    at. `checkpoint_notes` are notes kept elsewhere: only they can show that the whole folder is an old copy. `kept` are
    folders where such notes were kept with their ``.leaves`` files: with them the first wrong entry is named exactly,
    also where the log was signed anew. Raises `FixConfiguration` for a key that is none, and, of a log in PostgreSQL,
    where it cannot be asked (`RetryLater` too).
    """
    keys = () if public_key is None else notes.keys(public_key.splitlines())
    # Notes are read before the database: entries appended meanwhile can then only be more than were signed.
    place = as_place(where)
    sources = [*evidence.from_folder(place.path), *_given(checkpoint_notes)]
    try:
        with closing(place.read_only()) as db, db.snapshot():
            return _Examination(db, place.path).run(sources, keys, [CheckpointFolder(path) for path in kept])
    except (TokumeiError, ValueError, TypeError) as error:
        if place.url and isinstance(error, (RetryLater, FixConfiguration)):
            raise
        problem = Problem(None, "the file cannot be read as a ledger", _RESTORE)
        return Verification(False, 0, "", 0, bool(keys), (problem,))


class _Examination:
    """One pass over one snapshot of the database, collecting problems."""

    def __init__(self, db: Database, path: Path) -> None:
        self.db = db
        self.folder = CheckpointFolder.beside(path)
        self.tree = Tree()
        self.problems: list[Problem] = []
        self.wrong: int | None = None
        self.wrong_indexes: set[str] = set()

    def run(
        self, sources: Sequence[evidence.Source], keys: Sequence[Verifier], kept: Sequence[CheckpointFolder]
    ) -> Verification:
        found = evidence.weigh([*sources, *self._stored_notes()], keys, self.folder, kept)
        self._check_file()
        self._check_entries(found.leaves)
        self._check_nodes()
        agreeing = self._check_checkpoints(found)
        # First what names an entry, by its number; of those the entry itself comes before its indexes.
        self.problems.sort(key=lambda problem: (problem.seq is None, problem.seq or 0))
        root = self.tree.root(self.tree.size).hex()
        return Verification(
            not self.problems, self.tree.size, root, agreeing, bool(keys), tuple(dict.fromkeys(self.problems))
        )

    def _add(self, seq: int | None, what: str, remedy: str) -> None:
        self.problems.append(Problem(seq, what, remedy))

    def _stored_notes(self) -> list[evidence.Source]:
        rows = list(self.db.stream("SELECT number, size, note FROM checkpoint ORDER BY number"))
        if [number for number, _, _ in rows] != list(range(len(rows))):
            self._add(None, "a checkpoint was removed from the database", _CHECKPOINT)
        present = set(self.folder.sizes())
        for _, size, _ in rows:
            if present and size not in present:
                self._add(None, f"checkpoints/{size}.note is missing", _CHECKPOINT)
        return [evidence.Source(f"checkpoint {number} in the database", note, size) for number, size, note in rows]

    def _check_file(self) -> None:
        for what in self.db.damage():
            self._add(None, what, _RESTORE)

    def _check_entries(self, signed: Sequence[bytes]) -> None:
        written = {idx: bytes(value) for idx, value in self.db.stream("SELECT idx, hash FROM node WHERE level = 0")}
        known = max(len(signed), len(written))

        def expected(position: int) -> bytes | None:
            return signed[position] if position < len(signed) else written.get(position)

        subjects = _Index(self.db, "SELECT seq, kind, id FROM subject ORDER BY seq, kind, id")
        keys = _Index(self.db, "SELECT seq, key FROM key ORDER BY seq, key")
        for position, row in enumerate(self._rows()):
            entry, hashed = row.entry, leaf_hash(row.data)
            if self.wrong is None and not locate.fits(row, entry, hashed, position, expected(position)):
                self.wrong = position
            self._check_columns(row, entry, hashed)
            if entry:
                self._check_index(row.seq, "subject", subjects, sorted(entry.subjects.items()))
                self._check_index(row.seq, "key", keys, [(entry.key,)] if entry.key else [])
            self.tree.append(hashed)
        if self.wrong is None and self.tree.size < known:
            self.wrong = self.tree.size
        if self.wrong is not None:
            rows = list(self._rows(f"LIMIT {locate.WINDOW} OFFSET {self.wrong}"))
            self.problems.insert(
                0, Problem(self.wrong, locate.describe(self.wrong, rows, expected, len(signed), known), _RESTORE)
            )
        for name, index in (("subject", subjects), ("key", keys)):
            for seq, *_ in index.rest():
                self._index_problem(seq, name)

    def _rows(self, slice: str = "") -> Iterator[Row]:
        rows = self.db.stream(f"SELECT seq, type, bytes, leaf FROM entry ORDER BY seq {slice}")
        return (Row(seq, kind, bytes(data), bytes(leaf)) for seq, kind, data, leaf in rows)

    def _check_columns(self, row: Row, entry: Entry | None, hashed: bytes) -> None:
        """Only where the entry is not already known to be wrong: what the table says beside it."""
        if self.wrong is None and entry and (row.leaf != hashed or row.type != entry.type):
            self._add(row.seq, "changed: type or leaf hash beside the entry is not its own", _REBUILD)

    def _check_index(self, seq: int, name: str, index: _Index, wanted: Sequence[tuple[str, ...]]) -> None:
        found = index.take(seq)
        if found != [(seq, *row) for row in wanted]:
            self._index_problem(min([seq, *(row[0] for row in found)]), name)

    def _index_problem(self, seq: int, name: str) -> None:
        # After a wrong entry its indexes are wrong as well; saying so for each entry behind it helps nobody.
        if self.wrong is None and name not in self.wrong_indexes:
            self.wrong_indexes.add(name)
            self._add(seq, f"the {name} index does not agree with the entry", _REBUILD)

    def _check_nodes(self) -> None:
        query = "SELECT level, idx, hash FROM node ORDER BY level, idx"
        wanted = ((level, i, value) for level, row in enumerate(self.tree.levels) for i, value in enumerate(row))
        for want, have in zip_longest(wanted, self.db.stream(query)):
            if want != have:
                level, idx = min(place[:2] for place in (want, have) if place)
                seq = idx if level == 0 and self.wrong is None else None
                self._add(seq, f"tree node {level}/{idx} is not what the entries give", _REBUILD)
                return

    def _check_checkpoints(self, found: evidence.Evidence) -> int:
        """Compare every believed checkpoint with the entries; how many agree."""
        for fault in found.faults:
            self._add(None, fault, _CHECKPOINT)
        agreeing: set[int] = set()
        for where, checkpoint in found.checkpoints:
            size = checkpoint.size
            if size <= self.tree.size and self.tree.root(size) == checkpoint.root:
                agreeing.add(size)
            else:
                self._contradicted(where, size, max(agreeing, default=0))
        return len(agreeing)

    def _contradicted(self, where: str, size: int, held: int) -> None:
        if self.wrong is not None and self.wrong < size:
            self._add(None, f"{where}: the entries are not those signed at size {size}", _RESTORE)
        elif size > self.tree.size:
            self.wrong = self.tree.size
            self._add(self.wrong, f"rolled back: entries {self.wrong} to {size - 1} are missing at the end", _RESTORE)
        else:
            one = size - held == 1
            place = "it is" if one else f"at least one of entries {held} to {size - 1} is"
            self.wrong = held
            self._add(held if one else None, f"changed: {place} not what was signed at size {size}", _RESTORE)


class _Index:
    """Rows of an index in the order of entries, drawn step by step."""

    def __init__(self, db: Database, query: str) -> None:
        self._rows = iter(db.stream(query))
        self._next = next(self._rows, None)

    def take(self, seq: int) -> list[tuple[Any, ...]]:
        """The rows up to entry `seq` that were not drawn yet."""
        taken = []
        while self._next is not None and self._next[0] <= seq:
            taken.append(self._next)
            self._next = next(self._rows, None)
        return taken

    def rest(self) -> Iterator[tuple[Any, ...]]:
        """What is left: rows of no entry."""
        while self._next is not None:
            yield self._next
            self._next = next(self._rows, None)


def _given(checkpoint_notes: Sequence[str]) -> list[evidence.Source]:
    return [evidence.Source(f"checkpoint {i} given", note) for i, note in enumerate(checkpoint_notes, start=1)]
