"""検査値: OBX as rows of `test_value`, by public codes or those that the source declares.

NM, SN and coded results are kept. Text (ST, TX, FT), documents (ED, RP), names (XCN, XPN) and everything else goes and
is counted: what stands there may be anything. Only an ST that is nothing but a short number, of an item whose result is
one (`testvalues.is_number`), is read as NM: many senders write all results so, and no word can pass. Results that were
deleted or are wrong (OBX-11 D, W) are none.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from provision.formats import hl7coded
from provision.formats.hl7message import Message, Segment, value
from provision.formats.testvalues import DECLARED, JLAC10, JLAC11, LOINC, is_number, item_of

_SYSTEMS = {"JC10": JLAC10, "JLAC10": JLAC10, "JC11": JLAC11, "JLAC11": JLAC11, "LN": LOINC}
_FORMS = {
    JLAC10: re.compile(hl7coded.JLAC10_FORM),
    JLAC11: re.compile(r"[0-9A-Z]{15}|[0-9A-Z]{17}"),
    LOINC: re.compile(r"[0-9]{1,5}-[0-9]"),
}
_OID, _RESULT = re.compile(r"[0-2](?:\.[0-9]{1,6}){2,12}"), re.compile(r"[0-9]{1,4}")
_TEXT = frozenset({"ST", "TX", "FT", "ED", "RP"})
_CODED = frozenset({"CWE", "CE", "CNE", "IS", "ID"})
#: A number written as text, with a comparator or without: no sign, no zeros in front, too short for a chart number.
_PLAIN = r"(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{1,4})?"
_WRITTEN = re.compile(rf"(?:<=|>=|<|>|≦|≧)?\s?{_PLAIN}|{_PLAIN}(?:以上|以下|未満|超)")
_NO_RESULT = {"X": "not_measurable", "N": "not_done"}
Cells = dict[str, str | None]


@dataclass(frozen=True)
class _Item:
    """What was tested: our item, the code system and the public code."""

    item: str | None
    system: str
    code: str | None


def row(message: Message, obx: Segment, items: Mapping[str, str], counts: Counter[str]) -> Cells | None:
    """The cells of one OBX without number and day; None, and counted, where nothing may be kept or nothing is said."""
    if (status := value(obx, 11)) in ("D", "W"):
        counts["hl7.results_taken_back"] += 1
        return None
    tested = _item(message, value(obx, 3), items)
    if tested is None:
        counts["hl7.local_items"] += 1
        return None
    found = _result(message, obx, tested, counts) | ({"absent": _NO_RESULT[status]} if status in _NO_RESULT else {})
    if not any(found.values()):
        counts["hl7.no_result"] += not value(obx, 5)
        return None
    return (
        found | {"item": tested.item, "code_system": tested.system, "code": tested.code} | _around(message, obx, counts)
    )


def _item(message: Message, text: str, items: Mapping[str, str]) -> _Item | None:
    own = None
    for code, system in hl7coded.codings(message, text):
        known = _SYSTEMS.get(system)
        if known and _FORMS[known].fullmatch(code):
            return _Item(item_of(known, code) or None, known, code)
        own = own or items.get(code)
    return _Item(own, DECLARED, None) if own else None


def _result(message: Message, obx: Segment, tested: _Item, counts: Counter[str]) -> Cells:
    """value_number, comparator and value_code of OBX-5; what is not kept is counted."""
    kind, text = value(obx, 2), value(obx, 5)
    if not text:
        return {}
    found: Cells = {}
    if kind == "NM":
        found = _numbered(*hl7coded.bounded(message.part(text, 1)))
    elif kind == "SN":
        found = _structured(message, text)
    elif kind in _CODED:
        found = _coded(message, text)
    elif kind == "ST" and is_number(tested.item, tested.system, tested.code):
        found = _written(message.plain(text))
        counts["hl7.numbers_as_text"] += bool(found)
    if not any(found.values()):
        counts["hl7.free_text" if kind in _TEXT else "hl7.results_not_kept"] += 1
    return found


def _numbered(sign: str | None, number: str | None) -> Cells:
    return {"value_number": number, "comparator": sign} if number else {}


def _written(text: str) -> Cells:
    """ST: a number and nothing else."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return _numbered(*hl7coded.bounded(plain)) if _WRITTEN.fullmatch(plain) else {}


def _structured(message: Message, text: str) -> Cells:
    """SN: a comparator and a number. Ranges and ratios (SN-3, SN-4) are no number."""
    sign, first, separator = (message.part(text, number) for number in (1, 2, 3))
    known = hl7coded.comparator(sign)
    if separator or (sign and sign != "=" and not known):
        return {}
    return _numbered(known, hl7coded.number(first))


def _coded(message: Message, text: str) -> Cells:
    """A code of a system that has an OID, or the sign of a qualitative test: senders write it as code or as name."""
    code, name, system = (message.part(text, number) for number in (1, 2, 3))
    if _OID.fullmatch(system) and _RESULT.fullmatch(code):
        return {"value_code": code, "value_system": system}
    return {"value_code": hl7coded.qualitative(code) or hl7coded.qualitative(name)}


def _around(message: Message, obx: Segment, counts: Counter[str]) -> Cells:
    """Unit, reference range and flag."""
    said = [word for number in (1, 2) if (word := message.part(value(obx, 6), number))]
    unit = next(filter(None, map(hl7coded.unit, said)), None)
    low, high = hl7coded.reference(message.plain(value(obx, 7)))
    flags = [hl7coded.listed(message.part(flag, 1), "test_flag") for flag in message.repeated(value(obx, 8))]
    counts["hl7.units_not_known"] += bool(said and not unit)
    return {"unit": unit, "ref_low": low, "ref_high": high, "flag": next(filter(None, flags), None)}
