"""健診・保健指導のCDA文書: what the two formats of clinical documents have in common, document by document.

A document is parsed hardened (`xmlfile`), judged (`cda_head`; against the ministry's schemas, too, where the source
names their folder), and read by allow-list into rows. What is written like documents before is not parsed once more
(`cda_rest`): that may take a document, never refuse one. Sub-classes say what becomes of the observations.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, ClassVar

from lxml import etree

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.cda_head import Head, head, read_head
from provision.formats.cda_layout import Read
from provision.formats.cda_observations import Observations, iso
from provision.formats.cda_paths import COLUMNS
from provision.formats.cda_rest import beginning, rest
from provision.formats.checkup_kind import BESIDE, DOCUMENT, Kind, of_root
from provision.formats.checkup_rows import Checkup, parcelled
from provision.formats.checkup_schemas import schemas_of, validate
from provision.formats.documents import PassedOver, Row, read_one
from provision.formats.numbers import failing_insurer_numbers
from provision.formats.tables import Field, FieldTable
from provision.formats.xmlfile import parsed
from provision.formats.xmlforms import Unlike

#: Columns of the head that some path of the reader leads to.
_READ = frozenset({*COLUMNS, "address"})


@dataclass(frozen=True)
class CdaFormat(ABC):
    """A format of clinical documents; option ``schemas`` names a folder with the ministry's XSD files."""

    kind: ClassVar[Kind]
    table: ClassVar[str]
    classes: ClassVar[frozenset[str]]
    observations: ClassVar[Observations]
    id: str

    @property
    @abstractmethod
    def title(self) -> Mapping[str, str]:
        """Name for people, keys ``ja`` and ``en``."""

    @abstractmethod
    def recognise(self, head: bytes) -> str:
        """Why these bytes begin a document of this format; "" where they do not."""

    @property
    def dataset(self) -> Dataset:
        """A row per document, and its results."""
        return tables.load(self.table).dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """The only field table."""
        return (tables.load(self.table),)

    def never_reads(self, field: Field) -> bool:
        """Names of physicians and facilities, free text, numbers of documents: no path of the reader leads there."""
        return field.record in {"document", "body"} and field.column.name not in _READ

    def document(self, data: bytes, options: Mapping[str, object]) -> Checkup:
        """The rows of one document. Raises `BadFile`; `PassedOver` for the index, the summary and the schemas of a
        delivery; `FixConfiguration` for options it does not know."""
        folder = schemas_of(self.id, options)
        if not data:
            raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the document again")
        known = self._known(data) if folder is None else None
        return known or self._whole(data, folder)

    def _known(self, data: bytes) -> Checkup | None:
        """The rows of a document that is written like ones before; None where it is not, or something is wrong."""
        try:
            found = rest(data)
            if found is None:
                return None
            made = self._headed(found.head)
            made.meanings += self.observations.of_rest(found)
        except (BadFile, Unlike):
            return None
        return made

    def _whole(self, data: bytes, folder: Path | None) -> Checkup:
        """The rows of any document. Raises `BadFile` and `PassedOver`."""
        root = parsed(data)
        if root.tag != DOCUMENT:
            raise _another(root)
        if folder is not None:
            validate(root, folder, self.kind)
        read, sections = read_head(root, beginning(data))
        made = self._headed(read)
        made.meanings += self.observations.of(sections)
        return made

    def _headed(self, read: Read) -> Checkup:
        """Rows of the head. Raises `BadFile`."""
        made = Checkup()
        top = head(read, self.classes, made.counts)
        made.people.append(person(top))
        table, columns = self._head
        made.add(table, list(map(top.cells.get, columns)))
        made.day = iso(top.cells["checkup_date"])
        return made

    @cached_property
    def _head(self) -> tuple[str, Sequence[str]]:
        """The head table and its columns."""
        table = self.dataset.table(self.dataset.head)
        return table.name, [column.name for column in table.columns]

    def parcel(self, documents: Sequence[Checkup], report: Report, options: Mapping[str, object]) -> Parcel:
        """One parcel of many documents."""
        report.edition = self.dataset.edition
        made = parcelled(self.dataset, documents, report)
        if documents:
            report.warn("check_digit:insurer", failing_insurer_numbers(made.tables[self.dataset.head]["insurer"]))
        return made

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """The parcel of one document. Raises as `document` does."""
        return read_one(self, stream, report, options)


def _another(root: etree._Element) -> BadFile | PassedOver:
    """What to raise for a document that is no `ClinicalDocument`."""
    found = of_root(root)
    if found in BESIDE:
        return PassedOver(BESIDE[found])
    return BadFile("checkup.root", remedy="this is no ClinicalDocument; ask the sender what it is")


def person(top: Head) -> Row:
    """`PEOPLE_COLUMNS` without ``claim_no``. A checkup's facility keeps no chart of the person under its number."""
    cells = top.cells
    known = {
        "name": top.name,
        "kana": top.kana,
        "birth": cells["birth_month"],
        "phone": cells["phone"].removeprefix("tel:"),
        **{name: cells[name] for name in ("sex", "insurer", "symbol", "number", "branch", "address")},
    }
    return [known.get(name) for name in PEOPLE_COLUMNS[1:]]
