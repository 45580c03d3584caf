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
from typing import NamedTuple

from lxml import etree

from provision.formats.base import BadFile
from provision.formats.cda_paths import (
    ADDRESS,
    AGREED,
    CDA,
    COLUMNS,
    FIRST,
    OF_SHAPE,
    ONE,
    PREFIXES,
    REPORT_CLASS,
    STRUCTURE,
    V3,
    compiled,
)
from provision.formats.xmlshapes import (
    Elements,
    Piece,
    Place,
    Shapes,
    elements_of,
    inner,
    joined,
    path,
    pieces,
    places,
    there,
)

#: A name in kana: NFKC, with the signs that stand between parts of names.
KANA = re.compile(r"[ァ-ヺー・\s.‐－-]+")
#: DEL: no program writes it, and no cell may have it.
_CONTROL = "\x7f"
_COMPONENT, _STRUCTURED, _SECTION = f"{{{V3}}}component", f"{{{V3}}}structuredBody", f"{{{V3}}}section"
_AGAIN = "ask the sender for the document again"


@dataclass(frozen=True, repr=False)
class Head:
    """Cells of the head row by column, the name as kana or, where it is no kana, as a name, and the sections below."""

    cells: Mapping[str, str]
    name: str
    kana: str
    sections: Sequence[etree._Element]


class _Chosen(NamedTuple):
    """The element at this place says by an attribute which cells stand where: column, place and name of the attribute
    by what it says."""

    at: int
    attribute: str
    cells: Mapping[str | None, Sequence[tuple[str, int, str]]]


class _Layout(NamedTuple):
    """Where the cells of heads of one shape stand: attributes by column, place and name; texts of elements by column
    and place; attributes chosen by another (the kind of a number); what else may stand in several places; the address
    without its postal code; whether the shape is as it must be, and where ``typeId`` and ``code`` are."""

    attributes: Sequence[tuple[str, int, str]]
    texts: Sequence[tuple[str, int]]
    chosen: Sequence[_Chosen]
    several: Sequence[tuple[str, tuple[Place, ...]]]
    address: Sequence[Piece]
    sound: bool
    type_id: int
    code: int


def head(root: etree._Element, classes: frozenset[str], counts: Counter[str]) -> Head:
    """The head of a document whose report class (報告区分) is one of `classes`.

    Raises `BadFile`: ``checkup.structure``, ``checkup.ambiguous``, ``checkup.report_class``, ``checkup.birth``,
    ``checkup.sex`` and ``checkup.date``, each with the place and without what stands there.
    """
    elements, bodies = _parts(root)
    layout = _LAYOUTS.of(elements)
    sections = _sections(bodies)
    if not (sections and _is_sound(elements, layout)):
        _check_structure(root)
    cells = _cells(elements, layout, counts)
    _check_cells(cells, classes)
    if not cells["number"]:
        counts["checkup.no_card"] += 1
    name = " ".join(cells["patient_name"].split())
    kana = is_kana(name)
    return Head(cells, "" if kana else name, name if kana else "", sections)


def _parts(root: etree._Element) -> tuple[list[etree._Element], list[etree._Element]]:
    """The elements of the head, the root first, and the components (bodies) below the root."""
    tops: list[etree._Element] = []
    bodies: list[etree._Element] = []
    for child in root:
        (bodies if child.tag == _COMPONENT else tops).append(child)
    return [root, *elements_of(*tops)], bodies


def _sections(bodies: Sequence[etree._Element]) -> list[etree._Element]:
    """The sections of the only body; none where there is not exactly one."""
    structured = _children(bodies, _STRUCTURED)
    if len(bodies) != 1 or len(structured) != 1:
        return []
    return _children(_children(structured, _COMPONENT), _SECTION)


def _children(parents: Sequence[etree._Element], tag: str) -> list[etree._Element]:
    """The children with this tag."""
    return [child for parent in parents for child in parent if child.tag == tag]


def _layout(elements: Elements) -> _Layout:
    every = {name: found for name, written in _PATHS.items() if (found := _places(elements, written))}
    single = {name: found[0] for name, found in every.items() if len(found) == 1 and not found[0].conditions}
    attributes = [(name, one.at, one.attribute) for name, one in single.items() if one.attribute is not None]
    texts = [(name, one.at) for name, one in single.items() if one.attribute is None]
    chosen = {name: found for name, found in every.items() if all(len(place.conditions) == 1 for place in found)}
    several = [(name, found) for name, found in every.items() if name not in single and name not in chosen]
    address = pieces(elements, _places(elements, (ADDRESS,)), f"{{{V3}}}postalCode")
    named = [_places(elements, (name,)) for name in ("h:typeId", "h:code")]
    sound = all(compiled(STRUCTURE[place])(elements[0]) for place in OF_SHAPE) and all(len(one) == 1 for one in named)
    where = [one[0].at if one else 0 for one in named]
    return _Layout(attributes, texts, _chosen(chosen), several, address, sound, *where)


def _chosen(columns: Mapping[str, Sequence[Place]]) -> list[_Chosen]:
    """What chooses the cells of these columns, in document order."""
    found: dict[tuple[int, str], dict[str | None, list[tuple[str, int, str]]]] = {}
    for name, candidates in columns.items():
        for at, attribute, (condition,) in candidates:
            says = found.setdefault((condition.at, condition.attribute), {})
            says.setdefault(condition.text, []).append((name, at, str(attribute)))
    return [_Chosen(*where, says) for where, says in sorted(found.items())]


def _places(elements: Elements, written: Sequence[str]) -> tuple[Place, ...]:
    """Where any of these paths may lead to, in document order."""
    found = [place for one in written for place in places(elements, path(one, PREFIXES))]
    return tuple(sorted(found, key=lambda place: place.at))


#: Column -> its paths.
_PATHS: Mapping[str, tuple[str, ...]] = {**{name: (one,) for name, one in (*ONE.items(), *AGREED.items())}, **FIRST}
_LAYOUTS = Shapes(_layout)


def _is_sound(elements: Elements, layout: _Layout) -> bool:
    """Whether attributes and shape are certainly as `STRUCTURE` says."""
    root = elements[0]
    return (
        layout.sound
        and elements[layout.type_id].get("root") == CDA
        and elements[layout.code].get("codeSystem", REPORT_CLASS) == REPORT_CLASS
        and root.get("classCode", "DOCCLIN") == "DOCCLIN"
        and root.get("moodCode", "EVN") == "EVN"
        and root.get("nullFlavor") is None
    )


def _check_structure(root: etree._Element) -> None:
    for place, test in STRUCTURE.items():
        if not compiled(test)(root):
            raise BadFile("checkup.structure", field=place, remedy=f"it is not as its schema says; {_AGAIN}")


def _cells(elements: Elements, layout: _Layout, counts: Counter[str]) -> dict[str, str]:
    """The cells of the head. Raises `BadFile` ``checkup.ambiguous``, ``checkup.structure``."""
    cells = dict.fromkeys(COLUMNS, "")
    for name, at, attribute in layout.attributes:
        cells[name] = elements[at].get(attribute, "")
    for name, at in layout.texts:
        cells[name] = inner(elements[at])
    found: dict[str, list[str]] = {name: there(elements, candidates) for name, candidates in layout.several}
    for where, key, says in layout.chosen:
        for name, at, attribute in says.get(elements[where].get(key), ()):
            if (text := elements[at].get(attribute)) is not None:
                found.setdefault(name, []).append(text)
    for name, texts in found.items():
        cells[name] = texts[0] if len(texts) == 1 else _of_several(name, texts, counts)
    if _CONTROL in "".join(cells.values()):
        raise BadFile("checkup.structure", field="head", remedy=f"a control character stands in the head; {_AGAIN}")
    cells["checkup_date"] = cells["checkup_date"][:8]
    cells["address"] = joined(elements, layout.address)
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
