"""健診・保健指導の決済情報: what payments for checkups (cc08) and for guidance (gc08) have in common.

A document is parsed hardened (`xmlfile`) and read by one path per column; the schemas allow every element once, so a
second one is a refusal. Texts of returns (返戻理由) are never read.

Payments are small, and what is done once per document decides what they cost. So paths are followed once per shape of
document (`xmlshapes`), and a document of a known shape gives its cells by their places.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import BinaryIO, ClassVar, NamedTuple

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.cda_head import is_day, is_kana
from provision.formats.cda_paths import MHLW
from provision.formats.checkup_kind import Kind, kind, of_root
from provision.formats.checkup_rows import with_plain_insurers
from provision.formats.checkup_schemas import schemas_of, validate
from provision.formats.documents import Document, Row, gathered, read_one
from provision.formats.numbers import failing_insurer_numbers
from provision.formats.tables import Field, FieldTable
from provision.formats.xmlfile import parsed
from provision.formats.xmlshapes import (
    Elements,
    Piece,
    Place,
    Shapes,
    elements_of,
    inner,
    joined,
    path,
    pieces,
    places,
    there,
)

#: Elements of the ministry's namespace.
M = f"{{{MHLW}}}"
PREFIXES = {"m": MHLW}
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


class Price(NamedTuple):
    """Number and kind of a unit price, and where its amount and its item stand; None where nowhere."""

    number: str
    kind: str
    amount: int | None
    item: int | None

    def of(self, elements: Elements) -> Row:
        """The row of ``unit_price`` in a document."""
        amount = None if self.amount is None else elements[self.amount].get("value")
        return self.number, self.kind, amount, None if self.item is None else elements[self.item].get("code")


class _Layout(NamedTuple):
    """Where the cells of documents of one shape stand: attributes by column, place and name; texts of elements by
    column and place; attributes of which there may be several; the address without its postal code; unit prices."""

    attributes: tuple[tuple[str, int, str], ...]
    texts: tuple[tuple[str, int], ...]
    several: tuple[tuple[str, tuple[Place, ...]], ...]
    address: tuple[Piece, ...]
    prices: tuple[Price, ...]


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
        root = parsed(data)
        if of_root(root) is not self.kind:
            raise BadFile("checkup.root", remedy=f"this is no payment {self.kind}; ask the sender what it is")
        if folder is not None:
            validate(root, folder, self.kind)
        elements = elements_of(root)
        layout = self._layouts.of(elements)
        cells = {**self._nothing, **_cells(elements, layout)}
        _check(cells)
        person, head = self._rows
        rows = {self._head: [(0, head(cells))]}
        if layout.prices:
            rows["unit_price"] = [(0, price.of(elements)) for price in layout.prices]
        return Document([person(cells)], rows)

    def prices(self, elements: Elements) -> list[Price]:
        """Where the rows of ``unit_price`` stand in documents like this one, for a format that has the table."""
        return []

    @cached_property
    def _layouts(self) -> Shapes[_Layout]:
        return Shapes(self._layout)

    def _layout(self, elements: Elements) -> _Layout:
        """Raises `BadFile` ``checkup.ambiguous``."""
        every = {name: places(elements, path(written, PREFIXES)) for name, written in self._paths.items()}
        for name, found in every.items():
            if len(found) > 1 and found[0].attribute is None:
                raise _twice(name)
        address = pieces(elements, every.pop("address"), f"{M}postalCode")
        single = {name: found[0] for name, found in every.items() if len(found) == 1 and found[0].attribute}
        attributes = tuple((name, one.at, str(one.attribute)) for name, one in single.items())
        texts = tuple((name, found[0].at) for name, found in every.items() if found and not found[0].attribute)
        several = tuple((name, found) for name, found in every.items() if len(found) > 1)
        return _Layout(attributes, texts, several, address, tuple(self.prices(elements)))

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


def _cells(elements: Elements, layout: _Layout) -> dict[str, str]:
    """What stands in a document. Raises `BadFile` ``checkup.ambiguous`` where a path leads to several attributes."""
    cells = {}
    for name, at, attribute in layout.attributes:
        text = elements[at].get(attribute)
        if text is not None:
            cells[name] = text if text.isalnum() else " ".join(text.split())
    for name, at in layout.texts:
        cells[name] = " ".join(inner(elements[at]).split())
    for name, candidates in layout.several:
        found = there(elements, candidates)
        if len(found) > 1:
            raise _twice(name)
        if found:
            cells[name] = " ".join(found[0].split())
    cells["address"] = joined(elements, layout.address)
    cells["birth"] = cells.get("birth_month", "")
    name = cells.get("patient_name", "")
    cells["kana" if is_kana(name) else "name"] = name
    return cells


def _twice(name: str) -> BadFile:
    return BadFile("checkup.ambiguous", field=name, remedy=f"it stands there more than once; {_AGAIN}")


def _check(cells: Mapping[str, str | None]) -> None:
    for name in ("number", "facility", "claimed"):
        if not cells[name]:
            raise BadFile("checkup.structure", field=name, remedy=f"it is missing; {_AGAIN}")
    if not is_day(cells["birth_month"] or ""):
        raise BadFile("checkup.birth", field="birthTime", remedy=f"a birth date YYYYMMDD is expected; {_AGAIN}")
    if cells["sex"] not in {"1", "2"}:
        raise BadFile("checkup.sex", field="administrativeGender", remedy=f"1 or 2 is expected; {_AGAIN}")
