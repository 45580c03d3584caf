"""Claim token and claim place: the same for one bill however it is written, null where something is missing."""

from __future__ import annotations

import io
from dataclasses import replace

import polars as pl
import pytest

from provision import codes, formats
from provision.formats.base import PEOPLE_COLUMNS, Parcel, Report
from provision.intake.keying import PLACES, claim_tokens, places
from tests.support.uke import IR, Claim, encoded, lines

KEY = b"k" * 32
MEDICAL = formats.get("uke-medical")
PLAIN = Claim(chart="K1")


def parcel(*claims: Claim, ir: str = IR) -> Parcel:
    """All these claims in one parcel."""
    read = MEDICAL.read(io.BytesIO(encoded(lines(*claims, ir=ir))), Report(), {})
    found = [one for one in read if "claim" in one.tables]
    claim = pl.concat([one.tables["claim"] for one in found])
    return Parcel({"claim": claim}, pl.concat([one.people for one in found]), claim.height)


def place_of(*claims: Claim, ir: str = IR, key: bytes = KEY) -> list[str | None]:
    made = places(key, MEDICAL.dataset, parcel(*claims, ir=ir))
    assert made is not None
    return made["key"].to_list()


@pytest.mark.parametrize("dataset", sorted(PLACES))
def test_every_place_is_made_of_columns_of_its_dataset(dataset: str) -> None:
    """Also of those that withdraw its claims: only then a return finds what it takes back."""
    named = {*PLACES[dataset].needed, *PLACES[dataset].more}
    found = [f.dataset for f in formats.formats().values() if dataset in {f.dataset.id, f.dataset.withdraws}]
    assert dataset in {one.id for one in found}
    for one in found:
        assert named <= {column.name for column in one.table(one.head).columns}, one.id


@pytest.mark.parametrize(
    "again",
    [
        PLAIN,
        PLAIN.but(points=7, search="S1", name="架空　花", kana="カクウ　ハナ"),
        PLAIN.but(symbol="12-3", number="456"),
        PLAIN.but(birth="19560204"),  # a chart number is enough to know the patient by
    ],
)
def test_one_bill_has_one_place(again: Claim) -> None:
    assert place_of(again) == place_of(PLAIN) != [None]


@pytest.mark.parametrize(
    "other",
    [PLAIN.but(month="202504"), PLAIN.but(chart="K2"), PLAIN.but(number="457"), PLAIN.but(insurer="06132014")],
)
def test_other_bills_have_other_places(other: Claim) -> None:
    assert place_of(other) != place_of(PLAIN)


def test_another_facility_or_key_makes_another_place() -> None:
    assert place_of(PLAIN, ir=IR.replace("1234567", "1234568")) != place_of(PLAIN)
    assert place_of(PLAIN, key=b"o" * 32) != place_of(PLAIN)


def test_without_a_chart_card_birth_and_sex_say_who_it_is() -> None:
    mother, child = PLAIN.but(chart=""), PLAIN.but(chart="", birth="20200101")
    assert len({*place_of(mother, child), *place_of(PLAIN)}) == 3
    assert place_of(mother) == place_of(mother.but(points=3))


@pytest.mark.parametrize("number", ["", "　", "－"])
def test_a_place_that_is_not_complete_is_none(number: str) -> None:
    assert place_of(PLAIN.but(chart="", number=number)) == [None]
    assert place_of(PLAIN.but(number=number)) != [None]


def test_without_its_facility_nothing_has_a_place() -> None:
    one = parcel(PLAIN)
    emptied = {**one.tables, "claim": one.tables["claim"].with_columns(facility_code=pl.lit(""))}
    made = places(KEY, MEDICAL.dataset, replace(one, tables=emptied))
    assert made is not None
    assert made["key"].to_list() == [None]


def test_a_withdrawal_has_the_keys_of_what_it_takes_back() -> None:
    returns = replace(MEDICAL.dataset, id="medical-returns", withdraws="medical-claims")
    other = replace(MEDICAL.dataset, id="other")
    one = parcel(PLAIN.but(search="123"))
    for make in (places, claim_tokens):
        mine, back = make(KEY, MEDICAL.dataset, one), make(KEY, returns, one)
        assert mine is not None
        assert back is not None
        assert mine["key"].to_list() == back["key"].to_list()
    token, another = claim_tokens(KEY, MEDICAL.dataset, one), claim_tokens(KEY, other, one)
    assert token is not None
    assert another is not None
    assert token["key"].to_list() != another["key"].to_list()
    assert places(KEY, other, one) is None


def test_keys_are_digests() -> None:
    for key in place_of(PLAIN, PLAIN.but(chart="K2")):
        assert key is not None
        assert len(bytes.fromhex(key)) == 16


def test_the_number_itself_has_one_spelling() -> None:
    made = claim_tokens(KEY, MEDICAL.dataset, parcel(PLAIN.but(search="１２3"), PLAIN.but(search="123"), PLAIN))
    assert made is not None
    one, same, none = made["key"].to_list()
    assert one == same != none is None


PLAN = formats.get("kaigo-plan")


def planned(**changes: str) -> str | None:
    """The place of a benefit plan."""
    said = {"facility": "1370000001", "service_month": "2024-02", "plan_kind": "3", "change_kind": "1"} | changes
    number = said.pop("number", "0000000123")
    head = pl.DataFrame({"claim_no": [0], **{name: [value] for name, value in said.items()}})
    who = {"care_insurer": ["138057"], "care_number": [number]}
    people = pl.DataFrame({name: who.get(name, [0 if name == "claim_no" else ""]) for name in PEOPLE_COLUMNS})
    made = places(KEY, PLAN.dataset, Parcel({PLAN.dataset.head: head}, people, 1))
    assert made is not None
    return made["key"].item()  # type: ignore[no-any-return]


def test_a_benefit_plan_its_correction_and_its_cancellation_have_one_place() -> None:
    assert planned() == planned(change_kind="2") == planned(change_kind="3") is not None
    others = [planned(service_month="2024-03"), planned(plan_kind="1"), planned(number="0000000124")]
    assert len({planned(), *others}) == 4
    assert planned(number="") is None


def test_a_place_is_cancelled_by_a_code_of_its_dataset() -> None:
    for dataset, place in PLACES.items():
        if place.cancelled:
            (found,) = {f.dataset.id: f.dataset for f in formats.formats().values() if f.dataset.id == dataset}.values()
            column = found.table(found.head).column(place.cancelled[0])
            assert place.cancelled[1] in codes.load(column.domain.removeprefix("code:")).names
