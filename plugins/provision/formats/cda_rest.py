"""文書の残りだけを解析する: a checkup document is taken apart into what was read before and what is new in it.

Nine tenths of a checkup are observations, and most are written as in a document before; so is its head (`cda_layout`),
and what is left without observations and narrative, its outline. All these are looked up. Parsed are observations and
outlines that were never read, and the narrative, which has the person's name.

Why that proves as much as parsing the whole: where something was cut out, the outline has an element of a name that no
sender can know, a hole, and all holes are found as elements, in the order of the document. What was cut out is one
element, well-formed where the same namespaces are declared; and where one element may stand, any other may. Neither
part declares namespaces for the other, and together they are not as deep as a parser goes. Where any of this is not so,
the document is `Unlike` any that is known, and is parsed as a whole.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from provision.formats.cda_layout import FORMS, Read
from provision.formats.cda_paths import V3
from provision.formats.xmlfile import XML_BYTES, parsed
from provision.formats.xmlforms import Unlike

#: How the body begins, and nothing in a head but ``componentOf``, which is then taken for no head that is known.
_BODY, _WHOLE = b"<component", b"</ClinicalDocument>"
_START, _END = b"<observation ", b"</observation>"
_TOLD, _TOLD_END = b"<text>", b"</text>"
_OBSERVATION, _COMPONENT, _NARRATIVE = (f"{{{V3}}}{name}" for name in ("observation", "component", "text"))
_SECRET = secrets.token_hex(8)
#: The names of holes: of an observation, of a narrative.
HOLE, _TOLD_HOLE = f"{{{V3}}}observation-{_SECRET}", f"{{{V3}}}text-{_SECRET}"
_HOLE, _TOLD_THERE = f"<observation-{_SECRET}/>".encode(), f"<text-{_SECRET}/>".encode()
#: Elements or levels in what was cut out, and levels of an outline: together less than the 256 that libxml2 reads.
_MOST, _LEVELS = 150, 50


def beginning(data: bytes) -> bytes:
    """What stands before the body of a document; nothing where no body is found."""
    return data[: max(data.find(_BODY), 0)]


@dataclass(frozen=True, repr=False)
class Rest:
    """What stands in the head of a document; a start tag that declares its namespaces; its outline and the number of
    narratives in it; and its observations without their tags, in order."""

    head: Read
    root: bytes
    outline: bytes
    narratives: int
    observations: Sequence[bytes]

    def body(self) -> etree._Element:
        """The body of the outline. Raises `BadFile`, and `Unlike` where it is not all, or holes are elsewhere."""
        made = parsed(self.root + self.outline)
        if len(made) != 1 or made[0].tag != _COMPONENT or b"xmlns" in self.outline:
            raise Unlike
        if sum(1 for _ in made.iter(_TOLD_HOLE)) != self.narratives or _levels(made) > _LEVELS:
            raise Unlike
        return made[0]

    def observation(self, text: bytes) -> etree._Element:
        """One of the observations. Raises `BadFile`, and `Unlike` where it is more or less than one element."""
        made = parsed(b"".join((self.root, _START, text, _END, _WHOLE)))
        if len(made) != 1 or made[0].tag != _OBSERVATION or made.text or made[0].tail:
            raise Unlike
        if sum(1 for _ in made.iter()) > _MOST:
            raise Unlike
        return made[0]


def rest(data: bytes) -> Rest | None:
    """A document whose head is of a known form; None for any other. Raises `BadFile` and `Unlike`."""
    head = beginning(data)
    known = FORMS.of(head) if len(data) <= XML_BYTES else None
    if known is None:
        return None
    written, values = known
    left, observations = _cut(data[len(head) :])
    outline, narratives = _without_narrative(_HOLE.join(left))
    _check_narratives(written.root, narratives)
    return Rest(written.read(values), written.root, outline, len(narratives), observations)


def _cut(body: bytes) -> tuple[list[bytes], list[bytes]]:
    """What stands before, between and behind the outermost observations, and the inside of each. Raises `Unlike` where
    they do not open and close by turns."""
    *pieces, end = body.split(_END)
    left: list[bytes] = []
    inside: list[bytes] = []
    held: list[bytes] = []
    open_ = 0
    for piece in pieces:
        if not open_:
            before, start, piece = piece.partition(_START)
            if not start:
                raise Unlike
            left.append(before)
            open_ = 1
        held.append(piece)
        open_ += piece.count(_START) - 1
        if not open_:
            inside.append(_END.join(held))
            held.clear()
    if open_ or _START in end:
        raise Unlike
    return [*left, end], inside


def _without_narrative(body: bytes) -> tuple[bytes, list[bytes]]:
    """A body with holes for its narratives, and these. Raises `Unlike` where one ends that does not begin."""
    *pieces, end = body.split(_TOLD_END)
    cut = [piece.partition(_TOLD) for piece in pieces]
    if not all(start for _, start, _ in cut):
        raise Unlike
    narratives = [within for _, _, within in cut]
    return _TOLD_THERE.join([*(before for before, _, _ in cut), end]), narratives


def _check_narratives(root: bytes, narratives: Sequence[bytes]) -> None:
    """Raise `BadFile` or `Unlike` unless each is the inside of one element."""
    if not narratives:
        return
    made = parsed(b"".join((root, *(_TOLD + one + _TOLD_END for one in narratives), _WHOLE)))
    if [child.tag for child in made] != [_NARRATIVE] * len(narratives):
        raise Unlike
    tags = sum(one.count(b"<") for one in narratives)
    if tags > 2 * _MOST and _levels(made) > _MOST:
        raise Unlike


def _levels(top: etree._Element) -> int:
    """How deep elements lie in each other."""
    level = deepest = 0
    for event, _ in etree.iterwalk(top, events=("start", "end")):
        level += 1 if event == "start" else -1
        deepest = max(deepest, level)
    return deepest
