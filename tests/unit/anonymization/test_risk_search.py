"""The search against looking at every node with plain Python, on small random tables, hierarchies and requirements."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.risk.requirements import DeltaPresence, KAnonymity, KMap, Requirement
from anonymization.risk.search.coding import problem
from anonymization.risk.search.generalising import Generalised, generalise
from anonymization.risk.search.hierarchy import Hierarchy
from anonymization.risk.search.metrics import METRICS, metric
from anonymization.risk.search.recoding import recode
from anonymization.risk.sensitive import DistinctL, EntropyL, RecursiveCL, TCloseness
from tests.support import riskdefs

VALUES = "abcdef"
REQUIREMENTS = st.one_of(
    st.builds(KAnonymity, st.integers(2, 4)),
    st.builds(DistinctL, st.just("s"), st.integers(2, 3)),
    st.builds(EntropyL, st.just("s"), st.sampled_from([1.5, 2.0, 2.5])),
    st.builds(RecursiveCL, st.just("s"), st.sampled_from([1.0, 2.0]), st.integers(2, 3)),
    st.builds(TCloseness, st.just("s"), st.sampled_from([0.1, 0.3, 0.5]), st.sampled_from(["equal", "ordered"])),
)
OF_POPULATION = st.one_of(
    st.builds(KMap, st.integers(2, 4)),
    st.builds(DeltaPresence, st.sampled_from([0.0, 0.2]), st.sampled_from([0.6, 1.0])),
)
LIMITS = st.sampled_from(["0", "0.1", "0.34"])


@st.composite
def hierarchies(draw: st.DrawFn, column: str) -> Hierarchy:
    """Up to four levels over six values, each joining labels of the one below; not always up to one label."""
    labels = [list(VALUES)]
    for level in range(draw(st.integers(0, 3))):
        below = sorted(set(labels[-1]))
        above = {label: f"{level}{draw(st.integers(0, 2))}" for label in below}
        labels.append([above[label] for label in labels[-1]])
    return Hierarchy(column, tuple(zip(*labels, strict=True)))


@st.composite
def tables(draw: st.DrawFn) -> tuple[pl.DataFrame, list[Hierarchy]]:
    columns = ["x", "y", "z"][: draw(st.integers(1, 3))]
    rows = draw(st.integers(1, 30))
    frame = {name: draw(st.lists(st.sampled_from(VALUES), min_size=rows, max_size=rows)) for name in columns}
    frame["s"] = draw(st.lists(st.sampled_from("123"), min_size=rows, max_size=rows))
    return pl.DataFrame(frame), [draw(hierarchies(name)) for name in columns]


def label(hierarchy: Hierarchy, value: str, level: int) -> str:
    return next(row[level] for row in hierarchy.rows if row[0] == value)


class Plain:
    """One node, looked at with dictionaries."""

    def __init__(
        self, frame: pl.DataFrame, chain: list[Hierarchy], node: tuple[int, ...], inside: list[bool],
        requirements: list[Requirement], limit: str,
    ) -> None:  # fmt: skip
        self.chain, self.node, self.total = chain, node, sum(inside)
        self.values = [tuple(row[: len(chain)]) for row in frame.iter_rows()]
        keys = [tuple(label(h, v, level) for h, v, level in zip(chain, row, node, strict=True)) for row in self.values]
        rows = [(key, s, n) for n, (key, s) in enumerate(zip(keys, frame["s"], strict=True)) if inside[n]]
        self.keys, self.inside, self.world = keys, inside, Counter(keys)
        self.size, self.cells = Counter(key for key, _, _ in rows), riskdefs.cells(rows)
        self.whole = riskdefs.overall(rows)
        bad = {key for key in self.world if not all(self.meets(key, r) for r in requirements)}
        self.out = sum(self.size[key] for key in bad)
        self.bad = bad
        self.possible = self.out <= math.floor(Fraction(limit) * self.total) and all(self.size[key] for key in bad)

    def meets(self, key: tuple[str, ...], asked: Requirement) -> bool:
        size = self.size[key]
        if isinstance(asked, DeltaPresence):
            return asked.least <= size / self.world[key] <= asked.most
        if not size:
            return True
        if isinstance(asked, KAnonymity):
            return size >= asked.k
        if isinstance(asked, KMap):
            return self.world[key] >= asked.k
        counts = self.cells[key]
        if isinstance(asked, DistinctL):
            return len(counts) >= asked.values
        if isinstance(asked, EntropyL):
            return riskdefs.entropy(counts) >= asked.values - 1e-9
        if isinstance(asked, RecursiveCL):
            return riskdefs.recursive(counts, asked.values) < asked.c
        assert isinstance(asked, TCloseness)
        distance = riskdefs.equal if asked.distance == "equal" else riskdefs.ordered
        return distance(counts, self.whole) <= asked.t + 1e-9

    def loss(self, name: str) -> float:
        kept = {key: n for key, n in self.size.items() if key not in self.bad}
        if name == "discernibility":
            return sum(n * n for n in kept.values()) + self.out * self.total
        if name == "discernibility-monotonic":
            return sum(n * n for n in self.size.values())
        if name == "average-class-size":
            return self.total / (len(kept) + (self.out > 0))
        costs = [self.column(name, column) for column in range(len(self.chain))]
        if name == "loss":
            return math.prod(1 + cost for cost in costs) ** (1 / len(costs)) - 1
        return sum(costs) / len(costs) if name == "precision" else sum(costs)

    def column(self, name: str, number: int) -> float:
        chain, level = self.chain[number], self.node[number]
        rows = zip(self.values, self.keys, self.inside, strict=True)
        people = [(value[number], key[number], key in self.bad) for value, key, inside in rows if inside]
        if name == "loss":
            share = {one: sum(row[level] == one for row in chain.rows) / len(VALUES) for _, one, _ in people}
            mean = sum(1.0 if bad else share[one] for _, one, bad in people) / len(people)
            return max(0.0, (mean - 1 / len(VALUES)) / (1 - 1 / len(VALUES)))
        if name == "precision":
            high = level / chain.height if chain.height else 0.0
            return sum(1.0 if bad else high for _, _, bad in people) / len(people)
        before, after = Counter(v for v, _, _ in people), Counter(one for _, one, _ in people)
        bits = sum(math.log2(after[one] / before[value]) for value, one, _ in people)
        gone = Counter(one for _, one, bad in people if bad)
        spread = sum(n * math.log2(gone.total() / n) for n in gone.values())
        return bits + (spread if name == "entropy" else 0.0)


def every_node(chain: list[Hierarchy]) -> list[tuple[int, ...]]:
    return list(itertools.product(*(range(h.height + 1) for h in chain)))


def is_the_best(found: Generalised | None, plain: list[Plain], name: str) -> None:
    possible = [node for node in plain if node.possible]
    if found is None:
        assert not possible
        return
    losses = sorted(node.loss(name) for node in possible)
    assert found.best.loss == pytest.approx(losses[0], rel=1e-10, abs=1e-10)
    chosen = next(node for node in possible if node.node == found.best.node)
    assert chosen.loss(name) == pytest.approx(found.best.loss, rel=1e-10, abs=1e-10)
    assert chosen.out == found.best.suppressed
    assert min(n for key, n in chosen.size.items() if key not in chosen.bad) == found.best.smallest
    assert (found.runner_up is None) == (len(possible) == 1)
    if found.runner_up is not None:
        assert found.runner_up.loss == pytest.approx(losses[1], rel=1e-10, abs=1e-10)


@settings(max_examples=150, deadline=None)
@given(tables(), st.lists(REQUIREMENTS, min_size=1, max_size=2), LIMITS, st.sampled_from(sorted(METRICS)))
def test_exact_search_finds_what_looking_at_every_node_finds(
    made: tuple[pl.DataFrame, list[Hierarchy]], requirements: list[Requirement], limit: str, name: str
) -> None:
    frame, chain = made
    found = generalise(problem(frame, chain, requirements, limit=limit, sensitive=["s"]), metric(name))
    plain = [Plain(frame, chain, node, [True] * frame.height, requirements, limit) for node in every_node(chain)]
    is_the_best(found, plain, name)


@settings(max_examples=60, deadline=None)
@given(tables(), OF_POPULATION, st.lists(REQUIREMENTS, max_size=1), LIMITS, st.sampled_from(sorted(METRICS)), st.data())
def test_exact_search_with_a_population(
    made: tuple[pl.DataFrame, list[Hierarchy]], asked: Requirement, others: list[Requirement], limit: str, name: str,
    data: st.DataObject,
) -> None:  # fmt: skip
    frame, chain = made
    inside = data.draw(st.lists(st.booleans(), min_size=frame.height, max_size=frame.height).filter(any))
    requirements = [asked, *others]
    found = generalise(
        problem(frame, chain, requirements, limit=limit, sensitive=["s"], released=np.array(inside)), metric(name)
    )
    is_the_best(found, [Plain(frame, chain, node, inside, requirements, limit) for node in every_node(chain)], name)


@settings(max_examples=60, deadline=None)
@given(tables(), st.lists(REQUIREMENTS, min_size=1, max_size=2), LIMITS, st.sampled_from(sorted(METRICS)))
def test_a_bounded_search_with_enough_effort_is_exact_and_says_so(
    made: tuple[pl.DataFrame, list[Hierarchy]], requirements: list[Requirement], limit: str, name: str
) -> None:
    frame, chain = made
    asked = problem(frame, chain, requirements, limit=limit, sensitive=["s"])
    exact, bounded = generalise(asked, metric(name)), generalise(asked, metric(name), exact_nodes=0)
    assert (exact is None) == (bounded is None)
    if exact is not None and bounded is not None:
        assert bounded.exact
        assert bounded.best == exact.best
    short = generalise(asked, metric(name), exact_nodes=0, effort=1)
    assert short is None or short.best >= bounded.best  # type: ignore[union-attr]


@settings(max_examples=80, deadline=None)
@given(tables(), st.integers(2, 4), LIMITS, st.randoms(use_true_random=False))
def test_laws(made: tuple[pl.DataFrame, list[Hierarchy]], k: int, limit: str, chance: object) -> None:
    """More asked for or less suppression never costs less; the order of rows means nothing; nobody under k is left."""
    frame, chain = made
    asked = problem(frame, chain, [KAnonymity(k)], limit=limit)
    found = generalise(asked, metric("loss"))
    stricter = generalise(problem(frame, chain, [KAnonymity(k + 1)], limit=limit), metric("loss"))
    freer = generalise(problem(frame, chain, [KAnonymity(k)], limit="0.5"), metric("loss"))
    shuffled = frame.with_row_index().select(
        pl.all().sort_by(pl.Series(chance.sample(range(frame.height), frame.height)))  # type: ignore[attr-defined]
    )
    again = generalise(problem(shuffled, chain, [KAnonymity(k)], limit=limit), metric("loss"))
    if found is None:
        assert stricter is None
        assert again is None
        return
    assert again is not None
    assert again.figures() == found.figures()
    assert stricter is None or stricter.best.loss >= found.best.loss - 1e-12
    assert freer is not None
    assert freer.best.loss <= found.best.loss + 1e-12
    released = recode(frame, asked, found.best.node)
    assert frame.height - released.height == found.best.suppressed <= math.floor(Fraction(limit) * frame.height)
    assert released.group_by([h.column for h in chain]).len()["len"].min() == found.best.smallest >= k
    allowed = {h.column: {row[level] for row in h.rows} for h, level in zip(chain, found.best.node, strict=True)}
    assert all(set(released[name]) <= labels for name, labels in allowed.items())


@settings(max_examples=60, deadline=None)
@given(tables(), st.integers(2, 5), st.data())
def test_generalising_never_adds_people_to_small_groups(
    made: tuple[pl.DataFrame, list[Hierarchy]], k: int, data: st.DataObject
) -> None:
    frame, chain = made
    fine = data.draw(st.sampled_from(every_node(chain)))
    coarse = tuple(data.draw(st.integers(low, h.height)) for low, h in zip(fine, chain, strict=True))
    inside = [True] * frame.height
    one, other = (Plain(frame, chain, node, inside, [KAnonymity(k)], "0") for node in (fine, coarse))
    assert one.out >= other.out


def test_reasons_say_what_a_level_finer_would_have_meant() -> None:
    rows = ["a"] * 5 + ["b"] * 4 + ["c"]
    chain = [Hierarchy("x", (("a", "ab", "*"), ("b", "ab", "*"), ("c", "c", "*")))]
    asked = problem(pl.DataFrame({"x": rows, "s": ["1"] * 10}), chain, [KAnonymity(5)], limit="0.1")
    found = generalise(asked, metric("loss"))
    assert found is not None
    assert found.best.node == (1,)
    assert "One level finer 5 people (50.0%) would have to be left out, 1 may be." in found.words[0]
    assert "One level coarser costs" in found.words[0]
    assert found.words[-1].startswith("The runner-up (x 2 instead of 1) would have cost 0.45 more")
    assert found.figures()["transformation"] == [1]


def test_a_lattice_of_many_nodes_is_searched_within_an_effort_and_the_same_each_time() -> None:
    chance = np.random.default_rng(5)
    names = [f"c{n}" for n in range(10)]
    chain = [Hierarchy(n, tuple((str(v), f"{v // 2}h", f"{v // 4}q", "*") for v in range(8))) for n in names]
    frame = pl.DataFrame({name: chance.integers(0, 8, 300).astype(str) for name in names})
    asked = problem(frame, chain, [KAnonymity(3)], limit="0.1")
    assert asked.nodes == 4**10
    one, other = (generalise(asked, metric("loss"), effort=400) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.figures() == other.figures()
    assert not one.exact
    assert one.best.loss < 0.95  # of the top's 1
    assert recode(frame, asked, one.best.node).group_by(names).len()["len"].min() == one.best.smallest >= 3  # type: ignore[operator]
