"""The definitions of the risk models, written down plainly with dictionaries; nothing is shared with what is tested."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

Value = str | None
Row = tuple[tuple[Value, ...], Value, int]  # quasi-identifiers, sensitive value, person


def groups(rows: Iterable[Row]) -> dict[tuple[Value, ...], set[int]]:
    """People by quasi-identifiers."""
    found: dict[tuple[Value, ...], set[int]] = defaultdict(set)
    for quasi, _, person in rows:
        found[quasi].add(person)
    return found


def cells(rows: Iterable[Row]) -> dict[tuple[Value, ...], Counter[Value]]:
    """People by sensitive value, by group."""
    people = {(quasi, value, person) for quasi, value, person in rows}
    found: dict[tuple[Value, ...], Counter[Value]] = defaultdict(Counter)
    for quasi, value, _ in people:
        found[quasi][value] += 1
    return found


def overall(rows: Iterable[Row]) -> Counter[Value]:
    """People by sensitive value, in the whole table."""
    return Counter(value for value, _ in {(value, person) for _, value, person in rows})


def in_order(values: Iterable[Value]) -> list[Value]:
    """Missing first; numbers by size where all are numbers, else by code point."""
    known = [v for v in values if v is not None]
    ranked: list[Value] = sorted(known)
    if all(v.lstrip("-").replace(".", "", 1).isdigit() for v in known):
        ranked = sorted(known, key=lambda v: (float(v), v))
    return ([None] if None in values else []) + ranked


def entropy(counts: Counter[Value]) -> float:
    total = counts.total()
    return math.exp(-sum(n / total * math.log(n / total) for n in counts.values()))


def recursive(counts: Counter[Value], values: int) -> float:
    ranked = sorted(counts.values(), reverse=True)
    tail = sum(ranked[values - 1 :])
    return ranked[0] / tail if tail else math.inf


def equal(counts: Counter[Value], whole: Counter[Value]) -> float:
    return sum(abs(counts[v] / counts.total() - whole[v] / whole.total()) for v in whole) / 2


def ordered(counts: Counter[Value], whole: Counter[Value]) -> float:
    ranked = in_order(whole)
    if len(ranked) == 1:
        return 0.0
    distance = gap = 0.0
    for value in ranked:
        gap += counts[value] / counts.total() - whole[value] / whole.total()
        distance += abs(gap)
    return distance / (len(ranked) - 1)


def could_be(quasi: tuple[Value, ...], rows: Sequence[Row]) -> set[int]:
    """People who could be one of a group where a missing value may be any value."""
    return {
        person
        for other, _, person in rows
        if all(mine is None or theirs is None or mine == theirs for mine, theirs in zip(quasi, other, strict=True))
    }
