"""A small format of single documents for tests: one visit in one JSON file, an index beside them. Nobody in it lives.

    {"visit": {"name": "架空花子", "birth": "19560203", "sex": "2", "chart": "1", "facility": "1310000001",
               "month": "202505", "number": "", "kind": "1"},
     "values": ["1.5", "2.0"]}
    {"index": 3}

The sender's file names end in ``_0`` for visits that were deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import orjson
import pytest

from provision.errors import FixConfiguration
from provision.formats import formats, tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.documents import Document, PassedOver, gathered, read_one

_FIELDS = """#dataset	{id}	試験の受診	Visits of a test	2025	visit
#table	visit	受診	Visit	visit
#table	value	値	Value	value
table	record	index	name	ja	en	class	dtype	domain	unit	category	role
visit	visit	0	name	氏名	Name	direct	string	none			name
visit	visit	1	birth_month	生年月日	Birth	birth	string	month		3	birth
visit	visit	2	sex	性別	Sex	quasi	string	code:sex		3	sex
visit	visit	3	chart	カルテ番号	Chart number	direct	string	none			chart
visit	visit	4	facility	施設	Facility	provider	string	form:[0-9]{{10}}		3
visit	visit	5	service_month	受診月	Month	quasi	string	month		3
visit	visit	6	number	番号	Number of the card	link	string	none			number
visit	visit	7	kind	種別	Kind	ordinary	string	code:sex		3
value	value	0	result	値	Result	ordinary	decimal	range:0..999/0.1		4
"""
_KEYS = ("name", "birth", "sex", "chart", "facility", "month", "number", "kind")
_PEOPLE = {"name": "name", "birth": "birth", "sex": "sex", "chart": "chart", "facility": "facility", "number": "number"}


@dataclass(frozen=True)
class Visits:
    """The reader. Another `id` begins its documents with another word, so that two can be mixed."""

    id: str = "visits"
    edition: str = ""

    @property
    def title(self) -> Mapping[str, str]:
        return {"ja": "試験の受診", "en": "Visits of a test"}

    @cached_property
    def table(self) -> tables.FieldTable:
        return tables.parse(_FIELDS.format(id=self.id), "visits")

    @property
    def dataset(self) -> Dataset:
        return self.table.dataset

    @property
    def editions(self) -> tuple[tables.FieldTable, ...]:
        return (self.table,)

    @property
    def word(self) -> str:
        return "visit" if self.id == "visits" else self.id

    def recognise(self, head: bytes) -> str:
        beginnings = [f'{{"{self.word}":'.encode(), f'{{"{self.word}-index":'.encode()]
        return "it begins as a visit does" if head.startswith(tuple(beginnings)) else ""

    def passed_over(self, name: str) -> str:
        return "visits.deleted" if name.endswith("_0") else ""

    def document(self, data: bytes, options: Mapping[str, object]) -> Document:
        if options:
            raise FixConfiguration("this format knows no options", rule="format.options", remedy="remove them")
        found = self._parsed(data)
        if f"{self.word}-index" in found:
            raise PassedOver("visits.index")
        visit, values = found.get(self.word), found.get("values", [])
        if not isinstance(visit, dict) or not isinstance(values, list):
            raise BadFile("visits.shape", remedy="a visit is an object with values")
        cells = [visit.get(key) for key in _KEYS]
        if not all(isinstance(cell, str) for cell in [*cells, *values]):
            raise BadFile("visits.cell", remedy="cells are texts")
        said = dict(zip(_KEYS, cells, strict=True))
        made = Document(edition=self.edition)
        made.people.append([str(said[_PEOPLE[name]]) if name in _PEOPLE else "" for name in PEOPLE_COLUMNS[1:]])
        made.add("visit", cells)
        for value in values:
            made.add("value", [value])
        return made

    def _parsed(self, data: bytes) -> dict[str, object]:
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise BadFile("visits.json", remedy="the file is no JSON; ask the sender") from None
        if not isinstance(found, dict):
            raise BadFile("visits.json", remedy="the file is no object; ask the sender")
        return found

    def parcel(self, documents: Sequence[Document], report: Report, options: Mapping[str, object]) -> Parcel:
        return gathered(self.dataset, documents, report)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        return read_one(self, stream, report, options)


def visit(who: int = 0, *, word: str = "visit", values: Sequence[object] = ("1.5",), **changes: object) -> bytes:
    """A document; every number `who` is another person's."""
    said = {
        "name": f"架空山野{who}花子", "birth": "19560203", "sex": "2", "chart": f"CH{who:07d}",
        "facility": "1310000001", "month": "202505", "number": "", "kind": "1",
    } | changes  # fmt: skip
    return orjson.dumps({word: said, "values": list(values)})


def index(word: str = "visit") -> bytes:
    """What lies beside the documents and holds nobody."""
    return orjson.dumps({f"{word}-index": 3})


@contextmanager
def registered(*ids: str) -> Iterator[None]:
    """The platform knows these formats."""
    with pytest.MonkeyPatch.context() as patch:
        for each in ids or ("visits",):
            patch.setitem(formats(), each, Visits(each))
        yield
