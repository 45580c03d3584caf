"""標本: people drawn at random, some of their events, and what others have of these.

People come in the order of their digests, which is random and repeats with the seed. Holders of their events are
fetched in parcels. Where many people share events, it is first asked whether some of all others (those with the lowest
digests) already have every choice of them, and only who remains is looked for among all others; if these are still too
many, fewer people are drawn. So time and memory are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from anonymization.risk.trails import sets

if TYPE_CHECKING:
    import duckdb

Numbers = NDArray[np.uint64]
Rows = dict[str, Numbers]
#: Units of a person (claims) that are looked at.
UNITS = 8
#: Holders that are looked at in all, and fetched at once.
WORK, PARCEL = 100_000_000, 4_000_000

_EVENTS = """
SELECT place, p, u, e, n FROM (SELECT p, row_number() OVER (ORDER BY p) - 1 AS place
    FROM (SELECT p FROM trail_people ORDER BY p LIMIT {})) JOIN trail_pairs USING (p) JOIN trail_events USING (e)
ORDER BY place, u, n, e
"""
_HOLDERS = "SELECT e, u, p FROM trail_pairs SEMI JOIN trail_wanted USING (e) WHERE u <= {} ORDER BY e"
#: Digests have 64 bits.
_ALL = (1 << 64) - 1


@dataclass(frozen=True)
class Look:
    """Some events of one unit of person `owner`, who came at `place`; chosen at `random`, or the `rarest`, or all."""

    place: int
    owner: int
    events: Numbers
    held: Numbers
    random: bool
    rarest: bool


class Drawn:
    """`people` drawn of all; `whole`: all their events are looked at; `exact`: everybody and everything is."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, people: int, known: int, seed: int, sample: int) -> None:
        self._connection = connection
        asked = min(sample, people)
        looks = list(self._looks(asked, np.random.default_rng(seed)))
        masks = self._among_some(looks)
        still = [n for n, look in enumerate(looks) if sets.alone(masks[n], look.events.size, known).any()]
        work = sum(int(looks[n].held.sum()) for n in still)
        self.people = asked if work <= WORK else max(1, asked * WORK // work)
        still = [n for n in still if looks[n].place < self.people]
        for n, found in zip(still, self._among([looks[n] for n in still]), strict=True):
            masks[n] = found
        self._found = [(look, found) for look, found in zip(looks, masks, strict=True) if look.place < self.people]
        self.whole = all(look.random and look.rarest for look, _ in self._found)
        self.exact = self.whole and self.people == people

    def shares(self, size: int) -> tuple[float, float]:
        """Unicity and worst case of `size` known events; people without events are never found."""
        unicity: dict[int, list[float]] = {}
        worst = set[int]()
        for look, found in self._found:
            alone = sets.alone(found, look.events.size, size)
            if look.random:
                unicity.setdefault(look.place, []).append(float(alone.mean()))
            if look.rarest and alone.any():
                worst.add(look.place)
        return sum(float(np.mean(of_units)) for of_units in unicity.values()) / self.people, len(worst) / self.people

    def _looks(self, asked: int, random: np.random.Generator) -> Iterator[Look]:
        """All events of a person's units where these are few; else random ones and the rarest."""
        rows = self._fetched(_EVENTS.format(asked))
        starts = np.flatnonzero(_changes(rows["place"], rows["u"]))
        spans = list(zip(starts.tolist(), [*starts[1:].tolist(), rows["u"].size], strict=False))
        for _, units in groupby(spans, key=lambda span: int(rows["place"][span[0]])):
            yield from _of_person(list(units), rows, random)

    def _among_some(self, looks: Sequence[Look]) -> list[sets.Masks]:
        """Masks of a part of all others, where looking among all would be too much; else none yet."""
        work = sum(int(look.held.sum()) for look in looks)
        if work <= WORK:
            return [np.zeros(0, np.uint32)] * len(looks)
        return list(self._among(looks, WORK / 2 / work))

    def _among(self, looks: Sequence[Look], part: float = 1.0) -> Iterator[sets.Masks]:
        """Masks of a part of all others, look by look."""
        highest = _ALL if part == 1.0 else int(part * _ALL)
        for parcel in _parcels(looks, PARCEL / part):
            wanted = np.unique(np.concatenate([look.events for look in parcel]))
            self._connection.register("trail_wanted", pl.DataFrame({"e": wanted}))
            try:
                rows = self._fetched(_HOLDERS.format(highest))
            finally:
                self._connection.unregister("trail_wanted")
            for look in parcel:
                yield sets.masks(_holders(rows, look))

    def _fetched(self, query: str) -> Rows:
        columns = self._connection.execute(query).fetchnumpy()
        return {name: np.asarray(column).astype(np.uint64) for name, column in columns.items()}


def _parcels(looks: Sequence[Look], most: float) -> Iterator[list[Look]]:
    """Looks whose events have no more than `most` holders together, or a single one that has."""
    parcel, size, events = list[Look](), 0, set[int]()
    for look in looks:
        held = dict(zip(look.events.tolist(), look.held.tolist(), strict=True))
        fresh = sum(held[event] for event in held.keys() - events)
        if parcel and size + fresh > most:
            yield parcel
            parcel, size, events, fresh = [], 0, set(), sum(held.values())
        parcel.append(look)
        size += fresh
        events |= held.keys()
    if parcel:
        yield parcel


def _of_person(units: list[tuple[int, int]], rows: Rows, random: np.random.Generator) -> Iterator[Look]:
    """The looks of one person; `units` are where the rows of each begin and end, the rarest event first."""
    some, rare = set(units), set(units)
    if len(units) > UNITS:
        some = {units[number] for number in random.choice(len(units), UNITS, replace=False)}
        rare = set(sorted(units, key=lambda unit: (int(rows["n"][unit[0]]), unit))[:UNITS])
    for unit in sorted(some | rare):
        size = unit[1] - unit[0]
        first = np.arange(unit[0], min(unit[1], unit[0] + sets.MOST))
        if size <= sets.MOST:
            yield _look(rows, first, unit in some, unit in rare)
            continue
        if unit in some:
            yield _look(rows, unit[0] + random.choice(size, sets.MOST, replace=False), True, False)
        if unit in rare:
            yield _look(rows, first, False, True)


def _look(rows: Rows, chosen: NDArray[np.int64], random: bool, rarest: bool) -> Look:
    place, owner = int(rows["place"][chosen[0]]), int(rows["p"][chosen[0]])
    return Look(place, owner, rows["e"][chosen], rows["n"][chosen], random, rarest)


def _holders(rows: Rows, look: Look) -> list[Numbers]:
    """Units of others that hold each event of a look; rows are in the order of events."""
    begins, ends = (np.searchsorted(rows["e"], look.events, side) for side in ("left", "right"))
    spans = [slice(begin, end) for begin, end in zip(begins, ends, strict=True)]
    return [rows["u"][span][rows["p"][span] != look.owner] for span in spans]


def _changes(*columns: Numbers) -> NDArray[np.bool_]:
    """Where any of the columns has another value than in the row before."""
    changed = np.ones(columns[0].size, np.bool_)
    changed[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return changed
