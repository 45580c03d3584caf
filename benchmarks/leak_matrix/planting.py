"""Deals cases into payloads, lets the gate examine each once, and reads what became of every case."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.leak_matrix.disguises import DISGUISES, UNBARRED, disguised
from benchmarks.leak_matrix.draft import CLEAN_ROWS, Draft, write
from benchmarks.leak_matrix.known import KIND as KNOWN
from benchmarks.leak_matrix.places import Document, Place, Written
from benchmarks.leak_matrix.reading import Broken, kinds_found
from benchmarks.leak_matrix.values import Maker, Value
from expectations.gate import examine
from expectations.identifiers import all_kinds
from expectations.known_values import KnownValues

_TRIES = 20  # draws of a value until the disguise changes it and the place takes it


@dataclass(frozen=True)
class Case:
    """One value in one disguise at one place."""

    place: Place
    disguise: str
    written: Written

    @property
    def maker(self) -> Maker:
        """What made the value."""
        return self.written.maker


@dataclass(frozen=True)
class Outcome:
    """`stopped`: the release stops, and the verdict names the place; `named`: it names the right kind there as well.

    In a closed place everything stops; elsewhere only what is taken for an identifier, of whatever kind.
    """

    case: Case
    stopped: bool
    named: bool


def deal(makers: Sequence[Maker], places: Sequence[Place], count: int, seed: int) -> Iterator[list[Case]]:
    """At least `count` cases, payload by payload. Every place gets every maker in every disguise, in random order, and
    then again with other values; a payload has as many cases of a place as it has room for."""
    queues = [(place, _endless(makers, place, seed)) for place in places]
    made = 0
    for number in itertools.count():
        payload = [c for place, queue in queues if place.takes_part(number) for c in islice(queue, place.capacity)]
        if not payload or made >= count:
            return
        made += len(payload)
        yield payload


def _endless(makers: Sequence[Maker], place: Place, seed: int) -> Iterator[Case]:
    draw, made = Random(f"deal {seed} {place.name}"), True
    while made:
        # Of what is only reported two disguises a round are enough: most cases are to say something about the bars.
        combinations = [(m, d) for m in makers for d in (*DISGUISES, *draw.sample(sorted(UNBARRED), 2))]
        draw.shuffle(combinations)
        made = False
        for maker, disguise in combinations:
            if (case := _case(maker, place, disguise, draw)) is not None:
                made = True
                yield case


def _case(maker: Maker, place: Place, disguise: str, draw: Random) -> Case | None:
    for _ in range(_TRIES):
        value = maker.make(draw)
        text = disguised(disguise, value, draw)
        if text is not None:
            written = Written(maker, value, tuple(text.split("\0")))
            if place.takes(written):
                return Case(place, disguise, written)
    return None


def gated(cases: Sequence[Case], seed: int, known: KnownValues | None, rows: int = CLEAN_ROWS) -> list[Outcome]:
    """Plant all `cases` into one payload and gate it. Raises `Broken` where the verdict speaks of anything else."""
    draw, draft = Random(f"plant {seed}"), Draft(seed, rows=rows)
    slots = [case.place.plant(draft, case.written, draw) for case in cases]
    with tempfile.TemporaryDirectory() as folder:
        contract, digest = write(draft, Path(folder) / "bag")
        verdict = examine(Path(folder) / "bag", contract, digest=digest, known=known)
    planted = {where: _texts(draft, where) for slot in slots for line in slot.alternatives for where in line}
    held = {where: count for where, count in planted.items() if count}
    unknown = {path: f"unknown file {number}" for number, path in enumerate(sorted(draft.files), start=1)}
    return [_outcome(*pair) for pair in zip(cases, kinds_found(verdict, slots, held, unknown), strict=True)]


def _texts(draft: Draft, where: str) -> int:
    table, _, column = where.rpartition(" (")[0].partition(".")
    return len(draft.cells.get((table, column), ()))


def _outcome(case: Case, found: set[str]) -> Outcome:
    identifiers = {kind.id for kind in all_kinds()} | {KNOWN}
    stopped = bool(found) if case.place.closed else bool(found & identifiers)
    return Outcome(case, stopped, case.maker.kind in found)


def refused(places: Sequence[Place], seed: int) -> dict[Place, str]:
    """Documents the gate refuses even when they are clean, with the rule: nothing can leave in one of them."""
    documents = [place for place in places if isinstance(place, Document)]
    draft, paths = Draft(seed), {}
    empty = Written(Maker("", "", lambda draw: Value("")), Value("", column=""), ("",))
    for place in documents:
        paths[place.path(draft)] = place
        place.plant(draft, empty, Random(seed))
    with tempfile.TemporaryDirectory() as folder:
        contract, digest = write(draft, Path(folder) / "bag")
        verdict = examine(Path(folder) / "bag", contract, digest=digest, known=None)
    strange = [f"{f.where}: {f.kind}: {f.note}" for f in verdict.failures if f.kind != "format" or f.where not in paths]
    if strange:
        raise Broken("; ".join(strange))
    return {paths[finding.where]: finding.note for finding in verdict.failures}
