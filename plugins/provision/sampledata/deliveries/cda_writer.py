"""Writing CDA documents of 特定健診 and 特定保健指導 as senders' programs do, valid against the ministry's schemas.

`Style` says how one program writes: namespace by default or by prefix, byte order mark, comments, schema location.
Everything that names a person stands wherever the format has a place for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from provision.sampledata.calendar import compact
from provision.sampledata.deliveries.checkup_results import Result
from provision.sampledata.facilities import Facility
from provision.sampledata.illness import Visit
from provision.sampledata.numbering import scattered
from provision.sampledata.person import Coverage, Person

OID = "1.2.392.200119.6"
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_FACILITY_ADDRESS = "東京都港区架空町１－２－３"


@dataclass(frozen=True)
class Style:
    """`prefix` ends with a colon or is empty; `schema` is the schema's file name, "" where no location is written."""

    prefix: str = ""
    schema: str = ""
    bom: bool = False
    comments: bool = False
    lines: bool = False

    @classmethod
    def of(cls, number: int, schema: str) -> Style:
        """The program number `number`."""
        return (
            cls(schema=schema, lines=True),
            cls(prefix="hc:", bom=True),
            cls(schema=schema, comments=True),
            cls(prefix="v3:", comments=True),
        )[number % 4]


@dataclass(frozen=True)
class Section:
    """One section: its code (1.2.392.200119.6.1010), title and the XML of its entries, what its narrative repeats."""

    code: str
    title: str
    entries: str
    told: tuple[str, ...]


def padded(card: Coverage) -> str:
    """保険者番号 as CDA writes it: eight digits, filled with zeros."""
    return card.insurer.rjust(8, "0")


def coupon(person: Person, year: int) -> str:
    """受診券整理番号: year, and nine digits."""
    return f"{year % 100:02d}{scattered(person.serial, 9, 41)}"


def document(visit: Visit, day: int, facility: Facility, report: str, sections: Iterable[Section], style: Style) -> str:
    """The whole document; elements are written without a prefix first."""
    card = visit.coverage
    assert card is not None
    body = "".join(_section(section) for section in sections)
    inner = _head(visit, card, day, facility, report)
    inner += f"<component><structuredBody>{body}</structuredBody></component>"
    if style.lines:
        inner = inner.replace("><", ">\n  <")
    if style.comments:
        inner = f"<!-- {visit.person.name} 様 -->{inner}"
    return _wrapped(inner, style)


def _wrapped(inner: str, style: Style) -> str:
    place = f' xsi:schemaLocation="urn:hl7-org:v3 ../XSD/{style.schema}"' if style.schema else ""
    named = f":{style.prefix[:-1]}" if style.prefix else ""
    instruction = '<?sender program="架空健診"?>' if style.comments else ""
    root = f'<ClinicalDocument xmlns{named}="urn:hl7-org:v3" {_XSI}{place}>{inner}</ClinicalDocument>'
    if style.prefix:
        root = root.replace("<", f"<{style.prefix}").replace(f"<{style.prefix}/", f"</{style.prefix}")
        root = root.replace(f"<{style.prefix}!--", "<!--").replace('xsi:type="', f'xsi:type="{style.prefix}')
    mark = "\ufeff" if style.bom else ""
    return f'{mark}<?xml version="1.0" encoding="UTF-8"?>{instruction}{root}'


def _id(number: str, oid: str) -> str:
    return f'<id extension={quoteattr(number)} root="{OID}.{oid}"/>'


def _address(zip_code: str, text: str) -> str:
    """Mixed content: the address is bare text behind the postal code."""
    return f"<addr><postalCode>{zip_code[:3]}-{zip_code[3:]}</postalCode>{escape(text)}</addr>"


def _organization(facility: Facility) -> str:
    return (
        f"<representedOrganization>{_id(facility.number, '102')}<name>{facility.name}</name>"
        f'<telecom value="tel:{facility.phone}"/>{_address("1050000", _FACILITY_ADDRESS)}</representedOrganization>'
    )


def _patient(visit: Visit, card: Coverage) -> str:
    person = visit.person
    symbol = _id(card.symbol, "204") if card.symbol else ""
    ids = f"{_id(padded(card), '101')}{symbol}{_id(card.number, '205')}{_id(card.branch or '00', '211')}"
    kana = f"{person.surname.kana}　{person.given.kana}"
    return (
        f"<recordTarget><patientRole>{ids}{_address(person.address.zip, person.address.text)}"
        f'<telecom value="tel:{person.phone}"/><patient><name>{kana}</name>'
        f'<administrativeGenderCode code="{person.sex}" codeSystem="{OID}.1104"/>'
        f'<birthTime value="{compact(person.birth)}"/></patient></patientRole></recordTarget>'
    )


def _head(visit: Visit, card: Coverage, day: int, facility: Facility, report: str) -> str:
    until = f"{visit.month.year + (visit.month.month > 3)}0331"
    written = compact(day + 20)
    guided = report.startswith("2")
    voucher = coupon(visit.person, visit.month.year)
    return (
        '<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><id nullFlavor="NI"/>'
        f'<code code="{report}" codeSystem="{OID}.1001"/><effectiveTime value="{written}"/>'
        f'<confidentialityCode code="N"/>{_patient(visit, card)}'
        f'<author><time value="{written}"/><assignedAuthor><id nullFlavor="NI"/>{_organization(facility)}'
        "</assignedAuthor></author><custodian><assignedCustodian><representedCustodianOrganization>"
        '<id nullFlavor="NI"/></representedCustodianOrganization></assignedCustodian></custodian>'
        f'<participant typeCode="HLD"><functionCode code="{2 if guided else 1}" codeSystem="{OID}.208"/>'
        f'<time><high value="{until}"/></time><associatedEntity classCode="IDENT">'
        f"{_id(voucher, f'{210 if guided else 209}.1{padded(card)}')}"
        f"<scopingOrganization>{_id(padded(card), '101')}</scopingOrganization></associatedEntity></participant>"
        f'<documentationOf><serviceEvent><code code="{"020" if guided else "010"}" codeSystem="{OID}.1002"/>'
        f'<effectiveTime value="{compact(day)}"/><performer typeCode="PRF"><assignedEntity><id nullFlavor="NI"/>'
        f"<assignedPerson><name>架空川　医師郎</name></assignedPerson>{_organization(facility)}"
        "</assignedEntity></performer></serviceEvent></documentationOf>"
    )


def _section(section: Section) -> str:
    told = "".join(f"<item>{escape(line)}</item>" for line in section.told)
    return (
        f'<component><section><code code="{section.code}" codeSystem="{OID}.1010" '
        f'displayName="{section.title}"/><title>{section.title}</title><text><list>{told}</list></text>'
        f"{section.entries}</section></component>"
    )


def entry(result: Result) -> str:
    """An entry of a section."""
    return f"<entry>{observation(result)}</entry>"


def observation(result: Result, mood: str = "EVN") -> str:
    """One observation with its value, flag, author, what lies in it, and its reference range."""
    negated = ' negationInd="true"' if result.absent == "not_done" else ""
    flag = f'<interpretationCode code="{result.flag}"/>' if result.flag else ""
    author = ""
    if result.author:
        person = f"<assignedPerson><name>{result.author}</name></assignedPerson>"
        author = (
            f'<author><time nullFlavor="NI"/><assignedAuthor><id nullFlavor="NI"/>{person}</assignedAuthor></author>'
        )
    inside = "".join(
        f'<entryRelationship typeCode="RSON">{observation(one)}</entryRelationship>' for one in result.inside
    )
    return (
        f'<observation classCode="OBS" moodCode="{mood}"{negated}>'
        f'<code code="{result.code}" displayName={quoteattr(result.shown)}/>'
        f"{_value(result)}{flag}{_method(result)}{author}{inside}{_range(result)}</observation>"
    )


def _value(result: Result) -> str:
    if result.absent == "not_done":
        return ""
    if result.absent:
        return f'<value xsi:type="{result.type}" nullFlavor="NI"/>'
    if result.type == "PQ":
        return f'<value xsi:type="PQ" value="{result.value}" unit="{result.unit}"/>'
    if result.type == "ST":
        return f'<value xsi:type="ST">{escape(result.value)}</value>'
    return f'<value xsi:type="{result.type}" code="{result.value}" codeSystem="{OID}.{result.list}"/>'


def _method(result: Result) -> str:
    return f'<methodCode code="{result.code[:5]}10000"/>' if result.low else ""


def _range(result: Result) -> str:
    if not result.low:
        return ""
    ends = "".join(
        f'<{name} value="{end}" unit="{result.unit}"/>' for name, end in (("low", result.low), ("high", result.high))
    )
    return (
        f'<referenceRange><observationRange><value xsi:type="IVL_PQ">{ends}</value></observationRange></referenceRange>'
    )


def told(visit: Visit, results: Iterable[Result]) -> tuple[str, ...]:
    """What a narrative repeats: who it is, then every result."""
    lines = (f"{one.code} {one.value} {one.unit}" for one in results)
    return (f"{visit.person.name} 様（{visit.person.phone}）", *lines)
