"""What came out: recall by kind, place and disguise, and what stays below its bar. Counts only, never a value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.leak_matrix.disguises import DISGUISES
from benchmarks.leak_matrix.places import Place
from benchmarks.leak_matrix.planting import Outcome


@dataclass(frozen=True)
class Line:
    """One line of a table: cases, those that stopped the release there, those named by their kind, and the bar."""

    words: tuple[str, ...]
    cases: int
    stopped: int
    named: int
    bar: float | None = None

    @property
    def allowed(self) -> int:
        """How many may be missed: none of few where the bar is 100 %, one of few where it is less."""
        return 0 if self.bar is None else math.ceil(round((1 - self.bar) * self.cases, 9))

    @property
    def below(self) -> bool:
        """True where there is a bar and more are missed than it allows."""
        return self.bar is not None and self.cases - self.stopped > self.allowed

    def __str__(self) -> str:
        """Columns of equal width; recall to a tenth of a percent, rounded down so that 100 % means all."""
        recall, named = (f"{math.floor(1000 * n / self.cases) / 10:.1f}" for n in (self.stopped, self.named))
        bar = "" if self.bar is None else f"{100 * self.bar:.1f}"
        words = " · ".join(self.words)
        return f"{words:58} {self.cases:7} {recall:>7} {named:>7} {bar:>6}{'  BELOW' if self.below else ''}"


def barred(outcome: Outcome) -> bool:
    """Whether the bars speak of this case: a way of writing people use, at a place where a value is whole."""
    return outcome.case.disguise in DISGUISES and outcome.case.place.barred


def lines(outcomes: Sequence[Outcome]) -> dict[str, list[Line]]:
    """All tables by title."""
    held = [one for one in outcomes if barred(one)]
    rest = [one for one in outcomes if not barred(one)]
    texts = [one for one in held if not one.case.place.closed]
    return {
        "columns with a domain, headers and names of files (any deviation stops)": _lines(
            [one for one in held if one.case.place.closed], lambda one: (one.case.place.name,), lambda one: 1.0
        ),
        "texts, documents, metadata: kind": _lines(texts, _kind, lambda one: one.case.maker.bar),
        "texts, documents, metadata: place": _lines(texts, lambda one: (one.case.place.name,), lambda one: None),
        "texts, documents, metadata: disguise": _lines(texts, lambda one: (one.case.disguise,), lambda one: None),
        "texts, documents, metadata: kind and disguise": _lines(
            texts, lambda one: (one.case.maker.kind, one.case.disguise), lambda one: None
        ),
        "without a bar: split, or encoded as nobody writes by accident": _lines(
            [one for one in rest if not one.case.place.closed], lambda one: (one.case.disguise,), lambda one: None
        ),
    }


def _kind(outcome: Outcome) -> tuple[str, ...]:
    return outcome.case.maker.kind, outcome.case.maker.group


def _lines(
    outcomes: Sequence[Outcome], words: Callable[[Outcome], tuple[str, ...]], bar: Callable[[Outcome], float | None]
) -> list[Line]:
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for one in outcomes:
        groups.setdefault(words(one), []).append(one)
    return [_line(key, group, bar(group[0])) for key, group in sorted(groups.items())]


def _line(words: tuple[str, ...], group: Sequence[Outcome], bar: float | None) -> Line:
    return Line(words, len(group), sum(one.stopped for one in group), sum(one.named for one in group), bar)


def shortfalls(outcomes: Sequence[Outcome]) -> list[str]:
    """Lines below their bar, as they are printed."""
    return [str(line) for table in lines(outcomes).values() for line in table if line.below]


def printed(outcomes: Sequence[Outcome], refused: dict[Place, str]) -> Iterator[str]:
    """The whole report, line by line."""
    yield f"{len(outcomes)} cases"
    for title, table in lines(outcomes).items():
        if table:
            yield f"\n{title:58} {'cases':>7} {'stop %':>7} {'kind %':>7} {'bar %':>6}"
            yield from (f"{line}" for line in table)
    if refused:
        yield "\nforms of documents the gate refuses whole, clean or not"
        yield from (f"{place.name:58} {rule}" for place, rule in refused.items())
