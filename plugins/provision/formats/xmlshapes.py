"""文書の形: where in an XML document its cells stand, worked out once per shape of tree.

Documents of one program have the same elements in the same order and differ in attributes and texts. Looking every
path up in every document costs more than parsing it. So a document is taken as its elements in document order, and the
places of all paths among them are kept with the shape: the tags and the numbers of children, which together say what
lies in what. Attributes are no part of a shape; what hangs on one is looked at in every document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, islice
from typing import Generic, NamedTuple, TypeVar

from lxml import etree

from provision.formats.base import BadFile

#: Shapes that are kept, of documents of at most so many elements: some megabytes, whatever senders write.
SHAPES, ELEMENTS = 256, 256
#: A head or a payment has some dozens of elements.
MOST = 5_000
Elements = Sequence[etree._Element]
Made = TypeVar("Made")
_STEP = re.compile(r"(\w+):(\w+)(?:\[@(\w+)='([^']*)'\])?")


class Condition(NamedTuple):
    """The element at this place among all must have this attribute."""

    at: int
    attribute: str
    text: str


class Place(NamedTuple):
    """Where a cell may stand: an attribute of the element at this place, or, where there is none, all texts in it."""

    at: int
    attribute: str | None
    conditions: tuple[Condition, ...]


class Piece(NamedTuple):
    """A text: right in the element at this place before its first child, or behind the element."""

    at: int
    behind: bool


class Step(NamedTuple):
    """A child with this tag and, where one is named, this attribute."""

    tag: str
    attribute: str
    text: str


class Path(NamedTuple):
    """Steps down from the root, and the attribute they lead to; None where it is the element."""

    steps: tuple[Step, ...]
    attribute: str | None


def elements_of(*tops: etree._Element) -> list[etree._Element]:
    """These elements and all in them, in document order. Raises `BadFile` ``xml.elements`` for more than `MOST`."""
    found = list(islice(chain.from_iterable(map(etree._Element.iter, tops)), MOST + 1))
    if len(found) > MOST:
        raise BadFile("xml.elements", remedy="it has far more elements than any known; ask the sender what it is")
    return found


def path(written: str, prefixes: Mapping[str, str]) -> Path:
    """A path written as the small part of XPath that is used here: ``p:a/p:b[@c='d']/@e``. ValueError for any other."""
    *words, last = written.split("/")
    attribute = last[1:] if last.startswith("@") else None
    steps = [_STEP.fullmatch(word) for word in (words if attribute else [*words, last])]
    if not all(steps):
        raise ValueError("this is no path of tags")
    return Path(
        tuple(Step(f"{{{prefixes[s[1]]}}}{s[2]}", s[3] or "", s[4] or "") for s in steps if s is not None), attribute
    )


def places(elements: Elements, wanted: Path) -> tuple[Place, ...]:
    """Where a path may lead to among the elements of a tree, the root first, in document order."""
    at = {element: place for place, element in enumerate(elements)}
    found: list[tuple[etree._Element, tuple[Condition, ...]]] = [(elements[0], ())]
    for tag, attribute, text in wanted.steps:
        found = [
            (child, (*conditions, Condition(at[child], attribute, text)) if attribute else conditions)
            for element, conditions in found
            for child in element.iterchildren(tag)
        ]
    return tuple(Place(at[element], wanted.attribute, conditions) for element, conditions in found)


def there(elements: Elements, candidates: Sequence[Place]) -> list[str]:
    """The texts that stand at these places of a document."""
    texts = []
    for at, attribute, conditions in candidates:
        for where, name, wanted in conditions:
            if elements[where].get(name) != wanted:
                break
        else:
            element = elements[at]
            found = inner(element) if attribute is None else element.get(attribute)
            if found is not None:
                texts.append(found)
    return texts


def inner(element: etree._Element) -> str:
    """All texts in an element, one after another."""
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def pieces(elements: Elements, holders: Sequence[Place], besides: str) -> tuple[Piece, ...]:
    """Where the texts in some elements stand, in document order, but for those right in elements with the tag
    `besides`."""
    at = {element: place for place, element in enumerate(elements)}
    found = []
    for holder in holders:
        top = elements[holder.at]
        for event, element in etree.iterwalk(top, events=("start", "end")):
            if event == "start" and element.tag != besides:
                found.append(Piece(at[element], False))
            elif event == "end" and element is not top and _parent(element).tag != besides:
                found.append(Piece(at[element], True))
    return tuple(found)


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def joined(elements: Elements, where: Sequence[Piece]) -> str:
    """The texts at these places, with one space for whatever spaces stand in and between them."""
    texts = [elements[at].tail if behind else elements[at].text for at, behind in where]
    return " ".join(" ".join(filter(None, texts)).split())


class Shapes(Generic[Made]):
    """What was worked out of documents, remembered with their shapes."""

    def __init__(self, work_out: Callable[[Elements], Made]) -> None:
        """`work_out` may look at tags and children of elements only; what it raises is not remembered."""
        self._work_out = work_out
        self._known: dict[tuple[tuple[object, ...], tuple[int, ...]], Made] = {}

    def of(self, elements: Elements) -> Made:
        """What is worked out of documents whose elements, the root first, are as these are."""
        shape = (tuple([element.tag for element in elements]), tuple(map(len, elements)))
        made = self._known.get(shape)
        if made is None:
            made = self._work_out(elements)
            if len(elements) <= ELEMENTS:
                if len(self._known) >= SHAPES:
                    self._known.clear()
                self._known[shape] = made
        return made
