"""FHIR R4 resources, one a file, written over several lines: ``Observation-*.json``, as JP-CLINS publishes its 6情報.

Such a file is read as a line of a bulk export is (`fhirlines`): a record whose person is known by the
reference to the Patient, an id of the source's own, or by the card in the reference (``subject.identifier``). Thousands
of files make tables together. What says nothing of a person (Organization, Practitioner) is passed over; a kind that
R4 does not know, a bundle, and what nobody knows whose it is are refused. A resource all on one line is recognised as
``fhir-ndjson``; a source of this format alone takes it, too. Names of files are grade A, one line a file grade D.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from provision.formats.base import BadFile, Dataset, Parcel, Report
from provision.formats.documents import PassedOver, read_one
from provision.formats.fhir_ndjson import table_of_lines
from provision.formats.fhirdecoding import are_utf8, decoded, resource
from provision.formats.fhirkinds import is_resource, may_be_resource
from provision.formats.fhirlines import PASSED, refusal
from provision.formats.fhirparcels import parcel
from provision.formats.fhirpaths import is_read
from provision.formats.fhirsingles import Sent, judged, records
from provision.formats.fhirsystems import systems
from provision.formats.tables import Field, FieldTable

_REMEDIES = {
    "fhir.bundle": "it is a bundle; add fhir-bundle to the source's formats",
    "fhir.subject": "it does not say whose it is; ask the sender for resources with a subject",
}


@dataclass(frozen=True)
class FhirResource:
    """The reader. Options: `fhirsystems`."""

    id: str = "fhir-resource"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "FHIRリソース（1件1ファイル）", "en": "FHIR resources, one a file"}

    @property
    def dataset(self) -> Dataset:
        """What lines of an export fill."""
        return _table().dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """R4, the only one."""
        return (_table(),)

    def recognise(self, head: bytes) -> str:
        """By the kind that it says first, where its first line is not all of an object."""
        return "a JSON object over several lines, with the kind of a FHIR resource" if is_resource(head) else ""

    def may_yet_be(self, head: bytes) -> bool:
        """An object on one line: of an export for all others (`recognising.Undecided`)."""
        return may_be_resource(head)

    def never_reads(self, field: Field) -> bool:
        """Texts and names of staff are in no type of the decoder."""
        return not is_read(field)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """One parcel. Raises `BadFile` and `PassedOver`; `FixConfiguration` for options it does not know."""
        return read_one(self, stream, report, options)

    def document(self, data: bytes, options: Mapping[str, object]) -> Any:
        """The resource. Raises `PassedOver` ``fhir.passed`` where it is of no person, `BadFile`: ``file.empty``,
        ``text.encoding``, ``fhir.json``, ``fhir.depth``, ``fhir.shape``, ``fhir.unknown_kind``, ``fhir.bundle``,
        ``fhir.subject``."""
        known, found = systems(options), resource(data)
        if rule := refusal(found, known):
            raise _refused(rule)
        return Sent(found)

    def documents(self, datas: Sequence[bytes], options: Mapping[str, object]) -> list[Any]:
        """See `documents.ManyAtOnce`. What cannot be read with the others is read alone, which says why."""
        known, utf8 = systems(options), are_utf8(datas)
        found = decoded(datas) if utf8 else list(datas)
        found = [_alone(one, utf8=utf8) if isinstance(one, bytes) else one for one in found]
        places = [at for at, one in enumerate(found) if not isinstance(one, BadFile)]
        for at, verdict in zip(places, judged([found[at] for at in places], known), strict=True):
            found[at] = _refused(verdict) if isinstance(verdict, str) else verdict or _alone(datas[at], utf8=utf8)
        return found

    def parcel(self, documents: Sequence[Any], report: Report, options: Mapping[str, object]) -> Parcel:
        """A record of each."""
        report.edition = _table().dataset.edition
        known = systems(options)
        return parcel(_table().dataset, records(documents, known), known, report)


def _alone(data: bytes, *, utf8: bool) -> Any:
    """A resource, whoever it is of, or why it is none."""
    try:
        return resource(data, utf8=utf8)
    except BadFile as verdict:
        return verdict.with_traceback(None)


def _refused(rule: str) -> BadFile | PassedOver:
    return PassedOver(rule) if rule == PASSED else BadFile(rule, remedy=_REMEDIES[rule])


def _table() -> FieldTable:
    return table_of_lines("fhir-resource", "診療情報（FHIRリソース）", "FHIR resources")


FORMAT = FhirResource()
