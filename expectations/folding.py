"""Folding: one spelling per strong value, whichever way it was written, so that equality finds it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from expectations.text import katakana, normal, plain_kanji

#: Kinds of strong values, see `fold`.
KINDS = ("name", "kana", "phone", "address", "insured", "chart", "own_chart")

_Fold = Callable[[tuple[str, ...]], str | None]

_NAME_NOISE = re.compile(r"[\s・･,、.\-ー=]+")
_KANA = re.compile(r"[ァ-ヶー]+")
_HAN = re.compile(r"[一-鿿々〆]")
_UNITS = re.compile(r"(?:丁目|番地の|番地|番|号|の(?=[0-9]))")
_HOUSE = re.compile(r"^(.*?[^0-9-][0-9]+(?:-[0-9]+)*)")


def fold(kind: str, *parts: str) -> str:
    """The one spelling of a strong value, or "" where the value is too short or too incomplete to be strong.

    Parts by kind: name (full name, or surname and given name), kana (the same in kana), phone (number), address
    (whole, or its pieces in order), insured (insurer, symbol, number), chart (facility, chart number),
    own_chart (chart number of a source that says which form its numbers have).
    Raises ValueError for an unknown kind or a wrong number of parts.
    """
    folded = _FOLDS[kind](parts) if kind in _FOLDS else None
    if folded is None:
        raise ValueError("unknown kind of known value, or wrong number of parts")
    return f"{kind}|{folded}" if folded else ""


def fold_letters(text: str) -> str:
    """Name letters: variants made common, blanks and middle dots gone; kana-only text as full-size katakana."""
    plain = _NAME_NOISE.sub("", plain_kanji(normal(text)))
    return plain if _HAN.search(plain) else _NAME_NOISE.sub("", katakana(plain)).casefold()


def fold_digits(text: str) -> str:
    """Digits only, +81 as 0."""
    return re.sub("[^0-9]", "", re.sub(r"^\+ ?81[- (]*0?", "0", normal(text)))


def fold_address(text: str) -> str:
    """Address without blanks, units as hyphens, cut behind the house number; "" where there is no house number."""
    plain = re.sub(r"\s+", "", plain_kanji(normal(text))).replace("ケ", "ヶ")
    plain = re.sub("-+", "-", _UNITS.sub("-", re.sub(r"^〒?[0-9]{3}-?[0-9]{4}", "", plain)))
    found = _HOUSE.match(plain)
    return found.group(1).strip("-") if found else ""


def fold_code(text: str) -> str:
    """Letters and digits of a number, leading zeros dropped: 00123 and 123 are one chart number."""
    return re.sub(r"[\W_]+", "", plain_kanji(normal(text))).casefold().lstrip("0")


def _name(parts: tuple[str, ...]) -> str:
    folded = fold_letters("".join(parts))
    return folded if len(folded) >= (3 if _HAN.search(folded) else 4) else ""


def _kana(parts: tuple[str, ...]) -> str:
    folded = _NAME_NOISE.sub("", katakana(normal("".join(parts))))
    return folded if len(folded) >= 4 else ""


def _phone(parts: tuple[str, ...]) -> str:
    folded = fold_digits("".join(parts))
    return folded if len(folded) >= 9 else ""


def _address(parts: tuple[str, ...]) -> str:
    folded = fold_address("".join(parts))
    return folded if len(folded) >= 4 else ""


def _codes(count: int) -> _Fold:
    def joined(parts: tuple[str, ...]) -> str | None:
        if len(parts) != count:
            return None
        codes = [fold_code(part) for part in parts]
        # A symbol may be empty (late-elderly insurance has none), the outer parts may not.
        whole = codes[0] and codes[-1]
        return ":".join(codes) if whole and len("".join(codes)) >= 4 else ""

    return joined


_FOLDS: Mapping[str, _Fold] = {
    "name": _name,
    "kana": _kana,
    "phone": _phone,
    "address": _address,
    "insured": _codes(3),
    "chart": _codes(2),
    "own_chart": _codes(1),
}
