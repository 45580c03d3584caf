"""CDAヘッダを読む: who a checkup document is about, what it reports, who did it and when.

Every cell has one path on the allow-list (`cda_paths`). Paths that must lead to one thing and lead to several are a
refusal, since a document about two people cannot be told apart afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from lxml import etree

from provision.formats.base import BadFile
from provision.formats.cda_layout import FORMS, LAYOUTS, Read
from provision.formats.cda_paths import COLUMNS, FIRST, ONE, STRUCTURE, V3, compiled
from provision.formats.xmlshapes import elements_of

#: A name in kana: NFKC, with the signs that stand between parts of names.
KANA = re.compile(r"[ァ-ヺー・\s.‐－-]+")
#: DEL: no program writes it, and no cell may have it.
_CONTROL = "\x7f"
_COMPONENT, _STRUCTURED, _SECTION = f"{{{V3}}}component", f"{{{V3}}}structuredBody", f"{{{V3}}}section"
_AGAIN = "ask the sender for the document again"


@dataclass(frozen=True, repr=False)
class Head:
    """Cells of the head row by column, the name as kana or, where it is no kana, as a name."""

    cells: Mapping[str, str]
    name: str
    kana: str


def head(read: Read, classes: frozenset[str], counts: Counter[str]) -> Head:
    """The head of a document whose report class (報告区分) is one of `classes`, of what stands in it.

    Raises `BadFile`: ``checkup.ambiguous``, ``checkup.structure``, ``checkup.report_class``, ``checkup.birth``,
    ``checkup.sex`` and ``checkup.date``, each with the place and without what stands there.
    """
    cells = _cells(read, counts)
    _check_cells(cells, classes)
    if not cells["number"]:
        counts["checkup.no_card"] += 1
    name = " ".join(cells["patient_name"].split())
    kana = is_kana(name)
    return Head(cells, "" if kana else name, name if kana else "")


def read_head(root: etree._Element, begin: bytes) -> tuple[Read, list[etree._Element]]:
    """What stands in the head of a whole document, and its sections; `begin` is the text of the head.

    Raises `BadFile` ``checkup.structure``.
    """
    elements, bodies = _parts(root)
    layout = LAYOUTS.of(elements)
    sections = sections_of(bodies)
    if not (sections and layout.is_sound(elements)):
        _check_structure(root)
    FORMS.learn(begin, elements)
    return layout.read(elements), sections


def _parts(root: etree._Element) -> tuple[list[etree._Element], list[etree._Element]]:
    """The elements of the head, the root first, and the components (bodies) below the root."""
    tops: list[etree._Element] = []
    bodies: list[etree._Element] = []
    for child in root:
        (bodies if child.tag == _COMPONENT else tops).append(child)
    return [root, *elements_of(*tops)], bodies


def sections_of(bodies: Sequence[etree._Element]) -> list[etree._Element]:
    """The sections of the only body; none where there is not exactly one."""
    structured = _children(bodies, _STRUCTURED)
    if len(bodies) != 1 or len(structured) != 1:
        return []
    return _children(_children(structured, _COMPONENT), _SECTION)


def _children(parents: Sequence[etree._Element], tag: str) -> list[etree._Element]:
    """The children with this tag."""
    return [child for parent in parents for child in parent if child.tag == tag]


def _check_structure(root: etree._Element) -> None:
    for place, test in STRUCTURE.items():
        if not compiled(test)(root):
            raise BadFile("checkup.structure", field=place, remedy=f"it is not as its schema says; {_AGAIN}")


def _cells(read: Read, counts: Counter[str]) -> dict[str, str]:
    """The cells of the head. Raises `BadFile` ``checkup.ambiguous``, ``checkup.structure``."""
    cells = {**dict.fromkeys(COLUMNS, ""), **read.cells}
    for name, texts in read.several.items():
        cells[name] = texts[0] if len(texts) == 1 else _of_several(name, texts, counts)
    if _CONTROL in "".join(cells.values()):
        raise BadFile("checkup.structure", field="head", remedy=f"a control character stands in the head; {_AGAIN}")
    cells["checkup_date"] = cells["checkup_date"][:8]
    cells["address"] = read.address
    return cells


def _of_several(name: str, found: Sequence[str], counts: Counter[str]) -> str:
    """What is taken where a cell stands several times: where all agree, that; else it is refused, or left out."""
    if not found:
        return ""
    if name in FIRST or len(set(found)) == 1:
        return found[0]
    if name in ONE:
        raise BadFile("checkup.ambiguous", field=name, remedy=f"different ones stand in one document; {_AGAIN}")
    counts[f"checkup.several:{name}"] += 1
    return ""


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


def is_day(text: str) -> bool:
    """Whether this is a day YYYYMMDD that exists."""
    return len(text) == 8 and _is_day(text)


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    if not (text.isascii() and text.isdigit()):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True
