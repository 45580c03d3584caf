"""検査結果を読む: the observations of a CDA body, found by element paths on an allow-list.

Read are the elements ``observation`` below ``section/entry``, and of each its code, values, flag, time and reference
range. Narrative (``section/text``) repeats names and values and is never looked at, nor are authors, performers,
specimens and the sender's display names.

This is where the time goes, since a checkup has a hundred observations. So nothing is judged here: an observation is
only taken as it is written, and what that means is found once per way of writing (`checkup_cda.meaning`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from provision.formats.base import BadFile
from provision.formats.cda_head import is_day
from provision.formats.cda_values import V3, Attributes, Said

_CODE, _VALUE, _FLAG = f"{V3}code", f"{V3}value", f"{V3}interpretationCode"
_TIME, _LOW, _HIGH, _RANGE = f"{V3}effectiveTime", f"{V3}low", f"{V3}high", f"{V3}referenceRange"
_ENTRY, _OBSERVATION = f"{V3}entry", f"{V3}observation"
_GROUPS = frozenset({f"{V3}act", f"{V3}organizer"})
_BELOW = frozenset({f"{V3}entryRelationship", f"{V3}component"})
#: What `Said(…)` does in the end, without its way through Python.
_made = tuple.__new__
#: Documents nest a finding in its test, and a test in its battery.
DEPTH = 12


def entries(section: etree._Element) -> Iterator[etree._Element]:
    """The entries of a section."""
    return section.iterchildren(_ENTRY)


def observations(entry: etree._Element) -> list[Said]:
    """The observations of an entry, in the order of the document; what was not done makes all within it not done.

    Raises `BadFile` ``checkup.nesting``.
    """
    found: list[Said] = []
    _inside(entry, False, DEPTH, found)
    return found


def _inside(holder: etree._Element, negated: bool, depth: int, found: list[Said]) -> None:
    if not depth:
        raise BadFile("checkup.nesting", remedy="observations lie in each other deeper than any known; ask the sender")
    for node in holder:
        tag = node.tag
        if tag == _OBSERVATION:
            _observation(node, negated or node.get("negationInd") == "true", depth, found)
        elif tag in _GROUPS:
            negative = negated or node.get("negationInd") == "true"
            for below in node:
                if below.tag in _BELOW:
                    _inside(below, negative or below.get("negationInd") == "true", depth - 1, found)


def _observation(node: etree._Element, negated: bool, depth: int, found: list[Said]) -> None:
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
    found.append(_made(Said, (code, system, mood, negated, flavor, values, day, flag, low, high)))
    for one in below:
        _inside(one, negated or one.get("negationInd") == "true", depth - 1, found)


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


@lru_cache(maxsize=4096)
def iso(written: str) -> str | None:
    """YYYY-MM-DD of a time that begins with YYYYMMDD; None where there is no such day."""
    day = written[:8]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if is_day(day) else None
