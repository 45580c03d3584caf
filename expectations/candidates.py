"""Which known values a text could hold: the text itself and every piece of it that could be one, folded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from expectations.folding import fold, fold_digits, fold_letters
from expectations.text import katakana, normal, plain_kanji

_LONGEST = 100_000  # characters; longer texts are cut into overlapping windows
_OVERLAP = 200
_NAME_RUN = re.compile(r"[一-鿿々〆ぁ-んァ-ヶー]{3,}")
_HAN = re.compile(r"[一-鿿々〆]")
_KANA_RUN = re.compile(r"[ァ-ヶ]{4,}")
_DIGIT_RUN = re.compile(r"\+?[0-9](?:[0-9]|[-(). ]{1,2}(?=[0-9(]))+[0-9]")
_ADDRESS_RUN = re.compile(r"[一-鿿々ヶノのァ-ヶーぁ-ん]{1,40}[0-9]{1,5}(?:-[0-9]{1,5}){0,4}")
_PART = re.compile(r"[0-9A-Za-z一-鿿ぁ-んァ-ヶー]+(?:[-.][0-9A-Za-z]+)*")
_JOINTS = re.compile(r"[ ・･,、]+")


def candidates(value: str) -> set[str]:
    """Folded candidates of `value`, with the prefix of their kind as `fold` makes it. Empty for short values."""
    found: set[str] = set()
    for start in range(0, max(1, len(value)), _LONGEST):
        found.update(_of_text(value[max(0, start - _OVERLAP) : start + _LONGEST]))
    found.discard("")
    return found


def _of_text(value: str) -> Iterator[str]:
    text = normal(value)
    if len(text) < 3:
        return
    yield fold("name", text)
    yield fold("kana", text)
    yield fold("address", text)
    yield from _names(text)
    yield from _kana(text)
    if any("0" <= c <= "9" for c in text):
        yield from _phones(text)
        yield from _addresses(text)
        yield from _codes(text)


def _names(text: str) -> Iterator[str]:
    """Runs of 3-8 letters that begin with a kanji: 様 and the sentence around a name fall away."""
    joined = _JOINTS.sub("", plain_kanji(text))
    for run in _NAME_RUN.finditer(joined):
        letters = run.group()
        for start in range(len(letters) - 2):
            if _HAN.match(letters[start]):
                for end in range(start + 3, min(start + 8, len(letters)) + 1):
                    yield f"name|{fold_letters(letters[start:end])}"


def _kana(text: str) -> Iterator[str]:
    """Runs of 4-20 kana, as kana and as a name that is written in kana only."""
    for run in _KANA_RUN.finditer(katakana(_JOINTS.sub("", text)).replace("ー", "")):
        letters = run.group()
        for start in range(len(letters) - 3):
            for end in range(start + 4, min(start + 20, len(letters)) + 1):
                yield f"kana|{letters[start:end]}"
                yield f"name|{letters[start:end]}"


def _phones(text: str) -> Iterator[str]:
    """Digit runs with separators removed, and their pieces as long as a telephone number."""
    for run in _DIGIT_RUN.finditer(text):
        digits = fold_digits(run.group())
        for size in (10, 11):
            for start in range(len(digits) - size + 1):
                yield f"phone|{digits[start : start + size]}"
        if len(digits) == 9 and digits == text:  # an integer column drops the leading zero
            yield f"phone|0{digits}"
        if len(digits) == 10 and digits == text:
            yield f"phone|0{digits}"


def _addresses(text: str) -> Iterator[str]:
    """Every beginning before a house number, and the house number with fewer parts."""
    whole = re.sub("-+", "-", re.sub(r"丁目|番地の?|番|号|の(?=[0-9])", "-", re.sub(r"\s+", "", plain_kanji(text))))
    for run in _ADDRESS_RUN.finditer(whole.replace("ケ", "ヶ")):
        letters = re.match(r"[^0-9]*", run.group())
        size = letters.end() if letters else 0
        numbers = run.group()[size:].split("-")
        for start in range(max(0, size - 1)):
            for count in range(1, len(numbers) + 1):
                yield fold("address", run.group()[start:size] + "-".join(numbers[:count]))


def _codes(text: str) -> Iterator[str]:
    """Neighbouring parts as insurer, symbol and number, or as facility and chart number; labels between them go."""
    yield from _neighbours(_PART.findall(text))
    if "-" in text:
        yield from _neighbours(_PART.findall(text.replace("-", " ")))


def _neighbours(parts: list[str]) -> Iterator[str]:
    parts = [part for part in parts if any(c.isdigit() for c in part) or len(part) <= 6]
    parts = [part for part in parts if part not in _LABELS][:200]
    for i in range(len(parts) - 1):
        yield fold("chart", parts[i], parts[i + 1])
        yield fold("insured", parts[i], "", parts[i + 1])
        if i + 2 < len(parts):
            yield fold("insured", parts[i], parts[i + 1], parts[i + 2])


_LABELS = frozenset({"記号", "番号", "枝番", "保険者", "カルテ", "施設", "の", "は", "と"})
