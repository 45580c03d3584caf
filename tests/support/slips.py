"""A small format of single documents and its sender, for tests of what every such format has: one test slip in one XML
file. The format is known only inside `registered`. Nobody in it lives.

    <slip facility="1319999994"><person chart="…" name="…" kana="…" birth="19560203" sex="2"/>
      <value no="1" unit="cm">151.0</value><note>…</note></slip>
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import BinaryIO

from lxml import etree

from provision.formats import formats, tables
from provision.formats.base import BadFile, Dataset, Parcel, Report
from provision.formats.documents import Document, gathered, read_one
from provision.formats.options import no_options
from provision.sampledata import occasions
from provision.sampledata.calendar import compact
from provision.sampledata.deliveries import Delivery, DocumentSender, Written, senders
from provision.sampledata.facilities import MINAMI
from provision.sampledata.illness import Visit

_FIELDS = """#dataset	slips	検査票	Test slips	2025	slip
#table	slip	検査票	Slip	slip
#table	slip_value	検査値	Value	value
table	record	index	name	ja	en	class	dtype	domain	unit	category	role
slip	slip	0	facility	施設	Facility	provider	string	form:[0-9]{10}		3	facility
slip	slip	1	chart	カルテ番号	Chart number	direct	string	none			chart
slip	slip	2	name	氏名	Name	direct	string	none			name
slip	slip	3	kana	カナ氏名	Name in kana	direct	string	none			kana
slip	slip	4	birth_month	生年月日	Birth	birth	string	month		3	birth
slip	slip	5	sex	性別	Sex	quasi	string	code:sex		3	sex
slip	slip	6	taken	検査日	Day	quasi	string	date		4
slip	slip	7	note	所見	Findings	free	string	free
slip_value	value	0	value_no	番号	Number	ordinary	integer	range:1..99		4
slip_value	value	1	result	結果	Result	ordinary	decimal	range:0..999.9/0.1	cm	4
"""
_PERSON = ("chart", "name", "kana", "birth", "sex")
_ENCODINGS = ("utf-8", "shift_jis", "utf-8")


@dataclass(frozen=True)
class Slips:
    """The reader."""

    id: str = "slips"

    @property
    def title(self) -> Mapping[str, str]:
        return {"ja": "検査票", "en": "Test slips"}

    @cached_property
    def table(self) -> tables.FieldTable:
        return tables.parse(_FIELDS, "slips")

    @property
    def dataset(self) -> Dataset:
        return self.table.dataset

    @property
    def editions(self) -> tuple[tables.FieldTable, ...]:
        return (self.table,)

    def recognise(self, head: bytes) -> str:
        return "a slip" if b"<slip" in head[:200] and head.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml") else ""

    def document(self, data: bytes, options: Mapping[str, object]) -> Document:
        no_options(self.id, options)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError):
            raise BadFile("slips.xml", remedy="this is no XML; ask the sender for the document again") from None
        person = root.find("person")
        if root.tag != "slip" or person is None:
            raise BadFile("slips.shape", field="person", remedy="a slip names its person; ask the sender")
        who = {name: person.get(name) for name in _PERSON}
        found = Document()
        named = ["name", "kana", "birth", "sex", *[""] * 6, "facility", "chart", "", ""]
        found.people.append([root.get("facility") if name == "facility" else who.get(name) for name in named])
        found.add("slip", [root.get("facility"), *who.values(), root.get("taken"), None])
        for value in root.iterfind("value"):
            found.add("slip_value", [value.get("no"), value.text])
        return found

    def parcel(self, documents: Sequence[Document], report: Report, options: Mapping[str, object]) -> Parcel:
        return gathered(self.dataset, documents, report)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        return read_one(self, stream, report, options)


class SlipDelivery(Delivery):
    """A month's slips. One program leaves the findings out; another writes Shift_JIS."""

    def documents(self, visit: Visit) -> list[Written]:
        person = visit.person
        kana = f"{person.surname.kana}　{person.given.kana}"
        root = etree.Element("slip", facility=MINAMI.number, taken=_day(visit))
        own = (MINAMI.chart(person), person.name, kana, compact(person.birth), person.sex)
        etree.SubElement(root, "person", dict(zip(_PERSON, own, strict=True)))
        for number, result in enumerate(_results(visit), 1):
            etree.SubElement(root, "value", no=str(number), unit="cm").text = str(result)
        if self.style != 1:
            etree.SubElement(root, "note").text = f"{person.name}様　{person.phone}"
        path = f"{MINAMI.chart(person)}/{visit.days[0]:02d}.xml"
        return [Written(path, etree.tostring(root, encoding=_ENCODINGS[self.style % 3], xml_declaration=True))]

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        person = visit.person
        kana = f"{person.surname.kana}{person.given.kana}"
        who = {"name": person.name, "kana": kana, "birth": compact(person.birth), "sex": person.sex}
        return [{**who, "facility": MINAMI.number, "chart": MINAMI.chart(person)}]

    def kept(self, visit: Visit) -> Mapping[str, list[dict[str, object]]]:
        birth, day = compact(visit.person.birth), _day(visit)
        head = {"facility": MINAMI.number, "birth_month": f"{birth[:4]}-{birth[4:6]}", "sex": visit.person.sex}
        taken = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        values = [{"value_no": n, "result": result} for n, result in enumerate(_results(visit), 1)]
        return {"slip": [{**head, "taken": taken}], "slip_value": values}


def _day(visit: Visit) -> str:
    return compact(visit.month.first + visit.days[0] - 1)


def _results(visit: Visit) -> list[Decimal]:
    return [Decimal(f"{140 + 40 * draw:.1f}") for draw in visit.draws[20 : 22 + int(visit.draws[25] * 3)]]


SLIPS = Slips()
SENDER = DocumentSender(SLIPS.id, "minami-slips", occasions.outpatients, SlipDelivery)


@contextmanager
def registered() -> Iterator[None]:
    """The format is known, and its sender part of the world; for as long as the outermost of these."""
    added = SLIPS.id not in formats()
    formats()[SLIPS.id], senders()[SLIPS.id] = SLIPS, SENDER
    try:
        yield
    finally:
        if added:
            del formats()[SLIPS.id], senders()[SLIPS.id]
