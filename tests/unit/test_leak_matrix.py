"""The leak matrix says what it saw: a gate that finds nothing fails it, clean rows that fail break it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.leak_matrix import clean, matrix, planting
from benchmarks.leak_matrix.draft import CLOSED, Draft, write
from benchmarks.leak_matrix.makers import all_makers
from benchmarks.leak_matrix.places import ClosedColumn, Slot, Text, Written, all_places
from benchmarks.leak_matrix.planting import Case, Outcome, deal, gated
from benchmarks.leak_matrix.reading import Broken, kinds_found
from benchmarks.leak_matrix.report import lines, printed, shortfalls
from benchmarks.leak_matrix.sentences import DISEASES, DRUGS, OTHERS
from benchmarks.leak_matrix.sentences import EPONYMS as EPONYM_TERMS
from benchmarks.leak_matrix.values import Maker, Value
from expectations.contract import Contract
from expectations.verdict import Finding, Verdict

PROJECT = Path(__file__).parents[2]
TELEPHONE = next(maker for maker in all_makers() if maker.kind == "telephone" and maker.cell)
TEXT = next(place for place in all_places() if isinstance(place, Text))
POINTS = next(place for place in all_places() if isinstance(place, ClosedColumn) and place.column == "points")
COLUMN = Slot((("notes.text (parquet)", "notes.text (csv)"),), bit=1)


def case(text: str, place: Text | ClosedColumn = TEXT, maker: Maker = TELEPHONE) -> Case:
    return Case(place, "plain", Written(maker, Value(text), (text,)))


def verdict(*failures: Finding) -> Verdict:
    return Verdict("0" * 64, not failures, "c", "d", "checked", failures)


def failing(where: str, kind: str, rows: int, note: str = "") -> Finding:
    return Finding("Expect", where, kind, 100, rows, False, note)


def test_rows_give_away_which_text_of_a_column_failed() -> None:
    both = [failing(where, "telephone", 0b101) for where in COLUMN.alternatives[0]]
    slots = [replace(COLUMN, bit=bit) for bit in range(3)]
    held = dict.fromkeys(COLUMN.alternatives[0], 3)
    assert kinds_found(verdict(*both), slots, held, {}) == [{"telephone"}, set(), {"telephone"}]


def test_a_value_found_in_one_format_only_is_not_found() -> None:
    one = failing("notes.text (csv)", "telephone", 0b010)
    assert kinds_found(verdict(one), [COLUMN], {"notes.text (csv)": 3}, {}) == [set()]


@pytest.mark.parametrize("strange", [failing("notes.text (csv)", "zip7", 0b1001), failing("x", "zip7", 1, "KeyError")])
def test_stops_that_nothing_planted_explains_break_the_run(strange: Finding) -> None:
    with pytest.raises(Broken):
        kinds_found(verdict(strange), [COLUMN], {"notes.text (csv)": 3}, {})


def test_what_is_legal_in_a_column_is_no_case() -> None:
    assert not POINTS.takes(case("1234").written)
    assert not POINTS.takes(case("001234").written)
    assert POINTS.takes(case("12345").written)
    assert POINTS.takes(case("１２３").written)


def test_every_place_has_room_for_what_it_takes_and_payloads_are_dealt_again_the_same() -> None:
    places = all_places()
    first, again = (list(deal(all_makers(), places, 700, 3)) for _ in range(2))
    assert [c.written.words for payload in first for c in payload] == [c.written.words for p in again for c in p]
    assert {c.place for payload in first for c in payload} == set(places)
    for payload in first:
        assert all(sum(c.place == place for c in payload) <= place.capacity for place in places)


def test_clean_parts_keep_their_contract(tmp_path: Path) -> None:
    contract, digest = write(Draft(3), tmp_path / "bag")
    assert len(digest) == 64
    (coded,) = (table for table in contract.tables if table.name == "coded")
    for column in coded.columns:
        clean_values = [CLOSED[column.name].clean(i) for i in range(48)]
        assert all(column.domain.admits(str(value)) for value in clean_values)


def test_a_gate_that_finds_nothing_is_below_every_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(payload: Path, contract: Contract, **_: object) -> Verdict:
        return verdict()

    monkeypatch.setattr(planting, "examine", blind)
    outcomes = gated([case("03-1550-0123"), case("03-1550-0123", POINTS)], 1, None)
    assert [(one.stopped, one.named) for one in outcomes] == [(False, False)] * 2
    assert len(shortfalls(outcomes)) == 2


def test_another_kind_stops_a_text_but_is_not_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def sees_something(payload: Path, contract: Contract, **_: object) -> Verdict:
        return verdict(*(failing(f"notes.text ({form})", "zip7", 1) for form in ("parquet", "csv")))

    monkeypatch.setattr(planting, "examine", sees_something)
    (outcome,) = gated([case("03-1550-0123")], 1, None)
    assert (outcome.stopped, outcome.named) == (True, False)
    assert shortfalls([outcome]) == []


def outcomes_of(count: int, missed: int, bar: float) -> list[Outcome]:
    made = case("03-1550-0123", maker=replace(TELEPHONE, bar=bar))
    return [Outcome(made, number >= missed, True) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "missed", "bar", "below"),
    [(5000, 1, 1.0, True), (200, 2, 0.99, False), (200, 3, 0.99, True), (20, 1, 0.99, False), (20, 2, 0.99, True)],
)
def test_bars_are_kept_by_count(count: int, missed: int, bar: float, below: bool) -> None:
    assert bool(shortfalls(outcomes_of(count, missed, bar))) is below


def test_a_hundred_percent_is_printed_for_all_only() -> None:
    (line,) = lines(outcomes_of(5000, 1, 1.0))["texts, documents, metadata: kind"]
    assert " 99.9 " in str(line)
    assert str(line).endswith("BELOW")
    assert any("5000" in printed_line for printed_line in printed(outcomes_of(5000, 1, 1.0), {}))


def test_clinical_sentences_are_many_and_name_nobody() -> None:
    sentences = clean.clinical(1, 2000)
    assert len(set(sentences)) > 700
    assert clean.false_stops(sentences) == []


def test_a_named_person_in_a_sentence_is_a_stop() -> None:
    assert clean.false_stops(["主治医 佐藤太郎、電話 03-1550-0123"]) != []


def test_a_clean_payload_passes() -> None:
    assert clean.made_up_world(5, rows=30) == []


def test_a_run_tells_how_far_it_is_and_keeps_to_the_kinds_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planting, "examine", lambda *_, **__: verdict())
    told: list[str] = []
    result = matrix.run(3, 100, frozenset({"telephone", "email"}), told.append)
    assert told
    assert {one.case.maker.kind for one in result.outcomes} == {"telephone", "email"}
    assert not any(one.stopped for one in result.outcomes)


def test_the_gate_keeps_every_bar_on_a_few_hundred_cases() -> None:
    result = matrix.run(7, 200, told=lambda _: None)
    assert len(result.outcomes) >= 200
    assert shortfalls(result.outcomes) == []


EPONYMS = PROJECT / "../shared/oracles/text/eponyms_ja.txt"
CONTEXTS = ("既往に{}あり", "{}にて通院中。", "{}の疑いで精査、{}は否定的", "{}", "{}について説明、内服継続。")


def test_names_of_diseases_and_drugs_stop_hardly_any_sentence() -> None:
    terms = (*EPONYM_TERMS, *OTHERS, *DISEASES, *DRUGS)
    sentences = [context.replace("{}", term) for term in terms for context in CONTEXTS]
    assert len(sentences) > 500
    assert len(clean.false_stops(sentences)) * 1000 <= len(sentences)


@pytest.mark.skipif(not EPONYMS.exists(), reason="needs ../shared/oracles/text/eponyms_ja.txt beside the checkout")
def test_the_stress_list_of_terms_stops_hardly_any_sentence() -> None:
    lines = [line for line in EPONYMS.read_text("utf-8").splitlines() if not line.startswith("#")]
    sentences = [context.replace("{}", line.split("\t")[1]) for line in lines for context in CONTEXTS]
    assert len(sentences) > 500
    assert len(clean.false_stops(sentences)) * 1000 <= len(sentences)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_thousand_cases_keep_every_bar() -> None:
    result = matrix.run(11, 1000, told=lambda _: None)
    assert len(result.outcomes) >= 1000
    assert shortfalls(result.outcomes) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_cell_in_a_million_is_found() -> None:
    result = matrix.needles(3, 9, told=lambda _: None)
    assert shortfalls(result.outcomes) == []


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_twenty_clean_worlds_are_not_stopped(tmp_path: Path) -> None:
    payloads = {seed: clean.made_up_world(seed, rows=40) for seed in range(100, 120)}
    assert [found for found in payloads.values() if found] == []
    releases = {seed: clean.released_world(seed, tmp_path / str(seed)) for seed in range(100, 104)}
    assert [stops for stops in releases.values() if stops] == []
    assert sum(stops is not None for stops in releases.values()) >= 2
