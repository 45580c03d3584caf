"""The contract of a rule, for every rule there is: its examples hold, it checks its options, it says its law and what
it leaves, and neither parameters nor errors show a value of the data."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.risk.unfit import Unfit
from anonymization.rules import rule, rules
from anonymization.rules.age_band import labels
from anonymization.rules.applying import after, treated
from anonymization.rules.base import Rule
from anonymization.rules.support.domains import Gone, Unchanged
from tests.support.ruled import CASES, Case

IDS = sorted(rules())
PLANTED = "架空山花子19560203"


def learnt(case: Case) -> tuple[Rule, pl.LazyFrame]:
    return rule(case.rule), pl.LazyFrame(case.table)


@pytest.mark.parametrize("rule_id", IDS)
def test_every_rule_names_itself_its_law_and_has_a_case(rule_id: str) -> None:
    made = rules()[rule_id]
    assert made.id == rule_id
    assert made.title.ja
    assert made.title.en
    assert made.law
    assert [case for case in CASES if case.rule == rule_id], "tests/support/ruled.py has no case of it"


@pytest.mark.parametrize("rule_id", IDS)
def test_every_example_holds(rule_id: str) -> None:
    made = rules()[rule_id]
    assert made.examples
    assert any(example.want for example in made.examples)
    test = doctest.DocTest(made.examples, {"after": after}, rule_id, None, 0, type(made).__doc__)
    assert doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE).run(test).failed == 0


@pytest.mark.parametrize("rule_id", IDS)
def test_an_unknown_option_is_refused_by_rule_and_option(rule_id: str) -> None:
    case = next(case for case in CASES if case.rule == rule_id)
    made, frame = learnt(case)
    with pytest.raises(Unfit, match=f"{rule_id}: no option is called heigth"):
        made.learn(frame, case.columns, {**case.options, "heigth": 1}, person=case.person)


@pytest.mark.parametrize(("rule_id", "option"), [(i, o.name) for i in IDS for o in rules()[i].schema])
def test_an_option_of_another_type_is_refused_by_rule_and_option(rule_id: str, option: str) -> None:
    case = next(case for case in CASES if case.rule == rule_id)
    made, frame = learnt(case)
    for wrong in (PLANTED.encode(), None, {"a": 1}, [[1]]):
        with pytest.raises(Unfit, match=f"^{rule_id}: option {option}") as caught:
            made.learn(frame, case.columns, {**case.options, option: wrong}, person=case.person)
        assert PLANTED not in str(caught.value)


@pytest.mark.parametrize(("rule_id", "option"), [(i, o.name) for i in IDS for o in rules()[i].schema])
def test_an_option_out_of_its_limits_is_refused(rule_id: str, option: str) -> None:
    case = next(case for case in CASES if case.rule == rule_id)
    made, frame = learnt(case)
    said = next(o for o in made.schema if o.name == option)
    wrong: list[object] = [said.least - 1] if said.least is not None else []
    wrong += [said.most + 1] if said.most is not None else []
    wrong += [PLANTED] if said.among or (said.form and not re.fullmatch(said.form, PLANTED)) else []
    for value in wrong:
        typed = int(value) if said.kind is int else value  # type: ignore[call-overload]
        with pytest.raises(Unfit, match=f"^{rule_id}: option {option}") as caught:
            made.learn(frame, case.columns, {**case.options, option: [typed] if said.many else typed},
                       person=case.person)  # fmt: skip
        assert PLANTED not in str(caught.value)


@pytest.mark.parametrize("rule_id", IDS)
def test_columns_that_do_not_fit_are_refused(rule_id: str) -> None:
    case = next(case for case in CASES if case.rule == rule_id)
    made, frame = learnt(case)
    for columns in ({"nothing": "x"}, *({part.name: ["x", "x"]} for part in made.parts)):
        with pytest.raises(Unfit, match=rule_id):
            made.learn(frame, columns, case.options, person=case.person)
    if made.needs_person:
        with pytest.raises(Unfit, match=f"{rule_id}: needs the column"):
            made.learn(frame, case.columns, case.options)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parameters_show_no_value_of_the_data(case: Case) -> None:
    made, frame = learnt(case)
    texts = [name for name, kind in frame.collect_schema().items() if kind == pl.String]
    spoilt = pl.concat([frame, frame.with_columns(pl.lit(PLANTED).alias(name) for name in texts)])
    parameters = made.learn(spoilt, case.columns, case.options, person=case.person)
    assert PLANTED not in repr(parameters)
    assert PLANTED not in repr(made.told(parameters))
    people = set(frame.collect()[case.person].cast(pl.String)) if case.person else set()
    assert not people & {str(value) for value in made.told(parameters).values()}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_comes_out_lies_in_what_the_rule_leaves(case: Case) -> None:
    made, frame = learnt(case)
    parameters = made.learn(frame, case.columns, case.options, person=case.person)
    left = made.leaves(parameters, case.before)
    outcome = treated(frame, parameters).collect()
    assert left.keys() == set(made.apply(parameters))
    for name, domain in left.items():
        assert isinstance(domain, Gone) is (name not in outcome.columns)
        assert not isinstance(domain, Unchanged), "a case says what was there before"
        if name in outcome.columns:
            assert outcome.select(domain.allows(name).all()).item(), name


@pytest.mark.parametrize("case", CASES, ids=str)
def test_applied_again_nothing_changes(case: Case) -> None:
    made, frame = learnt(case)
    if made.idempotent:
        parameters = made.learn(frame, case.columns, case.options, person=case.person)
        once = treated(frame, parameters).collect()
        if set(frame.collect_schema().names()) == set(once.columns):
            assert treated(once.lazy(), parameters).collect().equals(once)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_chunk_by_chunk_is_the_same_as_at_once(case: Case) -> None:
    """Rules run over chunks of any engine: what is learnt once is applied to any part of the table."""
    made, frame = learnt(case)
    if made.order(made.learn(frame, case.columns, case.options, person=case.person)) is not None:
        pytest.skip("an order is of the whole table")
    parameters = made.learn(frame, case.columns, case.options, person=case.person)
    rows = frame.collect().height
    parts = [treated(frame.slice(at, 1), parameters).collect() for at in range(rows)]
    assert pl.concat(parts).equals(treated(frame, parameters).collect())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_empty_table_and_empty_cells_stay_empty(case: Case) -> None:
    made, frame = learnt(case)
    parameters = made.learn(frame, case.columns, case.options, person=case.person)
    assert treated(frame.clear(), parameters).collect().height == 0
    own = {name for names in parameters.columns.values() for name in names}
    kinds = frame.collect_schema()
    empty = treated(frame.with_columns(pl.lit(None, kinds[name]).alias(name) for name in own), parameters).collect()
    for name in own & set(empty.columns) - set(case.filled):
        assert empty[name].null_count() == empty.height


def test_no_rule_runs_python_for_every_row() -> None:
    """Expressions only: they run inside other engines too, over tables larger than memory."""
    root = Path(__file__).parents[3] / "anonymization"
    sources = [*(root / "rules").rglob("*.py"), *(root / "hierarchies").rglob("*.py")]
    assert len(sources) > 30
    for path in sources:
        assert not re.search(r"map_(elements|batches|rows|groups)|\.iter_rows|\.to_dicts", path.read_text("utf-8")), (
            path
        )


def test_columns_that_are_not_there_or_hold_no_numbers_are_refused() -> None:
    frame = pl.LazyFrame({"x": [PLANTED], "who": [1]})
    with pytest.raises(Unfit, match="zip3: column y is not there"):
        rule("zip3").learn(frame, "y", {})
    with pytest.raises(Unfit, match="round-number: column x holds no numbers") as caught:
        rule("round-number").learn(frame, "x", {"step": 1})
    assert PLANTED not in str(caught.value)


def test_an_unknown_rule_is_refused_without_its_name() -> None:
    with pytest.raises(Unfit, match="no such rule") as caught:
        rule(PLANTED)
    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize(
    ("rule_id", "options", "message"),
    [
        ("age-at-service", {"month": "2025-09", "counted": "month"}, "option width is 5 or more"),
        ("age-at-service", {"month": "2025-09", "width": 7}, "option top is a multiple"),
        ("birthday-dates", {"ages": []}, "option ages names at least one"),
        ("drop-cell", {}, "needs option codes"),
        ("drop-cell", {"unless": "(?=x)"}, "option unless is no pattern"),
        ("drop-cell", {"above": float("nan")}, "option above is a finite number"),
        ("drop-record", {"codes": ["x"], "whole": "person"}, "whole people need the column"),
        ("facility-size", {"edges": [9, 9]}, "option edges is a list that ascends"),
        ("generalise", {"system": "icd11", "level": "block"}, "option system is one of age, "),
        ("generalise", {"system": "icd10", "level": "blocks"}, "option level is one of value, category, "),
        ("geography", {}, "needs a column that says a place"),
        ("number-bands", {"edges": []}, "option edges is a list that ascends"),
        ("number-bands", {"edges": [1, 2], "labels": ["a", "b"]}, "option labels holds one more"),
        ("old-age", {"month": "2025-03", "since": "2024-04"}, "needs a birth, or an age and a date"),
        ("rare-code", {"system": "icd11"}, "option system is one of age, "),
        ("relabel", {"pairs": ["a=b", "a=c"]}, "option pairs names at least one value, each once"),
        ("renumber", {"prefix": "A", "digits": 1}, "option digits are too few for 20 keys"),
        ("sampling", {"share": 0.01}, "of 20 people nobody would be left"),
        ("time-bins", {"minutes": 7}, "option minutes divides"),
        ("round-number", {"step": 0.5}, "option step is whole for whole numbers"),
        ("top-bottom", {"low": 0.5}, "option low is whole for whole numbers"),
        ("top-bottom", {}, "needs option low, high or share"),
        ("top-bottom", {"low": 9, "high": 1, "least": 2}, "the lower limit lies above"),
        ("top-bottom", {"share": 0.5, "least": 20}, "20 people are too few for tails of 20"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(rule_id: str, options: dict[str, object], message: str) -> None:
    made = rule(rule_id)
    frame = pl.LazyFrame({"x": range(20), "y": range(20), "who": range(20)})
    wants = {part.name: ("x", "y")[number] for number, part in enumerate(made.parts) if part.least}
    person = None if options.get("whole") == "person" else "who"
    with pytest.raises(Unfit, match=f"^{rule_id}: {message}"):
        made.learn(frame, wants, options, person=person)


def test_age_bands_meet_their_top_and_need_a_month() -> None:
    with pytest.raises(Unfit, match="age-band: option top"):
        after("age-band", ["1956-02"], month="2025-09", width=7)
    with pytest.raises(Unfit, match="age-band: option month is missing"):
        after("age-band", ["1956-02"])


@settings(deadline=None)
@given(st.integers(1900, 2024), st.integers(1, 12), st.sampled_from([1, 2, 3, 5, 10, 15]))
def test_the_band_holds_the_age(year: int, month: int, width: int) -> None:
    (label,) = after("age-band", [f"{year}-{month:02d}"], width=width, top=90, month="2025-06")
    age = 2025 - year - (month > 6)
    assert label in labels(width, 90)
    if age >= 90:
        assert label == "90+"
    else:
        low, _, high = str(label).partition("-")
        high = high or low
        assert int(low) <= age <= int(high)
        assert int(high) - int(low) == width - 1


@settings(deadline=None)
@given(st.text(max_size=14))
def test_no_text_survives_a_rule_for_codes(text: str) -> None:
    lengths = {"birth-month": {7}, "zip3": {3}, "insurer-number": {6, 8}}
    for rule_id, allowed in lengths.items():
        (value,) = after(rule_id, [text])
        assert value is None or (
            len(str(value)) in allowed and str(value).isascii() and str(value).replace("-", "").isdigit()
        )
