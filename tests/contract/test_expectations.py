"""The contract of every expectation in use: it keeps to its examples through Great Expectations, and shows no value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from expectations import suite as suite_room
from expectations.classes import own
from expectations.suite import COUNTED, NOT_NULL, Answer, Suite, Wanted

OWN = own()
#: All examples of the kinds of identifiers are tests/contract/test_identifiers.py's; here one of each is enough.
EXAMPLES = [(name, number) for name, one in OWN.items() for number in range(len(one.examples))]
SECRET = "架空太郎090-9999-8888"
BUILT_IN = {
    "ExpectColumnValuesToBeInSet": {"column": "value", "value_set": ["1"]},
    "ExpectColumnValuesToMatchRegex": {"column": "value", "regex": r"\A[0-9]\Z"},
    NOT_NULL: {"column": "value"},
    "ExpectTableColumnsToMatchOrderedList": {"column_list": ["value"]},
}


@pytest.fixture(scope="module")
def suite() -> Suite:
    """One context for the module."""
    return Suite()


@pytest.fixture(scope="module")
def answers(suite: Suite) -> Mapping[tuple[str, int, str], Answer]:
    """What Great Expectations says of all examples, asked at once: a validation costs a quarter of a second."""
    asked = [
        (name, number, side, values, example.arguments)
        for name, one in OWN.items()
        for number, example in enumerate(one.examples)
        for side, values in (("passing", example.passing), ("failing", example.failing))
        if values
    ]
    columns = {str(i): pd.Series(values, dtype=object) for i, (*_, values, _) in enumerate(asked)}
    wanted = [Wanted(name, {"column": str(i), **arguments}) for i, (name, *_, arguments) in enumerate(asked)]
    found = suite.evaluate(pd.DataFrame(columns), wanted)
    return {(name, number, side): answer for (name, number, side, *_), answer in zip(asked, found, strict=True)}


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_examples_pass_and_fail(answers: Mapping[tuple[str, int, str], Answer], name: str, number: int) -> None:
    example = OWN[name].examples[number]
    assert example.passing or example.failing
    if example.passing:
        assert answers[name, number, "passing"] == Answer(True, 0, False)
    if example.failing:
        assert answers[name, number, "failing"] == Answer(False, len(example.failing), False)


@pytest.mark.parametrize("one", OWN.values(), ids=list(OWN))
def test_an_expectation_says_what_it_is(one: Any) -> None:
    assert re.fullmatch(r"Expect[A-Z][A-Za-z0-9]+", one.name)
    assert all((one.ja, one.en, one.source, one.examples))
    assert any(example.failing for example in one.examples)


@pytest.mark.parametrize("one", OWN.values(), ids=list(OWN))
def test_defaults_let_nothing_pass_that_an_argument_has_to_allow(one: Any) -> None:
    """Only expectations without thresholds can be met by their defaults."""
    for example in one.examples:
        if not example.arguments and one.arguments and "context" not in one.arguments:
            assert not example.passing


def test_no_answer_holds_a_value(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw results of Great Expectations, of every expectation in use, before anything of them is thrown away."""
    seen: dict[str, str] = {}
    real = suite_room._answer

    def spy(result: Any) -> Answer:
        told = result.to_json_dict()
        name = told.pop("expectation_config")["meta"]["place"]  # our own question; never kept
        seen[name] = json.dumps(told, ensure_ascii=False, default=str) + repr(result.result)
        return real(result)

    monkeypatch.setattr(suite_room, "_answer", spy)
    names = [*OWN, *BUILT_IN]
    wanted = [Wanted(name, BUILT_IN.get(name) or {"column": "value", **_arguments(name)}) for name in names]
    values = pd.Series([SECRET, f"x{SECRET}", None], dtype=object)
    suite.evaluate(pd.DataFrame({"value": values}), wanted)
    assert len(seen) == len(names)
    assert [
        names[place] for place, text in seen.items() if any(part in text for part in (SECRET, "架空", "9999", "u67b6"))
    ] == []


def answer(suite: Suite, values: tuple[Any, ...], wanted: Wanted) -> Answer:
    (found,) = suite.evaluate(pd.DataFrame({"value": pd.Series(values, dtype=object)}), [wanted])
    return found


def _arguments(name: str) -> Any:
    return OWN[name].examples[0].arguments


def test_only_searched_built_in_expectations_are_asked_for_counts() -> None:
    assert set(BUILT_IN) >= COUNTED
    assert not Wanted("ExpectColumnMostCommonValueToBeInSet", {}).counts
    assert not Wanted("ExpectTableColumnsToMatchOrderedList", {}).counts


def test_what_is_not_allowed_to_count_shows_nothing(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """An aggregate expectation, which shows values however it is asked for counts, answers with yes or no."""
    seen: list[str] = []
    real = suite_room._answer
    monkeypatch.setattr(suite_room, "_answer", lambda result: (seen.append(repr(result.result)), real(result))[1])
    wanted = Wanted("ExpectColumnMostCommonValueToBeInSet", {"column": "value", "value_set": ["1"]})
    assert answer(suite, (SECRET, SECRET), wanted) == Answer(False, None, False)
    assert seen == ["{}"]


def test_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match="tolerates nothing"):
        Wanted(NOT_NULL, {"column": "value", "mostly": 0.5})
