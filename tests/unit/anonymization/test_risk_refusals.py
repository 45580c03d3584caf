"""What the risk rooms refuse, in words that hold no value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from anonymization.risk.asking import asked
from anonymization.risk.groups import Groups
from anonymization.risk.requirements import DeltaPresence, KAnonymity, KMap
from anonymization.risk.search.coding import problem
from anonymization.risk.search.hierarchy import Hierarchy, flat
from anonymization.risk.search.metrics import metric
from anonymization.risk.sensitive import DistinctL, EntropyL, RecursiveCL, TCloseness
from anonymization.risk.unfit import Unfit

PEOPLE = pl.DataFrame({"x": ["架空", "架空"], "s": ["1", "2"]})
CHAIN = [flat("x", ["架空"])]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((), "empty"),
        (((),), "empty"),
        ((("架空", "*"), ("太郎",)), "row 2 has 1 levels, the first has 2"),
        ((("架空", "a"), ("架空", "a")), "two rows"),
        ((("架空", "a", "p"), ("太郎", "a", "q")), "a label of level 1 has two labels at level 2"),
    ],
)
def test_hierarchies(rows: tuple[tuple[str, ...], ...], said: str) -> None:
    with pytest.raises(Unfit, match=said) as caught:
        Hierarchy("x", rows)
    assert "架空" not in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: KAnonymity(1),
        lambda: KMap(1),
        lambda: DeltaPresence(0.5, 0.4),
        lambda: DeltaPresence(-0.1, 0.4),
        lambda: DistinctL("s", 1),
        lambda: EntropyL("s", 1.0),
        lambda: EntropyL("s", float("nan")),
        lambda: EntropyL("s", float("inf")),
        lambda: RecursiveCL("s", 0.0, 2),
        lambda: RecursiveCL("s", 1.0, 1),
        lambda: TCloseness("s", 1.0),
        lambda: TCloseness("s", float("nan")),
        lambda: TCloseness("s", 0.2, "hierarchical"),
        lambda: metric("架空"),
        lambda: KMap(2).met(Groups(np.array([1]))),
        lambda: DistinctL("s", 2).met(Groups(np.array([1]))),
    ],
)
def test_requirements_that_ask_for_nothing_or_cannot_be_judged(make: Callable[[], object]) -> None:
    with pytest.raises(Unfit) as caught:
        make()
    assert "架空" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: problem(PEOPLE.clear(), CHAIN, [KAnonymity(2)]), "needs people"),
        (lambda: problem(PEOPLE, [], [KAnonymity(2)]), "needs people"),
        (lambda: problem(PEOPLE, CHAIN, []), "needs people"),
        (lambda: problem(PEOPLE, CHAIN, [KAnonymity(2)], limit=1), "from 0 to under 1"),
        (lambda: problem(PEOPLE, CHAIN, [KAnonymity(2)], limit=-0.1), "from 0 to under 1"),
        (lambda: problem(PEOPLE, CHAIN, [KAnonymity(2)], limit="架空"), "no number"),
        (lambda: problem(PEOPLE, CHAIN, [KAnonymity(2)], limit=float("nan")), "no number"),
        (lambda: problem(PEOPLE, [flat("x", ["a"])], [KAnonymity(2)]), "2 rows have a value of x"),
        (lambda: problem(PEOPLE, CHAIN, [KAnonymity(2)], released=np.array([False, False])), "nobody"),
    ],
)
def test_problems(make: Callable[[], object], said: str) -> None:
    with pytest.raises(Unfit, match=said) as caught:
        make()
    assert "架空" not in str(caught.value)


def test_a_missing_value_needs_a_row_of_its_own() -> None:
    people = pl.DataFrame({"x": ["a", None, ""]})
    with pytest.raises(Unfit, match="2 rows"):
        problem(people, [flat("x", ["a"])], [KAnonymity(2)])
    assert problem(people, [flat("x", ["a", ""])], [KAnonymity(2)]).people == 3


def test_what_is_asked_for_as_text() -> None:
    made, columns = asked(5, ["entropy:3:a:b", "distinct:2:s", "recursive:4:5:s"], ["ordered:0.2:s", "equal:0.1:t"])
    assert made == (
        KAnonymity(5), EntropyL("a:b", 3), DistinctL("s", 2), RecursiveCL("s", 4, 5), TCloseness("s", 0.2, "ordered"),
        TCloseness("t", 0.1),
    )  # fmt: skip
    assert columns == ("a:b", "s", "t")
    assert all(requirement.words() for requirement in made)


@pytest.mark.parametrize(
    ("k", "diversity", "closeness"),
    [
        (None, [], []),
        (None, ["entropy:3"], []),
        (None, ["entropy:架空:s"], []),
        (None, ["entropy:3:"], []),
        (None, ["distinct:2.5:s"], []),
        (None, ["recursive:2:s"], []),
        (None, ["架空:2:s"], []),
        (None, [], ["equal:s"]),
        (None, [], ["equal:架空:s"]),
        (None, [], ["架空:0.2:s"]),
        (0, [], []),
    ],
)
def test_texts_that_ask_for_nothing(k: int | None, diversity: list[str], closeness: list[str]) -> None:
    with pytest.raises(Unfit) as caught:
        asked(k, diversity, closeness)
    assert "架空" not in str(caught.value)
