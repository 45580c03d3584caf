"""k, l, t and rare codes are counted over people, also where only all tables together show the quasi-identifiers."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from payloads import CONTRACT, ROWS, TABLE, Payload

from expectations.contract import Closeness, Contract, Diversity, PeopleContract, RareCodes
from expectations.people import distances, diversities, group_sizes
from expectations.read import TableText
from expectations.verdict import Verdict

Make = Callable[..., Payload]
Gate = Callable[..., Verdict]
SEX = PeopleContract("claims", ("sex",), "person", 3)


def asking(**requirements: object) -> Contract:
    return dataclasses.replace(CONTRACT, people=dataclasses.replace(SEX, **requirements))  # type: ignore[arg-type]


def failures(verdict: Verdict) -> set[tuple[str, str, int]]:
    return {(f.expectation, f.where, f.rows_failing) for f in verdict.failures}


def text(frame: pl.DataFrame) -> TableText:
    return TableText(tuple(frame.columns), ("string",) * frame.width, frame.height, (), frame.lazy())


def second_table(payload: Payload, frame: pl.DataFrame) -> Contract:
    """A table ``visits`` with the persons' ZIP codes, in a payload whose first table then shows only the sex."""
    columns = tuple(c for c in TABLE.columns if c.name in frame.columns)
    frame.write_parquet(payload.root / "data/tables/visits.parquet")
    frame.write_csv(payload.root / "data/tables/visits.csv", line_terminator="\r\n")
    first = pl.read_parquet(payload.table("parquet")).drop("zip3")
    payload.write(first)
    rest = dataclasses.replace(TABLE, columns=tuple(c for c in TABLE.columns if c.name != "zip3"))
    visits = dataclasses.replace(TABLE, name="visits", columns=columns, rows=frame.height)
    people = PeopleContract("", ("sex", "zip3"), "person", 3)
    return dataclasses.replace(CONTRACT, tables=(rest, visits), people=people)


def visits(zips: dict[int, str]) -> pl.DataFrame:
    return pl.DataFrame({"person": list(zips), "zip3": list(zips.values())})


def test_groups_over_two_tables_are_counted(make: Make, gate: Gate) -> None:
    payload = make()
    everywhere = visits(dict.fromkeys(range(1, 13), "100"))
    assert gate(payload, second_table(payload, everywhere)).passed


def test_a_small_group_that_only_both_tables_show_stops(make: Make, gate: Gate) -> None:
    """Two of six women live elsewhere: no table alone shows it."""
    payload = make()
    apart = visits(dict.fromkeys(range(1, 13), "100") | {1: "104", 3: "104"})
    verdict = gate(payload, second_table(payload, apart))
    name = "ExpectPeopleKAnonymityToBeAtLeast"
    assert failures(verdict) == {(name, f"all tables together ({form})", 2) for form in TABLE.formats}


def test_who_is_missing_from_a_table_is_in_a_group_of_that(make: Make, gate: Gate) -> None:
    payload = make()
    absent = visits({person: "100" for person in range(1, 13) if person not in (2, 4)})
    verdict = gate(payload, second_table(payload, absent))
    assert {(f.kind, f.rows_failing) for f in verdict.failures} == {("k", 2)}


def test_a_table_that_could_not_be_read_is_not_left_out_of_the_count(make: Make, gate: Gate) -> None:
    payload = make()
    contract = second_table(payload, visits(dict.fromkeys(range(1, 13), "100")))
    (payload.root / "data/tables/visits.csv").write_bytes(b"person,zip3\r\n\xff\r\n")
    verdict = gate(payload.seal(), contract)
    assert {f.note for f in verdict.failures} == {"csv.not_utf8", "people.table_missing"}


def test_codes_that_few_people_carry_stop(make: Make, gate: Gate) -> None:
    payload, few = make(), RareCodes("claims.zip3", 8)  # eight of twelve people show 100
    assert gate(payload, asking(rare_codes=(few,))).passed
    verdict = gate(payload, asking(rare_codes=(dataclasses.replace(few, people=9),)))
    name = "ExpectRareCodesToBeCarriedByAtLeastPeople"
    assert failures(verdict) == {(name, f"claims.zip3 ({form})", ROWS * 8 // 12) for form in TABLE.formats}


def test_sensitive_values_of_a_group_stop(make: Make, gate: Gate) -> None:
    """Men and women have notes of their own here: two each, so that one group differs from all by half."""
    payload = make()
    two, three = (Diversity("claims.note", Decimal(least)) for least in (2, 3))
    half, less = (Closeness("claims.note", Decimal(most)) for most in ("0.5", "0.49"))
    assert gate(payload, asking(diversity=(two,), closeness=(half,))).passed
    verdict = gate(payload, asking(diversity=(three,), closeness=(less,)))
    assert {(f.expectation, f.kind) for f in verdict.failures} == {
        ("ExpectPeopleLDiversityToBeAtLeast", "l"),
        ("ExpectPeopleTClosenessToBeAtMost", "t"),
    }
    assert not gate(payload, asking(diversity=(Diversity("claims.note", Decimal(2), "recursive", Decimal(1)),))).passed
    assert gate(payload, asking(diversity=(Diversity("claims.note", Decimal(2), "recursive", Decimal("1.1")),))).passed


@pytest.mark.parametrize(
    "requirement",
    [
        {"rare_codes": (RareCodes("claims.zip3", 0),)},
        {"rare_codes": (RareCodes("claims.nothing", 5),)},
        {"diversity": (Diversity("claims.zip3", Decimal(2), "guessed"),)},
        {"diversity": (Diversity("elsewhere.zip3", Decimal(2)),)},
        {"closeness": (Closeness("claims.zip3", Decimal(2)),)},
        {"table": "", "quasi": ("sex", "elsewhere")},
        {"table": "", "person": None},
    ],
    ids=str,
)
def test_requirements_that_cannot_be_counted_stop(make: Make, gate: Gate, requirement: dict[str, object]) -> None:
    verdict = gate(make(), asking(**requirement))
    assert {f.expectation for f in verdict.failures} == {"ExpectContractToBeComplete"}


OF_PEOPLE = {
    "entropy": {"diversity": (Diversity("claims.zip3", Decimal("1.5"), "entropy", of_people=True),)},
    "recursive": {"diversity": (Diversity("claims.zip3", Decimal(2), "recursive", Decimal(3), of_people=True),)},
    "equal": {"closeness": (Closeness("claims.zip3", Decimal("0.1"), of_people=True),)},
}


@pytest.mark.parametrize("kind", OF_PEOPLE)
def test_shares_of_people_are_counted_where_everybody_has_one_value(make: Make, gate: Gate, kind: str) -> None:
    """Half of each sex live in 100 and half in 104; then everybody of one sex in 100."""
    lives = pl.when((pl.col("person") - 1) // 2 % 2 == 0).then(pl.lit("100")).otherwise(pl.lit("104"))
    payload, contract = make(lambda frame: frame.with_columns(zip3=lives)), asking(**OF_PEOPLE[kind])
    verdict = gate(payload, contract)
    assert verdict.passed
    assert not verdict.uncounted
    alike = pl.when(pl.col("sex") == "1").then(pl.lit("100")).otherwise(lives)
    verdict = gate(payload.write(pl.read_parquet(payload.table("parquet")).with_columns(zip3=alike)), contract)
    assert {f.kind for f in verdict.failures} == {"t" if kind == "equal" else "l"}


@pytest.mark.parametrize("kind", OF_PEOPLE)
def test_of_several_values_a_person_no_shares_are_counted_and_the_verdict_says_so(
    make: Make, gate: Gate, kind: str
) -> None:
    one = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("105")).otherwise(pl.lit("100"))
    verdict = gate(make(lambda frame: frame.with_columns(zip3=one)), asking(**OF_PEOPLE[kind]))
    assert verdict.passed
    assert [words.partition(": ")[2] for words in verdict.uncounted] == ["1 people show more than one value"] * 2
    assert verdict.summary()["uncounted"] == list(verdict.uncounted)


PEOPLE = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["1", "2", "10", None])), min_size=1, max_size=30)


def by_definition(people: list[tuple[str, str | None]]) -> dict[str, Counter[str | None]]:
    groups: defaultdict[str, Counter[str | None]] = defaultdict(Counter)
    for group, value in people:
        groups[group][value] += 1
    return groups


def measured(frame: pl.DataFrame) -> list[float]:
    return sorted(round(figure, 9) for figure in frame["figure"])


@given(people=PEOPLE)
def test_figures_are_those_of_the_definitions(people: list[tuple[str, str | None]]) -> None:
    """Every person has one row; the definitions are written out plainly."""
    frame = pl.DataFrame(
        {"g": [g for g, _ in people], "v": [v for _, v in people], "person": range(len(people))},
        schema={"g": pl.String, "v": pl.String, "person": pl.Int64},
    )
    tables, who = {"t": text(frame)}, PeopleContract("t", ("g",), "person", 1)
    groups, whole = by_definition(people), Counter(v for _, v in people)
    ranks = sorted(whole, key=lambda value: -1 if value is None else int(value))

    def shares(counts: Counter[str | None]) -> list[float]:
        return [counts[value] / counts.total() for value in ranks]

    def diverse(kind: str) -> list[float]:
        return measured(diversities(who, Diversity("t.v", Decimal(2), kind), tables))

    assert group_sizes(who, tables)["people"].sort().to_list() == sorted(c.total() for c in groups.values())
    assert diverse("distinct") == sorted(float(len(c)) for c in groups.values())
    entropies = [math.exp(-sum(s * math.log(s) for s in shares(c) if s)) for c in groups.values()]
    assert diverse("entropy") == sorted(round(e, 9) for e in entropies)
    ratios = [_ratio(sorted(c.values(), reverse=True)) for c in groups.values()]
    assert diverse("recursive") == sorted(round(r, 9) for r in ratios)
    apart = {name: [p - q for p, q in zip(shares(c), shares(whole), strict=True)] for name, c in groups.items()}
    equal = [sum(map(abs, one)) / 2 for one in apart.values()]
    ordered = [sum(abs(sum(one[: i + 1])) for i in range(len(one))) / max(1, len(ranks) - 1) for one in apart.values()]
    for kind, expected in (("equal", equal), ("ordered", ordered)):
        found = measured(distances(who, Closeness("t.v", Decimal(1), kind), tables))
        assert found == pytest.approx(sorted(expected), abs=1e-9)


def _ratio(counts: list[int]) -> float:
    return counts[0] / sum(counts[1:]) if len(counts) > 1 else math.inf


def test_a_person_with_several_rows_counts_once() -> None:
    frame = pl.DataFrame({"g": ["a"] * ROWS, "v": ["1"] * ROWS, "person": [1] * ROWS})
    sizes = group_sizes(PeopleContract("t", ("g",), "person", 1), {"t": text(frame)})
    assert sizes.row(0, named=True) == {"people": 1, "rows": ROWS}
