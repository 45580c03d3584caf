"""The clinic's server: the resources of the export, a file of each, written over several lines."""

from __future__ import annotations

import json

from provision import codes
from provision.sampledata import occasions
from provision.sampledata.deliveries.base import DocumentSender, Written
from provision.sampledata.deliveries.fhir_ndjson import ExportDelivery
from provision.sampledata.fhir_base import Part, patient_id
from provision.sampledata.illness import Visit


class ResourceDelivery(ExportDelivery):
    """Resources of one month. Every other program begins with a byte order mark. The organisation's is nobody's."""

    def documents(self, visit: Visit) -> list[Written]:
        """The files of one visit, numbered in the order of the lines."""
        return [
            Written(f"resources/{patient_id(visit)}/{number:04}.json", self._written(part))
            for number, part in enumerate(self._parts(visit))
        ]

    def _written(self, part: Part) -> bytes:
        text = json.dumps(part.resource, ensure_ascii=False, indent=2)
        return (f"\ufeff{text}\n" if self.style % 2 else text).encode()

    def _parts(self, visit: Visit) -> list[Part]:
        """Without what only the vendor knows: a file of it is refused."""
        known = codes.load("fhir_resource").names
        return [part for part in super()._parts(visit) if part.resource["resourceType"] in known]

    def heads(self, visit: Visit) -> list[int]:
        """Files of what makes no record are passed over."""
        return [int(bool(part.table)) for part in self._parts(visit)]


SENDER = DocumentSender("fhir-resource", "kita-server", occasions.medical, ResourceDelivery)
