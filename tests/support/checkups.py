"""Checkup documents for tests: the fictitious world's, de-identified as on receipt, and one to write by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import polars as pl

from anonymization.receipt import Applied
from provision.formats import formats
from provision.formats.base import Report
from provision.formats.documents import DocumentFormat
from provision.intake.deidentify import deidentify
from provision.sampledata.blocks import World, make_block
from provision.sampledata.deliveries import senders
from provision.sampledata.deliveries.base import Delivery, Written
from provision.sampledata.illness import Visit

#: Names of the world's physicians, who stand in documents besides their patients.
PHYSICIANS = ("架空川　医師郎", "架空川医師郎")


def document_format(form: str) -> DocumentFormat:
    """A format of documents by its id."""
    found = formats()[form]
    assert isinstance(found, DocumentFormat)
    return found


@cache
def visits(form: str, count: int, style: int = 0, seed: int = 4) -> tuple[Delivery, tuple[Visit, ...]]:
    """A delivery of the world and its first visits."""
    world = World.of(seed, 1, ("2025-05", "2025-06"))
    sender = senders()[form]
    month = world.months[0]
    found = tuple(sender.occasion(world, make_block(world, 0), month, True))[:count]
    assert found
    return sender.delivery(month, style), found


def written(form: str, count: int = 20, style: int = 0, seed: int = 4) -> Iterator[tuple[Visit, Written]]:
    """Documents of the world with the visit they are of."""
    delivery, seen = visits(form, count, style, seed)
    for visit in seen:
        for one in delivery.documents(visit):
            yield visit, one


def stored(
    form: str, documents: list[bytes], options: Mapping[str, object] | None = None
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, Report]:
    """What receipt would store of documents, who is in them, and the report."""
    source, report = document_format(form), Report()
    parcel = source.parcel([source.document(data, options or {}) for data in documents], report, options or {})
    return deidentify(parcel, source.dataset, report, Applied()), parcel.people, report


def identifying(visit: Visit) -> list[tuple[str, str]]:
    """What names the person of a visit, in the ways documents write it."""
    person, card = visit.person, visit.coverage
    assert card is not None
    found = [("name", person.name), ("name", person.name.replace("　", "")), ("kin", person.kin_name)]
    found += [("kana", f"{person.surname.kana}{gap}{person.given.kana}") for gap in ("", "　", " ")]
    found += [("phone", person.phone), ("phone", person.phone.replace("-", "")), ("address", person.address.text)]
    found += [("birth", f"{date_of(person.birth)}"), ("zip", person.address.zip)]
    found += [("zip", f"{person.address.zip[:3]}-{person.address.zip[3:]}")]
    found += [("insured", f"{card.symbol}{card.number}"), ("number", f"0{card.number}0")]
    found += [("physician", name) for name in PHYSICIANS]
    return found


def date_of(day: int) -> str:
    """YYYYMMDD of a day."""
    from provision.sampledata.calendar import compact

    return compact(day)


#: A head as it must be, by the name of its part: tests leave out or replace one.
HEAD = {
    "typeId": '<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>',
    "id": '<id nullFlavor="NI"/>',
    "code": '<code code="10" codeSystem="1.2.392.200119.6.1001"/>',
    "effectiveTime": '<effectiveTime value="20250520"/>',
    "confidentialityCode": '<confidentialityCode code="N"/>',
    "recordTarget": (
        '<recordTarget><patientRole><id root="1.2.392.200119.6.101" extension="06132013"/>'
        '<id root="1.2.392.200119.6.204" extension="架空１２"/><id root="1.2.392.200119.6.205" extension="9876501"/>'
        '<id root="1.2.392.200119.6.211" extension="01"/><addr><postalCode>105-0011</postalCode>東京都港区架空町７－８'
        '</addr><telecom value="tel:03-0000-4321"/><patient><name>カクウ　タロウ</name>'
        '<administrativeGenderCode code="1"/><birthTime value="19600501"/></patient></patientRole></recordTarget>'
    ),
    "author": '<author><time value="20250520"/><assignedAuthor><id nullFlavor="NI"/></assignedAuthor></author>',
    "custodian": (
        "<custodian><assignedCustodian><representedCustodianOrganization>"
        '<id nullFlavor="NI"/></representedCustodianOrganization></assignedCustodian></custodian>'
    ),
    "documentationOf": (
        '<documentationOf><serviceEvent><code code="010" codeSystem="1.2.392.200119.6.1002"/>'
        '<effectiveTime value="20250510"/><performer typeCode="PRF"><assignedEntity><id nullFlavor="NI"/>'
        '<representedOrganization><id root="1.2.392.200119.6.102" extension="1312345678"/><name>架空検診所</name>'
        "</representedOrganization></assignedEntity></performer></serviceEvent></documentationOf>"
    ),
}
#: What names the person of `HEAD`.
PLANTED = ("架空１２", "架空12", "9876501", "東京都港区架空町", "03-0000-4321", "カクウ", "19600501", "105-0011")
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def by_hand(entries: str = "", head: Mapping[str, str] | None = None, section: str = "01010") -> bytes:
    """A checkup written by hand: entries of its one section, parts of the head that are other than in `HEAD`."""
    top = "".join({**HEAD, **(head or {})}.values())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3" {_XSI}>{top}<component>'
        f'<structuredBody><component><section><code code="{section}"/>{entries}</section></component></structuredBody>'
        "</component></ClinicalDocument>"
    ).encode()


def result(code: str, inner: str = "", attributes: str = "", mood: str = "EVN") -> str:
    """An entry with one observation."""
    start = f'<entry><observation classCode="OBS" moodCode="{mood}" {attributes}><code code="{code}"/>'
    return f"{start}{inner}</observation></entry>"
