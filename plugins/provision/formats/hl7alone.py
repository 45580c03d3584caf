"""Segments that make a row by themselves: PV1 the encounter, IN1 the insurance, PRB the disease, IAM and AL1 allergies.

Wards, rooms, doctors and card numbers are not read here; what is written out in words goes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from provision.formats import hl7coded, hl7people
from provision.formats.hl7coded import day, of_system
from provision.formats.hl7message import Message, Segment, value

Cells = dict[str, str | None]
Made = tuple[str, Cells] | None  # table and cells
_ICD10 = re.compile(r"[A-Z][0-9]{2}[0-9A-Z]{0,3}")
_ICD10_SYSTEMS = ("I10", "ICD10", "I10C")


def encounter(message: Message, pv1: Segment, counts: Counter[str]) -> Made:
    """PV1: inpatient or outpatient, department, and the days of admission and discharge."""
    said = message.part(value(pv1, 10), 1)
    department = hl7coded.listed(said, "department")
    counts["hl7.local_departments"] += bool(said) and department is None
    cells = {
        "patient_class": hl7coded.listed(message.part(value(pv1, 2), 1), "hl7_patient_class"),
        "department": department,
        "admitted": day(message.part(value(pv1, 44), 1)),
        "discharged": day(message.part(value(pv1, 45), 1)),
    }
    return ("encounter", cells) if any(cells.values()) else None


def insurance(message: Message, in1: Segment, counts: Counter[str]) -> Made:
    """IN1: who pays. The number of a public expense (公費負担者番号) is not an insurer's."""
    number, own = hl7people.insurer_number(message, in1), hl7people.is_insurance(message, in1)
    payer = number if not own and re.fullmatch(r"[0-9]{8}", number) else None
    cells = {
        "plan": hl7coded.listed(message.part(value(in1, 2), 1), "payer_law"),
        "insurer": number if own else None,
        "payer": payer,
        "since": day(message.part(value(in1, 12), 1)),
        "until": day(message.part(value(in1, 13), 1)),
        "relation": hl7coded.listed(message.part(value(in1, 17), 1), "hl7_relation"),
    }
    return ("insurance", cells) if any(cells.values()) else None


def diagnosis(message: Message, prb: Segment, counts: Counter[str]) -> Made:
    """PRB: a disease by 病名管理番号 (MDCDX2) and ICD-10; one that is only written out is counted, not kept."""
    disease = of_system(message, value(prb, 3), "MDCDX2", r"[0-9]{8}")
    category = _icd10(message, value(prb, 10)) or _icd10(message, value(prb, 3))
    if not disease and not category:
        counts["hl7.uncoded_diagnoses"] += 1
        return None
    cells = {
        "action": hl7coded.listed(message.part(value(prb, 1), 1), "hl7_problem_action"),
        "disease_no": disease,
        "icd10": category,
        "established": day(message.part(value(prb, 7), 1)),
        "resolved": day(message.part(value(prb, 9), 1)),
        "outcome": hl7coded.listed(message.part(value(prb, 14), 1), "hl7_outcome"),
        "onset": day(message.part(value(prb, 16), 1)),
        "rank": hl7coded.listed(message.part(value(prb, 18), 1), "hl7_problem_rank"),
    }
    return "diagnosis", cells


def _icd10(message: Message, text: str) -> str | None:
    """ICD-10 without its dot."""
    for code, system in hl7coded.codings(message, text):
        plain = code.replace(".", "").upper()
        if system in _ICD10_SYSTEMS and _ICD10.fullmatch(plain):
            return plain
    return None


def allergy(message: Message, segment: Segment, counts: Counter[str]) -> Made:
    """IAM (ADT-61) and AL1 (ADT-00): the substance by a public code. What happens then is written out, and goes."""
    substance = hl7coded.drug(message, value(segment, 3))
    if substance is None and (code := of_system(message, value(segment, 3), "JC10", hl7coded.JLAC10_FORM)):
        substance = code, "JLAC10"
    counts["hl7.local_allergens"] += substance is None and bool(value(segment, 3))
    kind = hl7coded.listed(message.part(value(segment, 2), 1), "hl7_allergen_type")
    cells = {
        "allergen_type": kind,
        "allergen_system": substance[1] if substance else None,
        "allergen_code": substance[0] if substance else None,
        "severity": hl7coded.listed(message.part(value(segment, 4), 1), "hl7_severity"),
        "since": day(message.part(value(segment, 11 if segment[0] == "IAM" else 6), 1)),
    }
    table = "allergy" if segment[0] == "IAM" else "allergy_brief"
    return (table, cells) if kind or substance else None


ROWS: dict[str, Callable[[Message, Segment, Counter[str]], Made]] = {
    "PV1": encounter,
    "IN1": insurance,
    "PRB": diagnosis,
    "IAM": allergy,
    "AL1": allergy,
}
