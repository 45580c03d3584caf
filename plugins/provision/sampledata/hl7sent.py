"""One message that a hospital sends, and what all of them are made of: days, order numbers, visits, notes of staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from provision.sampledata.facilities import KITA, Facility
from provision.sampledata.hl7segment import DOCTOR, escaped, segment
from provision.sampledata.illness import Visit
from provision.sampledata.person import Person
from provision.sampledata.tables import phrases
from provision.sampledata.uke_records import fill

Row = dict[str, object]
HOSPITAL: Facility = KITA
#: The order number of what is no order.
NO_ORDER = "9" * 15


@dataclass
class Sent:
    """One message: 種別 of the storage, HL7 type, the day it is about (None: ``-``), order number, department, the
    segments behind PID, and what must be stored of it besides the message's own row (`head` adds to that)."""

    kind: str
    type: str
    day: int | None
    order: str
    segments: list[str]
    rows: dict[str, list[Row]]
    head: Row
    whole: bool = False


def iso(ordinal: int) -> str:
    """YYYY-MM-DD of a day."""
    return date.fromordinal(ordinal).isoformat()


def first_day(visit: Visit) -> int:
    """The first day of the visit."""
    return visit.month.first + visit.days[0] - 1


def last_day(visit: Visit) -> int:
    """The last day of the visit."""
    return visit.month.first + visit.days[-1] - 1


def order_number(visit: Visit, number: int) -> str:
    """Order number of 15 digits: nobody else's, in no other month."""
    return f"{visit.person.serial % 10**8:08d}{visit.month.compact}{number}"


def note(person: Person, draw: float) -> str:
    """What staff write where they can: names and telephones now and then."""
    return escaped(fill(phrases("CO"), person, draw))


def setting(visit: Visit) -> str:
    """PV1-2 and ORC-29: I inpatient, O outpatient."""
    return "I" if visit.inpatient else "O"


def encounter(visit: Visit, **dates: str) -> tuple[str, Row]:
    """PV1 with ward and doctor, and its row."""
    fields = {1: "0001", 2: setting(visit), 3: "32^302^1^^^N", 7: DOCTOR, 10: "01", 17: DOCTOR}
    days = {44: dates.get("admitted", ""), 45: dates.get("discharged", "")}
    row: Row = {"patient_class": setting(visit), "department": "01"}
    row |= {name: f"{text[:4]}-{text[4:6]}-{text[6:8]}" for name, text in dates.items()}
    return segment("PV1", {**fields, **{place: day for place, day in days.items() if day}}), row


def jlac(code: str) -> Row:
    """The cells of a JLAC10 code."""
    return {"code_system": "jlac10", "code": code}
