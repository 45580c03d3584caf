"""Every model of privacy against its definition, over people, with and without missing values."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.risk import attackers, closeness, diversity
from anonymization.risk.assessing import assess
from anonymization.risk.missing import as_wildcard
from anonymization.risk.tables import grouped, world_of
from anonymization.risk.unfit import Unfit
from tests.support import riskdefs
from tests.support.riskdefs import Row

QUASI = ["sex", "age_band", "area"]
VALUES = st.sampled_from(["1", "2", None])
ROWS = st.lists(
    st.tuples(st.tuples(VALUES, VALUES, VALUES), st.sampled_from(["9", "10", "80", None]), st.integers(0, 12)),
    min_size=1,
    max_size=40,
)


def table(rows: list[Row]) -> pl.DataFrame:
    columns = dict(zip(QUASI, zip(*(quasi for quasi, _, _ in rows), strict=True), strict=True))
    schema = dict.fromkeys([*QUASI, "disease"], pl.String)
    frame = pl.DataFrame({**columns, "disease": [value for _, value, _ in rows]}, schema=schema)
    return frame.with_columns(person=pl.Series([person for _, _, person in rows]))


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_figures_are_those_of_the_definitions(rows: list[Row]) -> None:
    found = assess(table(rows), QUASI, ["disease"], person="person")
    groups, cells, whole = riskdefs.groups(rows), riskdefs.cells(rows), riskdefs.overall(rows)
    sizes = [len(people) for people in groups.values()]
    assert found.people == len({person for _, _, person in rows})
    assert found.k == found.sizes.smallest == min(sizes)
    assert found.k_wildcard == min(len(riskdefs.could_be(quasi, rows)) for quasi in groups)
    assert found.k <= found.k_wildcard  # missing as a value is always the smaller count
    assert found.sizes.of_size(1) == sizes.count(1)
    assert found.attackers.prosecutor == 1 / min(sizes)
    assert found.attackers.marketer == pytest.approx(len(sizes) / sum(sizes))
    worst = found.sensitive["disease"]
    assert worst.distinct_l == min(len(counts) for counts in cells.values())
    assert worst.entropy_l == pytest.approx(min(map(riskdefs.entropy, cells.values())))
    for values in (2, 3):
        ratio = max(riskdefs.recursive(counts, values) for counts in cells.values())
        assert worst.recursive[values] == (None if math.isinf(ratio) else pytest.approx(ratio))
    assert worst.t_equal == pytest.approx(max(riskdefs.equal(counts, whole) for counts in cells.values()), abs=1e-12)
    assert worst.t_ordered == pytest.approx(
        max(riskdefs.ordered(counts, whole) for counts in cells.values()), abs=1e-12
    )


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_each_group_has_its_own_figures(rows: list[Row]) -> None:
    found = grouped(table(rows), QUASI, ["disease"], person="person")
    cells, whole = riskdefs.cells(rows), riskdefs.overall(rows)
    keys = [tuple(key) for key in found.keys.select(QUASI).iter_rows()]
    own, number = found.groups.cells["disease"], len(keys)
    assert sorted(keys, key=str) == sorted(cells, key=str)
    assert found.groups.size.tolist() == [len(riskdefs.groups(rows)[key]) for key in keys]
    assert diversity.distinct(own, number).tolist() == [len(cells[key]) for key in keys]
    assert diversity.entropy(own, number) == pytest.approx([riskdefs.entropy(cells[key]) for key in keys])
    assert closeness.equal(own, number) == pytest.approx([riskdefs.equal(cells[key], whole) for key in keys], abs=1e-12)
    assert closeness.ordered(own, number) == pytest.approx(
        [riskdefs.ordered(cells[key], whole) for key in keys], abs=1e-12
    )
    wildcard = as_wildcard(found)
    assert wildcard is not None
    assert wildcard[0].tolist() == [len(riskdefs.could_be(key, rows)) for key in keys]


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_order_and_index_of_rows_do_not_matter(rows: list[Row], chance: object) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (assess(table(r), QUASI, ["disease"], person="person").figures() for r in (rows, shuffled))
    assert one == other


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS)
def test_against_a_population(rows: list[Row], others: list[Row]) -> None:
    population = [*rows, *((quasi, value, person + 100) for quasi, value, person in others)]
    found = assess(table(rows), QUASI, person="person", population=table(population))
    sample, world = riskdefs.groups(rows), riskdefs.groups(population)
    shares = [len(sample.get(quasi, ())) / len(people) for quasi, people in world.items()]
    assert found.presence is not None
    assert found.presence.k_map == min(len(world[quasi]) for quasi in sample)
    assert (found.presence.delta_least, found.presence.delta_most) == (min(shares), max(shares))
    assert found.attackers.journalist == 1 / found.presence.k_map
    assert found.presence.k_map >= found.k


def test_a_missing_value_is_a_value_for_k_and_the_empty_text_is_missing() -> None:
    frame = pl.DataFrame({"a": ["x", "x", None, "", "NaN"]})
    found = assess(frame, ["a"])
    assert (found.k, found.k_wildcard, found.sizes.number) == (2, 5, 2)
    assert assess(pl.DataFrame({"a": [None] * 4}, schema={"a": pl.String}), ["a"]).k == 4


def test_weights_say_how_many_look_alike_in_the_population() -> None:
    frame = pl.DataFrame({"a": ["x", "x", "y"], "w": [10.0, 30.0, 1.0]})
    found = assess(frame, ["a"], weight="w")
    assert found.attackers.journalist == 1.0  # y stands for itself alone
    assert assess(frame.filter(pl.col("a") == "x"), ["a"], weight="w").attackers.journalist < 0.1
    assert found.uniqueness is not None
    assert found.uniqueness.fraction == pytest.approx(3 / 41)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 8), st.floats(0.02, 0.999))
def test_expected_risk_from_weights_is_the_negative_binomial_expectation(f: int, share: float) -> None:
    weight = f / share
    found = attackers.from_weights(np.array([f]), np.array([weight]))[0]
    p, population, chance, mean = f / weight, f, share**f, 0.0
    for population in range(f, f + 20_000):
        mean += chance / population
        chance *= population / (population - f + 1) * (1 - p)
    assert found == pytest.approx(mean, rel=1e-6)


def test_large_groups_use_an_approximation_that_is_near() -> None:
    exact = attackers.from_weights(np.array([100]), np.array([1000.0]))[0]
    near = attackers.from_weights(np.array([101]), np.array([1010.0]))[0]
    assert near == pytest.approx(exact * 1000 / 1010, rel=1e-3)


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (pl.DataFrame({"a": []}, schema={"a": pl.String}), {}, "needs rows"),
        (pl.DataFrame({"a": ["x"]}), {"quasi": []}, "needs rows"),
        (pl.DataFrame({"a": ["x"]}), {"sensitive": ["a"]}, "one role"),
        (pl.DataFrame({"a": ["x", "y"], "p": ["1", ""]}), {"person": "p"}, "1 rows belong to nobody"),
        (pl.DataFrame({"a": ["x", "y"], "p": ["1", "1"], "w": [1, 2]}), {"person": "p", "weight": "w"}, "two weights"),
        (pl.DataFrame({"a": ["x"], "w": ["many"]}), {"weight": "w"}, "no weight"),
        (pl.DataFrame({"a": ["x"], "w": [0.5]}), {"weight": "w"}, "no weight"),
        (pl.DataFrame({"a": ["x"]}), {"fraction": 0.0}, "fraction"),
        (pl.DataFrame({"a": ["x"]}), {"fraction": math.nan}, "fraction"),
        (pl.DataFrame({"a": ["x"]}), {"fraction": 0.0, "population": pl.DataFrame({"a": ["x"]})}, "fraction"),
        (pl.DataFrame({"a": ["x", "x"]}), {"population": pl.DataFrame({"a": ["x"]})}, "does not hold everybody"),
    ],
)
def test_what_cannot_be_judged_is_refused(frame: pl.DataFrame, options: dict[str, object], said: str) -> None:
    with pytest.raises(Unfit, match=said):
        assess(frame, **{"quasi": ["a"], **options})  # type: ignore[arg-type]


def test_many_patterns_of_missing_values_are_not_matched() -> None:
    quasi = [f"c{n}" for n in range(8)]
    rows = [["1" if number >> bit & 1 else None for bit in range(8)] for number in range(256)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(quasi, pl.String), orient="row")
    found = assess(frame, quasi)
    assert found.k_wildcard is None
    assert found.k == 1


def test_a_population_without_somebody_of_the_table_is_seen() -> None:
    people, population = grouped(pl.DataFrame({"a": ["x"]}), ["a"]), grouped(pl.DataFrame({"a": ["y"]}), ["a"])
    assert world_of(people, population).tolist() == [0]
    with pytest.raises(Unfit):
        attackers.from_population(people.groups.size, world_of(people, population))
