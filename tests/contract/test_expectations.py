"""The contract of every expectation in use: it keeps to its examples through Great Expectations, and shows no value."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
import pytest

from expectations import suite as suite_room
from expectations.classes import own
from expectations.suite import COUNTED, NOT_NULL, Answer, Suite, Wanted

OWN = own()
#: Whole examples of one kind of identifier are tests/contract/test_identifiers.py's; here one of each is enough.
EXAMPLES = [pytest.param(one, e, id=f"{name}-{i}") for name, one in OWN.items() for i, e in enumerate(one.examples)]
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


def answer(suite: Suite, values: tuple[Any, ...], wanted: Wanted) -> Answer:
    (found,) = suite.evaluate(pd.DataFrame({"value": pd.Series(values, dtype=object)}), [wanted])
    return found


@pytest.mark.parametrize(("one", "example"), EXAMPLES)
def test_examples_pass_and_fail(suite: Suite, one: Any, example: Any) -> None:
    wanted = Wanted(one.name, {"column": "value", **example.arguments})
    if example.passing:
        assert answer(suite, example.passing, wanted) == Answer(True, 0, False)
    if example.failing:
        assert answer(suite, example.failing, wanted) == Answer(False, len(example.failing), False)


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


@pytest.mark.parametrize("name", [*OWN, *BUILT_IN])
def test_no_answer_holds_a_value(suite: Suite, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw result of Great Expectations, before anything of it is thrown away."""
    seen: list[str] = []
    real = suite_room._answer

    def spy(result: Any) -> Answer:
        told = result.to_json_dict()
        told.pop("expectation_config")  # our own question; never kept
        seen.append(json.dumps(told, ensure_ascii=False, default=str) + repr(result.result))
        return real(result)

    monkeypatch.setattr(suite_room, "_answer", spy)
    arguments = BUILT_IN.get(name) or {"column": "value", **_arguments(name)}
    answer(suite, (SECRET, f"x{SECRET}", None), Wanted(name, arguments))
    assert seen
    assert not any(part in text for text in seen for part in (SECRET, "架空", "9999", "\\u67b6"))


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
