"""The hospital's bulk export: the lines of a visit in a file of its own, the patient's line not always the first."""

from __future__ import annotations

import json
from collections.abc import Mapping

from provision.formats.base import THE_SOURCE
from provision.sampledata import occasions
from provision.sampledata.deliveries.base import Delivery, DocumentSender, Written
from provision.sampledata.fhir_base import Part, patient_id
from provision.sampledata.fhir_people import (
    coverage,
    kept_of_card,
    kept_of_person,
    organization,
    patient,
    who,
    who_patient,
)
from provision.sampledata.fhir_resources import parts
from provision.sampledata.illness import Visit


class ExportDelivery(Delivery):
    """Exports of one month. Every other program begins with a byte order mark and ends the last line, too."""

    def documents(self, visit: Visit) -> list[Written]:
        """The lines of one visit."""
        lines = [json.dumps(part.resource, ensure_ascii=False, separators=(",", ":")) for part in self._parts(visit)]
        text = "\n".join(lines)
        return [Written(f"export/{patient_id(visit)}.ndjson", (f"\ufeff{text}\n" if self.style % 2 else text).encode())]

    def _parts(self, visit: Visit) -> list[Part]:
        """By turns the patient comes first or last. A line of the organisation makes no record."""
        people = [Part(patient(visit), "patient_record"), *(Part(one, "patient_record") for one in coverage(visit))]
        found = [*people, Part(organization()), *parts(visit)]
        return found if self.style % 2 else found[::-1]

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """By line: all meet in the patient's id, the patient and the card say more."""
        reference = {"facility": THE_SOURCE, "chart": patient_id(visit)}
        own: dict[str, dict[str, str]] = {"Patient": who_patient(visit), "Coverage": who(visit, card_only=True)}
        return [{**own.get(kind, {}), **reference} for kind in self._kinds(visit)]

    def _kinds(self, visit: Visit) -> list[str]:
        """The kinds of the lines that are records."""
        return [str(part.resource["resourceType"]) for part in self._parts(visit) if part.table]

    def kept(self, visit: Visit) -> Mapping[str, list[dict[str, object]]]:
        """A head row for every line; numbers of encounters stand at the encounters only."""
        said = {"Patient": kept_of_person(visit, insured=False), "Coverage": kept_of_card(visit)}
        found: dict[str, list[dict[str, object]]] = {
            "patient_record": [{"resource_type": kind, **said.get(kind, {})} for kind in self._kinds(visit)]
        }
        for part in self._parts(visit):
            if part.table and part.kept:
                found.setdefault(part.table, []).extend(self._rows(part))
        return found

    def _rows(self, part: Part) -> list[dict[str, object]]:
        rows = [dict(row) for row in part.kept]
        for number, row in enumerate(rows, 1):
            if "encounter_no" in row and part.table != "encounter":
                del row["encounter_no"]
            if "value_no" in row:
                row["value_no"] = number
        return rows


SENDER = DocumentSender("fhir-ndjson", "kita-export", occasions.medical, ExportDelivery)
