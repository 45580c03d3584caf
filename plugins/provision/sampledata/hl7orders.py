"""Orders and results: what was prescribed (OMP-01) and what was measured (OML-11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from provision.sampledata.calendar import compact
from provision.sampledata.hl7segment import CLERK, DOCTOR, escaped, segment
from provision.sampledata.hl7sent import HOSPITAL, Row, Sent, first_day, iso, jlac, note, order_number, setting
from provision.sampledata.illness import Visit
from provision.sampledata.tables import ActLine
from provision.sampledata.uke_records import act


@dataclass(frozen=True)
class Test:
    """A laboratory test: JLAC10 code, our item, name, unit as the hospital writes it and as we do, ends of the
    reference range, middle and spread of its values."""

    code: str
    item: str
    name: str
    written: str
    unit: str
    low: str
    high: str
    middle: float
    spread: float


TESTS = (
    Test("3D046000001906202", "hba1c", "HbA1c(NGSP)", "%", "%", "4.6", "6.2", 6.0, 3.0),
    Test("3A010000002327101", "total_protein", "総蛋白", "g/dl", "g/dL", "6.7", "8.3", 7.2, 1.5),
    Test("3B035000002327201", "ast", "AST(GOT)", "IU/L", "U/L", "10", "40", 28.0, 30.0),
    Test("3C015000002327101", "creatinine", "クレアチニン", "mg/dl", "mg/dL", "0.4", "1.1", 0.9, 0.8),
)


def _order(visit: Visit, number: int, day: int) -> str:
    """ORC: who entered and ordered it, and where."""
    place = {21: HOSPITAL.name, 22: "^^^^100-0001^JPN^^架空県架空市1-1", 23: f"^^^^^^^^^^^{HOSPITAL.phone}"}
    fields = {
        1: "NW",
        2: order_number(visit, number),
        9: f"{compact(day)}103045",
        10: CLERK,
        12: DOCTOR,
        17: "01^内科^99XY1",
    }
    return segment("ORC", {**fields, **place, 29: f"{setting(visit)}^オーダ^HL70482"})


def _ordered(visit: Visit, day: int) -> Row:
    return {"order_control": "NW", "ordered": iso(day), "setting": setting(visit)}


def drugs(visit: Visit) -> list[ActLine]:
    """The medicines of the visit, once each."""
    names = sorted({name for illness in visit.illnesses for name in illness.acts if name.startswith("rx_")})
    return [line for name in names for line in act(name).lines if line.record == "IY"]


def medicines(visit: Visit) -> Iterator[Sent]:
    """OMP-01: fourteen days of everything."""
    day, found = first_day(visit), drugs(visit)
    if not found:
        return
    segments, rows = [], list[Row]()
    for line, drug in enumerate(found, 1):
        segments += [_order(visit, 1, day), *_medicine(visit, drug, day)]
        made: Row = {"line": line, **_ordered(visit, day), "drug_system": "HOT9", "drug_code": drug.code}
        made |= {
            "dose": Decimal(drug.quantity or "1"),
            "dose_unit": "TAB",
            "dispensed": Decimal(14),
            "dispensed_unit": "TAB",
        }
        made |= {"usage": "1013044400000000", "days": 14, "started": iso(day), "route": "PO"}
        rows.append(made)
    yield Sent("OMP-01", "RDE^O11", day, order_number(visit, 1), segments, {"prescription": rows}, {})


def _medicine(visit: Visit, drug: ActLine, day: int) -> list[str]:
    fields = {
        2: f"{drug.code}^{escaped(drug.name)}^HOT9",
        3: drug.quantity or "1",
        5: "TAB^錠^MR9P",
        10: "14",
        11: "TAB^錠^MR9P",
    }
    fields |= {7: f"^{note(visit.person, visit.draws[16])}^99IC6", 13: DOCTOR, 15: order_number(visit, 7)}
    usage = {1: "1", 3: "1013044400000000&朝昼夕食後&JAMISDP01", 6: "14^d", 7: f"{compact(day)}00"}
    return [
        segment("RXE", fields),
        segment("TQ1", {**usage, 11: note(visit.person, 0.3)}),
        segment("RXR", {1: "PO^口^HL70162"}),
    ]


def value_of(visit: Visit, number: int) -> str:
    """What was measured, with one place after the point."""
    test = TESTS[number]
    return f"{test.middle + (visit.draws[20 + number % 4] - 0.5) * test.spread:.1f}"


def results(visit: Visit) -> Iterator[Sent]:
    """OML-11: a few tests of those with lasting conditions, one of them with words for a result."""
    if not visit.person.conditions:
        return
    day, order = first_day(visit), order_number(visit, 2)
    obr = segment(
        "OBR", {1: "1", 2: order, 3: f"1{order}", 4: "3A010^総蛋白^JC10", 7: compact(day), 16: DOCTOR, 25: "F"}
    )
    segments = [
        segment("SPM", {1: "1", 2: f"1{order}", 4: "023^血清^JC10", 17: f"{compact(day)}0930"}),
        obr,
        _order(visit, 2, day),
    ]
    values: list[Row] = []
    for number, test in enumerate(TESTS):
        value, fields = value_of(visit, number), {1: str(number + 1), 2: "NM", 3: f"{test.code}^{test.name}^JC10"}
        flag = "L" if Decimal(value) < Decimal(test.low) else "H" if Decimal(value) > Decimal(test.high) else "N"
        fields |= {5: value, 6: f"{test.written}^{test.written}^99XYZ", 7: f"{test.low}-{test.high}", 8: flag, 11: "F"}
        segments.append(segment("OBX", {**fields, 14: f"{compact(day)}0930", 16: DOCTOR}))
        ends: Row = {"ref_low": Decimal(test.low), "ref_high": Decimal(test.high), "flag": flag}
        row: Row = {"value_no": number + 1, "observed": iso(day), "item": test.item, **jlac(test.code)}
        values.append({**row, "value_number": Decimal(value), "unit": test.unit, **ends})
    told = {1: "9", 2: "TX", 3: "9A100000000000001^所見^JC10", 5: note(visit.person, visit.draws[15]), 11: "F"}
    segments += [segment("OBX", told), segment("NTE", {1: "1", 3: note(visit.person, visit.draws[14])})]
    made: Row = {
        **_ordered(visit, day),
        "service_system": "JLAC10",
        "service_code": "3A010",
        "observed": iso(day),
        "status": "F",
    }
    yield Sent("OML-11", "OUL^R22", day, order, segments, {"examination": [made], "test_value": values}, {})
