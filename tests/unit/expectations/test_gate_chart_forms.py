"""Numbers with the form of a source's chart numbers: weak alone, certain beside a label or where they were received."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from payloads import CONTRACT, README, Payload, add_metadata, plant

from expectations.chart_forms import ChartForms
from expectations.chart_grammar import LEAST_DIGITS, LONGEST, problem_of
from expectations.identifiers import Strength
from expectations.known_values import KnownValues, fold, write_index
from expectations.verdict import Verdict

FORM, NUMBER = "K[0-9]{3}[A-Z]{2}[0-9]{4}", "K123AB4567"
ASKED = dataclasses.replace(CONTRACT, chart_numbers=(FORM, "[0-9]{8}"))
KEY = b"sixteen bytes of a test"

Make, Gate = Callable[..., Payload], Callable[..., Verdict]


@pytest.fixture
def known(tmp_path: Path) -> KnownValues:
    """An index of one chart number, received of a source that gives this form."""
    write_index(tmp_path / "b.npy", [fold("own_chart", NUMBER)], KEY)
    return KnownValues([tmp_path / "b.npy"], KEY)


@pytest.mark.parametrize(
    ("text", "context", "strength"),
    [
        (f"前回 {NUMBER} と同様", "", Strength.WEAK),
        ("前回 Ｋ１２３ＡＢ４５６７ と同様", "", Strength.WEAK),
        (f"カルテ番号 {NUMBER}", "", Strength.CERTAIN),
        (NUMBER, "chart_no", Strength.CERTAIN),
        ("経過 12345678 良好", "", Strength.WEAK),
        ("経過 123456789 良好", "", 0),
        (f"X{NUMBER}", "", 0),
        ("経過良好", "chart_no", 0),
    ],
)
def test_strength_by_label(text: str, context: str, strength: int) -> None:
    assert ChartForms(ASKED.chart_numbers).strength(text, context, None) == strength


def test_a_number_that_was_received_is_certain(known: KnownValues) -> None:
    forms = ChartForms(ASKED.chart_numbers)
    assert forms.strength(f"前回 {NUMBER} と同様", "", known) == Strength.CERTAIN
    assert forms.strength("前回 K123AB4568 と同様", "", known) == Strength.WEAK
    assert ChartForms(()).strength(NUMBER, "chart_no", known) == 0


def test_alone_it_is_remarked_on_and_stops_nothing(make: Make, gate: Gate) -> None:
    verdict = gate(make(plant("note", f"前回 {NUMBER} と同様")), ASKED, secrets=(NUMBER,))
    assert verdict.passed
    remarks = {f.where: f.note for f in verdict.findings if f.kind == "chart_number" and f.note}
    assert remarks == dict.fromkeys(
        ("claims.note (parquet)", "claims.note (csv)"), "2 rows hold a number of the form alone"
    )


def test_received_it_stops_in_cells_documents_and_metadata(make: Make, gate: Gate, known: KnownValues) -> None:
    payload = make(plant("note", f"前回 {NUMBER} と同様"))
    add_metadata(payload.table("parquet"), "remark", f"see {NUMBER}")
    with (payload.root / README).open("a", encoding="utf-8") as readme:
        readme.write(f"{NUMBER} を参照\n")
    verdict = gate(payload.seal(), ASKED, known, secrets=(NUMBER,))
    expected = {"claims.note (parquet)", "claims.note (csv)", "claims (parquet) metadata", README}
    assert {f.where for f in verdict.failures if f.kind == "chart_number"} == expected
    assert gate(payload, CONTRACT, known).passed  # nobody said which form it has


def test_sizes_and_counts_in_the_manifest_are_nobodys(make: Make, gate: Gate, tmp_path: Path) -> None:
    write_index(tmp_path / "size.npy", [fold("own_chart", "20261201")], KEY)
    known = KnownValues([tmp_path / "size.npy"], KEY)
    payload = make()
    with (payload.root / "bag-info.txt").open("a", encoding="utf-8") as info:
        info.write("Payload-Oxum: 20261201.5\n")
    assert gate(payload.seal(), ASKED, known).passed


@pytest.mark.parametrize(
    "form", ["[0-9]{8}", "K[0-9]{6,7}", "[0-9]{2}-[0-9]{5}", "[A-Z]{2}[0-9]{4}", "1234[0-9A-Z]{4}"]
)
def test_forms_that_configuration_may_give(form: str) -> None:
    assert problem_of(form) == ""


@pytest.mark.parametrize(
    "form",
    ["", ".*", "[0-9]+", "[0-9]{3}", "[0-9A-Z]{8}", "[0-9]{0,8}", "[0-9]{8,4}", "[0-9]{21}", "([0-9]{8})", r"\d{8}",
     "[0-9]{8}|.", "[０-９]{8}", "^[0-9]{8}$", "[0-9]{8}\n", "[^a]{8}", "[0-9]{100000}"],
)  # fmt: skip
def test_forms_that_could_match_anything_or_never_end(form: str) -> None:
    assert problem_of(form)


@given(st.text(alphabet="[]{},0-9AZK8", max_size=20))
def test_whatever_is_admitted_is_bounded_and_has_digits(form: str) -> None:
    if problem_of(form):
        return
    pattern = re.compile(form)
    assert not pattern.fullmatch("A" * LEAST_DIGITS)
    assert not pattern.search("ABCDEFGHIJKLMNOPQRSTUVWXYZ-")
    assert not any(pattern.fullmatch("1" * length) for length in (*range(LEAST_DIGITS), *range(LONGEST + 1, 90)))


def test_typed_numbers_with_a_domain_are_left_to_it(make: Make, gate: Gate) -> None:
    verdict = gate(make(lambda frame: frame.with_columns(points=pl.lit(12_345))), ASKED)
    assert not [f for f in verdict.findings if f.kind == "chart_number" and f.where.startswith("claims.points")]
