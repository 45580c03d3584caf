"""健診CSVの結果: one result of a checkup file of rows, brought into the form of an observation (`cda_values.Said`).

What results mean is judged by the same rules as in documents. Signs of qualitative tests (－, ±, ＋ …) become the codes
of their list, 1.2.392.200119.6.2102 (1 －, 2 ±, 3 ＋, 4 ＋＋, 5 ＋＋＋; grade B); in words, nothing is kept.
"""

from __future__ import annotations

import re
import unicodedata

from provision.formats.cda_values import TYPE, Attributes, Said
from provision.formats.checkup_items import TEXT, item
from provision.formats.checkup_rows import Meaning

NOT_DONE, NOT_MEASURABLE = "not done", "not measurable"
_SIGNS_LIST = "1.2.392.200119.6.2102"
_SIGNS = {"-": "1", "+-": "2", "±": "2", "+": "3", "1+": "3", "++": "4", "2+": "4", "+++": "5", "3+": "5"}
_MINUS = str.maketrans({"−": "-", "‐": "-", "―": "-", "ー": "-", "～": "~", "〜": "~"})
_RANGE = re.compile(r"(-?[0-9.]+)?[~-](-?[0-9.]+)?")
#: 測定値が入力最小値以下・入力最大値以上, the marks L and U (grade D).
_ENDS = {"L": "high", "U": "low"}
#: A number, and what may stand before or behind it where it is known from one side only.
_NUMBER = re.compile(r"([<>]?)(-?[0-9]{1,7}(?:\.[0-9]{1,6})?)(未満|以下|以上|超|)")
_AT_MOST, _STRICT = frozenset({"<", "未満", "以下"}), frozenset({"<", ">", "未満", "超"})
_WORDS = {"未実施": NOT_DONE, "測定不能": NOT_MEASURABLE, "測定不可能": NOT_MEASURABLE}


#: What a filled cell of an item that is text means: its words are not even remembered.
FREE_TEXT = Meaning(dropped=("checkup.free_text",))


def is_text(code: str) -> bool:
    """Whether an item is free text."""
    known = item(code)
    return known is not None and known.kind == TEXT


def said(code: str, result: str, *, unit: str | None = None, end: str = "", flag: str = "", limits: str = "",
         state: str = "") -> Said:  # fmt: skip
    """One result. `end` L or U marks a number that is at most or at least the value, `limits` are ``low-high``,
    `state` says why there is no result. Text is left out here: what is counted is that it was there."""
    plain = unicodedata.normalize("NFKC", result).translate(_MINUS).replace(" ", "").strip("()")
    state = state or _WORDS.get(plain, "")
    values: tuple[Attributes, ...] = () if state else (_value(code, plain, unit, _ENDS.get(end, "")),)
    low, high = _limits(limits)
    flavor = "NI" if state == NOT_MEASURABLE else None
    return Said(code, "", "EVN", state == NOT_DONE, flavor, values, None, flag or None, low, high)


def _value(code: str, plain: str, unit: str | None, end: str) -> Attributes:
    known = item(code)
    if known is not None and known.type in {"CD", "CO"}:
        listed = known.system == _SIGNS_LIST
        return ((TYPE, "CD"), ("code", _SIGNS.get(plain, plain) if listed else plain))
    number = _NUMBER.fullmatch(plain)
    if known is None or known.kind == TEXT or number is None or (number[1] and number[3]):
        return ((TYPE, "ST"),)
    found = (("value", number[2]), *(() if unit is None else (("unit", unit),)))
    word = number[1] or number[3]
    if word:
        end, strict = ("high" if word in _AT_MOST else "low"), word in _STRICT
        found += (("inclusive", "false"),) if strict else ()
    return ((TYPE, "IVL_PQ"), *((f"{end}.{key}", text) for key, text in found)) if end else ((TYPE, "PQ"), *found)


def _limits(written: str) -> tuple[str | None, str | None]:
    found = _RANGE.fullmatch(unicodedata.normalize("NFKC", written).translate(_MINUS).replace(" ", ""))
    return (found[1], found[2]) if found else (None, None)
