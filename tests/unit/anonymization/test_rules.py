"""The contract of a rule, for every rule there is: its examples hold, its parameters are checked, it names its law."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.rules import rules
from anonymization.rules.age_band import labels
from anonymization.rules.base import Parameters

#: Options of rules that cannot do without.
OPTIONS: dict[str, Parameters] = {"age-band": {"month": "2025-09"}}
IDS = sorted(rules())


def after(rule_id: str, values: list[str | None], **options: str | int) -> list[str | None] | None:
    """The values after the rule; None where the column goes."""
    rule, frame = rules()[rule_id], pl.DataFrame({"x": values}, schema={"x": pl.String})
    expression = rule.apply("x", rule.learn(frame.lazy(), "x", {**OPTIONS.get(rule_id, {}), **options}))
    if expression is None:
        return None
    made = frame.select(expression)
    assert made.columns == ["x"]
    return made["x"].to_list()


def test_the_first_rules_are_there() -> None:
    assert {"drop-column", "birth-month", "zip3", "insurer-number", "age-band"} <= set(IDS)


@pytest.mark.parametrize("rule_id", IDS)
def test_every_example_holds(rule_id: str) -> None:
    rule = rules()[rule_id]
    assert rule.id == rule_id
    assert rule.law
    assert len(rule.examples) >= 2
    made = after(rule_id, [before for before, _ in rule.examples])
    expected = [outcome for _, outcome in rule.examples]
    assert (made or [None] * len(expected)) == expected
    assert made is not None or not any(expected)


@pytest.mark.parametrize("rule_id", IDS)
def test_parameters_hold_no_value_of_the_data(rule_id: str) -> None:
    rule, planted = rules()[rule_id], "架空山花子19560203"
    learnt = rule.learn(pl.LazyFrame({"x": [planted] * 5}), "x", OPTIONS.get(rule_id, {}))
    assert planted not in repr(dict(learnt))


@pytest.mark.parametrize("rule_id", IDS)
def test_an_empty_column_stays_empty(rule_id: str) -> None:
    assert after(rule_id, []) in (None, [])
    assert after(rule_id, [None, ""]) in (None, [None, None])


@pytest.mark.parametrize(
    "options",
    [
        {"width": 0},
        {"width": 21},
        {"width": 7},
        {"month": "2025"},
        {"month": "202509"},
        {"month": "2025-13"},
        {"top": 93},
    ],
)
def test_age_bands_have_parameters_that_hold(options: dict[str, str | int]) -> None:
    with pytest.raises(ValueError, match="age-band"):
        after("age-band", ["1956-02"], **options)


def test_age_bands_need_a_month() -> None:
    with pytest.raises(ValueError, match="month"):
        rules()["age-band"].learn(pl.LazyFrame({"x": [""]}), "x", {})


@settings(deadline=None)
@given(st.integers(1900, 2024), st.integers(1, 12), st.sampled_from([1, 2, 3, 5, 10, 15]))
def test_the_band_holds_the_age(year: int, month: int, width: int) -> None:
    (label,) = after("age-band", [f"{year}-{month:02d}"], width=width, top=90, month="2025-06") or []
    age = 2025 - year - (month > 6)
    assert label in labels(width, 90)
    if age >= 90:
        assert label == "90+"
    else:
        low, high = str(label).split("-")
        assert int(low) <= age <= int(high)
        assert int(high) - int(low) == width - 1


@settings(deadline=None)
@given(st.text(max_size=14))
def test_no_text_survives_a_rule_for_codes(text: str) -> None:
    made = {rule: (after(rule, [text]) or [None])[0] for rule in ("birth-month", "zip3", "insurer-number")}
    lengths = {"birth-month": {7}, "zip3": {3}, "insurer-number": {6, 8}}
    for rule, value in made.items():
        assert value is None or (len(value) in lengths[rule] and value.isascii() and value.replace("-", "").isdigit())
