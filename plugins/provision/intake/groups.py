"""文書の組: documents that wait until they are enough for one parcel, by format; a bad one costs only itself.

Bounded in number and in bytes over all formats, so that memory does not grow with the number of documents. Where a
group is refused (a column holds something else than it should), it goes on without the documents that are to blame:
those with a wrong cell in that column, or those that are refused alone. Where none of them is, nobody knows what is
wrong, and all of them are refused.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Generic, TypeVar

import msgspec

from provision.formats.base import BadFile, Parcel, Report
from provision.formats.documents import PARCEL_BYTES, PARCEL_DOCUMENTS, Document, DocumentFormat

Place = TypeVar("Place")
#: Bytes of documents that wait, over all formats.
WAITING_BYTES = 2 * PARCEL_BYTES


class Waiting(msgspec.Struct, Generic[Place], frozen=True, gc=False):
    """A document that was read, where it came from, and the bytes it had. One of many: it is made fast, and the garbage
    collector need not look at what no circle goes through."""

    place: Place
    document: Any
    size: int


@dataclass
class _Group(Generic[Place]):
    kind: DocumentFormat
    waiting: list[Waiting[Place]] = field(default_factory=list)
    size: int = 0

    @property
    def full(self) -> bool:
        return len(self.waiting) >= PARCEL_DOCUMENTS or self.size >= PARCEL_BYTES


@dataclass(frozen=True)
class _Tried:
    """What is known of a document of a group that was refused: why it is bad alone, and the columns (``table.column``)
    in which it has cells that are outside their domain."""

    refusal: BadFile | None = None
    outside: frozenset[str] = frozenset()

    def blamed(self, refusal: BadFile) -> BadFile | None:
        """Why this document has a part in the refusal of its group, None where it has none."""
        if self.refusal is not None:
            return self.refusal
        return refusal if refusal.rule == "domain" and refusal.field in self.outside else None


class Gathering(ABC, Generic[Place]):
    """Documents by format, drawn in order, until there are enough of one."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group[Place]] = {}
        self._size = 0

    @abstractmethod
    def take(self, kind: DocumentFormat, waiting: list[Waiting[Place]]) -> None:
        """These are enough, or all that there are."""

    def add(self, kind: DocumentFormat, one: Waiting[Place]) -> None:
        """One more document; takes the groups that are full."""
        if (group := self._groups.get(kind.id)) is None:
            group = self._groups[kind.id] = _Group(kind)
        group.waiting.append(one)
        group.size += one.size
        self._size += one.size
        if group.full:
            self._take(group)
        while self._size > WAITING_BYTES:
            self._take(max(self._groups.values(), key=lambda each: each.size))

    def waiting(self) -> Iterator[tuple[DocumentFormat, Waiting[Place]]]:
        """Every document that was not taken yet."""
        for group in self._groups.values():
            for one in group.waiting:
                yield group.kind, one

    def flush(self) -> None:
        """Take everything that waits, formats in the order of their first documents."""
        while self._groups:
            self._take(next(iter(self._groups.values())))

    def _take(self, group: _Group[Place]) -> None:
        del self._groups[group.kind.id]
        self._size -= group.size
        self.take(group.kind, group.waiting)


class Groups(Gathering[Place]):
    """Documents that were read. What becomes of them is said by who inherits this."""

    @abstractmethod
    def together(self, kind: DocumentFormat, waiting: list[Waiting[Place]]) -> None:
        """Take all of them, or raise `BadFile` with nothing of them left behind."""

    @abstractmethod
    def trial(self, kind: DocumentFormat, waiting: list[Waiting[Place]], report: Report) -> None:
        """Make their tables and forget them. Raises `BadFile`."""

    @abstractmethod
    def refused(self, place: Place, why: BadFile) -> None:
        """This document is not taken."""

    def take(self, kind: DocumentFormat, waiting: list[Waiting[Place]]) -> None:
        """See `Gathering`."""
        tried: Mapping[int, _Tried] = {}
        while waiting:
            try:
                self.together(kind, waiting)
            except BadFile as refusal:
                tried = tried or self._tried(kind, waiting)
                waiting = self._without_bad(waiting, tried, refusal)
            else:
                return

    def _tried(self, kind: DocumentFormat, waiting: list[Waiting[Place]]) -> Mapping[int, _Tried]:
        """By the id of what waits. Where the group as a whole can tell whose cells are wrong, no document is tried
        alone: making tables of one costs as much as of a thousand."""
        report = Report(outside={})
        with suppress(BadFile):
            if all(isinstance(one.document, Document) for one in waiting):
                self.trial(kind, waiting, report)
                return _told(waiting, report.outside or {})
        return {id(one): self._alone(kind, one) for one in waiting}

    def _alone(self, kind: DocumentFormat, one: Waiting[Place]) -> _Tried:
        report = Report(outside={})
        try:
            self.trial(kind, [one], report)
        except BadFile as refusal:
            return _Tried(refusal.with_traceback(None))
        return _Tried(outside=frozenset(report.outside or {}))

    def _without_bad(
        self, waiting: list[Waiting[Place]], tried: Mapping[int, _Tried], refusal: BadFile
    ) -> list[Waiting[Place]]:
        bad = {id(one): why for one in waiting if (why := tried[id(one)].blamed(refusal)) is not None}
        bad = bad or {id(one): refusal for one in waiting}
        for one in waiting:
            if (why := bad.get(id(one))) is not None:
                self.refused(one.place, BadFile(why.rule, field=why.field, remedy=why.remedy))
        return [one for one in waiting if id(one) not in bad]


def _told(waiting: list[Waiting[Place]], outside: Mapping[str, set[int]]) -> Mapping[int, _Tried]:
    """Documents by the claims that are theirs: they are numbered in order."""
    ends = list(accumulate(len(one.document.people) for one in waiting))
    wrong: dict[int, set[str]] = {}
    for place, numbers in outside.items():
        for number in numbers:
            wrong.setdefault(bisect_right(ends, number), set()).add(place)
    return {id(one): _Tried(outside=frozenset(wrong.get(at, ()))) for at, one in enumerate(waiting)}


def made(kind: DocumentFormat, waiting: list[Waiting[Any]], report: Report, options: Mapping[str, object]) -> Parcel:
    """One parcel of these documents. Raises `BadFile` where the format leaves records out of it: whose they are cannot
    be told in a group, so that their documents are kept as a whole."""
    parcel = kind.parcel([one.document for one in waiting], report, options)
    if report.held:
        raise BadFile(report.held[0].rule, remedy="records of the document cannot be taken; ask the sender")
    return parcel
