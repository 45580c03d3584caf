"""Which HL7 message takes the place of which: what senders send again, and what they take back."""

from __future__ import annotations

import io
from collections.abc import Iterator

import polars as pl
import pytest

from provision.formats import get
from provision.formats.base import Report
from provision.intake.keying import places
from provision.releasing.claims import Lives, judge
from tests.support import hl7

KEY = b"k" * 32


def place(data: bytes, form: str = "ssmix2") -> str | None:
    """The place of a message; None where it has none."""
    return keys(data, form)["claim_place"][0]


def keys(data: bytes, form: str) -> pl.DataFrame:
    """Place and action of every message of a file."""
    (parcel,) = get(form).read(io.BytesIO(data), Report(), {})
    made = places(KEY, get(form).dataset, parcel)
    assert made is not None
    return made.rename({"key": "claim_place"}).join(
        parcel.tables["message"].select("claim_no", "action"), on="claim_no"
    )


def order(number: str, kind: str = "RDE^O11", control: str = "NW", ordered: str = "20250503", **header: str) -> bytes:
    return hl7.message(kind, f"ORC|{control}|{number}|||||||{ordered}", **header)


def given(number: str, on: str) -> bytes:
    return hl7.message("RAS^O17", f"ORC|NW|{number}", f"RXA|0|1|{on}|{on}|620007329^薬^HOT9|1")


def result(number: str, filler: str, test: str = "A", kind: str = "ORU^R01") -> bytes:
    return hl7.message(kind, f"OBR|1|{number}|{filler}|{test}^x^99X")


def visit(kind: str, admitted: str) -> bytes:
    return hl7.message(kind, hl7.segment("PV1", {2: "I", 44: admitted}))


@pytest.mark.parametrize(
    ("one", "again"),
    [
        (hl7.message("ADT^A08"), hl7.message("ADT^A08", "NK1|1|架空山^次郎")),
        (hl7.message("ADT^A60"), hl7.message("ADT^A60", "IAM|1|DA")),
        (order("11"), order("11", ordered="20250504")),  # an order that was changed a day later
        (order("11"), order("11", control="XO")),
        (given("11", "20250503"), given("11", "202505031200")),
        (visit("ADT^A04", "202505031000"), visit("ADT^A04", "202505031000")),
        (hl7.message("PPR^ZD1", "ORC|NW|1|||||||||||||||01"), hl7.message("PPR^ZD1", "ORC|NW|2|||||||||||||||01")),
        (result("11", "1", kind="OUL^R22"), result("11", "2", kind="OUL^R22")),  # the storage keeps one per order
    ],
)
def test_what_takes_the_place_of_what_was_sent(one: bytes, again: bytes) -> None:
    assert place(one) == place(again) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hl7.message("ADT^A08"), hl7.message("ADT^A60")),
        (hl7.message("ADT^A08"), hl7.message("ADT^A08", pid=hl7.PID.replace("4711", "4712"))),
        (hl7.message("ADT^A08"), hl7.message("ADT^A08", facility="1311111111")),
        (order("11"), order("12")),
        (order("11"), order("11", kind="OMG^O19")),
        (given("11", "20250503"), given("11", "20250504")),
        (visit("ADT^A04", "202505031000"), visit("ADT^A04", "202505031400")),
        (hl7.message("PPR^ZD1", "ORC|NW|1|||||||||||||||01"), hl7.message("PPR^ZD1", "ORC|NW|1|||||||||||||||10")),
    ],
)
def test_what_stands_beside_what_was_sent(one: bytes, other: bytes) -> None:
    assert place(one) != place(other)
    assert place(one) is not None


@pytest.mark.parametrize(
    "data",
    [
        hl7.message("RDE^O11", "ORC|NW"),
        hl7.message("ADT^A04", "PV1|1|O"),
        hl7.message("ORU^R01", "OBR|1"),
        hl7.message("RAS^O17", "RXA|0|1|20250503"),
        hl7.message("RAS^O17", "ORC|NW|11"),
        hl7.message("ADT^A08", facility="SEND"),
    ],
)
def test_a_message_that_does_not_say_what_it_is_about_has_no_place(data: bytes) -> None:
    assert place(data) is None


def test_plain_results_come_in_parts() -> None:
    parts = [result("11", "1"), result("11", "2"), result("11", "1", test="B")]
    assert len({place(data, "hl7v2") for data in parts}) == 3
    assert place(result("11", "1"), "hl7v2") == place(result("11", "1"), "hl7v2")


def lives(*batches: tuple[str, bytes]) -> Lives:
    """What became of the messages of batches, in their order."""

    def frames() -> Iterator[pl.DataFrame]:
        for number, (form, data) in enumerate(batches):
            yield keys(data, form).with_columns(
                source=pl.lit("hospital"), batch=pl.lit(f"b{number}"), claim_token=pl.lit(None, pl.String),
                order=pl.lit(number, pl.Int64), cancels=pl.col("action") == "C",
            )  # fmt: skip

    claims = pl.concat(frames())
    return judge(claims, claims.clear())


def test_plain_administrations_of_a_day_stand_beside_each_other() -> None:
    morning, evening = given("11", "202505030800"), given("11", "202505031800")
    assert place(morning, "hl7v2") != place(evening, "hl7v2")
    assert place(morning) == place(evening)  # the storage has one file per order and day


def test_a_message_of_two_orders_is_not_replaced_by_one_of_them() -> None:
    both = hl7.message("RDE^O11", "ORC|NW|11", "ORC|NW|12")
    assert place(both, "hl7v2") != place(order("11"), "hl7v2")
    assert place(both) == place(order("11"))  # in the storage the first names the file: a parent before its children


def test_a_tree_that_is_sent_again_stands_once() -> None:
    found = lives(("ssmix2", order("11")), ("ssmix2", order("11")))
    assert found.in_force["batch"].to_list() == ["b1"]
    assert found.fates.replaced == 1


@pytest.mark.parametrize(
    ("sent", "taken_back"),
    [
        (visit("ADT^A01", "20250501"), visit("ADT^A11", "20250501")),
        (order("11"), order("11", control="CA")),
        (order("11"), order("11", control="OC")),
    ],
)
def test_a_cancellation_ends_what_was_sent(sent: bytes, taken_back: bytes) -> None:
    assert lives(("hl7v2", sent), ("hl7v2", taken_back)).in_force.is_empty()
    again = lives(("hl7v2", sent), ("hl7v2", taken_back), ("hl7v2", sent))
    assert again.in_force["batch"].to_list() == ["b2"]


def test_an_order_that_is_discontinued_stands() -> None:
    assert lives(("hl7v2", order("11")), ("hl7v2", order("11", control="DC"))).in_force["batch"].to_list() == ["b1"]


def test_numbers_of_orders_are_not_stored() -> None:
    (parcel,) = get("ssmix2").read(io.BytesIO(order("000000011000185")), Report(), {})
    assert str(get("ssmix2").dataset.table("message").column("transaction").cls) == "technical"
    assert "000000011000185" in repr(parcel.tables["message"]["transaction"].to_list())
