"""The gate's two answers about a closed domain are worked out differently and must always be the same."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.asking import ask
from expectations.columns import domain_wanted, judged
from expectations.contract import CodeList, Domain, Form, NumberRange
from expectations.domains import inside
from expectations.suite import Suite

VALUES = st.one_of(
    st.text("0123456789.-+ １\n", max_size=6),
    st.decimals(-20, 20, places=2).map(str),
    st.integers(-30, 200).map(str),
    st.sampled_from(["1e1", "0x1", "NaN", "Infinity", "1_0", "05", "-0", "0.0", "10.", ".5", "1,0", ""]),
)
DOMAINS = [
    NumberRange(Decimal(0), Decimal(99)),
    NumberRange(Decimal(-5), Decimal(5), Decimal("0.5")),
    NumberRange(Decimal("0.25"), Decimal(10), Decimal("0.25")),
    NumberRange(Decimal(0), Decimal(100), Decimal(10)),
    Form("zip3", "[0-9]{3}"),
    Form("age", "[0-9]{1,2}|100\\+"),
    CodeList("few", frozenset({"1", "05", "-0", ""})),
]


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    """One context for the module."""
    return Suite()


def _name(domain: Domain) -> str:
    return f"{type(domain).__name__}-{getattr(domain, 'name', '')}"  # a set's repr differs between processes


@pytest.mark.parametrize("domain", DOMAINS, ids=_name)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, min_size=1, max_size=25, unique=True))
def test_both_answers_agree(suite: Suite, domain: Domain, values: list[str]) -> None:
    frame = pl.DataFrame({"value": values, "rows": range(1, len(values) + 1)})
    passed = inside(domain, frame["value"])
    assert passed.to_list() == [domain.admits(value) for value in values]
    (decided,) = ask(suite, [judged(frame, passed, domain_wanted(domain), "domain", "t.c (csv)")])
    outside = [value for value in values if not domain.admits(value)]
    assert decided.note == ""
    assert decided.passed == (not outside)
    assert decided.rows_failing == sum(n for value, n in frame.iter_rows() if value in outside)
