"""健診・保健指導の決済情報: what payments for checkups (cc08) and for guidance (gc08) have in common.

A document is parsed hardened (`xmlfile`) and read by one path per column; the schemas allow every element once, so a
second one is a refusal. Texts of returns (返戻理由) are never read.

Payments are small, and what is done once per document decides what they cost. So paths are followed once per shape of
document (`xmlshapes`), and a document of a known shape gives its cells by their places. Most are written like one that
was parsed before, and give them without being parsed (`xmlforms`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, ClassVar

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.cda_head import is_day
from provision.formats.checkup_kind import Kind, kind, of_root
from provision.formats.checkup_rows import with_plain_insurers
from provision.formats.checkup_schemas import schemas_of, validate
from provision.formats.claim_cells import Found, Layout, Price, Written
from provision.formats.documents import Document, Row, gathered, read_one
from provision.formats.numbers import failing_insurer_numbers
from provision.formats.tables import Field, FieldTable
from provision.formats.xmlfile import parsed
from provision.formats.xmlforms import Attribute, Forms, Template
from provision.formats.xmlshapes import Elements, Shapes, elements_of

#: Columns of `PEOPLE_COLUMNS` that a payment fills. A person has no chart at its facility, so the facility is none.
_KNOWN = ("name", "kana", "birth", "sex", "insurer", "symbol", "number", "branch", "address")
_NOTHING = ""
_AGAIN = "ask the sender for the document again"
_PERSON = "m:subjectPerson"
_CARD = f"{_PERSON}/m:insuranceCard"

#: Column -> path below the root, of both kinds of payments.
PERSON: Mapping[str, str] = {
    "insurer": f"{_CARD}/m:insurerNumber/@extension",
    "symbol": f"{_CARD}/m:symbol/@extension",
    "number": f"{_CARD}/m:number/@extension",
    "branch": f"{_CARD}/m:branchCode/@extension",
    "patient_name": f"{_PERSON}/m:name",
    "sex": f"{_PERSON}/m:administrativeGender/@code",
    "birth_month": f"{_PERSON}/m:birthTime/@value",
    "zip": f"{_PERSON}/m:addr/m:postalCode",
    "address": f"{_PERSON}/m:addr",
    "facility": f"{_PERSON}/m:performerOrganization/m:id/@extension",
    "service_type": "m:encounter/m:serviceEventType/@code",
}
RESULTS: Mapping[str, str] = {
    f"{short}_{name}": f"m:{element}AdjudicationResult/m:{path}"
    for short, element in (("agency", "agency"), ("insurer", "insurer"))
    for name, path in (
        ("interaction", "interactionType/@code"),
        ("date", "recordDate/@value"),
        ("reason", "reason/@code"),
    )
}


def charge(column: str, path: str) -> dict[str, str]:
    """Paths of the kind, amount and rate of one charge (窓口負担)."""
    return {
        column: f"{path}/@code",
        f"{column}_amount": f"{path}/m:amount/@value",
        f"{column}_rate": f"{path}/m:rate/@value",
    }


@dataclass(frozen=True)
class ClaimFormat(ABC):
    """A format of payments; option ``schemas`` names a folder with the ministry's XSD files."""

    kind: ClassVar[Kind]
    table: ClassVar[str]
    #: Column -> path, besides those of the person.
    paths: ClassVar[Mapping[str, str]]
    id: str

    @property
    @abstractmethod
    def title(self) -> Mapping[str, str]:
        """Name for people, keys ``ja`` and ``en``."""

    @property
    def dataset(self) -> Dataset:
        """A row per payment."""
        return tables.load(self.table).dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """The only field table."""
        return (tables.load(self.table),)

    def never_reads(self, field: Field) -> bool:
        """Reasons in words: no path leads to them."""
        return field.record == "claim" and field.column.name not in {**PERSON, **RESULTS, **self.paths}

    def recognise(self, head: bytes) -> str:
        """Why these bytes begin such a document; "" where they do not."""
        return "the root element of this kind of payment" if kind(head) is self.kind else ""

    def document(self, data: bytes, options: Mapping[str, object]) -> Document:
        """The rows of one document. Raises `BadFile`; `FixConfiguration` for options it does not know."""
        folder = schemas_of(self.id, options)
        if not data:
            raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the document again")
        known = self._forms.of(data) if folder is None else None
        found, prices = self._parsed(data, folder) if known is None else known[0].read(known[1])
        cells = {**self._nothing, **found}
        _check(cells)
        person, head = self._rows
        rows: dict[str, list[tuple[int, Row]]] = {self._head: [(0, head(cells))]}
        if prices:
            rows["unit_price"] = [(0, price) for price in prices]
        return Document([person(cells)], rows)

    def _parsed(self, data: bytes, folder: Path | None) -> Found:
        """The cells of a document. Raises `BadFile`."""
        root = parsed(data)
        if of_root(root) is not self.kind:
            raise BadFile("checkup.root", remedy=f"this is no payment {self.kind}; ask the sender what it is")
        if folder is not None:
            validate(root, folder, self.kind)
        elements = elements_of(root)
        found = self._layouts.of(elements).read(elements)
        self._forms.learn(data, elements)
        return found

    def prices(self, elements: Elements) -> list[Price]:
        """Where the rows of ``unit_price`` stand in documents like this one, for a format that has the table."""
        return []

    @cached_property
    def _layouts(self) -> Shapes[Layout]:
        return Shapes(lambda elements: Layout.of(elements, self._paths, self.prices))

    @cached_property
    def _forms(self) -> Forms[Written]:
        return Forms(self._written)

    def _written(self, template: Template, elements: Elements) -> tuple[Written, Sequence[Attribute]]:
        return Written.of(self._layouts.of(elements), template), ()

    @cached_property
    def _paths(self) -> Mapping[str, str]:
        return {**PERSON, **RESULTS, **self.paths}

    @cached_property
    def _head(self) -> str:
        return self.dataset.head

    @cached_property
    def _nothing(self) -> Mapping[str, str | None]:
        """A payment in which nothing stands: "" where a path leads, None in all other columns."""
        columns = [column.name for column in self.dataset.table(self._head).columns]
        return {**dict.fromkeys((*columns, *_KNOWN, _NOTHING)), **dict.fromkeys(self._paths, "")}

    @cached_property
    def _rows(self) -> tuple[itemgetter[Row], itemgetter[Row]]:
        """What makes `PEOPLE_COLUMNS` without ``claim_no``, and the head row, of cells."""
        columns = [column.name for column in self.dataset.table(self._head).columns]
        known = [name if name in _KNOWN else _NOTHING for name in PEOPLE_COLUMNS[1:]]
        return itemgetter(*known), itemgetter(*columns)

    def parcel(self, documents: Sequence[Document], report: Report, options: Mapping[str, object]) -> Parcel:
        """One parcel of many documents."""
        report.edition = self.dataset.edition
        made = gathered(self.dataset, documents, report)
        made.people = with_plain_insurers(made.people)
        if documents:
            report.warn("check_digit:insurer", failing_insurer_numbers(made.tables[self.dataset.head]["insurer"]))
        return made

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """The parcel of one document. Raises as `document` does."""
        return read_one(self, stream, report, options)


def _check(cells: Mapping[str, str | None]) -> None:
    for name in ("number", "facility", "claimed"):
        if not cells[name]:
            raise BadFile("checkup.structure", field=name, remedy=f"it is missing; {_AGAIN}")
    if not is_day(cells["birth_month"] or ""):
        raise BadFile("checkup.birth", field="birthTime", remedy=f"a birth date YYYYMMDD is expected; {_AGAIN}")
    if cells["sex"] not in {"1", "2"}:
        raise BadFile("checkup.sex", field="administrativeGender", remedy=f"1 or 2 is expected; {_AGAIN}")
