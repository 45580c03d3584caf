"""健診項目: what the 17-digit item codes of 特定健診 are, and their units in our spelling.

Names, types, units and result lists come from our table (config/codes/checkup_item.tsv, edition 2024, grade B), never
from the sender. 77 of its 322 items are free text (ST): findings, drug names, names of physicians, film numbers. They
are dropped whatever type a sender gives their value. A code that is not in the table is taken where it has the shape
of JLAC10 and does not say of itself that it is text (結果識別 49), a date (識別 1611) or a film number (1612).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from provision import codes
from provision.formats.testvalues import JLAC10, item_of

#: Kinds of items: test values, answers to questions, free text.
VALUE, ANSWER, TEXT = "value", "answer", "text"
#: 項目コード of 特定健診, of 特定保健指導, and JLAC10 itself; a code without a system is one of these.
ITEM_SYSTEMS = frozenset({"", "1.2.392.200119.6.1005", "1.2.392.200119.6.1006", "1.2.392.200119.4.504"})

#: 分析物 5, 識別 4, 材料 3, 測定法 3, 結果識別 2 (split: grade D).
_SHAPE = re.compile(r"[1-9][A-Z][0-9]{3}(?!161[12])[0-9]{10}(?!49)[0-9]{2}")
#: 標準的な質問票 and what is asked beside it have the analytes 9N701 to 9N799, 後期質問票 9N93x and 9N94x.
_QUESTIONS = re.compile(r"9N7|9N9[34]")
#: 結果コードの体系 of the ministry; a number after it has at most five digits, so it can hold nobody's.
_RESULT_SYSTEM = re.compile(r"1\.2\.392\.200119\.6\.[0-9]{3,5}")
_SPELLINGS = {
    "mm[hg]": "mmHg", "{h`b}/min": "/min", "拍/分": "/min", "回/分": "/min", "回": "{times}",
    "mg/dl": "mg/dL", "g/dl": "g/dL", "ng/ml": "ng/mL", "u/l": "U/L", "iu/l": "U/L", "mg/l": "mg/L", "l": "L",
    "ml/min/1.73m2": "mL/min/{1.73_m2}", "10*4/mm3": "10*4/uL", "万/mm3": "10*4/uL", "/mm3": "/uL", "fl": "fL",
    "mg/g*cr": "mg/g{creat}", "mg/g・cr": "mg/g{creat}", "mg/g·cr": "mg/g{creat}", "mg/gcr": "mg/g{creat}",
    "mg/day": "mg/d", "mg/日": "mg/d", "分": "min", "点": "{score}", "歳": "a", "日": "d", "月": "mo",
}  # fmt: skip


#: No code or unit is longer; longer texts are not remembered.
_LONGEST = 100


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One item: its code, our name of it ("" where it has none), kind, type (PQ, CD, CO, ST; "" unlisted), unit and
    result list. Items are the same where they are the same object, which makes them
    cheap to look up."""

    code: str
    item: str | None
    kind: str
    type: str
    unit: str | None
    system: str | None


@cache
def _listed() -> dict[str, tuple[str, ...]]:
    path = next(folder / "checkup_item.tsv" for folder in codes.folders() if (folder / "checkup_item.tsv").is_file())
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {row[0]: (*row, *[""] * (7 - len(row))) for row in rows if row[0] != "code"}


def item(code: str) -> Item | None:
    """What a code is; None where it is neither in the table nor shaped like one that could be."""
    return _item(code) if len(code) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _item(code: str) -> Item | None:
    if (row := _listed().get(code)) is not None:
        _, _, _, kind_of_value, kind, own_unit, system = row
        return Item(code, item_of(JLAC10, code) or None, kind, kind_of_value, own_unit or None, system or None)
    if not _SHAPE.fullmatch(code):
        return None
    kind = ANSWER if _QUESTIONS.match(code) else VALUE
    return Item(code, item_of(JLAC10, code) or None, kind, "", None, None)


@cache
def _units() -> dict[str, str]:
    own = {name.lower(): name for name in codes.load("test_unit").names}
    return own | _SPELLINGS


def unit(written: str) -> str | None:
    """A unit as senders write it in our spelling (config/codes/test_unit.tsv): "" where the quantity has none (``1``),
    None where nobody knows it."""
    return _unit(written) if len(written) <= _LONGEST else None


@lru_cache(maxsize=256)
def _unit(written: str) -> str | None:
    plain = unicodedata.normalize("NFKC", written).replace(" ", "").lower()
    return "" if plain in {"", "1"} else _units().get(plain)


def is_result_system(system: str) -> bool:
    """Whether this is an object identifier of a result list of the ministry."""
    return _RESULT_SYSTEM.fullmatch(system) is not None
