"""検査値と回答 of FHIR: rows of the tables ``test_value`` and ``answer`` from Observations and QuestionnaireResponses.

An Observation is a row, and so is each of its components that has a value (blood pressure). A number counts with a unit
of ours only, or without any: a number of an unknown unit is not comparable. Words are read where they are the sign of a
qualitative test, such as ``(±)`` or ``2+``; all others are dropped and counted. Answers in words, dates and attachments
are dropped and counted, and so are answers to questions that nobody named. A question without an answer is a row.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from provision import codes
from provision.formats.documents import Row
from provision.formats.fhircells import NO_NUMBER, day, number
from provision.formats.fhirsystems import TEST, Systems
from provision.formats.testvalues import item_of
from provision.formats.units import unit_of

#: HL7 data-absent-reason -> our words (config/codes/test_absent.tsv).
_ABSENT: Mapping[str, str] = {
    "unknown": "unknown", "asked-unknown": "unknown", "temp-unknown": "unknown", "not-asked": "not_done",
    "not-performed": "not_done", "asked-declined": "refused", "error": "not_measurable",
    "not-a-number": "not_measurable", "negative-infinity": "not_measurable", "positive-infinity": "not_measurable",
}  # fmt: skip
#: Signs of qualitative tests -> their one spelling.
_SIGNS: Mapping[str, str] = {
    "-": "neg", "陰性": "neg", "±": "trace", "+-": "trace", "陽性": "1pos", "+": "1pos", "++": "2pos", "+++": "3pos",
    **{f"{n}+": f"{n}pos" for n in range(1, 6)}, **{f"+{n}": f"{n}pos" for n in range(1, 6)},
    "neg": "neg", "pos": "1pos", "trace": "trace",
}  # fmt: skip
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−ー", "-") | {"(": None, ")": None, " ": None})
_OID = "urn:oid:"


def values(resource: Any, systems: Systems, counts: Counter[str]) -> Iterator[Row]:
    """Cells of `TEST_VALUE` but for the number of the value, which the caller counts."""
    observed = resource.f_effectiveDateTime or getattr(resource.f_effectivePeriod, "f_start", None)
    observed = observed or resource.f_effectiveInstant
    when = day(observed) if observed else None
    parts = [part for part in resource.f_component or () if part is not None]
    if not parts or _says_something(resource):
        yield from _value(resource, when, systems, counts)
    for part in parts:
        yield from _value(part, when, systems, counts)


def _says_something(node: Any) -> bool:
    return bool(node.f_valueQuantity or node.f_valueCodeableConcept or node.f_valueString or bytes(node.f_valueInteger))


def _value(node: Any, when: str | None, systems: Systems, counts: Counter[str]) -> Iterator[Row]:
    system, code = _code(node.f_code, systems)
    if not code:
        counts["fhir.no_known_code:test_value"] += 1
        return
    amount, comparator, unit = _amount(node, counts)
    result, result_system = _result(node, counts)
    low, high = _range(node)
    absent = _ABSENT.get(_coding(node.f_dataAbsentReason, systems.of("absent_reason")) or "")
    item = item_of(system, code) or None
    flag = _flag(node, systems, counts)
    yield (None, when, item, system, code, amount, comparator, result, result_system, unit, low, high, flag, absent)


def _code(concept: Any, systems: Systems) -> tuple[str, str]:
    """The first coding of a system of tests, of several the one that is an item of ours."""
    found = ("", "")
    for coding in getattr(concept, "f_coding", None) or ():
        if coding is None or not coding.f_code or coding.f_system not in systems.of(TEST):
            continue
        known = systems.addresses[coding.f_system], coding.f_code
        if item_of(*known):
            return known
        found = found if found[1] else known
    return found


def _amount(node: Any, counts: Counter[str]) -> tuple[str | None, str | None, str | None]:
    """Number, comparator and unit; nothing of them where the unit is none of ours."""
    quantity = node.f_valueQuantity
    if quantity is None:
        return number(node.f_valueInteger), None, None
    unit, said = unit_of(quantity.f_code) or unit_of(quantity.f_unit), quantity.f_code or quantity.f_unit
    if said and unit is None:
        counts["fhir.unknown_unit:test_value"] += 1
        return None, None, None
    comparator = quantity.f_comparator
    if comparator is not None and comparator not in _comparators():
        counts["fhir.unknown_comparator:test_value"] += 1
        return None, None, None
    return number(quantity.f_value), comparator, unit


@cache
def _comparators() -> frozenset[str]:
    return frozenset(codes.load("comparator").names)


def _result(node: Any, counts: Counter[str]) -> tuple[str | None, str | None]:
    """A coded result with the OID of its system, or the sign that a text is."""
    for coding in getattr(node.f_valueCodeableConcept, "f_coding", None) or ():
        if coding is not None and coding.f_code and (coding.f_system or "").startswith(_OID):
            return coding.f_code, coding.f_system.removeprefix(_OID)
    text = node.f_valueString
    if text is None:
        return None, None
    sign = _SIGNS.get(unicodedata.normalize("NFKC", text).translate(_HYPHENS))
    if sign is None:
        counts["fhir.words:test_value"] += 1
    return sign, None


def _range(node: Any) -> tuple[str | None, str | None]:
    for one in node.f_referenceRange or ():
        if one is not None and (one.f_low is not None or one.f_high is not None):
            low, high = (number(end.f_value) if end is not None else None for end in (one.f_low, one.f_high))
            return low, high
    return None, None


def _flag(node: Any, systems: Systems, counts: Counter[str]) -> str | None:
    for concept in node.f_interpretation or ():
        found = _coding(concept, systems.of("interpretation"))
        if found in _flags():
            return found
        counts["code:test_value.flag"] += bool(found)
    return None


@cache
def _flags() -> frozenset[str]:
    return frozenset(codes.load("test_flag").names)


def _coding(concept: Any, addresses: frozenset[str]) -> str | None:
    for coding in getattr(concept, "f_coding", None) or ():
        if coding is not None and coding.f_system in addresses:
            return str(coding.f_code)
    return None


def answers(resource: Any, systems: Systems, counts: Counter[str]) -> Iterator[Row]:
    """Cells of `ANSWER` but for the number of the answer."""
    when = day(resource.f_authored) if resource.f_authored else None
    for item in _items(resource.f_item):
        given = [one for one in item.f_answer or () if one is not None]
        if item.f_linkId not in systems.questions:
            counts["fhir.unknown_question"] += bool(given)
            continue
        if not given and not _children(item):
            yield (None, when, item.f_linkId, None, None, None, None, "unknown")
        for one in given:
            code, system, amount, unit = _answer(one)
            if code is None and amount is None:
                counts["fhir.words:answer"] += 1
            else:
                yield (None, when, item.f_linkId, code, system, amount, unit, None)


def _items(items: Any) -> Iterator[Any]:
    for item in items or ():
        if item is not None:
            yield item
            yield from _items(_children(item))


def _children(item: Any) -> Any:
    return getattr(item, "f_item", None)


def _answer(one: Any) -> tuple[str | None, str | None, str | None, str | None]:
    coding, quantity = one.f_valueCoding, one.f_valueQuantity
    if coding is not None and coding.f_code:
        system = coding.f_system or ""
        return coding.f_code, system.removeprefix(_OID) if system.startswith(_OID) else None, None, None
    if one.f_valueBoolean is not None:
        return ("true" if one.f_valueBoolean else "false"), None, None, None
    if quantity is not None:
        unit = unit_of(quantity.f_code) or unit_of(quantity.f_unit)
        return None, None, number(quantity.f_value) if unit or not (quantity.f_code or quantity.f_unit) else None, unit
    amount = number(one.f_valueInteger) or number(one.f_valueDecimal)
    return None, None, None if amount == NO_NUMBER else amount, None
