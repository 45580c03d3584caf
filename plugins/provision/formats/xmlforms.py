"""XMLの書き方を覚える: how documents are written, learned from one of them and found again in thousands of others.

Documents of one program have the same markup, letter by letter; what differs stands between double quotes, and in a few
texts. So a document is cut at its quotes. The pieces that are markup must come again as they are (a `Form`), the others
are values, and cells are values at places that were worked out once. That costs less than half of parsing.

Why a text of a known form is as sound as the document that the form was learned from, and has the same elements: the
form begins outside of any tag, and each of its pieces of markup leads from a quote that closes a value to one that
opens the next. None has a single quote, a reference, a comment or a section in it. A value has neither quotes (it was
cut there) nor ``<`` nor ``&``, a text none of these and no ``>``. Both have printable characters only, which are all
allowed in XML, stay as they are when a parser normalises, and declare nothing. So a parser goes through the same states
in both documents, and there is nothing that it would refuse. Whatever does not fit is for the parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

from provision.formats.base import BadFile
from provision.formats.xmlfile import parsed
from provision.formats.xmlshapes import ELEMENTS, Elements, Piece

#: Texts that are learned from, of at most so many bytes, and forms with the same number of values among them. Where
#: documents are written in more ways, the rest is parsed: a few megabytes are kept, whatever senders write.
FORMS, ALIKE, LONGEST = 256, 16, 16 * 1024
#: What stands where a document has nothing: the last of the values.
NOTHING = -1
Made = TypeVar("Made")
Values = Sequence[str]
Pick = Callable[[Sequence[str]], tuple[str, ...]]
#: An attribute of the element at this place.
Attribute = tuple[int, str]

#: What a parser reads otherwise than letter by letter, or has it read so (``xml:space``).
_SPECIAL = ("'", "&", "<!", "xml:")
_DECLARATION = re.compile(r"(?:\sxmlns(?::[\w.-]+)?|<\?xml\s+version|\sencoding|\sstandalone)\s*=\s*\Z")
#: A text that is not blank. Nothing here is tried twice: what a sender writes must not cost more than its length.
_ANY_TEXT = r"(?!\s*+<)([^<>&]++)"
_TEXT = re.compile(rf">{_ANY_TEXT}(?=<)")
#: Printable in Japanese documents, though no letter.
_WIDE_SPACE = "\N{IDEOGRAPHIC SPACE}"


class Unlike(Exception):
    """Raised by who works out places where documents of one form may differ in what stands where."""


class Template:
    """A document of a form in which a number stands for every value: its place among the values."""

    def __init__(self, elements: Elements) -> None:
        """`elements` in document order, the root first."""
        self.elements = elements

    def attribute(self, at: int, name: str) -> int:
        """The place of an attribute, `NOTHING` where the element has none of this name."""
        return _place(self.elements[at].get(name))

    def texts(self, at: int) -> tuple[int, ...]:
        """The places of all texts in an element."""
        return tuple(_place(str(text)) for text in self.elements[at].itertext())

    def pieces(self, where: Sequence[Piece]) -> tuple[int, ...]:
        """The places of these texts, without the blank ones."""
        found = [self.elements[at].tail if behind else self.elements[at].text for at, behind in where]
        return tuple(_place(text) for text in found if text and not text.isspace())


def _place(written: str | None) -> int:
    if written is None:
        return NOTHING
    if not written.isdigit():
        raise Unlike
    return int(written)


class Form(NamedTuple, Generic[Made]):
    """What must come again to the letter (`markup` of `fixed`), the markup that texts stand in, which pieces are free,
    and what was worked out."""

    fixed: Pick
    markup: tuple[str, ...]
    around: Pick
    texts: re.Pattern[str]
    free: Pick
    made: Made

    def values(self, pieces: list[str]) -> Values | None:
        """The values of a text that was cut into `pieces`; None where it is not of this form."""
        if self.fixed(pieces) != self.markup:
            return None
        texts = self.texts.fullmatch('"'.join(self.around(pieces)))
        if texts is None:
            return None
        found = texts.groups()
        plain = _are_plain("".join(self.free(pieces))) and _are_plain("".join(found).replace("\n", ""))
        return [*pieces, *found, ""] if plain else None


def _are_plain(values: str) -> bool:
    """Whether no parser makes anything else of these values."""
    return (
        values.replace(_WIDE_SPACE, "").isprintable()
        and "<" not in values
        and "&" not in values
        and "xmlns" not in values  # see `xmlfile`: a text that says so may be refused
    )


class Forms(Generic[Made]):
    """The forms of documents (or of their beginnings), with what was worked out of each."""

    def __init__(
        self, work_out: Callable[[Template, Elements], tuple[Made, Collection[Attribute]]], end: str = ""
    ) -> None:
        """`work_out` is given a template and the elements of the document that it was made of. It gives what is to be
        kept, and the attributes that must be the same in all documents of the form since it looked at them; or raises
        `Unlike`. `end` makes a document of a text that is only the beginning of one."""
        self._work_out, self._end = work_out, end
        self._known: dict[int, list[Form[Made]]] = {}
        self._room = FORMS

    def of(self, data: bytes) -> tuple[Made, Values] | None:
        """What was worked out of the form of this text, and its values; None where no such form is known."""
        pieces = _cut(data)
        for form in self._known.get(len(pieces), ()):
            if (values := form.values(pieces)) is not None:
                return form.made, values
        return None

    def learn(self, data: bytes, elements: Elements) -> None:
        """Remember the form of a text whose elements are these, if it is one that could come again."""
        pieces = _cut(data)
        alike = self._known.get(len(pieces), [])
        if not self._room or len(alike) >= ALIKE or len(elements) > ELEMENTS:
            return
        self._room -= 1
        try:
            form = self._form(pieces, elements)
        except (Unlike, BadFile):
            return
        if form.values(pieces) is not None:
            self._known[len(pieces)] = [*alike, form]

    def _form(self, pieces: list[str], elements: Elements) -> Form[Made]:
        """Raises `Unlike` and, as `parsed` does, `BadFile`."""
        markup = pieces[::2]
        if len(pieces) % 2 == 0 or any(sign in piece for piece in markup for sign in _SPECIAL):
            raise Unlike
        if sum(piece.count("<?") for piece in markup) != pieces[0].startswith("<?xml "):
            raise Unlike
        template = Template([*parsed((_template(pieces) + self._end).encode()).iter()])
        _check(template, elements, [*pieces, *chain.from_iterable(map(_TEXT.findall, markup))])
        made, looked_at = self._work_out(template, elements)
        kept = {template.attribute(*attribute) for attribute in looked_at} | {*_declarations(pieces)}
        return _form_of(pieces, kept, made)


def _cut(data: bytes) -> list[str]:
    """A text cut at its quotes: markup and values by turns; nothing where it is none, or too long."""
    if len(data) > LONGEST:
        return []
    try:
        return data.decode().split('"')
    except UnicodeDecodeError:
        return []


def _declarations(pieces: Sequence[str]) -> Iterator[int]:
    """The places of values that say how the document is to be understood: its encoding, its namespaces."""
    return (at for at in range(1, len(pieces), 2) if _DECLARATION.search(pieces[at - 1]))


def _template(pieces: Sequence[str]) -> str:
    """The same text with numbers for values: of those between quotes first, then of texts."""
    declared = {*_declarations(pieces)}
    numbers = iter(range(len(pieces), len(pieces) * 1000))
    return '"'.join(
        _TEXT.sub(lambda _: f">{next(numbers)}", piece) if at % 2 == 0 else piece if at in declared else str(at)
        for at, piece in enumerate(pieces)
    )


def _check(template: Template, elements: Elements, values: Values) -> None:
    """Raise `Unlike` unless the template says of every value of the document where it stands."""
    if len(template.elements) != len(elements):
        raise Unlike
    for own, real in zip(template.elements, elements, strict=True):
        pairs: list[tuple[object, object]] = [(own.tag, real.tag), (len(own.attrib), len(real.attrib))]
        pairs += [(values[_place(own.get(str(name)))], text) for name, text in real.items()]
        texts = ((own.text, real.text), (own.tail, real.tail))
        pairs += [(values[_place(text)], there) for text, there in texts if text and not text.isspace()]
        if any(one != other for one, other in pairs):
            raise Unlike


def _form_of(pieces: Sequence[str], kept: Collection[int], made: Made) -> Form[Made]:
    around = [at for at in range(0, len(pieces), 2) if _TEXT.search(pieces[at])]
    fixed = [at for at in range(len(pieces)) if at not in around and (at % 2 == 0 or at in kept)]
    free = [at for at in range(1, len(pieces), 2) if at not in kept]
    written = '"'.join(_pattern(pieces[at]) for at in around)
    get = picking(fixed)
    return Form(get, get(pieces), picking(around), re.compile(written), picking(free), made)


def _pattern(piece: str) -> str:
    """A pattern of markup with any texts where this piece has texts."""
    ends = [0, *chain.from_iterable(match.span(1) for match in _TEXT.finditer(piece)), len(piece)]
    return _ANY_TEXT.join(re.escape(piece[ends[at] : ends[at + 1]]) for at in range(0, len(ends), 2))


def picking(places: Sequence[int]) -> Pick:
    """What takes the values (or pieces) at these places, however few they are."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda pieces: tuple(pieces[at] for at in places)
