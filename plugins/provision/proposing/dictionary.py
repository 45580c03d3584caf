"""What headings usually mean: ``headings.tsv``, and words in a heading that make its column a person's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from provision.formats.headings import fold

#: A heading with one of these in it may name a person, whatever else it says.
_PERSONAL = ("氏名", "名前", "フリガナ", "住所", "電話", "携帯", "メール", "番地", "連絡先", "生年月日", "患者",
             "保護者", "家族", "世帯主", "name", "address", "phone", "email", "mail", "birth", "patient")  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What a column with such a heading usually is; `cls` is a class or ``test_value``, `name` then the item."""

    name: str
    en: str
    cls: str
    dtype: str
    domain: str
    unit: str
    category: int
    role: str


@cache
def _meanings() -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    text = (files(__package__) / "headings.tsv").read_text(encoding="utf-8")
    for line in [each for each in text.splitlines() if not each.startswith("#")][1:]:
        headings, name, en, cls, dtype, domain, unit, category, role, *_ = (*line.split("\t"), *[""] * 9)
        meaning = Meaning(name, en, cls, dtype, domain, unit, int(category or 0), role)
        found |= {fold(heading): meaning for heading in headings.split("|")}
    return found


def meaning(heading: str) -> Meaning | None:
    """What a heading usually means, None where nobody knows."""
    return _meanings().get(fold(heading))


def known_heading(heading: str) -> bool:
    """Whether a cell is a heading we know."""
    return meaning(heading) is not None


def is_personal(heading: str) -> bool:
    """Whether a heading has a word in it that speaks of a person."""
    return any(word in fold(heading) for word in map(fold, _PERSONAL))
