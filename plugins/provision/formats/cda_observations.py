"""検査結果を読む: the observations of a CDA body, found by element paths on an allow-list.

Read are the elements ``observation`` below ``section/entry``, and of each its code, values, flag, time and reference
range. Narrative (``section/text``) repeats names and values and is never looked at, nor are authors, performers,
specimens and the sender's display names.

This is where the time goes, since a checkup has a hundred observations. So an observation whose text was seen before is
not walked through again, and what is taken of another is judged once per way of saying it (`checkup_cda.meaning`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from provision.formats.base import BadFile
from provision.formats.cda_head import is_day
from provision.formats.cda_rest import HOLE, NONE, Texts
from provision.formats.cda_values import V3, Attributes, Said
from provision.formats.checkup_rows import Meaning

_CODE, _VALUE, _FLAG = f"{V3}code", f"{V3}value", f"{V3}interpretationCode"
_TIME, _LOW, _HIGH, _RANGE = f"{V3}effectiveTime", f"{V3}low", f"{V3}high", f"{V3}referenceRange"
_ENTRY, _OBSERVATION = f"{V3}entry", f"{V3}observation"
_GROUPS = frozenset({f"{V3}act", f"{V3}organizer"})
_BELOW = frozenset({f"{V3}entryRelationship", f"{V3}component"})
_text = etree.tostring
#: What `Said(…)` does in the end, without its way through Python.
_made = tuple.__new__
#: Text of an observation, whether all around it was not done, how much deeper others may lie, the section's code, and,
#: of one that was cut out of its document, the tag that its namespaces come from.
_Written = tuple[str | bytes, bool, int, str | None, bytes]
#: Texts that are remembered, and the bytes of the longest of them: less than 32 MB, whatever senders write.
TEXTS, LONGEST = 16_384, 1_500
#: Documents nest a finding in its test, and a test in its battery.
DEPTH = 12


@dataclass(slots=True)
class _Walk:
    """The code of the section that is walked through, the observations that were cut out of it, and what was found."""

    place: str | None
    texts: Texts
    found: list[Meaning]


class Observations:
    """What the observations of documents mean, remembered by their text: the same result is written the same way
    thousands of times, and writing it out costs less than walking through it."""

    def __init__(self, meaning: Callable[[Said, str | None], Meaning]) -> None:
        """`meaning` judges one observation of a section with this code."""
        self._meaning = meaning
        self._known: dict[_Written, tuple[Meaning, ...]] = {}

    def of(self, section: etree._Element, place: str | None = None, texts: Texts = NONE) -> list[Meaning]:
        """Of a section, in the order of the document; what was not done makes all within it not done. `texts` are the
        observations that were cut out of the document.

        Raises `BadFile` ``checkup.nesting``; `Unlike` for a text that is no observation.
        """
        walk = _Walk(place, texts, [])
        for entry in section.iterchildren(_ENTRY):
            self._inside(entry, False, DEPTH, walk)
        return walk.found

    def _inside(self, holder: etree._Element, negated: bool, depth: int, walk: _Walk) -> None:
        if not depth:
            remedy = "observations lie in each other deeper than any known; ask the sender"
            raise BadFile("checkup.nesting", remedy=remedy)
        for node in holder:
            tag = node.tag
            if tag == HOLE:
                written: _Written = next(walk.texts.texts), negated, depth, walk.place, walk.texts.root
                walk.found += self._known.get(written) or self._judged(None, written, walk)
            elif tag == _OBSERVATION:
                written = _text(node, encoding="unicode", with_tail=False), negated, depth, walk.place, b""
                walk.found += self._known.get(written) or self._judged(node, written, walk)
            elif tag in _GROUPS:
                negative = negated or _is_negated(node)
                for below in node:
                    if below.tag in _BELOW:
                        self._inside(below, negative or _is_negated(below), depth - 1, walk)

    def _judged(self, node: etree._Element | None, written: _Written, walk: _Walk) -> tuple[Meaning, ...]:
        """An observation, which is parsed where it is only a text, and those that lie in it."""
        text, outer, depth, place, _ = written
        if isinstance(text, bytes):
            node = walk.texts.parsed(text)
        assert node is not None
        negated = outer or _is_negated(node)
        said, below = _observation(node, negated)
        inside = _Walk(place, NONE, [self._meaning(said, place)])
        for one in below:
            self._inside(one, negated or _is_negated(one), depth - 1, inside)
        made = tuple(inside.found)
        if len(text) <= LONGEST:
            if len(self._known) >= TEXTS:
                self._known.clear()
            self._known[written] = made
        return made


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
