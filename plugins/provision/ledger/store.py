"""The provision log itself: appending, moving subjects from state to state, signing. Reading is `reading`.

For several processes at once, in SQLite or PostgreSQL (`places`). Every write is one transaction that begins with the
write lock, so two processes can never continue the same log differently, and a process killed at any moment leaves
the log as it was before or after its entry. Use one `Ledger` per thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from provision import states
from provision.errors import IllegalTransition, LedgerBroken, Refused, RetryLater
from provision.ledger import notes
from provision.ledger.checkpoints import CheckpointFolder
from provision.ledger.database import Database, size_of
from provision.ledger.entry import Entry, draft, stamp
from provision.ledger.entrytypes import TYPES
from provision.ledger.places import Place, as_place
from provision.ledger.reading import LedgerReader
from provision.ledger.signing import Signer


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger(LedgerReader):
    """提供記録: an append-only log of entries. Also a context manager that closes it."""

    def __init__(self, place: Place, database: Database, clock: Callable[[], datetime] = _now) -> None:
        """Use `open`."""
        super().__init__(place, database)
        self._clock = clock

    @classmethod
    def open(cls, where: Path | Place, *, clock: Callable[[], datetime] = _now) -> Ledger:
        """Open a log for writing; a path is that of an SQLite file, which is made where there is none.

        Raises `LedgerBroken` where it is no ledger, or is shorter than a checkpoint beside it: then it is gone or an
        old copy, and going on would fork the log. `FixConfiguration` where it may not be opened, `RetryLater` where the
        database cannot be reached.
        """
        place = as_place(where)
        signed = max(CheckpointFolder.beside(place.path).sizes(), default=0)
        if not signed:
            place.create()
        if not place.exists():
            raise _rolled_back(place.path, 0, signed)
        ledger = Ledger(place, place.writable(), clock)
        size = ledger.size
        if size < signed:
            ledger.close()
            raise _rolled_back(place.path, size, signed)
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
        there; with another content it raises `Refused`, as does a value an entry may not hold, and an entry that does
        not carry what its type must (`entrytypes`).
        """
        kind, _, state = type.partition(".")
        if state in states.TRANSITIONS.get(kind, {}):
            raise Refused(
                f"{type} is a change of state", rule="ledger.type", remedy="a defect of the caller: use transition()"
            )
        new = draft(type, actor, subjects, payload, key)
        TYPES.check(type, new.subjects, new.payload)
        with self._db.writing():
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
        with self._db.writing():
            existing = self._existing(new)
            if existing:
                return existing
            states.check(kind, subject, self._state(kind, subject), to, payload)
            TYPES.check(new.type, new.subjects, new.payload)
            return self._insert(new)

    def checkpoint(self, signer: Signer) -> str:
        """Sign size and root of now; gives the note, kept in the database and in ``checkpoints/``.

        Asked again without new entries it gives the same note. Raises `LedgerBroken` instead of signing anything
        that does not continue what was signed before (C2SP tlog-checkpoint, "Signatures").
        """
        with self._db.writing():
            size = size_of(self._db)
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

    def countersign(self, size: int, line: str) -> str:
        """Add the signature line of a witness, which the caller has checked, to the newest checkpoint; gives the note.
        Raises `RetryLater` where the newest one is not of `size`."""
        with self._db.writing():
            if max(self.folder.sizes(), default=-1) != size:
                raise RetryLater(
                    "a newer checkpoint was made meanwhile", rule="ledger.witness", remedy="anchor that one"
                )
            note = notes.add_line(self.folder.note(size), line)
            self.folder.replace_note(size, note)
            self._keep(size, note)
        return note

    def _existing(self, new: Entry) -> Entry | None:
        if not new.key:
            return None
        row = self.select("SELECT bytes FROM key JOIN entry USING (seq) WHERE key = ?", (new.key,)).fetchone()
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
        entry = stamp(new, size_of(self._db), self._clock())
        self._db.insert(entry, entry.canonical())
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
            number = self.select("SELECT count(*) FROM checkpoint").fetchone()[0]
            self._db.keep(int(number), size, note)


def _rolled_back(path: Path, size: int, signed: int) -> LedgerBroken:
    return LedgerBroken(
        f"the log has {size} entries, but {signed} were signed: it is lost or an old copy",
        where=path.name,
        rule="ledger.rollback",
        remedy="stop all runs and restore the newest backup; nothing may be appended to this file",
    )
