"""The provision log itself: appending, moving subjects from state to state, signing. Reading is `reading`.

One SQLite database of its own, for several processes at once. Every write is one transaction that begins with the
write lock, so two processes can never continue the same log differently, and a process killed at any moment leaves
the log as it was before or after its entry. Use one `Ledger` per thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from provision import states
from provision.errors import IllegalTransition, LedgerBroken, Refused
from provision.ledger import merkle, notes, schema
from provision.ledger.checkpoints import CheckpointFolder
from provision.ledger.entry import Entry, draft, stamp
from provision.ledger.reading import LedgerReader
from provision.ledger.signing import Signer


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger(LedgerReader):
    """提供記録: an append-only log of entries. Also a context manager that closes it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: Callable[[], datetime] = _now) -> None:
        """Use `open`."""
        super().__init__(path, connection)
        self._clock = clock

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], datetime] = _now) -> Ledger:
        """Open the log at `path` for writing; make it where there is none.

        Raises `LedgerBroken` where the file is no ledger, or where it is shorter than a checkpoint beside it: then
        it is gone or an old copy, and going on would fork the log. `FixConfiguration` where it may not be opened.
        """
        path = Path(path)
        signed = max(CheckpointFolder.beside(path).sizes(), default=0)
        if not path.exists() and not signed:
            schema.create(path)
        if not path.exists():
            raise _rolled_back(path, 0, signed)
        ledger = Ledger(path, schema.FILE.connect(path), clock)
        size = ledger.size
        if size < signed:
            ledger.close()
            raise _rolled_back(path, size, signed)
        return ledger

    def append(
        self,
        type: str,
        *,
        actor: str,
        subjects: Mapping[str, str],
        payload: Mapping[str, object],
        key: str | None = None,
    ) -> Entry:
        """Add an entry that is no change of state (those go through `transition`).

        With `key` it is idempotent: the same key with the same type, subjects and payload gives the entry already
        there; with another content it raises `Refused`, as does a value an entry may not hold.
        """
        kind, _, state = type.partition(".")
        if state in states.TRANSITIONS.get(kind, {}):
            raise Refused(
                f"{type} is a change of state", rule="ledger.type", remedy="a defect of the caller: use transition()"
            )
        new = draft(type, actor, subjects, payload, key)
        with self._writing():
            return self._existing(new) or self._insert(new)

    def transition(
        self,
        kind: str,
        subject: str,
        to: str,
        *,
        actor: str,
        payload: Mapping[str, object],
        subjects: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Entry:
        """Move `subject` to state `to`: read its state, check it against `provision.states`, append, all in one.

        The entry has type ``<kind>.<to>`` and the subject besides `subjects`. A `key` that is already there gives
        the existing entry unchecked, so that a repeated task does not trip over its own success. Raises
        `IllegalTransition`, and `Refused` as `append` does.
        """
        if kind not in states.TRANSITIONS:
            raise IllegalTransition(f"{kind} has no states", rule="states", remedy="this is a defect of the caller")
        if (subjects or {}).get(kind, subject) != subject:
            raise Refused(f"two subjects of kind {kind}", rule="ledger.entry", remedy="this is a defect of the caller")
        new = draft(f"{kind}.{to}", actor, {**(subjects or {}), kind: subject}, payload, key)
        with self._writing():
            existing = self._existing(new)
            if existing:
                return existing
            states.check(kind, subject, self._state(kind, subject), to, payload)
            return self._insert(new)

    def checkpoint(self, signer: Signer) -> str:
        """Sign size and root of now; gives the note, kept in the database and in ``checkpoints/``.

        Asked again without new entries it gives the same note. Raises `LedgerBroken` instead of signing anything
        that does not continue what was signed before (C2SP tlog-checkpoint, "Signatures").
        """
        with self._writing():
            size = self._size()
            self._check_continues(size)
            signed = self.folder.sizes()
            if signed and signed[-1] == size:
                note = notes.add_signature(self.folder.note(size), signer)
                self.folder.replace_note(size, note)
            else:
                note = notes.make(notes.Checkpoint(signer.name, size, self._root(size)), signer)
                self.folder.write(size, note, self._leaves(signed[-1] if signed else 0))
            # The files come first: killed in between, the checkpoint is in the folder and is picked up next time.
            self._keep(size, note)
        return note

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction that holds the write lock from its first moment."""
        with schema.FILE.translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _existing(self, new: Entry) -> Entry | None:
        if not new.key:
            return None
        row = self._db.execute("SELECT bytes FROM key JOIN entry USING (seq) WHERE key = ?", (new.key,)).fetchone()
        if not row:
            return None
        found = Entry.from_bytes(row[0])
        if not found.says_the_same(new):
            raise Refused(
                f"entry {found.seq} was appended under the same idempotency key and says something else",
                rule="ledger.key",
                remedy="the task was repeated with other facts: start a new release, delivery or batch",
            )
        return found

    def _insert(self, new: Entry) -> Entry:
        entry = stamp(new, self._size(), self._clock())
        data = entry.canonical()
        leaf = merkle.leaf_hash(data)
        self._db.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (entry.seq, entry.type, data, leaf))
        self._db.executemany("INSERT INTO node VALUES (?, ?, ?)", merkle.grow(entry.seq, leaf, self._node))
        about = [(kind, id, entry.seq) for kind, id in entry.subjects.items()]
        self._db.executemany("INSERT INTO subject VALUES (?, ?, ?)", about)
        if entry.key:
            self._db.execute("INSERT INTO key VALUES (?, ?)", (entry.key, entry.seq))
        return entry

    def _check_continues(self, size: int) -> None:
        """Compare with the newest checkpoints of the folder and of the database."""
        sizes = self.folder.sizes()
        known = [self.folder.note(sizes[-1])] if sizes else []
        known += [note for note in [self.last_note()] if note]
        for before in map(notes.parse, known):
            if before.size > size:
                raise _rolled_back(self.path, size, before.size)
            if self._root(before.size) != before.root:
                raise LedgerBroken(
                    f"the first {before.size} entries are not those signed before",
                    where=self.path.name,
                    rule="ledger.checkpoint",
                    remedy="nothing was signed; run `tokumei ledger verify` to find the entry",
                )

    def _keep(self, size: int, note: str) -> None:
        if note != self.last_note():
            number = self._db.execute("SELECT count(*) FROM checkpoint").fetchone()[0]
            self._db.execute("INSERT INTO checkpoint VALUES (?, ?, ?)", (number, size, note))


def _rolled_back(path: Path, size: int, signed: int) -> LedgerBroken:
    return LedgerBroken(
        f"the log has {size} entries, but {signed} were signed: it is lost or an old copy",
        where=path.name,
        rule="ledger.rollback",
        remedy="stop all runs and restore the newest backup; nothing may be appended to this file",
    )
