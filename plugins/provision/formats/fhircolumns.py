"""Columns of FHIR resources: the paths of the allow-list walked for many resources of one kind at once.

A call per cell would cost more than decoding does. So a path is walked step by step for all resources together, steps
that several paths share once, and every distinct text of a column is read once: days, numbers, codes. Lists and
dictionaries do it, as a question to Polars costs as much as reading a thousand words. A code that is in no list of ours
is not taken over, and counted, since one of a kind nobody expected must not spoil the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from typing import Any

import polars as pl

from provision import codes
from provision.formats.base import Column
from provision.formats.fhirpaths import Path, Step
from provision.formats.fhirsystems import Systems

Cells = list[str | None]
#: Elements that a walk has come to, and for each the place of the resource that it is of.
Reached = tuple[Sequence[int], Sequence[Any]]
#: What stands for a text that is no number or day: read as a cell that is lost, it is counted and tells nothing.
NOTHING = "?"
_JAPAN = timezone(timedelta(hours=9))
_LONGEST_NUMBER, _PLACES = 32, 6
_UNUSUAL_NUMBER = re.compile(r"[eE]|\.[0-9]{7}|^[^0-9\-]|^.{33}")
#: Diseases are written with a full stop in most places of the world: C16.9.
_UNDOTTED = "icd10"


class Walk:
    """Walks through resources of one kind."""

    def __init__(self, nodes: Sequence[Any]) -> None:
        self.size = len(nodes)
        self._reached: dict[tuple[str, ...], Reached] = {(): (range(len(nodes)), nodes)}

    def at(self, steps: Sequence[Step]) -> Reached:
        """The elements at the end of these steps, those that are there."""
        key = tuple(step.name for step in steps)
        if (known := self._reached.get(key)) is not None:
            return known
        owners, nodes = self.at(steps[:-1])
        found = list(map(attrgetter(steps[-1].attribute), nodes))
        if steps[-1].repeats:
            whose = [o for o, many in zip(owners, found, strict=True) if many for c in many if c is not None]
            reached: Reached = (whose, [c for many in found if many for c in many if c is not None])
        elif None in found:
            whose = [o for o, c in zip(owners, found, strict=True) if c is not None]
            reached = (whose, [c for c in found if c is not None])
        else:
            reached = (owners, found)
        self._reached[key] = reached
        return reached

    def cells(self, paths: Sequence[Path], systems: Systems) -> list[Any]:
        """For every resource what the first path that holds something holds, None where none does."""
        made: list[Any] = [None] * self.size
        for path in reversed(paths):
            owners, found = self._ends(path, systems)
            if path.every:
                found = _joined(owners, found, self.size)
                owners = range(self.size)
            for owner, cell in zip(reversed(owners), reversed(found), strict=True):
                if cell is not None:
                    made[owner] = cell
        return made

    def _ends(self, path: Path, systems: Systems) -> tuple[Sequence[int], list[Any]]:
        owners, nodes = self.at(path.steps)
        if not path.steps[-1].word:
            return owners, list(nodes)
        addresses = systems.of(path.steps[-1].word)
        return owners, [coding.f_code if coding.f_system in addresses else None for coding in nodes]


def series(cells: Sequence[str | None]) -> pl.Series:
    """Texts as a column; most columns of most files have none."""
    return pl.Series(cells, dtype=pl.String) if any(cells) else nothing(len(cells))


def nothing(size: int) -> pl.Series:
    """A column of texts of which there is none."""
    return _NOTHING.new_from_index(0, size)


_NOTHING = pl.Series([None], dtype=pl.String)


def _joined(owners: Sequence[int], found: Sequence[str | None], size: int) -> Cells:
    """All codes of each, with spaces between them."""
    words: dict[int, list[str]] = {}
    for owner, code in zip(owners, found, strict=True):
        if code:
            words.setdefault(owner, []).append(code)
    made: Cells = [None] * size
    for owner, several in words.items():
        made[owner] = " ".join(several)
    return made


def shaped(column: Column, cells: list[Any], counts: Counter[str], place: str) -> Cells:
    """The texts of a column by its domain; codes of no list of ours are counted under ``code:<place>``."""
    word, _, rest = column.domain.partition(":")
    if column.dtype != "string":
        return numbers(cells, whole=column.dtype == "integer")
    if word in {"date", "month"}:
        return days(cells)
    if word == "code":
        return listed(cells, rest, counts, f"code:{place}")
    return mapped(cells, _undotted) if column.name == _UNDOTTED else cells


def _undotted(text: str) -> str:
    return text.replace(".", "")


def listed(cells: Cells, name: str, counts: Counter[str], rule: str) -> Cells:
    """Texts that are codes of a list; others are counted and left out."""
    known = codes.load(name).names
    made = mapped(cells, lambda text: text if text in known else None)
    if lost := made.count(None) - cells.count(None):
        counts[rule] += lost
    return made


def days(moments: Cells) -> Cells:
    """The day in Japan of dates and moments; what is not so long as a day (a month, a year) as it is."""
    return mapped(moments, _day)


def _day(moment: str) -> str:
    if "T" not in moment or moment.endswith("+09:00"):
        return moment[:10]
    try:
        found = datetime.fromisoformat(moment)
        return str((found if found.tzinfo is None else found.astimezone(_JAPAN)).date())
    except (ValueError, OverflowError):
        return NOTHING


def numbers(raws: list[Any], *, whole: bool = False) -> Cells:
    """The texts of numbers as they stand in the file, without powers of ten and beyond six places rounded; what is
    written as text is no number. `whole`: without ``.0``."""
    texts = [None if raw is None else str(raw, "utf-8", "replace") for raw in raws]
    return mapped(texts, _whole if whole else _decimal)


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


def mapped(texts: list[Any], read: Callable[[str], str | None]) -> Cells:
    """`read` of every text, asked once for the same."""
    known = {text: None if text is None else read(text) for text in set(texts)}
    return list(map(known.__getitem__, texts))
