"""値を読む: what one CDA observation means, in the words of `testvalues`.

``PQ``, ``INT``, ``REAL`` are numbers, ``IVL_PQ`` with one end a number with a comparator, ``CD``, ``CO``, ``CE`` codes.
``ST``, ``ED`` and every other type are text and never read. nullFlavor NI is "not measurable" (測定不能), any other
"unknown"; negationInd is "not done" (未実施) and outdoes a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from provision.formats.checkup_items import Item, is_result_system, unit
from provision.formats.testvalues import RESULT_FORM
from provision.formats.xmlfile import XSI

V3 = "{urn:hl7-org:v3}"
TYPE = f"{XSI}type"
NOT_DONE, NOT_MEASURABLE, UNKNOWN = "not_done", "not_measurable", "unknown"

_NUMBERS = frozenset({"PQ", "INT", "REAL"})
_CODED = frozenset({"CD", "CO", "CE", "CV"})
_NUMBER = re.compile(r"-?[0-9]{1,7}(?:\.[0-9]{1,6})?")
_CODE = re.compile(RESULT_FORM.removeprefix("form:"))
_FLAGS = frozenset({"N", "L", "H", "LL", "HH", "A", "AA"})

#: Attributes of an element in the order of the document; of an interval those of its ends behind them, marked by their
#: element (``low``, ``high``) as ``low.value``.
Attributes = tuple[tuple[str, str], ...]


class Said(NamedTuple):
    """One observation as it is written: nothing is judged yet. Equal ones mean the same."""

    code: str
    system: str
    mood: str
    negated: bool
    null_flavor: str | None
    values: tuple[Attributes, ...]
    day: str | None
    flag: str | None
    low: str | None
    high: str | None


class Value(NamedTuple):
    """What a value says: each in the form of its column in `testvalues`, None where it says nothing."""

    number: str | None = None
    comparator: str | None = None
    code: str | None = None
    system: str | None = None
    unit: str | None = None
    absent: str | None = None


class Dropped(NamedTuple):
    """A value that is not kept, and the rule it is counted by."""

    rule: str


def values(said: Said, item: Item) -> tuple[list[Value], list[str]]:
    """The values of an observation of `item` that are kept (of one without a result, why there is none), and the rules
    by which others are dropped."""
    if said.negated:
        return [Value(absent=NOT_DONE)], []
    if not said.values:
        flavor = said.null_flavor
        return ([], ["checkup.no_value"]) if flavor is None else ([Value(absent=absence(flavor))], [])
    found = [value(dict(one), item) for one in said.values]
    return [v for v in found if isinstance(v, Value)], [v.rule for v in found if isinstance(v, Dropped)]


def value(said: Mapping[str, str], item: Item) -> Value | Dropped:
    """One value by its attributes."""
    if (flavor := said.get("nullFlavor")) is not None:
        return Value(absent=absence(flavor))
    kind = said.get(TYPE, "").rpartition(":")[2]
    if kind in _NUMBERS:
        return quantity(item, said.get("value"), said.get("unit"))
    if kind in _CODED:
        return _coded(item, said.get("code"), said.get("codeSystem"))
    return _interval(said, item) if kind == "IVL_PQ" else Dropped("checkup.free_text")


def absence(flavor: str) -> str:
    """Why there is no value."""
    return NOT_MEASURABLE if flavor in {"NI", "NA"} else UNKNOWN


def quantity(item: Item, number: str | None, written: str | None, comparator: str | None = None) -> Value | Dropped:
    """A number and its unit; without one (None) it has that of the item table. A unit nobody knows drops the number."""
    if item.type not in {"", "PQ"}:
        return Dropped("checkup.value_type")
    if plain(number) is None:
        return Dropped("checkup.number")
    own = unit(written) if written is not None else item.unit or ""
    return Dropped("checkup.unit") if own is None else Value(number, comparator, unit=own or None)


def plain(text: str | None) -> str | None:
    """A plainly written number of at most seven digits before the point; None for anything else."""
    return text if text is not None and _NUMBER.fullmatch(text) else None


def flag(code: str | None) -> str | None:
    """A flag (interpretationCode) of our list; None for any other."""
    return code if code in _FLAGS else None


def _coded(item: Item, code: str | None, written: str | None) -> Value | Dropped:
    """A code and its result list; without one it is that of the item table."""
    if item.type == "PQ":
        return Dropped("checkup.value_type")
    if code is None or not _CODE.fullmatch(code):
        return Dropped("checkup.value_code")
    system = written or item.system
    if system is not None and not is_result_system(system):
        return Dropped("checkup.value_system")
    return Value(code=code, system=system)


def _interval(said: Mapping[str, str], item: Item) -> Value | Dropped:
    """A number known from one side: ``high`` says at most, ``low`` at least, and neither itself where not inclusive."""
    ends = [end for end in ("low", "high") if f"{end}.value" in said]
    if len(ends) != 1:
        return Dropped("checkup.number")
    end = ends[0]
    words = ("lt", "le") if end == "high" else ("gt", "ge")
    strict = said.get(f"{end}.inclusive") == "false"
    return quantity(item, said[f"{end}.value"], said.get(f"{end}.unit"), words[0] if strict else words[1])
