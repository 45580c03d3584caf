"""What the store must hold of a checkup document: worked out from the world's results, not from what was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from provision.sampledata.calendar import compact
from provision.sampledata.deliveries.cda_writer import OID
from provision.sampledata.deliveries.checkup_results import Result
from provision.sampledata.facilities import Facility
from provision.sampledata.illness import Visit

Rows = list[dict[str, object]]


def day_of(visit: Visit) -> int:
    """The day of the checkup."""
    return visit.month.first + visit.days[0] - 1


def evidence(visit: Visit) -> dict[str, str]:
    """What a document tells of its person."""
    person, card = visit.person, visit.coverage
    assert card is not None
    found = {"kana": f"{person.surname.kana}{person.given.kana}", "birth": compact(person.birth), "sex": person.sex}
    found |= {"insurer": card.insurer, "symbol": card.symbol, "number": card.number, "branch": card.branch or "00"}
    return found


def head(visit: Visit, facility: Facility, report: str) -> dict[str, object]:
    """The head row of a checkup or of guidance."""
    person, card, day = visit.person, visit.coverage, date.fromordinal(day_of(visit))
    assert card is not None
    return {
        "insurer": card.insurer,
        "sex": person.sex,
        "birth_month": date.fromordinal(person.birth).strftime("%Y-%m"),
        "zip": person.address.zip[:3],
        "report_class": report,
        "document_date": (day + timedelta(days=20)).isoformat(),
        "program": "020" if report.startswith("2") else "010",
        "checkup_date": day.isoformat(),
        "facility": facility.number,
        "author_facility": facility.number,
        "coupon_until": f"{visit.month.year + (visit.month.month > 3)}-03-31",
    }


def every(results: Iterable[Result]) -> Iterator[Result]:
    """Results and those written within them, in the order of the document."""
    for result in results:
        yield result
        yield from every(result.inside)


def values(results: Iterable[Result], day: str) -> Rows:
    """Rows of ``test_value``; text is not kept."""
    rows: Rows = []
    for one in every(results):
        if one.type != "ST":
            named = {"item": one.item} if one.item else {}
            number = {"value_no": len(rows) + 1, "observed": day, "code_system": "jlac10", "code": one.code}
            rows.append({**number, **named, **_result(one, "value_")})
    return rows


def answers(results: Iterable[Result], day: str) -> Rows:
    """Rows of ``answer``."""
    return [
        {"answer_no": number, "answered": day, "question": one.code, **_result(one, "answer_")}
        for number, one in enumerate(results, 1)
    ]


def _result(one: Result, prefix: str) -> dict[str, object]:
    flags: dict[str, object] = {"flag": one.flag} if one.flag else {}
    if one.low:
        flags |= {"ref_low": Decimal(one.low), "ref_high": Decimal(one.high)}
    if one.absent:
        return {"absent": one.absent}
    if one.type == "PQ":
        return {f"{prefix}number": Decimal(one.value), "unit": one.kept_unit, **flags}
    return {f"{prefix}code": one.value, f"{prefix}system": f"{OID}.{one.list}"}
