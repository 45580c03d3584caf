"""単位: what senders write for a unit -> the one spelling of config/codes/test_unit.tsv (UCUM as in JP Core)."""

from __future__ import annotations

import unicodedata
from functools import cache

from provision import codes

#: Other ways to write a unit, folded as `_folded` does.
_ALSO = {
    "ml/min/1.73m2": "mL/min/{1.73_m2}", "ml/min/1.73m^2": "mL/min/{1.73_m2}", "ml/分/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/{1.73m2}": "mL/min/{1.73_m2}", "mm[hg]": "mmHg", "bpm": "/min", "回/分": "/min", "拍/分": "/min",
    "{beats}/min": "/min", "1/min": "/min", "°c": "Cel", "degc": "Cel", "iu/l": "U/L", "万/ul": "10*4/uL",
    "万/mm3": "10*4/uL", "10^4/ul": "10*4/uL", "10^3/ul": "10*3/uL", "10^6/ul": "10*6/uL", "/mm3": "/uL",
    "個/ul": "/uL", "kg/m^2": "kg/m2", "mg/gcr": "mg/g{creat}", "mg/g・cr": "mg/g{creat}", "sec": "s", "秒": "s",
    "分": "min", "歳": "a", "回": "{times}", "mg/day": "mg/d", "mg/日": "mg/d", "個": "{pieces}", "点": "{score}",
}  # fmt: skip


@cache
def _known() -> dict[str, str]:
    """Folded spelling -> code. Those of the list that differ in case only keep their own."""
    listed = list(codes.load("test_unit").names)
    folded = {_folded(code): code for code in listed}
    return {**_ALSO, **folded, **{code: code for code in listed}}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "").replace("μ", "u").lower()


def unit_of(text: str | None) -> str | None:
    """Our code of a unit; None where it is none of the list, and for nothing."""
    if not text or len(text) > 32:
        return None
    known = _known()
    return known.get(text) or known.get(_folded(text))
