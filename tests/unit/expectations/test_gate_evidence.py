"""What cannot be seen in a payload any more is proved beside it; the manifest agrees; time is limited; births end."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from payloads import CONTRACT, README, ROWS, SUMMARY, TABLE, Payload, make_payload, plant, with_column, with_table

from expectations import columns, tables
from expectations.attested import Attested, Canaries, RowOrder
from expectations.classes.row_order import longest_run, most_correlation
from expectations.contract import Contract, Form, FreeText
from expectations.gate import examine
from expectations.verdict import Verdict

Make = Callable[..., Payload]
Gate = Callable[..., Verdict]
WANTED = dataclasses.replace(CONTRACT, attested=frozenset({"row_order", "canaries"}))
SHUFFLED = RowOrder(ROWS, 120_000, 3)
GONE = Canaries(planted=3, survived=0, found=3, strong=True)
GOOD = Attested({"claims": SHUFFLED, "claims.person": SHUFFLED}, {"claims.patient.name": GONE})


def under(payload: Payload, contract: Contract, attested: Attested, seconds: float = 600) -> Verdict:
    return examine(payload.root, contract, digest=payload.digest, known=None, attested=attested, seconds=seconds)


def failed(verdict: Verdict) -> set[tuple[str, str]]:
    return {(f.expectation, f.where) for f in verdict.failures}


def test_evidence_is_in_the_verdict(make: Make) -> None:
    verdict = under(make(), WANTED, GOOD)
    assert verdict.passed
    assert verdict.canaries == {"planted": 3, "survived": 0, "found": 3, "recall_ppm": 1_000_000}
    assert verdict.summary()["canaries"] == verdict.canaries
    assert {f.where for f in verdict.findings if f.kind == "order"} == {"claims", "claims.person"}


@pytest.mark.parametrize(
    ("attested", "failing"),
    [
        (Attested(), {("ExpectEvidenceToBeThere", "claims"), ("ExpectEvidenceToBeThere", "payload")}),
        (Attested({"other": SHUFFLED}, GOOD.canaries), {("ExpectEvidenceToBeThere", "claims")}),
        (
            dataclasses.replace(GOOD, order={"claims": dataclasses.replace(SHUFFLED, rows=ROWS - 1)}),
            {("ExpectEvidenceToBeThere", "claims")},
        ),
        (
            dataclasses.replace(GOOD, canaries={"d.t.c": dataclasses.replace(GONE, survived=1)}),
            {("ExpectCanariesToBeGone", "d.t.c")},
        ),
        (
            dataclasses.replace(GOOD, canaries={"d.t.c": dataclasses.replace(GONE, found=2)}),
            {("ExpectStrongCanariesToBeFound", "d.t.c")},
        ),
        (dataclasses.replace(GOOD, canaries={"d.t.c": Canaries(3, 0, 0, strong=False)}), set()),
    ],
    ids=["none", "of another table", "of other rows", "a canary survived", "a strong one missed", "a weak one missed"],
)
def test_missing_and_bad_evidence_stops(make: Make, attested: Attested, failing: set[tuple[str, str]]) -> None:
    verdict = under(make(), WANTED, attested)
    assert failed(verdict) == failing
    assert verdict.passed is not bool(failing)


@pytest.mark.parametrize("rows", [2, 24, 1_000, 100_000])
def test_chance_alone_hardly_ever_stops_a_shuffled_table(rows: int) -> None:
    """Permutations from a seed stay well under both limits; the order of the source is far over them."""
    order = list(range(rows))
    random.Random(41).shuffle(order)
    assert RowOrder(rows, _rho(order), _run(order)).excess == 0
    for kept in (list(range(rows)), list(reversed(range(rows)))):
        assert RowOrder(rows, _rho(kept), _run(kept)).excess == int(rows > 13)


def _rho(order: list[int]) -> int:
    size = len(order)
    apart = sum((place - source) ** 2 for place, source in enumerate(order))
    return round(1_000_000 * (1 - 6 * apart / (size * (size**2 - 1))))


def _run(order: list[int]) -> int:
    """The longest run of rows in the order of the source, forward or backward."""
    longest = 1
    for forward in (True, False):
        current = 1
        for before, after in pairwise(order):
            current = current + 1 if (after > before) is forward else 1
            longest = max(longest, current)
    return longest


def test_limits_grow_as_chance_does() -> None:
    assert [longest_run(rows) for rows in (24, 1_000_000)] == [13, 17]
    assert [most_correlation(rows) for rows in (2, 37, 10_001)] == [1_000_000, 1_000_000, 60_000]


def _manifest(rows: object) -> str:
    return json.dumps({"resources": [{"path": f"tables/claims.{form}", "rows": rows} for form in TABLE.formats]})


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (_manifest(ROWS), None),
        (_manifest(ROWS + 1), ""),
        (_manifest("many"), "manifest.not_one"),
        ("[]", "manifest.not_one"),
        ("{", "manifest.not_one"),
        (json.dumps({"resources": []}), "manifest.tables"),
    ],
)
def test_a_manifest_that_says_otherwise_stops(make: Make, gate: Gate, text: str, note: str | None) -> None:
    payload = make()
    (payload.root / SUMMARY).write_text(text)
    verdict = gate(payload.seal(), dataclasses.replace(CONTRACT, manifest=SUMMARY))
    assert {f.note for f in verdict.failures} == (set() if note is None else {note})
    assert verdict.passed is (note is None)


def test_time_that_is_over_stops(make: Make, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = make()
    assert {f.kind for f in under(payload, CONTRACT, Attested(), seconds=0).failures} == {"timeout"}
    clock = iter(range(10_000))  # every look at the clock is a second later
    monkeypatch.setattr("expectations.gate.time.monotonic", lambda: float(next(clock)))
    late = under(payload, CONTRACT, Attested(), seconds=10)
    assert {f.kind for f in late.failures} == {"timeout"}
    assert any(f.passed for f in late.findings)


def test_a_month_of_birth_of_great_age_stops(make: Make, gate: Gate) -> None:
    births = [f"{1934 + i}-0{i % 9 + 1}" for i in range(12)]

    def born(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(zip3=pl.Series([births[i % 12] for i in range(ROWS)]))

    payload, month = make(born), Form("month", "[0-9]{4}-(0[1-9]|1[0-2])")
    assert gate(payload, with_column("zip3", domain=month)).passed
    verdict = gate(payload, with_column("zip3", domain=month, earliest="1935-02"))
    name = "ExpectBirthsToTellNobodyOfGreatAge"
    assert {(f.expectation, f.where, f.rows_failing) for f in verdict.failures} == {
        (name, f"claims.zip3 ({form})", ROWS // 12) for form in TABLE.formats
    }


def test_free_text_nobody_asked_for_stops(make: Make, gate: Gate) -> None:
    verdict = gate(make(), with_column("note", domain=FreeText()))
    assert {f.expectation for f in verdict.failures} == {"ExpectNoFreeTextUnlessThePlanAsksForIt"}


def test_a_form_that_engines_read_differently_is_no_contract(make: Make, gate: Gate) -> None:
    verdict = gate(make(), with_column("zip3", domain=Form("zip3", r"\d{3}")))
    assert {f.expectation for f in verdict.failures} == {"ExpectContractToBeComplete"}


def test_a_column_of_very_many_values_is_judged_whole_and_shown_in_part(
    make: Make, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad value among those that Great Expectations is not shown by the spread still stops, counted exactly."""
    monkeypatch.setattr(columns, "WITNESSES", 5)
    payload = make(plant("points", 100_000))
    verdict = gate(payload)
    domain = {(f.where, f.rows_checked, f.rows_failing) for f in verdict.failures if f.kind == "domain"}
    assert domain == {(f"claims.points ({form})", ROWS, 2) for form in TABLE.formats}
    present = pl.DataFrame({"value": [str(i) for i in range(100)], "rows": [1] * 100})
    shown = columns.witnesses(present, present["value"] != "77")
    assert shown["value"].to_list() == ["77", "0", "24", "49", "73", "99"]


def test_nothing_of_the_data_is_in_what_is_kept(tmp_path: Path) -> None:
    """The whole verdict, every finding of it, of a payload that fails everywhere."""
    secret = "架空太郎090-9999-8888"
    payload = make_payload(tmp_path / "payload", plant("zip3", secret))
    (payload.root / README).write_text(f"{secret}\n")
    verdict = under(payload.seal(), CONTRACT, Attested())
    told = json.dumps(verdict.as_json(), ensure_ascii=False)
    assert len(json.loads(told)["findings"]) == len(verdict.findings) == verdict.summary()["expectations"]
    assert not any(part in told + repr(verdict) for part in ("架空", "9999", "太郎"))


def test_one_table_stays_unread_and_everything_else_is_still_said(
    make: Make, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Mapping[str, object]:
        raise MemoryError

    monkeypatch.setattr(tables, "questions_of", broken)
    verdict = gate(make(), with_table())
    assert {(f.kind, f.note) for f in verdict.failures} == {("exception", "MemoryError")}
    assert len(verdict.failures) == len(TABLE.columns) * len(TABLE.formats)
