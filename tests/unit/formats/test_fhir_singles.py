"""What was found out about resources to judge them together makes the tables that they alone make."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provision.formats import fhirsingles, get
from provision.formats.base import BadFile, Report
from provision.formats.documents import DocumentFormat, PassedOver, documents_of
from tests.support.fhir import Json, condition, observation, patient

SENT = [
    patient(), observation(), {"resourceType": "Organization"}, condition(), observation(status=["架空"]),
    observation(id="o2", subject={"display": "架空山"}), condition(id="c2", code={"coding": 5}), patient(id="p2"),
    observation(id="o3", status="entered-in-error"), observation(id="o4", valueQuantity={"value": 5, "unit": "架空"}),
]  # fmt: skip
TAKEN = (0, 1, 3, 7, 8, 9)


def reader() -> DocumentFormat:
    found = get("fhir-resource")
    assert isinstance(found, DocumentFormat)
    return found


def written(resources: list[Json]) -> list[bytes]:
    return [json.dumps(one, indent=1).encode() for one in resources]


def together() -> list[Any]:
    found = documents_of(reader(), written(SENT), {})
    return [one for one in found if not isinstance(one, BadFile | PassedOver)]


def made(documents: list[Any], options: dict[str, object] | None = None) -> tuple[object, ...]:
    report = Report()
    parcel = reader().parcel(documents, report, options or {})
    tables = {name: frame.rows() for name, frame in parcel.tables.items()}
    return tables, parcel.people.rows(), report.records, report.warnings


def alone(resources: list[Json]) -> list[Any]:
    return [reader().document(data, {}) for data in written(resources)]


def expected() -> tuple[object, ...]:
    return made(alone([SENT[at] for at in TAKEN]))


def test_all_that_were_judged_together_are_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    documents, wanted = together(), expected()

    def never(*_: object) -> object:
        raise AssertionError("found out anew")

    monkeypatch.setattr(fhirsingles, "of_lines", never)
    assert made(documents) == wanted
    assert made(documents) == wanted  # and nothing is counted twice
    assert wanted[2] == len(TAKEN)


def test_others_than_were_judged_together_are() -> None:
    documents = together()
    assert made(documents[:-1]) == made(alone([SENT[at] for at in TAKEN[:-1]]))
    assert made(documents[1:2] + documents[:1]) == made(alone([SENT[1], SENT[0]]))
    assert made([*documents, *alone([observation(id="o5")])])[2] == len(TAKEN) + 1
    assert made([*alone([SENT[0]]), *documents[1:]]) == expected()


def test_another_configuration_finds_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    documents, looked = together(), []
    of_lines = fhirsingles.of_lines
    monkeypatch.setattr(fhirsingles, "of_lines", lambda *given: looked.append(given) or of_lines(*given))
    assert made(documents, {"questions": ["own-1"]})[0] == expected()[0]
    assert looked
