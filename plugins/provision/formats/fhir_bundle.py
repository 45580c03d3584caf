"""FHIR R4 bundles (JP Core), ``Bundle-*.json``: 診療情報提供書, 退院時サマリー, 健診結果報告書 and 6情報, one a file.

Documents, collections, transactions and searches alike: a bundle is the record of its one Patient. What is read says
``fields/fhir_r4.tsv`` and nothing else is (`fhirpaths`): narrative, names on display, contained resources, extensions,
notes and attachments never become values. Encounters get numbers, which stand for references to them.

Elements and code systems that published examples have are grade A, other OIDs grade C, other elements grade D: what is
longer or different is passed over, not refused. An element of another shape than R4's is refused (``fhir.shape``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, BinaryIO

from provision.formats.base import Dataset, Parcel, Report
from provision.formats.documents import read_one
from provision.formats.fhirbundles import Sent, of_bundles, of_one_patient, taken_apart_together
from provision.formats.fhirdecoding import bundle, checked, judged
from provision.formats.fhirkinds import is_bundle
from provision.formats.fhirparcels import parcel
from provision.formats.fhirpaths import is_read, table
from provision.formats.fhirsystems import systems
from provision.formats.tables import Field, FieldTable

#: Columns of the head that lines only have: a bundle's patient is in it.
OF_LINES = frozenset({"subject", "subject_member"})


@dataclass(frozen=True)
class FhirBundle:
    """The reader. Options: `fhirsystems`."""

    id: str = "fhir-bundle"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "FHIR文書・バンドル（JP Core）", "en": "FHIR bundles (JP Core)"}

    @property
    def dataset(self) -> Dataset:
        """Everything of the allow-list."""
        return _table().dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """R4, the only one."""
        return (_table(),)

    def recognise(self, head: bytes) -> str:
        """By the kind of the first resource."""
        return "a JSON object that says it is a Bundle" if is_bundle(head) else ""

    def never_reads(self, field: Field) -> bool:
        """Texts and names of staff are in no type of the decoder."""
        return not is_read(field)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """One parcel. Raises `BadFile`; `FixConfiguration` for options it does not know."""
        return read_one(self, stream, report, options)

    def document(self, data: bytes, options: Mapping[str, object]) -> Any:
        """The record of one bundle. Raises `BadFile`: ``file.empty``, ``text.encoding``, ``fhir.json``, ``fhir.depth``,
        ``fhir.shape``, ``fhir.patient``."""
        systems(options)
        return _sent(data, utf8=False)

    def documents(self, datas: Sequence[bytes], options: Mapping[str, object]) -> list[Any]:
        """See `documents.ManyAtOnce`. Those with an element that is not as R4 has it are read once more, alone."""
        systems(options)
        found = judged(partial(_sent, look=False), datas)
        if spoiled := taken_apart_together(found):
            for at, verdict in zip(spoiled, judged(_sent, [datas[at] for at in spoiled]), strict=True):
                found[at] = verdict
            taken_apart_together(found)
        return found

    def parcel(self, documents: Sequence[Any], report: Report, options: Mapping[str, object]) -> Parcel:
        """The records of many bundles."""
        report.edition = _table().dataset.edition
        known = systems(options)
        return parcel(_table().dataset, of_bundles(documents, known), known, report)


def _sent(data: bytes, *, utf8: bool, look: bool = True) -> Sent:
    """One bundle; `look` as of `fhirdecoding.bundle`. Raises `BadFile`."""
    counts: Counter[str] = Counter()
    found = bundle(checked(data, utf8=utf8), counts, look=look)
    of_one_patient(found)
    return Sent(found, counts or None)


@cache
def _table() -> FieldTable:
    """The allow-list without what only lines have, as a dataset of its own."""
    whole = table()
    gone = {f.column for f in whole.fields if f.column.name in OF_LINES}
    tables = tuple(replace(t, columns=tuple(c for c in t.columns if c not in gone)) for t in whole.dataset.tables)
    dataset = replace(whole.dataset, id="fhir-bundle", ja="診療情報（FHIR文書）", en="FHIR bundles", tables=tables)
    return replace(whole, dataset=dataset, fields=tuple(f for f in whole.fields if f.column not in gone))


FORMAT = FhirBundle()
