"""Codes, numbers and dates of HL7 fields as our tables have them. What is of no form or list of ours is not kept.

Systems are told by the third component (coding system, HL7 table 0396 and JAHIS): JC10 JLAC10, HOT7 to HOT13 and YJ
drugs, MR9P units and dosage forms, I10 ICD-10, MDCDX2 病名管理番号, JAMISDP01 usages. ``99…`` are the sender's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache, lru_cache, wraps
from typing import TypeVar

from provision import codes
from provision.formats.hl7message import Message

Found = TypeVar("Found")
Coding = tuple[str, str]  # code, system
_DRUGS = {
    "HOT": r"[0-9]{7}|[0-9]{9}|[0-9]{13}", "HOT7": r"[0-9]{7}", "HOT9": r"[0-9]{9}", "HOT13": r"[0-9]{13}",
    "YJ": r"[0-9]{7}[A-Z][0-9]{4}|[0-9]{4}[0-9A-Z]{3}[A-Z][0-9]{4}",
}  # fmt: skip
_SERVICES = {
    "JC10": ("JLAC10", r"[1-9][A-Z][0-9]{3}(?:[0-9A-Z]{10}|[0-9A-Z]{12})?"),
    "JJ1017": ("JJ1017", r"[0-9][0-9A-Z]{14,15}|[0-9][0-9A-Z]{29,31}"),
    "LENDO": ("LENDO", r"[1-9][0-9]{10}"),
}
_NUMBER = r"[-+]?[0-9]{1,9}(?:\.[0-9]{1,6})?"
_RANGE = re.compile(rf"({_NUMBER})\s*[-~]\s*({_NUMBER})")
_BOUND = re.compile(rf"(<=|>=|<|>|≦|≧)\s*({_NUMBER})|({_NUMBER})\s*(以上|以下|未満|超)")
_SIGNS = {"<": "lt", "<=": "le", "≦": "le", ">": "gt", ">=": "ge", "≧": "ge"}
_WORDS = {"以上": "ge", "以下": "le", "未満": "lt", "超": "gt"}
#: JLAC10 with its result identification or without.
JLAC10_FORM = r"[1-9][A-Z][0-9]{3}(?:[0-9A-Z]{10}|[0-9A-Z]{12})"
#: Spellings of units that are not those of our list but for capitals.
_UNITS = {
    "bpm": "/min", "/分": "/min", "拍/分": "/min", "回/分": "/min", "iu/l": "U/L", "u/l": "U/L", "cel": "Cel",
    "°c": "Cel",
    "degree": "deg", "μg/dl": "ug/dL", "μg/l": "ug/L", "μmol/l": "umol/L", "kg/m^2": "kg/m2", "%": "%",
    "10^4/μl": "10*4/uL", "10^4/ul": "10*4/uL", "万/μl": "10*4/uL", "万/ul": "10*4/uL", "10^3/ul": "10*3/uL",
    "10^3/μl": "10*3/uL", "10^6/ul": "10*6/uL", "10^6/μl": "10*6/uL", "/μl": "/uL", "sec": "s", "秒": "s",
}  # fmt: skip
#: Signs of qualitative tests, NFKC and without parentheses, and blood groups.
_RESULTS = {
    "-": "neg", "陰性": "neg", "NEG": "neg", "±": "trace", "+-": "trace", "+/-": "trace", "+": "1pos", "1+": "1pos",
    "++": "2pos", "2+": "2pos", "+++": "3pos", "3+": "3pos", "4+": "4pos", "5+": "5pos",
    "A": "A", "B": "B", "O": "O", "AB": "AB",
}  # fmt: skip


#: No number, unit or sign is longer; a longer text is none, and is not remembered.
_LONGEST = 64


def _remembered(read: Callable[[str], Found]) -> Callable[[str], Found]:
    """Read the same text once: units, ranges and signs repeat themselves."""
    known = lru_cache(maxsize=16_384)(read)
    return wraps(read)(lambda text: known(text if len(text) <= _LONGEST else ""))


def codings(message: Message, text: str) -> Iterator[Coding]:
    """The one or two codes of a coded element (CE, CWE) with their systems, upper case."""
    parts = message.parts(text)
    for at in (0, 3):
        if at < len(parts) and (code := message.plain(parts[at])):
            yield code, message.plain(parts[at + 2]).upper().strip() if at + 2 < len(parts) else ""


def drug(message: Message, text: str) -> Coding | None:
    """Code and system of a medicine; None where none of its codes is public."""
    for code, system in codings(message, text):
        if (form := _DRUGS.get(system)) and re.fullmatch(form, code):
            return code, {7: "HOT7", 9: "HOT9", 13: "HOT13"}.get(len(code), "YJ")
    return None


def service(message: Message, text: str) -> Coding | None:
    """Code and system of an examination; None where none of its codes is public."""
    for code, system in codings(message, text):
        name, form = _SERVICES.get(system, ("", "(?!)"))
        if re.fullmatch(form, code):
            return code, name
    return None


def of_system(message: Message, text: str, system: str, form: str) -> str | None:
    """The code of one system and form in a coded element."""
    for code, said in codings(message, text):
        if said == system and re.fullmatch(form, code):
            return code
    return None


@cache
def _names(code_list: str) -> frozenset[str]:
    return frozenset(codes.load(code_list).names)


def listed(code: str, code_list: str) -> str | None:
    """The code where the list knows it."""
    return code if code in _names(code_list) else None


@_remembered
def unit(text: str) -> str | None:
    """A unit in the spelling of config/codes/test_unit.tsv. Capitals do not matter but for single letters."""
    plain = unicodedata.normalize("NFKC", text).replace("µ", "μ").replace(" ", "")
    if plain in _names("test_unit"):
        return plain
    folded = plain.casefold()
    return _UNITS.get(folded) or (_folded_units().get(folded) if len(folded) > 1 else {"l": "L"}.get(folded))


@cache
def _folded_units() -> dict[str, str]:
    """Only those that are told apart without their capitals."""
    folded: dict[str, list[str]] = {}
    for name in _names("test_unit"):
        folded.setdefault(name.casefold(), []).append(name)
    return {name: found[0] for name, found in folded.items() if len(found) == 1}


@_remembered
def number(text: str) -> str | None:
    """A number as our columns read it, NFKC; None where it is none."""
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("+")
    return plain if re.fullmatch(_NUMBER, plain) else None


@_remembered
def bounded(text: str) -> tuple[str | None, str | None]:
    """Comparator and number of ``<5``, ``5以下`` and the like, or a plain number without a comparator; else nothing."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if found := _BOUND.fullmatch(plain):
        sign = _SIGNS[found[1]] if found[1] else _WORDS[found[4]]
        return sign, (found[2] or found[3]).removeprefix("+")
    return None, number(plain)


def comparator(sign: str) -> str | None:
    """Our word for SN-1; None where it is none of ours."""
    return _SIGNS.get(unicodedata.normalize("NFKC", sign).strip())


@_remembered
def reference(text: str) -> tuple[str | None, str | None]:
    """Lower and upper end of OBX-7: ``10-20``, ``<5``, ``≧40``; nothing where it is another text, or upside down."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if found := _RANGE.fullmatch(plain):
        low, high = found[1].removeprefix("+"), found[2].removeprefix("+")
        return (low, high) if Decimal(low) <= Decimal(high) else (None, None)
    sign, end = bounded(plain)
    return (None, end) if sign in ("lt", "le") else (end, None) if sign else (None, None)


@_remembered
def qualitative(text: str) -> str | None:
    """The sign of a qualitative test, or a blood group, in its one spelling."""
    plain = unicodedata.normalize("NFKC", text).strip().upper().replace("−", "-").replace("ー", "-")
    return _RESULTS.get(plain.removeprefix("(").removesuffix(")"))


def day(text: str) -> str | None:
    """The day of a time stamp (YYYYMMDD…); a month or a year alone is no day."""
    return text[:8] if len(text) >= 8 and text[:8].isdigit() and text.isascii() else None
