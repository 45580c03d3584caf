"""Messages about the patient: basic data and insurance (ADT-00), problems (PPR-01), allergies (ADT-61), coming and
going (ADT-12, ADT-22, ADT-52)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from provision.sampledata.calendar import compact
from provision.sampledata.hl7segment import CLERK, DOCTOR, relative, segment
from provision.sampledata.hl7sent import (
    NO_ORDER,
    Row,
    Sent,
    encounter,
    first_day,
    iso,
    jlac,
    last_day,
    note,
    order_number,
)
from provision.sampledata.illness import Visit
from provision.sampledata.person import Person
from provision.sampledata.tables import Disease


def information(visit: Visit) -> Sent:
    """ADT-00: the patient with relatives, body and insurance."""
    person = visit.person
    pv1, seen = encounter(visit)
    height, weight = f"{140 + visit.draws[8] * 40:.1f}", f"{40 + visit.draws[9] * 50:.1f}"
    blood = ("A", "B", "O", "AB")[person.serial % 4]
    evn = segment("EVN", {2: f"{compact(first_day(visit))}0915", 5: CLERK, 6: f"{compact(first_day(visit))}0900"})
    body = [
        segment("OBX", {1: "1", 2: "NM", 3: "9N001000000000001^身長^JC10", 5: height, 6: "cm^cm^ISO+", 11: "F"}),
        segment("OBX", {1: "2", 2: "NM", 3: "9N006000000000001^体重^JC10", 5: weight, 6: "kg^kg^ISO+", 11: "F"}),
        segment("OBX", {1: "3", 2: "CWE", 3: "5H010000009199911^血液型^JC10", 5: f"{blood}^{blood}^JSHR002", 11: "F"}),
        segment("OBX", {1: "4", 2: "TX", 3: "9N999000000000001^備考^JC10", 5: note(person, visit.draws[10]), 11: "F"}),
    ]
    values: list[Row] = [
        {"value_no": 1, "item": "height", **jlac("9N001000000000001"), "value_number": Decimal(height), "unit": "cm"},
        {"value_no": 2, "item": "weight", **jlac("9N006000000000001"), "value_number": Decimal(weight), "unit": "kg"},
        {"value_no": 3, **jlac("5H010000009199911"), "value_code": blood},
    ]
    cards, insured, insurer = _insurance(visit)
    rows = {"encounter": [seen], "test_value": values, "insurance": insured}
    head: Row = {"event_date": iso(first_day(visit)), "insurer": insurer}
    return Sent("ADT-00", "ADT^A08", None, NO_ORDER, [evn, relative(person), pv1, *body, *cards], rows, head, True)


def _insurance(visit: Visit) -> tuple[list[str], list[Row], str | None]:
    """IN1 of the card and of public expenses, their rows, and the insurer."""
    person, card = visit.person, visit.coverage
    found: list[str] = []
    rows: list[Row] = []
    if card is not None:
        law = card.insurer[:2] if len(card.insurer) == 8 else ""
        numbers = f"{card.symbol}~{card.number}~{card.branch}" if card.branch else f"{card.symbol}~{card.number}"
        fields = {1: "1", 2: f"{law or 'C0'}^健康保険^JHSD0001", 3: card.insurer.zfill(8), 10: numbers}
        found.append(
            segment("IN1", {**fields, 11: f"{person.surname.kanji}商店", 16: _insured(person), 17: "SEL^本人^HL70063"})
        )
        row: Row = {"insurer": card.insurer, "relation": "SEL"}
        rows.append(row | ({"plan": law} if law else {}))
    for number, recipient in person.public:
        fields = {1: str(len(found) + 1), 2: f"{number[:2]}^公費^JHSD0001", 3: number, 10: recipient}
        found.append(segment("IN1", fields))
        rows.append({"plan": number[:2], "payer": number})
    return found, rows, card.insurer if card else None


def _insured(person: Person) -> str:
    return f"{person.surname.kanji}^{person.given.kanji}"


def problems(visit: Visit) -> Sent:
    """PPR-01: the diseases by their numbers, the card once more, and what staff wrote."""
    day = first_day(visit)
    segments, rows = [], list[Row]()
    for number, disease in enumerate(visit.illnesses, 1):
        code, icd10 = management_number(disease), icd10_of(disease)
        fields = {
            1: "AD",
            2: compact(day),
            3: f"{code}^{disease.name}^MDCDX2",
            4: order_number(visit, number),
            7: compact(day),
        }
        fields |= {
            10: f"{icd10[:3]}.{icd10[3:]}^^I10",
            14: "N^回復せず^HL70241",
            17: note(visit.person, visit.draws[11]),
        }
        segments += [
            segment("PRB", fields),
            segment("ZPR", {2: f"{code}^{disease.name}^MDCDX2", 7: note(visit.person, 0.5)}),
        ]
        rows.append({"action": "AD", "disease_no": code, "icd10": icd10, "established": iso(day), "outcome": "N"})
    if card := visit.coverage:
        payer = card.insurer.zfill(8)
        segments.append(
            segment("ZI1", {1: "1", 3: payer, 10: card.symbol, 11: card.number, 18: compact(visit.person.birth)})
        )
    segments.append(segment("ORC", {1: "NW", 2: order_number(visit, 0), 12: DOCTOR, 17: "01^内科^99XY1"}))
    head: Row = {"insurer": card.insurer if card else None}
    return Sent("PPR-01", "PPR^ZD1", None, NO_ORDER, segments, {"diagnosis": rows}, head)


def management_number(disease: Disease) -> str:
    """病名管理番号, eight digits: made up from the claims code."""
    return f"2{disease.code}"


def icd10_of(disease: Disease) -> str:
    """An ICD-10 code, made up from the claims code."""
    return f"{'ABCDEFGHIJ'[int(disease.code[0])]}{disease.code[1:4]}"


def allergies(visit: Visit) -> Iterator[Sent]:
    """ADT-61: of one in five."""
    if visit.draws[17] < 0.2:
        fields = {1: "1", 2: "DA^薬剤アレルギー^HL70127", 3: "106824501^架空薬^HOT9", 4: "MO^中等度^HL70128"}
        fields |= {5: note(visit.person, visit.draws[12]), 11: "20070710", 12: "小学校の頃", 14: visit.person.kin_name}
        row: Row = {"allergen_type": "DA", "allergen_system": "HOT9", "allergen_code": "106824501", "severity": "MO"}
        row |= {"since": "2007-07-10"}
        yield Sent("ADT-61", "ADT^A60", None, NO_ORDER, [segment("IAM", fields)], {"allergy": [row]}, {})


def movements(visit: Visit) -> Iterator[Sent]:
    """ADT-12 of every day at the outpatients', ADT-22 and ADT-52 of a stay."""
    first, last = first_day(visit), last_day(visit)
    if not visit.inpatient:
        for place in visit.days:
            day = visit.month.first + place - 1
            yield _movement(visit, "ADT-12", "ADT^A04", day, admitted=f"{compact(day)}0900")
        return
    yield _movement(visit, "ADT-22", "ADT^A01", first, admitted=f"{compact(first)}1000")
    if last > first:
        dates = {"admitted": f"{compact(first)}1000", "discharged": f"{compact(last)}1100"}
        yield _movement(visit, "ADT-52", "ADT^A03", last, **dates)


def _movement(visit: Visit, kind: str, name: str, day: int, **dates: str) -> Sent:
    pv1, row = encounter(visit, **dates)
    return Sent(
        kind,
        name,
        day,
        NO_ORDER,
        [segment("EVN", {2: f"{compact(day)}0900", 5: CLERK}), pv1],
        {"encounter": [row]},
        {},
    )
