"""Between profile and tables: domains of rules as domain words, levels, placed columns, rare codes, weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymization.risk.requirements import KAnonymity
from anonymization.risk.search.coding import problem
from anonymization.risk.search.column_metrics import Loss
from anonymization.risk.search.generalising import generalise
from anonymization.risk.search.hierarchy import Hierarchy
from anonymization.rules.support.domains import Form, Gone, Labels, Numbers, Unchanged
from provision.errors import FixConfiguration, Refused
from provision.formats.base import Column, ColumnClass
from provision.profiles import Generalise, Profile, RuleUse, TrailLimits
from provision.releasing.domains import domain_of, word_of
from provision.releasing.ladders import at_least, at_level, ladder
from provision.releasing.quasi import KNOWN
from provision.releasing.rare import without_rare
from provision.releasing.ruling import Piece, placed, ruled

BASE = {"id": "one", "title": {"ja": "一", "en": "one"}, "law": "x", "in_force": "2024-12-02"}


def column(name: str, domain: str, dtype: str = "string", cls: ColumnClass = ColumnClass.ORDINARY) -> Column:
    return Column(name, name, name, cls, dtype, domain)


def use(rule: str, **values: Any) -> RuleUse:
    return RuleUse.model_validate({"rule": rule, "law": "規則34条", **values})


# -- domains ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "left", "domain", "dtype"),
    [
        (column("a", "range:0..999", "integer"), Numbers(0, 500, 1), "range:0..500", "integer"),
        (column("a", "range:0.0..99.9/0.1", "decimal"), Numbers(0, 50.5, 0.1), "range:0.0..50.5/0.1", "decimal"),
        (column("a", "range:0..999", "integer"), Labels(frozenset({"<5", "5+"})), "labels:5+|<5", "string"),
        (column("a", "date"), Form("[0-9]{4}"), "form:[0-9]{4}", "string"),
        (column("a", "code:sex"), Unchanged(), "code:sex", "string"),
    ],
)
def test_what_a_rule_leaves_is_a_domain_word(before: Column, left: Any, domain: str, dtype: str) -> None:
    made = word_of(before, left)
    assert (made.domain, made.dtype) == (domain, dtype)


@pytest.mark.parametrize("domain", ["code:sex", "range:0..999", "date", "month", "zip3", "form:[A-Z][0-9]{2}"])
def test_what_was_not_changed_keeps_its_word(domain: str) -> None:
    before = column("a", domain, "integer" if domain.startswith("range") else "string")
    assert word_of(before, domain_of(before)) is before


@pytest.mark.parametrize("left", [Gone(), Labels(frozenset()), Labels(frozenset({"a|b"}))])
def test_a_domain_that_cannot_be_told_is_refused(left: Any) -> None:
    with pytest.raises(Refused, match="no closed domain"):
        word_of(column("a", "code:sex"), left)


# -- levels -----------------------------------------------------------------------------------------------------------


def test_a_hierarchy_between_two_levels() -> None:
    values = pl.Series(["", "60-64", "65-69", "90+"])
    bands = Generalise(column="age_band", hierarchy="age", least="band10", most="band20")
    assert at_least("age_band", bands, values) == {"": "", "60-64": "60-69", "65-69": "60-69", "90+": "90+"}
    finest = pl.Series(sorted(set(at_least("age_band", bands, values).values())))
    made = ladder("age_band", bands, values)
    assert {row[0] for row in made.rows} == set(finest)
    assert made.height == 1
    at = at_level(bands, KNOWN["age_band"], 2)
    assert at.domain.startswith("labels:")
    assert {row[0] for row in made.rows if row[0]} <= set(at.domain.removeprefix("labels:").split("|"))
    assert at_level(bands, KNOWN["age_band"], 0) is KNOWN["age_band"]
    assert at_level(bands, KNOWN["sex"], 4).domain == "labels:*"


def test_without_a_use_a_column_stays() -> None:
    assert ladder("sex", None, pl.Series(["2", "1", "1"])).rows == (("1",), ("2",))


def test_weights_decide_which_column_is_spared() -> None:
    """Either column can be given up; the one whose loss counts less is."""
    people = pl.DataFrame({"a": ["x", "x", "y", "y"] * 3, "b": ["p", "q", "p", "q"] * 3})
    both = [Hierarchy("a", (("x", "*"), ("y", "*"))), Hierarchy("b", (("p", "*"), ("q", "*")))]
    nodes = []
    for weights in ((5, 1), (1, 5)):
        found = generalise(problem(people, both, [KAnonymity(4)]), Loss(weights))
        assert found is not None
        nodes.append(found.best.node)
    assert nodes == [(0, 1), (1, 0)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.floats(0.1, 50))
def test_equal_weights_are_none(costs: list[float], weight: float) -> None:
    assert np.isclose(Loss([weight] * len(costs)).combine(np.array(costs)), Loss().combine(np.array(costs)))


# -- rules on tables --------------------------------------------------------------------------------------------------


def test_columns_are_placed_by_what_selects_them() -> None:
    columns = [column("started", "date"), column("ended", "date"), column("points", "range:0..9", "integer"),
               column("number", "number:person", "integer")]  # fmt: skip
    dates = use("generalise", columns={"domain": "date"}, **{"with": {"system": "date", "level": "month"}})
    assert list(placed(dates, "stay", columns)) == [{"column": ["started", "ended"]}]
    spared = dates.model_copy(update={"unless": ["stay.ended"]})
    assert list(placed(spared, "stay", columns)) == [{"column": ["started"]}]
    assert list(placed(spared, "other", columns)) == [{"column": ["started", "ended"]}]
    capped = use("top-bottom", columns={"class": "ordinary", "domain": "range"})
    assert list(placed(capped, "stay", [*columns, column("days", "range:0..9", "integer")])) == [
        {"column": ["points"]}, {"column": ["days"]},
    ]  # fmt: skip
    kinds = use("extreme-values", columns={"column": "points"}, parts={"kind": {"column": "item"}})
    assert list(placed(kinds, "stay", columns)) == []  # a table without what a part needs is none of the rule's


def profile(*rules: RuleUse) -> Profile:
    return Profile.model_validate({**BASE, "rules": list(rules)}, strict=False)


class _Plan:
    """What a rule asks of a plan."""

    id, cutoff_month, first_month = "plan", "2025-09", "2025-04"


def test_rules_are_counted_and_tell_the_domain_they_leave() -> None:
    rule = use("generalise", columns={"domain": "date"}, **{"with": {"system": "date", "level": "month"}})
    frame = pl.DataFrame({"person": [1, 2, 3], "started": ["2025-05-01", None, "2025-06-30"]})
    pieces = [Piece("stay", frame, {"started": column("started", "date")})]
    (after,), (applied,) = ruled(_Plan(), profile(rule), pieces)  # type: ignore[arg-type]
    assert after.frame["started"].to_list() == ["2025-05", None, "2025-06"]
    assert after.columns["started"].domain.startswith("form:")
    assert applied.figures()["columns"] == {"started": 2}


def test_one_offset_for_a_person_in_all_tables() -> None:
    """Rules that learn about people learn over all tables together."""
    rule = use("date-shift", columns={"domain": "date"})
    frame = pl.DataFrame({"person": [1, 2] * 20, "on": ["2025-05-10"] * 40})
    pieces = [Piece(name, frame, {"on": column("on", "date")}) for name in ("one", "other")]
    (first, second), _ = ruled(_Plan(), profile(rule), pieces)  # type: ignore[arg-type]
    assert first.frame.equals(second.frame)


def test_a_rule_that_cannot_be_applied_names_profile_and_rule() -> None:
    rule = use("top-bottom", columns={"column": "points"}, **{"with": {"share": 0.1}})
    pieces = [
        Piece("s", pl.DataFrame({"person": [1], "points": [5]}), {"points": column("points", "range:0..9", "integer")})
    ]
    with pytest.raises(FixConfiguration, match="too few") as caught:
        ruled(_Plan(), profile(rule), pieces)  # type: ignore[arg-type]
    assert (caught.value.where, caught.value.rule) == ("config/profiles/one.yaml", "profile.rules.0")


@given(st.lists(st.tuples(st.integers(1, 8), st.sampled_from("abcde")), min_size=1, max_size=60), st.integers(2, 6))
def test_no_code_that_stays_is_carried_by_too_few_people(rows: list[tuple[int, str]], least: int) -> None:
    frame = pl.DataFrame(rows, schema=["person", "code"], orient="row")
    after, found = without_rare(frame, ["code"], least, "t", "person")
    carried = {code: {p for p, c in rows if c == code} for _, code in rows}
    wanted = {code for code, people in carried.items() if len(people) >= least}
    assert set(after["code"].drop_nulls()) == wanted
    assert sum(one.codes for one in found) == len(carried) - len(wanted)
    assert sum(one.cells for one in found) == sum(code not in wanted for _, code in rows)


def test_limits_are_those_that_were_said() -> None:
    assert TrailLimits(events=["service_month"], two=0.5).limits == {2: 0.5}
