"""CDAヘッダの配置: where the cells of the head of a checkup document stand, and what is read there.

Worked out once per shape of tree (`xmlshapes`): programs write all their heads alike. And of that once per way of
writing (`xmlforms`): then the cells are read in the text of the head alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from lxml import etree

from provision.formats.cda_paths import (
    ADDRESS,
    AGREED,
    CDA,
    FIRST,
    OF_SHAPE,
    ONE,
    PREFIXES,
    REPORT_CLASS,
    STRUCTURE,
    V3,
    compiled,
)
from provision.formats.xmlforms import Attribute, Forms, Pick, Template, Unlike, Values, picking
from provision.formats.xmlshapes import Elements, Piece, Place, Shapes, inner, joined, path, pieces, places, there

#: Column -> its paths.
_PATHS: Mapping[str, tuple[str, ...]] = {**{name: (one,) for name, one in (*ONE.items(), *AGREED.items())}, **FIRST}


class Read(NamedTuple):
    """Cells by column; the texts of those that may stand several times; the address."""

    cells: dict[str, str]
    several: Mapping[str, Sequence[str]]
    address: str


class _Chosen(NamedTuple):
    """The element at this place says by an attribute which cells stand where: column, place and name of the attribute
    by what it says."""

    at: int
    attribute: str
    cells: Mapping[str | None, Sequence[tuple[str, int, str]]]


class Layout(NamedTuple):
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

    def is_sound(self, elements: Elements) -> bool:
        """Whether attributes and shape are certainly as `STRUCTURE` says."""
        root = elements[0]
        return (
            self.sound
            and elements[self.type_id].get("root") == CDA
            and elements[self.code].get("codeSystem", REPORT_CLASS) == REPORT_CLASS
            and root.get("classCode", "DOCCLIN") == "DOCCLIN"
            and root.get("moodCode", "EVN") == "EVN"
            and root.get("nullFlavor") is None
        )

    def looked_at(self) -> Iterator[Attribute]:
        """The attributes that `is_sound` looks at, and those that say which cells stand where."""
        yield from ((0, "classCode"), (0, "moodCode"), (0, "nullFlavor"))
        yield from ((self.type_id, "root"), (self.code, "codeSystem"))
        yield from ((one.at, one.attribute) for one in self.chosen)
        for _, candidates in self.several:
            yield from ((one.at, one.attribute) for place in candidates for one in place.conditions)

    def read(self, elements: Elements) -> Read:
        """What stands in a document."""
        cells = {name: elements[at].get(attribute, "") for name, at, attribute in self.attributes}
        cells |= {name: inner(elements[at]) for name, at in self.texts}
        found: dict[str, list[str]] = {name: there(elements, candidates) for name, candidates in self.several}
        for name, at, attribute in self.chosen_by(elements):
            if (text := elements[at].get(attribute)) is not None:
                found.setdefault(name, []).append(text)
        return Read(cells, found, joined(elements, self.address))

    def chosen_by(self, elements: Elements) -> Iterator[tuple[str, int, str]]:
        """The cells that a document says stand in it: column, place and name of the attribute."""
        for where, key, says in self.chosen:
            yield from says.get(elements[where].get(key), ())


class Written(NamedTuple):
    """Where the cells of heads that are written in one way stand among their values, and a start tag that declares the
    same namespaces as theirs."""

    columns: tuple[str, ...]
    attributes: Pick
    texts: tuple[tuple[str, tuple[int, ...]], ...]
    several: tuple[tuple[str, Pick], ...]
    address: tuple[int, ...]
    root: bytes

    def read(self, values: Values) -> Read:
        """What stands in a document with these values."""
        cells = dict(zip(self.columns, self.attributes(values), strict=True))
        for name, texts in self.texts:
            cells[name] = "".join([values[place] for place in texts])
        address = " ".join(" ".join([values[place] for place in self.address]).split())
        return Read(cells, {name: pick(values) for name, pick in self.several}, address)


def _layout(elements: Elements) -> Layout:
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
    return Layout(attributes, texts, _chosen(chosen), several, address, sound, *where)


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


def _written(template: Template, elements: Elements) -> tuple[Written, Collection[Attribute]]:
    """Raises `Unlike` for a head that is not sound."""
    layout = LAYOUTS.of(elements)
    if not layout.is_sound(elements):
        raise Unlike
    found: dict[str, list[int]] = {}
    for name, at, attribute in layout.chosen_by(elements):
        if elements[at].get(attribute) is not None:
            found.setdefault(name, []).append(template.attribute(at, attribute))
    for name, candidates in layout.several:
        found[name] = [*_met(template, elements, candidates)]
    single = {name: template.attribute(at, attribute) for name, at, attribute in layout.attributes}
    single |= {name: one for name, (one, *more) in found.items() if not more}
    several = tuple((name, picking(found[name])) for name in found if name not in single)
    texts = tuple((name, template.texts(at)) for name, at in layout.texts)
    attributes, address = picking([*single.values()]), template.pieces(layout.address)
    made = Written(tuple(single), attributes, texts, several, address, _root(elements[0]))
    return made, {*layout.looked_at()}


def _root(element: etree._Element) -> bytes:
    """A start tag that declares what this root does. Raises `Unlike` where it would have to be escaped."""
    names = "".join(f' xmlns{(prefix and f":{prefix}") or ""}="{name}"' for prefix, name in element.nsmap.items())
    if any(sign in names for sign in "<&") or names.count('"') != 2 * len(element.nsmap):
        raise Unlike
    return f"<ClinicalDocument{names}>".encode()


def _met(template: Template, elements: Elements, candidates: Sequence[Place]) -> Iterator[int]:
    """The places of attributes whose conditions are met. Raises `Unlike` where it is texts."""
    for at, attribute, conditions in candidates:
        if attribute is None:
            raise Unlike
        met = all(elements[one.at].get(one.attribute) == one.text for one in conditions)
        if met and elements[at].get(attribute) is not None:
            yield template.attribute(at, attribute)


LAYOUTS = Shapes(_layout)
#: Of heads, which the end tag makes whole.
FORMS = Forms(_written, end="</ClinicalDocument>")
