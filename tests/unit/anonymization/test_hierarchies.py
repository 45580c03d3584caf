"""The contract of a code system, for every one: levels only join, stay in what they say, and fit the search."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.data import rows
from anonymization.hierarchies import system, systems
from anonymization.hierarchies.base import ALL, EVERYTHING, VALUE
from anonymization.hierarchies.building import hierarchy
from anonymization.risk.requirements import KAnonymity
from anonymization.risk.search.coding import problem
from anonymization.risk.search.generalising import generalise
from anonymization.risk.search.metrics import metric
from anonymization.risk.unfit import Unfit
from scripts import make_population

IDS = sorted(systems())
PLANTED = "架空山花子19560203"
#: Codes of each system, and values that are none.
CODES: dict[str, list[str]] = {
    "age": ["0", "4", "5", "59", "60-64", "65-69", "89", "90", "104", "90+", "85+", "60-69", "x"],
    "age-class": ["0", "19", "20", "60-64", "65-69", "89", "90", "104", "90+", "60-69", "x"],
    "area": ["東京都架空区", "東京都別区", "東京都", "大阪府某市", "不明"],
    "birth": ["19560203", "1956-02", "1956-11-30", "1959-01", "1960-01", "1935", "<=1935-03", "x"],
    "date": ["2025-04-30", "20250401", "2025-04", "2025-03-31", "2026-01-01", "2025-13", "x"],
    "date-fiscal": ["2025-04-30", "2025-04", "2025-03-31", "2026-03-31", "x"],
    "drug": ["1124017F2135", "1124017F2020", "1129009F1025", "2171014F1020", "0000000F0000", "620007819", "x"],
    "facility": ["1312345678", "1312345679", "2712345678", "1234567", "9912345678"],
    "icd10": ["E119", "E11.9", "E10", "I10", "J459", "U071", "C509", "x", "e119", "E1", "A10"],
    "insurer": ["138057", "06132013", "39131008", "3913****", "13****", "x", "99999999"],
    "plain": ["1", "2"],
    "prefecture": ["13", "14", "01", "48", "x"],
    "procedure": ["111000110", "112007410", "160008010", "150001050", "620007819", "x"],
    "zip3": ["105", "106", "530", "000", "x"],
}


def levels(system_id: str, values: list[str]) -> pl.DataFrame:
    made = system(system_id)
    return pl.DataFrame({"x": values}).select(made.at("x", level).alias(level) for level in made.names)


def test_every_system_has_codes_here() -> None:
    assert list(CODES) == IDS


@pytest.mark.parametrize("system_id", IDS)
def test_every_system_says_what_it_is(system_id: str) -> None:
    made = systems()[system_id]
    assert made.id == system_id
    assert all([made.ja, made.en, made.source])
    assert made.names[0] == VALUE
    assert made.names[-1] == ALL
    assert len(set(made.names)) == len(made.names)


@pytest.mark.parametrize("system_id", IDS)
def test_levels_only_join_and_make_a_hierarchy(system_id: str) -> None:
    made = hierarchy("x", pl.Series([*CODES[system_id], None, ""]), system_id)
    assert made.height == len(system(system_id).names) - 1
    assert {row[-1] for row in made.rows} == {EVERYTHING}
    assert {row[0] for row in made.rows} == {*CODES[system_id], ""}
    assert next(row for row in made.rows if row[0] == "")[:-1] == ("",) * made.height


@pytest.mark.parametrize("system_id", IDS)
def test_every_level_stays_in_its_domain(system_id: str) -> None:
    made = system(system_id)
    frame = levels(system_id, CODES[system_id])
    for level in made.names[1:]:
        assert frame.select(made.domain(level).allows(level).all()).item(), level
        assert set(made.words(level)) >= set(frame[level].drop_nulls()) or not made.words(level)


@pytest.mark.parametrize("system_id", IDS)
def test_a_level_there_is_not_is_refused(system_id: str) -> None:
    with pytest.raises(Unfit, match=f"{system_id} has no such level") as caught:
        system(system_id).number(PLANTED)
    assert PLANTED not in str(caught.value)
    with pytest.raises(Unfit, match="no such code system"):
        system(PLANTED)


def test_diagnoses() -> None:
    assert levels("icd10", ["E119", "E11.9", "J459", "U071", "A10", "I"]).rows() == [
        ("E119", "E11", "E10-E14", "E00-E90", "*"),
        ("E11.9", "E11", "E10-E14", "E00-E90", "*"),
        ("J459", "J45", "J40-J47", "J00-J99", "*"),
        ("U071", "U07", "U00-U49", "U00-U99", "*"),
        ("A10", None, None, None, "*"),  # no category of the list
        ("I", None, None, None, "*"),
    ]
    assert system("icd10").words("block")["E10-E14"][0] == "糖尿病"


def test_every_block_lies_in_one_chapter_and_none_overlap() -> None:
    blocks = sorted((r["first"], r["last"]) for r in rows("icd10") if r["kind"] == "block")
    chapters = [(r["first"], r["last"]) for r in rows("icd10") if r["kind"] == "chapter"]
    assert len(blocks) == 263
    assert len(chapters) == 22
    assert all(first <= last for first, last in blocks)
    assert all(before[1] < after[0] for before, after in pairwise(blocks))
    for first, last in blocks:
        assert sum(low <= first and last <= high for low, high in chapters) == 1


def test_drugs_procedures_and_places() -> None:
    assert levels("drug", ["1124017F2135", "620007819"]).rows() == [
        ("1124017F2135", "1124017", "1124", "112", "11", "1", "*"),
        ("620007819", *[None] * 5, "*"),
    ]
    assert levels("procedure", ["160008010", "112007410", "620007819"]).rows() == [
        ("160008010", "160", "160", "*"),
        ("112007410", "112", "111-112", "*"),
        ("620007819", None, None, "*"),
    ]
    assert levels("zip3", ["105", "530"]).rows() == [("105", "13", "kanto", "*"), ("530", "27", "kinki", "*")]
    assert levels("insurer", ["138057", "06132013"])["prefecture"].to_list() == ["13", "13"]
    assert levels("facility", ["2712345678", "1234567"])["prefecture"].to_list() == ["27", None]


def test_ages_and_dates() -> None:
    assert levels("age", ["89", "90", "65-69", "90+"]).rows() == [
        ("89", "85-89", "80-89", "80+", "*"),
        ("90", "90+", "90+", "80+", "*"),
        ("65-69", "65-69", "60-69", "60-79", "*"),
        ("90+", "90+", "90+", "80+", "*"),
    ]
    assert levels("date", ["2026-03-31"]).row(0) == ("2026-03-31", "2026-03", "2026-Q1", "2026", "*")
    assert levels("date-fiscal", ["2026-03-31"]).row(0) == ("2026-03-31", "2026-03", "2026-Q1", "FY2025", "*")


def test_the_census_adds_up() -> None:
    """126,146,099 people (final counts); the preliminary ones of municipalities, 126,226,568, all lie in districts."""
    assert sum(int(row["population"]) for row in rows("prefecture")) == 126_146_099
    spread = rows("zip3_population")
    assert abs(sum(int(r["certain"]) + int(r["split"]) for r in spread) - 126_226_568) < len(spread)
    assert len({(r["zip3"], r["prefecture"]) for r in spread}) == len(spread)
    for prefecture in rows("prefecture"):
        here = sum(int(r["certain"]) + int(r["split"]) for r in spread if r["prefecture"] == prefecture["code"])
        assert here == pytest.approx(int(prefecture["population"]), rel=0.003)


def test_the_script_counts_what_is_certain_and_what_is_estimated() -> None:
    """100 people in one district, 90 cut in thirds by two, 60 in a ward made since the census: with their city."""
    people = {"01201": 100, "01202": 90, "01300": 60}
    codes = {"01201": {"0010001"}, "01202": {"0010002", "0020001", "0020002"}, "01301": {"0030001"}}
    spread = make_population.spread(make_population.matched(codes, people), people)
    assert spread == {("001", "01"): [100, 30], ("002", "01"): [0, 60], ("003", "01"): [60, 0]}


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 110), min_size=8, max_size=40), st.sampled_from([2, 3]))
def test_the_search_takes_them_and_meets_k(ages: list[int], k: int) -> None:
    people = pl.DataFrame({"age": [str(age) for age in ages], "sex": [str(age % 2 + 1) for age in ages]})
    columns = [hierarchy("age", people["age"], "age"), hierarchy("sex", people["sex"], "plain")]
    found = generalise(problem(people, columns, [KAnonymity(k)]), metric("loss"))
    assert found is not None
    names = [system("age").names[found.best.node[0]], system("plain").names[found.best.node[1]]]
    made = people.with_columns(system("age").at("age", names[0]), system("plain").at("sex", names[1]))
    assert made.group_by("age", "sex").len()["len"].min() == found.best.smallest
    assert found.best.smallest >= k
