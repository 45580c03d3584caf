"""Columns of FHIR resources: the paths of the allow-list walked for many resources of one kind at once.

A call per cell would cost more than decoding does. So a path is walked step by step for all resources together, steps
that several paths share once; elements that stay bytes (`fhirelements`) are walked through once for all resources that
have the same; and every distinct text of a column is read once: days, numbers, codes. Lists and
dictionaries do it, as a question to Polars costs as much as reading a thousand words. A code that is in no list of ours
is not taken over, and counted, since one of a kind nobody expected must not spoil the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np

from provision import codes
from provision.formats.base import Column
from provision.formats.fhircoded import Coded, Places
from provision.formats.fhirelements import Nodes, made_of
from provision.formats.fhirpaths import Path, Step
from provision.formats.fhirsystems import Systems

#: Elements that a walk has come to, and for each the place of the resource that it is of.
Reached = tuple[Sequence[int], Sequence[Any]]
#: What stands for a text that is no number or day: read as a cell that is lost, it is counted and tells nothing.
NOTHING = "?"
_JAPAN = timezone(timedelta(hours=9))
_LONGEST_NUMBER, _PLACES = 32, 6
_UNUSUAL_NUMBER = re.compile(r"[eE]|\.[0-9]{7}|^[^0-9\-]|^.{33}")
_MONTH = re.compile("[0-9]{4}-[0-9]{2}")
#: Diseases are written with a full stop in most places of the world: C16.9.
_UNDOTTED = "icd10"
_NONE: Reached = ((), ())


class Walk:
    """Walks through resources of one kind, or through elements that many of them have."""

    def __init__(self, found: Nodes, *, repeats: bool = False) -> None:
        self.size = len(found.items)
        self._found, self._all = found, range(len(found.items))
        start = (self._all, found.items) if found.kind else _there(self._all, found.items, repeats)
        self._reached: dict[tuple[str, ...], Reached] = {(): start}
        self._coded: dict[tuple[str, ...], Mapping[str, Reached]] = {}
        self._through: dict[str, tuple[Places, Walk]] = {}

    def at(self, steps: Sequence[Step]) -> Reached:
        """The elements at the end of these steps, those that are there."""
        key = tuple(step.name for step in steps)
        if (known := self._reached.get(key)) is None:
            owners, nodes = self.at(steps[:-1])
            known = self._reached[key] = _stepped(owners, nodes, steps[-1]) if nodes else _NONE
        return known

    def through(self, step: Step) -> tuple[Places, Walk]:
        """A walk through what there is of an element, and for every resource the place of its own in it: of elements
        that stay bytes every one that is different is there once."""
        if step.name not in self._through:
            self._through[step.name] = self._entered(step)
        return self._through[step.name]

    def _entered(self, step: Step) -> tuple[Places, Walk]:
        if not self._found.stays(step.name):
            own = list(map(attrgetter(step.attribute), self._found.items))
            return np.arange(self.size), Walk(Nodes("", own), repeats=step.repeats)
        coded, made = self._found.coded(step.name), made_of(self._found.kind)[step.name]
        return coded.cells, Walk(Nodes("", [made[raw] for raw in coded.words]), repeats=step.repeats)

    def column(self, paths: Sequence[Path], systems: Systems, *, numeric: bool = False) -> Coded:
        """For every resource what the first path that holds something holds; `numeric` where that are bytes."""
        made = Coded.nothing(self.size)
        for path in paths:
            word = path.steps[-1].word if path.steps else ""
            made = made.or_else(self._column(path.steps, _End(word, path.every, numeric), systems))
        return made

    def _column(self, steps: Sequence[Step], end: _End, systems: Systems) -> Coded:
        if steps and self._found.stays(steps[0].name):
            places, inner = self.through(steps[0])
            return inner._column(steps[1:], end, systems).at(places)
        owners, found = self._ends(steps, end.word, systems)
        if end.every:
            owners, found = _joined(owners, found)
        made: list[Any] = list(found) if owners is self._all else _first(self.size, owners, found)
        return written(made) if end.numeric else Coded.of(made)

    def _ends(self, steps: Sequence[Step], word: str, systems: Systems) -> Reached:
        if not word:
            return self.at(steps)
        key = tuple(step.name for step in steps)
        if key not in self._coded:
            self._coded[key] = _by_word(*self.at(steps), systems)
        return self._coded[key].get(word, _NONE)


@dataclass(frozen=True)
class _End:
    """What is looked for at the end of a path: codes of the systems of a `word`, `every` one of them or the first; or a
    number, of which the decoder leaves the bytes."""

    word: str
    every: bool
    numeric: bool


def _first(size: int, owners: Sequence[int], found: Sequence[Any]) -> list[Any]:
    """For each of so many what is found of it first, None where nothing is."""
    made: list[Any] = [None] * size
    for owner, one in zip(reversed(owners), reversed(found), strict=True):
        made[owner] = one
    return made


def _stepped(owners: Sequence[int], nodes: Sequence[Any], step: Step) -> Reached:
    return _there(owners, list(map(attrgetter(step.attribute), nodes)), step.repeats)


def _there(owners: Sequence[int], found: Sequence[Any], repeats: bool) -> Reached:
    """What is there of elements, and whose; where they repeat, each of them."""
    if None in found:
        owners = [o for o, c in zip(owners, found, strict=True) if c is not None]
        found = [c for c in found if c is not None]
    if not repeats:
        return owners, found
    parts = list(chain.from_iterable(found))
    whose = np.repeat(np.fromiter(owners, np.int64, len(owners)), list(map(len, found))).tolist() if parts else []
    if None not in parts:
        return whose, parts
    return [o for o, c in zip(whose, parts, strict=True) if c is not None], [c for c in parts if c is not None]


def _by_word(owners: Sequence[int], codings: Sequence[Any], systems: Systems) -> Mapping[str, Reached]:
    """The codes of codings by the word of their system, those that have one."""
    made: dict[str, tuple[list[int], list[Any]]] = {}
    known = systems.addresses
    for owner, coding in zip(owners, codings, strict=True):
        if (word := known.get(coding.f_system)) is not None and (code := coding.f_code) is not None:
            if (held := made.get(word)) is None:
                held = made[word] = ([], [])
            held[0].append(owner)
            held[1].append(code)
    return made


def _joined(owners: Sequence[int], found: Sequence[str]) -> Reached:
    """All codes of each, with spaces between them."""
    words: dict[int, list[str]] = {}
    for owner, code in zip(owners, found, strict=True):
        if code:
            words.setdefault(owner, []).append(code)
    return list(words), [" ".join(several) for several in words.values()]


def shaped(column: Column, cells: Coded, counts: Counter[str], place: str) -> Coded:
    """The texts of a column by its domain; codes of no list of ours are counted under ``code:<place>``."""
    word, _, rest = column.domain.partition(":")
    if column.dtype != "string":
        return cells.read(_whole if column.dtype == "integer" else _decimal)
    if word in {"date", "month"}:
        return days(cells)
    if word == "code":
        return listed(cells, rest, counts, f"code:{place}")
    return cells.read(_undotted) if column.name == _UNDOTTED else cells


def _undotted(text: str) -> str:
    return text.replace(".", "")


def listed(cells: Coded, name: str, counts: Counter[str], rule: str) -> Coded:
    """Texts that are codes of a list; others are counted and left out."""
    known = codes.load(name).names
    if all(word is None or word in known for word in cells.words):
        return cells
    lost = cells.having(lambda word: word not in known)
    counts[rule] += int(lost.sum())
    return cells.without(lost)


def days(moments: Coded) -> Coded:
    """The day in Japan of dates and moments; what is not so long as a day (a month, a year) as it is."""
    return moments.read(_day)


def _day(moment: str) -> str:
    if _MONTH.fullmatch(moment):
        return moment.replace("-", "")  # written so it is read at once (`dates`)
    if "T" not in moment or moment.endswith("+09:00"):
        return moment[:10]
    try:
        found = datetime.fromisoformat(moment)
        return str((found if found.tzinfo is None else found.astimezone(_JAPAN)).date())
    except (ValueError, OverflowError):
        return NOTHING


def numbers(texts: Coded) -> Coded:
    """Numbers as they stand in the file, without powers of ten and beyond six places rounded; what is written as text
    is no number."""
    return texts.read(_decimal)


def written(raws: Sequence[Any]) -> Coded:
    """The bytes of numbers as texts."""
    return Coded.of([None if raw is None else str(raw, "utf-8", "replace") for raw in raws])


def _whole(text: str) -> str | None:
    made = _decimal(text)
    return None if made is None else made.removesuffix(".0")


def _decimal(text: str) -> str | None:
    if text in {"", "null"}:
        return None
    return _number(text) if _UNUSUAL_NUMBER.search(text) else text


def _number(text: str) -> str:
    if len(text) > _LONGEST_NUMBER or text[0] not in "-0123456789":
        return NOTHING
    try:
        return f"{Decimal(text):.{_PLACES}f}" if abs(Decimal(text)) < 10**12 else NOTHING
    except InvalidOperation:
        return NOTHING
