"""Reading the provision log: entries, states of subjects, roots and proofs. Never writes.

What pages, reports and auditors use; `store.Ledger` adds writing. Use one reader per thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from provision import states
from provision.errors import IllegalTransition, Refused
from provision.ledger import merkle
from provision.ledger.checkpoints import CheckpointFolder
from provision.ledger.database import Database, Rows, nodes_of, size_of
from provision.ledger.entry import Entry
from provision.ledger.places import Place, as_place

Result = TypeVar("Result")

#: Entries fetched at a time; between two fetches no lock and no snapshot is held.
PAGE = 500


class LedgerReader:
    """提供記録, for reading. Also a context manager that closes it."""

    def __init__(self, place: Place, database: Database) -> None:
        """Use `read` here and `open` of `store.Ledger`."""
        self.place = place
        self.folder = CheckpointFolder.beside(place.path)
        self._db = database

    @classmethod
    def read(cls, where: Path | Place) -> LedgerReader:
        """Open a log for reading only; a path is that of an SQLite file. `FixConfiguration` where there is none,
        `LedgerBroken` where it is no ledger, `RetryLater` where the database cannot be reached."""
        place = as_place(where)
        return LedgerReader(place, place.read_only())

    def close(self) -> None:
        """Close file or connection."""
        self._db.close()

    def __enter__(self) -> Self:
        """The ledger itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    @property
    def path(self) -> Path:
        """The SQLite file; of a log in PostgreSQL only the folder around it is there."""
        return self.place.path

    @property
    def size(self) -> int:
        """Number of entries."""
        return size_of(self._db)

    def state(self, kind: str, subject: str) -> str:
        """The state of a subject, "" where it is not there yet. Entries that are no states do not count."""
        if kind not in states.TRANSITIONS:
            raise IllegalTransition(f"{kind} has no states", rule="states", remedy="this is a defect of the caller")
        return self._state(kind, subject)

    def entry(self, seq: int) -> Entry:
        """Entry number `seq`; `Refused` where there is none."""
        return Entry.from_bytes(self.entry_bytes(seq))

    def entry_bytes(self, seq: int) -> bytes:
        """The exact bytes of entry `seq`, as hashed into the tree; `Refused` where there is none."""
        for (data,) in self.select("SELECT bytes FROM entry WHERE seq = ?", (seq,)):
            return bytes(data)
        raise Refused(f"no entry {seq}", rule="ledger.seq", remedy="ask for an entry the log has")

    def entries(
        self,
        *,
        type: str | None = None,
        kind: str | None = None,
        subject: str | None = None,
        start: int = 0,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Entries from number `start` on, oldest first, at most `limit`.

        `type` is a type, or all of a kind when it ends with a dot (``delivery.``). `kind` and `subject` select
        entries about a kind of subject, or about one.
        """
        where, values = condition(type, kind, subject)
        query = f"SELECT seq, bytes FROM entry WHERE seq >= ? AND {where} ORDER BY seq LIMIT ?"
        left = limit
        while left is None or left > 0:
            page = list(self.select(query, (start, *values, PAGE if left is None else min(PAGE, left))))
            for _, data in page:
                yield Entry.from_bytes(data)
            if not page:
                return
            start = page[-1][0] + 1
            left = None if left is None else left - len(page)

    def select(self, query: str, values: Sequence[object] = ()) -> Rows:
        """Rows of a reading query, in the SQL that `database` says."""
        return self._db.select(query, values)

    def root(self, size: int | None = None) -> bytes:
        """Root over the first `size` entries (all of them by default); `Refused` where there are not as many."""
        return self._root(self._checked(size))

    def inclusion_proof(self, seq: int, size: int | None = None) -> list[bytes]:
        """Proof that entry `seq` is in the log of `size` (now by default), see `merkle.inclusion_proof`."""
        checked = self._checked(size)
        return self._with_nodes(lambda get: merkle.inclusion_proof(seq, checked, get))

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Proof that the log of size `new` continues the one of size `old`, see `merkle.consistency_proof`."""
        checked = self._checked(new)
        return self._with_nodes(lambda get: merkle.consistency_proof(old, checked, get))

    def copy_into(self, path: Path) -> None:
        """One whole moment of the log as an SQLite file; `copying.copy` is what others should use."""
        self._db.copy_into(path)

    def last_note(self) -> str | None:
        """The newest checkpoint in the database."""
        for (note,) in self.select("SELECT note FROM checkpoint ORDER BY number DESC LIMIT 1"):
            return str(note)
        return None

    # -- for this package ----------------------------------------------------------------------------------------

    def _state(self, kind: str, subject: str) -> str:
        types = [f"{kind}.{state}" for state in states.TRANSITIONS[kind] if state]
        row = self.select(
            "SELECT type FROM subject JOIN entry USING (seq) WHERE kind = ? AND id = ?"
            f" AND type IN ({', '.join('?' * len(types))}) ORDER BY seq DESC LIMIT 1",
            (kind, subject, *types),
        ).fetchone()
        return str(row[0]).removeprefix(f"{kind}.") if row else ""

    def _checked(self, size: int | None) -> int:
        now = self.size
        if size is not None and not 0 <= size <= now:
            raise Refused(f"the log has no size {size}", rule="ledger.proof", remedy="ask for a size it has had")
        return now if size is None else size

    def _root(self, size: int) -> bytes:
        return self._with_nodes(lambda get: merkle.root(size, get))

    def _with_nodes(self, work: Callable[[merkle.Getter], Result]) -> Result:
        """The result of `work`, whose nodes are fetched by one query: a first turn only says which it wants."""
        wanted: list[tuple[int, int]] = []

        def note(level: int, idx: int) -> bytes:
            wanted.append((level, idx))
            return b""

        work(note)
        found = nodes_of(self._db, wanted)
        return work(lambda level, idx: found[level, idx])

    def _leaves(self, start: int) -> list[bytes]:
        return [bytes(leaf) for (leaf,) in self.select("SELECT leaf FROM entry WHERE seq >= ? ORDER BY seq", (start,))]


def condition(type: str | None, kind: str | None, subject: str | None) -> tuple[str, tuple[str, ...]]:
    """The WHERE of a selection and its values."""
    parts, values = ["1 = 1"], []
    if type is not None and type.endswith("."):
        parts.append("type >= ? AND type < ?")
        values += [type, type[:-1] + "/"]  # "/" is the character after "."
    elif type is not None:
        parts.append("type = ?")
        values.append(type)
    about = [(column, value) for column, value in (("kind", kind), ("id", subject)) if value is not None]
    if about:
        parts.append(f"seq IN (SELECT seq FROM subject WHERE {' AND '.join(f'{column} = ?' for column, _ in about)})")
        values += [value for _, value in about]
    return " AND ".join(parts), tuple(values)
