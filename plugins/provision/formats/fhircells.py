"""Cells of FHIR resources: for every column of the allow-list a function that draws its text from a resource.

Nothing here knows a resource: which elements a column is made of says its path, what becomes of the text its domain.
A code that is in no list of ours is not taken over, and counted, since one of a kind nobody expected must not spoil
the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from provision import codes
from provision.formats.base import Column
from provision.formats.fhirpaths import Path, Step
from provision.formats.fhirsystems import Systems

Getter = Callable[[Any], Any]
#: What stands for a text that is no number: read as a cell that is lost, it is counted and tells nothing.
NO_NUMBER = "?"
_JAPAN = timezone(timedelta(hours=9))
_LONGEST_NUMBER, _PLACES = 32, 6
#: Diseases are written with a full stop in some places of the world: C16.9.
_UNDOTTED = "icd10"


def getter(paths: Sequence[Path], systems: Systems) -> Getter:
    """What the first path that holds something holds; None where none does."""
    walks = [_every(path, systems) if path.every else _walk(path.steps, systems) for path in paths]
    if not walks:
        return lambda node: None
    if len(walks) == 1:
        return walks[0]

    def first(node: Any) -> Any:
        for walk in walks:
            if (found := walk(node)) is not None:
                return found
        return None

    return first


def _walk(steps: Sequence[Step], systems: Systems) -> Getter:
    """Along elements; of those that repeat the first that leads to something."""
    if not steps:
        return lambda node: node
    step, rest = steps[0], _walk(steps[1:], systems)
    name = step.attribute
    inner = _coded(systems.of(step.word)) if step.word else rest

    def many(node: Any) -> Any:
        for child in getattr(node, name) or ():
            if child is not None and (found := inner(child)) is not None:
                return found
        return None

    def one(node: Any) -> Any:
        child = getattr(node, name)
        return None if child is None else inner(child)

    return many if step.repeats else one


def _coded(addresses: frozenset[str]) -> Getter:
    return lambda coding: coding.f_code if coding.f_system in addresses else None


def _every(path: Path, systems: Systems) -> Getter:
    """All codes at the end of a path, with spaces between them."""
    addresses = systems.of(path.steps[-1].word)

    def joined(node: Any) -> str | None:
        nodes = [node]
        for step in path.steps:
            below = [getattr(one, step.attribute) for one in nodes]
            nodes = [c for b in below if b is not None for c in (b if step.repeats else (b,)) if c is not None]
        return " ".join(n.f_code for n in nodes if n.f_code and n.f_system in addresses) or None

    return joined


def day(text: str) -> str:
    """The day in Japan of a date or a moment; what is not so long as a day (a month, a year) as it is."""
    if len(text) <= 10 or "T" not in text or text.endswith("+09:00"):
        return text[:10]
    try:
        moment = datetime.fromisoformat(text)
        return str((moment if moment.tzinfo is None else moment.astimezone(_JAPAN)).date())
    except (ValueError, OverflowError):
        return NO_NUMBER


def number(raw: Any) -> str | None:
    """The text of a number as it stands in the file, without powers of ten and beyond six places rounded; None where
    there is none. What is written as text is none: `NO_NUMBER`."""
    data = bytes(raw)
    if not data or data == b"null":
        return None
    if len(data) > _LONGEST_NUMBER or data[0] not in b"-0123456789":
        return NO_NUMBER
    text = data.decode("ascii", "replace")
    if text.isdigit() or (len(text.partition(".")[2]) <= _PLACES and "e" not in text and "E" not in text):
        return text
    try:
        return f"{Decimal(text):.{_PLACES}f}" if abs(Decimal(text)) < 10**12 else NO_NUMBER
    except InvalidOperation:
        return NO_NUMBER


def shaped(column: Column, draw: Getter, place: str) -> Callable[[Any, Counter[str]], str | None]:
    """The text of a cell by the domain of its column; codes of no list of ours are counted under ``code:<place>``."""
    word, _, rest = column.domain.partition(":")
    if column.dtype == "decimal":
        return lambda node, counts: number(found) if (found := draw(node)) is not None else None
    if column.dtype == "integer":
        return lambda node, counts: (number(found) or "").removesuffix(".0") if (found := draw(node)) else None
    if word in {"date", "month"}:
        return lambda node, counts: day(found) if (found := draw(node)) else None
    if word == "code":
        return _listed(draw, frozenset(codes.load(rest).names), f"code:{place}")
    if column.name == _UNDOTTED:
        return lambda node, counts: found.replace(".", "") if (found := draw(node)) else None
    return lambda node, counts: draw(node)


def _listed(draw: Getter, known: frozenset[str], rule: str) -> Callable[[Any, Counter[str]], str | None]:
    def cell(node: Any, counts: Counter[str]) -> str | None:
        found: str | None = draw(node)
        if found is None or found in known:
            return found
        counts[rule] += 1
        return None

    return cell
