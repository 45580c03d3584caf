"""FHIR made by hand for tests: a patient who does not exist, bundles of resources, and what the store would hold."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from anonymization.receipt import Applied
from provision.formats import formats
from provision.formats.base import Report
from provision.formats.documents import DocumentFormat
from provision.intake.deidentify import deidentify

Json = dict[str, Any]
CHART = "urn:oid:1.2.392.100495.20.3.51.11319999994"
MEMBER = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
JLAC10 = "urn:oid:1.2.392.200119.4.504"


def named(text: str, representation: str) -> Json:
    """A name with its representation."""
    return {"text": text, "extension": [{"url": REPRESENTATION, "valueCode": representation}]}


def patient(**more: Any) -> Json:
    """架空山 花子, born 1956-02-03, patient 0012345 of the hospital 1319999994."""
    return {
        "resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1956-02-03",
        "identifier": [
            {"system": CHART, "value": "0012345"}, {"system": MEMBER, "value": "00012345:あいう:１８７:05"}
        ],
        "name": [named("架空山 花子", "IDE"), named("カクウヤマ ハナコ", "SYL")],
        "telecom": [{"system": "phone", "value": "03-0123-9999"}],
        "address": [{"text": "東京都港区架空町１－２－３", "postalCode": "106-0047"}],
    } | more  # fmt: skip


def observation(**more: Any) -> Json:
    """HbA1c 7.1 % of the patient."""
    return {
        "resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": JLAC10, "code": "3D046000001906202"}]}, "effectiveDateTime": "2025-05-03",
        "valueQuantity": {"value": 7.1, "unit": "%"},
    } | more  # fmt: skip


def condition(**more: Any) -> Json:
    """Type 2 diabetes of the patient."""
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.9"}]}
    return {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": code} | more


def bundle(*resources: Json, **more: Any) -> Json:
    """A collection of the patient and what is given."""
    entries = [{"fullUrl": f"urn:uuid:0000-{n}", "resource": one} for n, one in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries} | more


def written(document: Any) -> bytes:
    """As UTF-8."""
    return json.dumps(document, ensure_ascii=False).encode()


def lines(*resources: Any) -> bytes:
    """One a line; bytes are taken as they are."""
    return b"".join((one if isinstance(one, bytes) else written(one)) + b"\n" for one in resources)


class Read:
    """What a reader made of a file: stored tables, people and report."""

    def __init__(self, form: str, data: bytes, options: Mapping[str, object] | None = None) -> None:
        source, frames, people = formats()[form], {}, []
        self.report, self.applied = Report(), Applied()
        for parcel in source.read(io.BytesIO(data), self.report, options or {}):
            people.append(parcel.people)
            for name, frame in deidentify(parcel, source.dataset, self.report, self.applied).items():
                frames.setdefault(name, []).append(frame)
        self.tables = {name: pl.concat(found) for name, found in frames.items()}
        self.people = pl.concat(people)

    def rows(self, table: str) -> list[Json]:
        """The rows of a table, with the cells that hold something."""
        if table not in self.tables:
            return []
        found = self.tables[table].drop("claim_no").iter_rows(named=True)
        return [{name: cell for name, cell in row.items() if cell is not None} for row in found]

    def text(self) -> str:
        """Everything that would be stored."""
        return repr({name: frame.rows() for name, frame in self.tables.items()})


def of_bundle(*resources: Json, options: Mapping[str, object] | None = None, **more: Any) -> Read:
    """A bundle of the patient and what is given, read."""
    return Read("fhir-bundle", written(bundle(patient(), *resources, **more)), options)


def document_format() -> DocumentFormat:
    """The reader of bundles."""
    found = formats()["fhir-bundle"]
    assert isinstance(found, DocumentFormat)
    return found
