"""The fuzzer finds what it is there to find, and finds nothing in our formats in a few seconds each."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import polars as pl
import pytest

from provision.formats import formats
from provision.formats.base import BadFile, Format, Parcel, Report
from provision.formats.documents import Document, PassedOver
from tests.fuzz.campaign import Child, campaign, spoiled
from tests.fuzz.mutations import MUTATIONS, mutate
from tests.fuzz.reading import attempt, names_in
from tests.fuzz.seeds import seeds
from tests.fuzz.structures import STRUCTURES, kind, structured
from tests.support import slips

FORMATS = sorted(formats())
GOOD = formats()["dpc-form4"]
DATA = b"131234567\t0000004711\t20250403\t20250410\t0\r\n"


@dataclass(frozen=True)
class Careless:
    """A reader of 様式4 that does `wrong`."""

    wrong: str
    id: str = "careless"

    def __getattr__(self, name: str) -> Any:
        return getattr(GOOD, name)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Parcels of the good reader, and the mistake."""
        if self.wrong == "crash":
            raise ValueError("anything")
        if self.wrong == "value":
            raise BadFile("rule", remedy="the number 0000004711 is no number")
        for parcel in GOOD.read(stream, report, options):
            if self.wrong == "report":
                report.warn("架空山花子")
            if self.wrong == "bytes":
                yield replace(parcel, people=parcel.people.with_columns(name=pl.lit("架空\ufffd")))
            else:
                yield parcel


def careless(wrong: str) -> Format:
    return Careless(wrong)  # type: ignore[return-value]


@pytest.mark.parametrize(("wrong", "end"), [("", "parsed"), ("crash", "crash"), ("value", "leak"), ("bytes", "named")])
def test_mistakes_of_a_reader_are_found(wrong: str, end: str) -> None:
    assert attempt(careless(wrong), DATA, [])["end"] == end


def test_a_value_in_a_warning_is_found() -> None:
    named = DATA.replace(b"\r\n", "\t架空山花子\r\n".encode("cp932"))
    assert attempt(GOOD, named, [])["end"] == "parsed"
    assert attempt(careless("report"), named, [])["end"] == "leak"


def test_a_name_in_the_store_is_found() -> None:
    assert attempt(GOOD, DATA, ["架空山花子"])["end"] == "parsed"
    assert attempt(GOOD, DATA, ["131234567"]) == {
        "end": "named",
        "rule": "stay.facility",
        "text": "a name, or a replaced character",
    }


def test_a_process_that_hangs_or_dies_is_found() -> None:
    sleeping = Child([sys.executable, "-c", "import time; time.sleep(60)"])
    assert sleeping.ask(b"x", dribble=False, seconds=0.5)["end"] == "hang"
    dying = Child([sys.executable, "-c", "import os, sys; sys.stdin.buffer.read(5); os._exit(3)"])
    assert dying.ask(b"x", dribble=False, seconds=20)["end"] == "died"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_mutation_spoils_anything(mutation: Any) -> None:
    results = {mutation(data, random.Random(n)) for n in range(20) for data in (b"", b"a", DATA * 3, DATA.strip())}
    assert len(results) > 2


def test_the_same_seed_spoils_the_same_way() -> None:
    assert spoiled("dpc-form4", 3, 7) == spoiled("dpc-form4", 3, 7)
    assert len({spoiled("dpc-form4", seed, 7) for seed in range(20)}) > 10
    assert mutate(DATA, random.Random(1)) == mutate(DATA, random.Random(1))


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "dpc-k"])
def test_the_good_files_are_taken(name: str) -> None:
    assert seeds(name)
    for data in seeds(name):
        assert attempt(formats()[name], data, names_in(formats()[name], data)) == {
            "end": "parsed",
            "rule": "",
            "text": "",
        }


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_spoiled_files_end_well(name: str) -> None:
    result = campaign(name, seed=20260401, seconds=5)
    assert result.runs > 5
    assert [(f.number, f.end, f.rule, f.text) for f in result.findings] == []


XML = b'<?xml version="1.0" encoding="utf-8"?><slip><person name="a"/><value no="1">1.5</value></slip>'
KINDS = {
    "xml": XML,
    "json": b'{"resourceType":"Bundle","entry":[{"id":"1","value":1.5},{"id":"2"}]}',
    "hl7": b"MSH|^~\\&|A|B|C|D|20250401||ADT^A08|1|P|2.5\rPID|1||123||KAKU^HANA\rOBX|1|NM|x||1.5\r",
}


@pytest.mark.parametrize(("name", "data"), KINDS.items(), ids=KINDS)
def test_a_document_is_known_by_its_first_bytes(name: str, data: bytes) -> None:
    assert kind(data) == name
    assert structured(data) == STRUCTURES[name]
    assert not structured(DATA)


@pytest.mark.parametrize(
    ("name", "mutation"), [(n, m) for n, found in STRUCTURES.items() for m in dict.fromkeys(found)],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)  # fmt: skip
def test_every_structural_mutation_spoils_its_kind_and_takes_anything(name: str, mutation: Any) -> None:
    good = KINDS[name]
    results = {mutation(good, random.Random(n)) for n in range(30)}
    assert len(results - {good}) > 2
    assert mutation(good, random.Random(1)) == mutation(good, random.Random(1))
    for other in (b"", b"a", b"\x00\xff", *KINDS.values(), good[: len(good) // 2]):
        assert isinstance(mutation(other, random.Random(2)), bytes)


class CarelessDocuments(slips.Slips):
    """A reader of slips that does what a document format may not."""

    def __init__(self, wrong: str) -> None:
        super().__init__()
        object.__setattr__(self, "wrong", wrong)

    def document(self, data: bytes, options: Mapping[str, object]) -> Document:
        """Passes over with a value of the file where `wrong` says so."""
        if getattr(self, "wrong", "") == "passed":
            raise PassedOver("index of 架空山花子")
        return super().document(data, options)

    def parcel(self, documents: Any, report: Report, options: Mapping[str, object]) -> Parcel:
        """Refuses late where `wrong` says so."""
        if getattr(self, "wrong", "") == "late":
            raise BadFile("slips.late", remedy="none")
        return super().parcel(documents, report, options)


@pytest.mark.parametrize(("wrong", "end"), [("", "parsed"), ("late", "crash"), ("passed", "leak")])
def test_mistakes_of_a_document_format_are_found(wrong: str, end: str) -> None:
    data = XML.replace(b'"a"', '"架空山花子"'.encode())
    assert attempt(CarelessDocuments(wrong), data, [])["end"] == end


def test_spoiled_documents_end_well() -> None:
    with slips.registered():
        assert len(seeds("slips")) > 10
        ends = [attempt(slips.SLIPS, spoiled("slips", 1, number)[0], []) for number in range(150)]
    assert {ended["end"] for ended in ends} == {"parsed", "refused"}


@pytest.mark.slow
def test_a_campaign_takes_documents() -> None:
    with slips.registered():
        result = campaign("slips", 1, 3, slips.__name__)
    assert result.runs > 5
    assert result.parsed > 0
    assert [(f.number, f.end, f.rule, f.text) for f in result.findings] == []
