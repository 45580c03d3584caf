"""健診・保健指導の決済情報: what payments for checkups (cc08) and for guidance (gc08) have in common.

A document is parsed hardened (`xmlfile`) and read by one path per column; the schemas allow every element once, so a
second one is a refusal. Texts of returns (返戻理由) are never read.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from lxml import etree

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.cda_head import KANA, is_day, texts
from provision.formats.cda_paths import MHLW
from provision.formats.checkup_kind import Kind, kind, of_root
from provision.formats.checkup_rows import with_plain_insurers
from provision.formats.checkup_schemas import schemas_of, validate
from provision.formats.documents import Document, Row, gathered, read_one
from provision.formats.numbers import failing_insurer_numbers
from provision.formats.tables import Field, FieldTable
from provision.formats.xmlfile import parsed

_AGAIN = "ask the sender for the document again"
_PERSON = "m:subjectPerson"
_ADDRESS = f"{_PERSON}/m:addr//text()[not(parent::m:postalCode)]"
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
        root = parsed(data)
        if of_root(root) is not self.kind:
            raise BadFile("checkup.root", remedy=f"this is no payment {self.kind}; ask the sender what it is")
        if folder is not None:
            validate(root, folder, self.kind)
        cells = {name: _cell(root, name, path) for name, path in {**PERSON, **RESULTS, **self.paths}.items()}
        cells["address"] = " ".join(" ".join(texts(root, _ADDRESS)).split())
        _check(cells)
        made = Document([_person(cells)])
        columns = self.dataset.table(self.dataset.head).columns
        made.add(self.dataset.head, [cells.get(column.name) for column in columns])
        for row in self.prices(root):
            made.add("unit_price", row)
        return made

    def prices(self, root: etree._Element) -> list[Row]:
        """Rows of ``unit_price``, for a format that has the table."""
        return []

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


def _cell(root: etree._Element, name: str, path: str) -> str:
    """The text a path leads to, "" where it leads nowhere. Raises `BadFile` ``checkup.ambiguous`` where to several."""
    found = texts(root, path)
    if len(found) > 1:
        raise BadFile("checkup.ambiguous", field=name, remedy=f"it stands there more than once; {_AGAIN}")
    return " ".join(found[0].split()) if found else ""


def _check(cells: Mapping[str, str]) -> None:
    for name in ("number", "facility", "claimed"):
        if not cells[name]:
            raise BadFile("checkup.structure", field=name, remedy=f"it is missing; {_AGAIN}")
    if not is_day(cells["birth_month"]):
        raise BadFile("checkup.birth", field="birthTime", remedy=f"a birth date YYYYMMDD is expected; {_AGAIN}")
    if cells["sex"] not in {"1", "2"}:
        raise BadFile("checkup.sex", field="administrativeGender", remedy=f"1 or 2 is expected; {_AGAIN}")


def _person(cells: Mapping[str, str]) -> Row:
    """`PEOPLE_COLUMNS` without ``claim_no``."""
    kana = KANA.fullmatch(unicodedata.normalize("NFKC", cells["patient_name"])) is not None
    known = {
        "kana" if kana else "name": cells["patient_name"],
        "birth": cells["birth_month"],
        **{name: cells[name] for name in ("sex", "insurer", "symbol", "number", "branch", "address")},
    }
    return [known.get(name) for name in PEOPLE_COLUMNS[1:]]


#: Elements of the ministry's namespace.
M = f"{{{MHLW}}}"
