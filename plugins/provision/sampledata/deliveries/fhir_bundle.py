"""The hospital's FHIR documents: a bundle a visit, a document with a Composition or a collection without one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from provision.sampledata import occasions
from provision.sampledata.calendar import compact
from provision.sampledata.deliveries.base import Delivery, DocumentSender, Written
from provision.sampledata.facilities import KITA
from provision.sampledata.fhir_base import Json, base, coded, day, key
from provision.sampledata.fhir_people import coverage, kept_of_person, organization, patient, practitioner, who
from provision.sampledata.fhir_resources import parts
from provision.sampledata.illness import Visit


class BundleDelivery(Delivery):
    """Bundles of one month. Every other program writes collections without Composition, and indents."""

    def documents(self, visit: Visit) -> list[Written]:
        """One bundle, in a folder called like the patient's number."""
        resources = [patient(visit), *coverage(visit), organization(), practitioner()]
        resources += [part.resource for part in parts(visit)]
        if not self._collects:
            resources.insert(0, self._composition(visit))
        bundle = {
            "resourceType": "Bundle",
            "id": key(visit, "bundle"),
            "identifier": {"system": "http://jpfhir.jp/fhir/clins/bundle-identifier", "value": self._number(visit)},
            "type": "collection" if self._collects else "document",
            "timestamp": f"{day(visit, -1)}T18:00:00+09:00",
            "entry": [{"fullUrl": _url(resource), "resource": resource} for resource in resources],
        }
        text = json.dumps(bundle, ensure_ascii=False, indent=2 if self._collects else None)
        return [Written(f"{KITA.chart(visit.person)}/{compact(visit.month.first)}.json", text.encode())]

    @property
    def _collects(self) -> bool:
        return self.style % 2 == 1

    def _number(self, visit: Visit) -> str:
        return f"{KITA.number}^{visit.month.year}^{KITA.chart(visit.person)}-{visit.month.compact}"

    def _composition(self, visit: Visit) -> Json:
        name = visit.person.name
        return base(visit, "Composition", "com") | {
            "identifier": {"system": "http://jpfhir.jp/fhir/core/IdSystem/document", "value": self._number(visit)},
            "status": "final", "type": coded("http://jpfhir.jp/fhir/Common/CodeSystem/doc-typecodes", "57133-1"),
            "date": f"{day(visit, -1)}T18:00:00+09:00", "title": f"{name}様 診療情報提供書",
            "author": [{"display": name}], "custodian": {"display": KITA.name},
            "section": [{"title": name, "text": {"status": "additional", "div": f"<div>{name}</div>"}}],
        }  # fmt: skip

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """One record, of the hospital's patient."""
        return [who(visit) | {"facility": KITA.number, "chart": KITA.chart(visit.person)}]

    def kept(self, visit: Visit) -> Mapping[str, list[dict[str, object]]]:
        """The head row, and the rows of all parts with their numbers in the bundle."""
        head: dict[str, Any] = {"resource_type": "Bundle", "recorded": day(visit, -1)} | kept_of_person(visit)
        if not self._collects:
            head["document_type"] = "57133-1"
        found: dict[str, list[dict[str, object]]] = {"patient_record": [head]}
        for part in parts(visit):
            if part.table:
                found.setdefault(part.table, []).extend(dict(row) for row in part.kept)
        for number, row in enumerate(found.get("test_value", ()), 1):
            row["value_no"] = number
        return found


def _url(resource: Json) -> str:
    return f"http://kita.example/fhir/{resource['resourceType']}/{resource['id']}"


SENDER = DocumentSender("fhir-bundle", "kita-documents", occasions.medical, BundleDelivery)
