"""Writing payments for checkups and guidance (cc08, gc08) as senders do, valid against the ministry's schemas."""

from __future__ import annotations

from xml.sax.saxutils import escape

from provision.sampledata.calendar import compact
from provision.sampledata.deliveries.cda_writer import OID, Style, padded
from provision.sampledata.facilities import Facility
from provision.sampledata.illness import Visit
from provision.sampledata.person import Coverage

PAGE = "https://www.mhlw.go.jp/stf/seisakunitsuite/bunya/0000161103.html"


def claim(root: str, inner: str, style: Style) -> bytes:
    """The whole document; elements are written without a prefix first."""
    place = f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{PAGE} ../XSD/{style.schema}"'
    named = f":{style.prefix[:-1]}" if style.prefix else ""
    whole = f'<{root} xmlns{named}="{PAGE}"{place if style.schema else ""}>{inner}</{root}>'
    if style.lines:
        whole = whole.replace("><", ">\n<")
    if style.prefix:
        whole = whole.replace("<", f"<{style.prefix}").replace(f"<{style.prefix}/", f"</{style.prefix}")
    comment = "<!-- 決済情報 -->" if style.comments else ""
    mark = "\ufeff" if style.bom else ""
    return f'{mark}<?xml version="1.0" encoding="UTF-8"?>{comment}{whole}'.encode()


def person(visit: Visit, card: Coverage, facility: Facility, *, address: bool) -> str:
    """``subjectPerson``; guidance has the postal code alone."""
    who = visit.person
    symbol = f'<symbol root="{OID}.204" extension="{card.symbol}"/>' if card.symbol else ""
    rest = escape(who.address.text) if address else ""
    code = f"<postalCode>{who.address.zip[:3]}-{who.address.zip[3:]}</postalCode>"
    return (
        f'<subjectPerson><performerOrganization><id root="{OID}.102" extension="{facility.number}"/>'
        f'</performerOrganization><insuranceCard><insurerNumber root="{OID}.101" extension="{padded(card)}"/>{symbol}'
        f'<number root="{OID}.205" extension="{card.number}"/>'
        f'<branchCode root="{OID}.211" extension="{card.branch or "00"}"/></insuranceCard>'
        f"<name>{who.surname.kana}　{who.given.kana}</name><addr>{code}{rest}</addr>"
        f'<birthTime value="{compact(who.birth)}"/><administrativeGender code="{who.sex}"/></subjectPerson>'
    )


def yen(element: str, value: int, width: int = 0) -> str:
    """An element of an amount; charges have six digits, filled with zeros."""
    return f'<{element} value="{value:0{width}d}" currency="JPY"/>' if width else f'<{element} value="{value}"/>'


def returned(visit: Visit) -> str:
    """返戻: the agency's result, whose text names the person."""
    if visit.draws[28] >= 0.15:
        return ""
    text = f"{visit.person.name}様 資格喪失後の受診（{visit.person.phone}）"
    return (
        '<agencyAdjudicationResult><interactionType code="3"/>'
        f'<recordDate value="{compact(visit.month.last)}"/>'
        f'<reason code="02"><text>{text[:100]}</text></reason></agencyAdjudicationResult>'
    )
