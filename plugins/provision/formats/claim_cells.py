"""決済情報のセル: where the cells of a payment stand, and what is read there: in its tree, or in its text alone.

Where cells stand is worked out once per shape of tree (`xmlshapes`), and of that once per way of writing (`xmlforms`).
Spaces in a cell are one space, whatever spaces they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from provision.formats.base import BadFile
from provision.formats.cda_head import is_kana
from provision.formats.cda_paths import MHLW
from provision.formats.documents import Row
from provision.formats.xmlforms import NOTHING, Pick, Template, Unlike, Values, picking
from provision.formats.xmlshapes import Elements, Piece, Place, inner, joined, path, pieces, places, there

#: Elements of the ministry's namespace.
M = f"{{{MHLW}}}"
PREFIXES = {"m": MHLW}
#: Cells by column, and rows of ``unit_price``.
Found = tuple[dict[str, str], list[Row]]


class Price(NamedTuple):
    """Number and kind of a unit price, and where its amount and its item stand; None where nowhere."""

    number: str
    kind: str
    amount: int | None
    item: int | None

    def of(self, elements: Elements) -> Row:
        """The row of ``unit_price`` in a document."""
        amount = None if self.amount is None else elements[self.amount].get("value")
        return self.number, self.kind, amount, None if self.item is None else elements[self.item].get("code")

    def written(self, template: Template) -> Price:
        """The same with places among the values of a form."""
        amount, item = _place(template, self.amount, "value"), _place(template, self.item, "code")
        return Price(self.number, self.kind, amount, item)

    def among(self, values: Values) -> Row:
        """The row of ``unit_price`` of a document with these values."""
        amount, item = (None if place is None else values[place] for place in (self.amount, self.item))
        return self.number, self.kind, amount, item


def _place(template: Template, at: int | None, name: str) -> int | None:
    place = NOTHING if at is None else template.attribute(at, name)
    return None if place == NOTHING else place


class Layout(NamedTuple):
    """Where the cells of documents of one shape stand: attributes by column, place and name; texts of elements by
    column and place; attributes of which there may be several; the address without its postal code; unit prices."""

    attributes: tuple[tuple[str, int, str], ...]
    texts: tuple[tuple[str, int], ...]
    several: tuple[tuple[str, tuple[Place, ...]], ...]
    address: tuple[Piece, ...]
    prices: tuple[Price, ...]

    @classmethod
    def of(cls, elements: Elements, paths: Mapping[str, str], prices: Callable[[Elements], Sequence[Price]]) -> Layout:
        """Of documents whose elements are as these are, by the path of each column. Raises `BadFile`
        ``checkup.ambiguous`` where one leads to several elements."""
        every = {name: places(elements, path(written, PREFIXES)) for name, written in paths.items()}
        for name, found in every.items():
            if len(found) > 1 and found[0].attribute is None:
                raise _twice(name)
        address = pieces(elements, every.pop("address"), f"{M}postalCode")
        single = {name: found[0] for name, found in every.items() if len(found) == 1 and found[0].attribute}
        attributes = tuple((name, one.at, str(one.attribute)) for name, one in single.items())
        texts = tuple((name, found[0].at) for name, found in every.items() if found and not found[0].attribute)
        several = tuple((name, found) for name, found in every.items() if len(found) > 1)
        return cls(attributes, texts, several, address, tuple(prices(elements)))

    def read(self, elements: Elements) -> Found:
        """What stands in a document. Raises `BadFile` ``checkup.ambiguous`` where a path leads to several
        attributes."""
        cells = {}
        for name, at, attribute in self.attributes:
            text = elements[at].get(attribute)
            if text is not None:
                cells[name] = text if text.isalnum() else _spaced(text)
        for name, at in self.texts:
            cells[name] = _spaced(inner(elements[at]))
        for name, candidates in self.several:
            found = there(elements, candidates)
            if len(found) > 1:
                raise _twice(name)
            if found:
                cells[name] = _spaced(found[0])
        cells["address"] = joined(elements, self.address)
        return _known_by(cells), [price.of(elements) for price in self.prices]


class Written(NamedTuple):
    """Where the cells of documents that are written in one way stand among their values."""

    columns: tuple[str, ...]
    attributes: Pick
    texts: tuple[tuple[str, tuple[int, ...]], ...]
    address: tuple[int, ...]
    prices: tuple[Price, ...]

    @classmethod
    def of(cls, layout: Layout, template: Template) -> Written:
        """Of a layout. Raises `Unlike` where what a cell is hangs on what stands in a document."""
        if layout.several:
            raise Unlike
        every = {name: template.attribute(at, attribute) for name, at, attribute in layout.attributes}
        found = {name: place for name, place in every.items() if place != NOTHING}
        texts = tuple((name, template.texts(at)) for name, at in layout.texts)
        prices = tuple(price.written(template) for price in layout.prices)
        return cls(tuple(found), picking([*found.values()]), texts, template.pieces(layout.address), prices)

    def read(self, values: Values) -> Found:
        """What stands in a document with these values."""
        found = self.attributes(values)
        if (*" ".join(found).split(),) != found:  # there are spaces in one of them, or nothing
            found = tuple(map(_spaced, found))
        cells = dict(zip(self.columns, found, strict=True))
        for name, texts in self.texts:
            cells[name] = _spaced("".join([values[place] for place in texts]))
        cells["address"] = _spaced(" ".join([values[place] for place in self.address]))
        return _known_by(cells), [price.among(values) for price in self.prices]


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _known_by(cells: dict[str, str]) -> dict[str, str]:
    """These cells, and those that people are known by."""
    cells["birth"] = cells.get("birth_month", "")
    name = cells.get("patient_name", "")
    cells["kana" if is_kana(name) else "name"] = name
    return cells


def _twice(name: str) -> BadFile:
    return BadFile(
        "checkup.ambiguous", field=name, remedy="it stands there more than once; ask the sender for the document again"
    )
