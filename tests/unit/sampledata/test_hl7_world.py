"""The hospital's messages: what the world says must be stored is what the reader stores, and nobody is in it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from anonymization.receipt import Applied
from provision.formats import get
from provision.formats.base import PEOPLE_COLUMNS, Report
from provision.formats.recognising import claimants
from provision.formats.ssmix2 import FORMAT
from provision.identity import Person as Told
from provision.intake.deidentify import deidentify
from provision.sampledata.blocks import World, make_block
from provision.sampledata.deliveries import document_stream, senders
from provision.sampledata.deliveries.ssmix2 import SENDER
from provision.sampledata.facilities import KITA
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.hl7 import Hl7Sheet
from tests.support.leaksearch import search

STYLES = range(4)
Rows = dict[str, list[dict[str, Any]]]
#: What the reader counts of a good delivery: relatives, notes, words, other segments; every one is passed over.
PASSED = {"hl7.relatives", "hl7.notes", "hl7.z_segments", "hl7.free_text"}


@cache
def visits(number: int = 20) -> list[Visit]:
    """So many people with lasting illnesses, and a few who stay."""
    world = World.of(7, 1, ["2025-05"])
    found = list(SENDER.occasion(world, make_block(world, 0), world.months[0], True))
    stays = [visit for visit in found if visit.inpatient]
    assert len(stays) > 2
    return [*found[:number], *[visit for visit in stays[:3] if visit not in found[:number]]]


def stored(form: str, data: list[bytes]) -> tuple[Rows, list[dict[str, Any]], Report]:
    """What would be stored of files, without claim numbers and empty cells; whom they tell of; the report."""
    report, applied, tables, people = Report(), Applied(), Rows(), list[dict[str, Any]]()
    for file in data:
        for parcel in get(form).read(io.BytesIO(file), report, {}):
            people += parcel.people.rows(named=True)
            for name, frame in deidentify(parcel, get(form).dataset, report, applied).items():
                rows = [{k: v for k, v in row.items() if v is not None} for row in frame.iter_rows(named=True)]
                tables.setdefault(name, []).extend({k: v for k, v in row.items() if k != "claim_no"} for row in rows)
    return tables, people, report


def expected(style: int) -> tuple[Rows, list[dict[str, str]]]:
    delivery = SENDER.delivery(visits()[0].month, style)
    wanted: Rows = {}
    for visit in visits():
        for table, rows in delivery.kept(visit).items():
            wanted.setdefault(table, []).extend(dict(row) for row in rows)
    return {t: rows for t, rows in wanted.items() if rows}, [e for v in visits() for e in delivery.evidence(v)]


def files(style: int) -> Iterator[tuple[str, bytes]]:
    delivery = SENDER.delivery(visits()[0].month, style)
    for visit in visits():
        yield from delivery.documents(visit)


def in_force(style: int) -> list[bytes]:
    return [data for path, data in files(style) if not FORMAT.passed_over(path)]


def told(people: list[dict[str, Any]]) -> list[Told]:
    return [Told.of({name: row.get(name) for name in PEOPLE_COLUMNS}) for row in people]


@pytest.mark.parametrize("style", STYLES)
def test_the_tree_is_stored_as_the_world_says(style: int) -> None:
    rows, people, report = stored("ssmix2", in_force(style))
    wanted, evidence = expected(style)
    assert rows == wanted
    assert told(people) == told(evidence)
    assert set(report.warnings) <= PASSED
    assert {"message", "encounter", "insurance", "diagnosis", "allergy", "prescription", "examination"} <= set(rows)


@pytest.mark.parametrize("style", STYLES)
def test_old_versions_and_deleted_files_are_in_the_tree_and_passed_over(style: int) -> None:
    rules = [FORMAT.passed_over(path) for path, _ in files(style)]
    assert set(rules) == {"", "ssmix2.deleted", "ssmix2.old_version"}
    assert any(b"|987|" in data for _, data in files(style))
    assert not any(b"|987|" in data for data in in_force(style))


def test_paths_are_those_of_the_storage_and_every_file_is_recognised() -> None:
    found = list(files(0))
    assert len({path for path, _ in found}) == len(found)
    for path, data in found:
        assert len(path.split("/")) == 6
        assert list(claimants(data)) == ["ssmix2"]


def identifying() -> list[tuple[str, str]]:
    """Every name, reading, address and number of the people who came, and of their relatives."""
    found = [("provider", KITA.name), ("provider", KITA.phone), ("provider", "架空医師")]
    for visit in visits():
        for person in filter(None, (visit.person, visit.person.kin)):
            found += [("name", person.name.replace("　", mark)) for mark in ("", "^", "　")]
            found += [("kana", f"{person.surname.kana}{mark}{person.given.kana}") for mark in ("", "^", "　")]
            found += [("phone", person.phone), ("address", person.address.street), ("chart", KITA.chart(person))]
        if visit.coverage and visit.coverage.symbol:
            found.append(("insured", f"{visit.coverage.symbol}~{visit.coverage.number}"))
    return found


@pytest.mark.parametrize("style", STYLES)
def test_nobody_is_in_what_is_stored(style: int, tmp_path: Path) -> None:
    sent, kept = tmp_path / "sent", tmp_path / "kept"
    sent.write_bytes(b"\n".join(data for _, data in files(style)))
    kept.write_text(repr(stored("ssmix2", in_force(style))[0]), encoding="utf-8")
    assert search([kept], identifying()) == []
    assert {hit.kind for hit in search([sent], identifying())} >= {"name", "kana", "phone", "chart", "provider"}


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    plain = [{k: v.normalize() if isinstance(v, Decimal) else v for k, v in row.items()} for row in rows]
    return sorted(repr(sorted(row.items())) for row in plain)


@pytest.mark.parametrize("style", STYLES)
def test_one_file_of_messages_is_stored_as_the_tree(style: int) -> None:
    sheet = Hl7Sheet(visits()[0].month, style)
    texts = [sheet.entry(visit, "first") for visit in visits()]
    data = "".join([sheet.head(), *texts, sheet.tail()]).encode(sheet.encoding)
    rows, people, report = stored("hl7v2", [data])
    wanted, _ = expected(0)
    assert {name: _sorted(found) for name, found in rows.items()} == {n: _sorted(found) for n, found in wanted.items()}
    assert told(people) == told([row for visit in visits() for row in sheet.evidence(visit)])
    assert set(report.warnings) <= PASSED
    assert list(claimants(data[:65536])) == ["hl7v2"]


def test_the_sender_is_found_and_repeats_itself() -> None:
    assert senders()["ssmix2"] is SENDER
    one, same = (list(islice(document_stream("ssmix2", 3, 50), 50)) for _ in range(2))
    assert one == same
    assert one != list(document_stream("ssmix2", 4, 50))
