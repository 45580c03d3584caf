"""検査結果を読む: the observations of a CDA body, found by element paths on an allow-list.

Read are the elements ``observation`` below ``section/entry``, and of each its code, values, flag, time and reference
range. Narrative (``section/text``) repeats names and values and is never looked at, nor are authors, performers,
specimens and the sender's display names.

This is where the time goes, since a checkup has a hundred observations. So an observation whose text was seen before is
not walked through again, and what is taken of another is judged once per way of saying it (`checkup_cda.meaning`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from lxml import etree

from provision.formats.base import BadFile
from provision.formats.cda_head import is_day, sections_of
from provision.formats.cda_rest import HOLE, Rest
from provision.formats.cda_values import V3, Attributes, Said
from provision.formats.checkup_rows import Meaning
from provision.formats.xmlforms import Unlike

_CODE, _VALUE, _FLAG = f"{V3}code", f"{V3}value", f"{V3}interpretationCode"
_TIME, _LOW, _HIGH, _RANGE = f"{V3}effectiveTime", f"{V3}low", f"{V3}high", f"{V3}referenceRange"
_ENTRY, _OBSERVED = f"{V3}entry", frozenset({f"{V3}observation", HOLE})
_GROUPS = frozenset({f"{V3}act", f"{V3}organizer"})
_BELOW = frozenset({f"{V3}entryRelationship", f"{V3}component"})
_text = etree.tostring
#: What `Said(…)` does in the end, without its way through Python.
_made = tuple.__new__
#: Whether all around an observation was not done, how much deeper others may lie in it, and the section's code.
_Context = tuple[bool, int, str | None]
#: Text of an observation, its context, and the tag that its namespaces come from where it was cut out of its document.
_Written = tuple[str | bytes, _Context, bytes]
#: Texts that are remembered, and the bytes of the longest of them: less than 32 MB, whatever senders write.
TEXTS, LONGEST = 16_384, 1_500
#: Outlines that are remembered, and the bytes of the longest of them.
OUTLINES, LONGEST_OUTLINE = 512, 8_000
#: Documents nest a finding in its test, and a test in its battery.
DEPTH = 12


class Observations:
    """What the observations of documents mean, remembered by their text: the same result is written the same way
    thousands of times, and writing it out costs less than walking through it."""

    def __init__(
        self,
        meaning: Callable[[Said, str | None], Meaning],
        place: Callable[[etree._Element], str | None] = lambda section: None,
    ) -> None:
        """`meaning` judges one observation of a section with this code, which `place` tells of the section."""
        self._meaning, self._place = meaning, place
        self._known: dict[_Written, tuple[Meaning, ...]] = {}
        self._outlines: dict[tuple[bytes, bytes, int], tuple[_Context, ...]] = {}

    def of(self, sections: Iterable[etree._Element]) -> list[Meaning]:
        """Of sections, in the order of the document; what was not done makes all within it not done.

        Raises `BadFile` ``checkup.nesting``.
        """
        found: list[Meaning] = []
        for node, context in self._there(sections):
            found += self._means(node, context)
        return found

    def of_rest(self, rest: Rest) -> list[Meaning]:
        """Of a document that was taken apart. Raises `BadFile` and `Unlike`."""
        outline = rest.root, rest.outline, rest.narratives
        contexts = self._outlines.get(outline) or self._outlined(rest)
        if len(contexts) != len(rest.observations):
            raise Unlike
        found: list[Meaning] = []
        for text, context in zip(rest.observations, contexts, strict=True):
            written = text, context, rest.root
            found += self._known.get(written) or self._judged(rest.observation(text), written)
        return found

    def _outlined(self, rest: Rest) -> tuple[_Context, ...]:
        """What stands around the observations that are missing in an outline. Raises `BadFile` and `Unlike`."""
        there = [*self._there(sections_of([rest.body()]))]
        if any(node.tag != HOLE for node, _ in there):
            raise Unlike
        made = tuple(context for _, context in there)
        if len(rest.outline) <= LONGEST_OUTLINE:
            if len(self._outlines) >= OUTLINES:
                self._outlines.clear()
            self._outlines[rest.root, rest.outline, rest.narratives] = made
        return made

    def _there(self, sections: Iterable[etree._Element]) -> Iterator[tuple[etree._Element, _Context]]:
        for section in sections:
            place = self._place(section)
            for entry in section.iterchildren(_ENTRY):
                yield from _inside(entry, (False, DEPTH, place))

    def _means(self, node: etree._Element, context: _Context) -> tuple[Meaning, ...]:
        written = _text(node, encoding="unicode", with_tail=False), context, b""
        return self._known.get(written) or self._judged(node, written)

    def _judged(self, node: etree._Element, written: _Written) -> tuple[Meaning, ...]:
        """An observation, and those that lie in it."""
        text, (outer, depth, place), _ = written
        negated = outer or _is_negated(node)
        said, below = _observation(node, negated)
        found = [self._meaning(said, place)]
        for one in below:
            for inner, context in _inside(one, (negated or _is_negated(one), depth - 1, place)):
                found += self._means(inner, context)
        made = tuple(found)
        if len(text) <= LONGEST:
            if len(self._known) >= TEXTS:
                self._known.clear()
            self._known[written] = made
        return made


def _inside(holder: etree._Element, context: _Context) -> Iterator[tuple[etree._Element, _Context]]:
    """The outermost observations in an element, or the holes where they were. Raises `BadFile` ``checkup.nesting``."""
    negated, depth, place = context
    if not depth:
        remedy = "observations lie in each other deeper than any known; ask the sender"
        raise BadFile("checkup.nesting", remedy=remedy)
    for node in holder:
        tag = node.tag
        if tag in _OBSERVED:
            yield node, context
        elif tag in _GROUPS:
            negative = negated or _is_negated(node)
            for below in node:
                if below.tag in _BELOW:
                    yield from _inside(below, (negative or _is_negated(below), depth - 1, place))


def _is_negated(node: etree._Element) -> bool:
    return node.get("negationInd") == "true"


def _observation(node: etree._Element, negated: bool) -> tuple[Said, list[etree._Element]]:
    """An observation as it is written, and what others may lie in."""
    values: tuple[Attributes, ...] = ()
    code = system = ""
    day = low = high = flag = None
    below = []
    for child in node:
        tag = child.tag
        if tag == _VALUE:
            values = (*values, _interval(child) if len(child) else tuple(child.items()))  # type: ignore[arg-type]  # never bytes
        elif tag == _CODE:
            code, system = child.get("code", ""), child.get("codeSystem", "")
        elif tag == _RANGE:
            low, high = _ends(child)
        elif tag == _FLAG:
            flag = flag or child.get("code")
        elif tag == _TIME:
            day = _day_of(child)
        elif tag in _BELOW:
            below.append(child)
    flavor = None if values else node.get("nullFlavor")
    mood = node.get("moodCode", "")
    return _made(Said, (code, system, mood, negated, flavor, values, day, flag, low, high)), below


def _interval(node: etree._Element) -> Attributes:
    """Attributes of a value that is an interval, and of its ends."""
    found = [(str(key), str(text)) for key, text in node.items()]
    for name, tag in (("low", _LOW), ("high", _HIGH)):
        for end in node.iterchildren(tag):
            found += [(f"{name}.{key!s}", str(text)) for key, text in end.items()]
    return tuple(found)


def _ends(node: etree._Element) -> tuple[str | None, str | None]:
    """Lower and upper end of a ``referenceRange``, as they are written."""
    low = high = None
    for inner in node:
        for interval in inner.iterchildren(_VALUE):
            for end in interval:
                tag = end.tag
                if tag == _LOW:
                    low = end.get("value")
                elif tag == _HIGH:
                    high = end.get("value")
    return low, high


def _day_of(node: etree._Element) -> str | None:
    """The day of a time, or of the beginning of an interval."""
    written = node.get("value")
    if written is None:
        start = node.find(_LOW)
        written = None if start is None else start.get("value")
    return None if written is None else iso(written)


def iso(written: str) -> str | None:
    """YYYY-MM-DD of a time that begins with YYYYMMDD; None where there is no such day."""
    return _iso(written[:8])


@lru_cache(maxsize=4096)
def _iso(day: str) -> str | None:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if is_day(day) else None
