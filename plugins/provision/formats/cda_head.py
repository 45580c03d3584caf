"""CDAヘッダを読む: who a checkup document is about, what it reports, who did it and when.

Every cell has one path on the allow-list (`cda_paths`). Paths that must lead to one thing and lead to several are a
refusal, since a document about two people cannot be told apart afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from lxml import etree

from provision.formats.base import BadFile
from provision.formats.cda_paths import ADDRESS, AGREED, CELLS, COLUMNS, ONE, PLAIN, SEPARATOR, STRUCTURE, compiled

#: A name in kana: NFKC, with the signs that stand between parts of names.
KANA = re.compile(r"[ァ-ヺー・\s.‐－-]+")
_AGAIN = "ask the sender for the document again"


@dataclass(frozen=True, repr=False)
class Head:
    """Cells of the head row by column, and the name as kana or, where it is no kana, as a name."""

    cells: Mapping[str, str]
    name: str
    kana: str


def head(root: etree._Element, classes: frozenset[str], counts: Counter[str]) -> Head:
    """The head of a document whose report class (報告区分) is one of `classes`.

    Raises `BadFile`: ``checkup.structure``, ``checkup.ambiguous``, ``checkup.report_class``, ``checkup.birth``,
    ``checkup.sex`` and ``checkup.date``, each with the place and without what stands there.
    """
    plain = bool(compiled(PLAIN)(root))
    if not plain:
        _check_structure(root)
    found = str(compiled(CELLS)(root)).split(SEPARATOR)
    if len(found) != len(COLUMNS):
        raise BadFile("checkup.structure", field="head", remedy=f"a control character stands in the head; {_AGAIN}")
    cells = dict(zip(COLUMNS, found, strict=True))
    if not plain:
        cells |= dict.fromkeys(_disagreeing(root, counts), "")
    cells["checkup_date"] = cells["checkup_date"][:8]
    cells["address"] = " ".join(" ".join(texts(root, ADDRESS)).split())
    _check_cells(cells, classes)
    if not cells["number"]:
        counts["checkup.no_card"] += 1
    name = " ".join(cells["patient_name"].split())
    kana = is_kana(name)
    return Head(cells, "" if kana else name, name if kana else "")


def texts(root: etree._Element, path: str) -> list[str]:
    """The texts of all that a path leads to: attributes, texts, and elements with all in them."""
    found = compiled(path)(root)
    assert isinstance(found, list)
    return ["".join(map(str, one.itertext())) if isinstance(one, etree._Element) else str(one) for one in found]


def _check_structure(root: etree._Element) -> None:
    for place, test in STRUCTURE.items():
        if not compiled(test)(root):
            raise BadFile("checkup.structure", field=place, remedy=f"it is not as its schema says; {_AGAIN}")
    for name, path in ONE.items():
        if len(set(texts(root, path))) > 1:
            raise BadFile("checkup.ambiguous", field=name, remedy=f"different ones stand in one document; {_AGAIN}")


def _disagreeing(root: etree._Element, counts: Counter[str]) -> list[str]:
    """Columns of which a document says different things."""
    several = [name for name, path in AGREED.items() if len(set(texts(root, path))) > 1]
    counts.update(f"checkup.several:{name}" for name in several)
    return several


def _check_cells(cells: Mapping[str, str], classes: frozenset[str]) -> None:
    if cells["report_class"] not in classes:
        remedy = "the report class (報告区分) is none of this format; correct the source's format, or ask the sender"
        raise BadFile("checkup.report_class", field="code", remedy=remedy)
    if not is_day(cells["birth_month"]):
        raise BadFile("checkup.birth", field="birthTime", remedy=f"a birth date YYYYMMDD is expected; {_AGAIN}")
    if cells["sex"] not in {"1", "2"}:
        raise BadFile("checkup.sex", field="administrativeGenderCode", remedy=f"1 or 2 is expected; {_AGAIN}")
    if not is_day(cells["checkup_date"]):
        raise BadFile("checkup.date", field="serviceEvent/effectiveTime", remedy=f"YYYYMMDD is expected; {_AGAIN}")


def is_kana(name: str) -> bool:
    """Whether a name is written in kana."""
    return KANA.fullmatch(unicodedata.normalize("NFKC", name)) is not None


@lru_cache(maxsize=4096)
def is_day(text: str) -> bool:
    """Whether this is a day YYYYMMDD that exists."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True
