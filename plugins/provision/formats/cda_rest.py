"""文書の残りだけを解析する: a checkup document without its observations, for those that were read before.

Nine tenths of a checkup are observations, and most are written as in a document before. So they are cut out by their
tags, and the head with them where it is of a known form (`cda_layout`). The rest is parsed, with a hole where each of
them was, and says what stands where; observations that were never read are parsed alone.

Why that proves as much as parsing the whole: each hole is an element of a name that no sender can know, all of them are
found as elements of the rest, in the order of the document, and what was cut out is one element that is well-formed
where the same namespaces are declared. An element may stand wherever another one stands. Neither part declares
namespaces for the other, and neither is deep. Where any of this is not so, the document is `Unlike` any known one and
is parsed as a whole.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from provision.formats.cda_layout import FORMS, Read
from provision.formats.cda_paths import V3
from provision.formats.xmlfile import XML_BYTES, parsed
from provision.formats.xmlforms import Unlike

#: How the body begins, and nothing in a head but ``componentOf``, which is then taken for no head that is known.
_BODY = b"<component"
_START, _END, _WHOLE = b"<observation ", b"</observation>", b"</ClinicalDocument>"
_OBSERVATION, _COMPONENT = f"{{{V3}}}observation", f"{{{V3}}}component"
_NAME = f"observation-{secrets.token_hex(8)}"
_HOLE = f"<{_NAME}/>".encode()
HOLE = f"{{{V3}}}{_NAME}"
#: Elements in one observation, and so how deep it can be.
_MOST = 100


def beginning(data: bytes) -> bytes:
    """What stands before the body of a document; nothing where no body is found."""
    return data[: max(data.find(_BODY), 0)]


@dataclass
class Texts:
    """The observations that were cut out of a document, drawn in order, and the tag that their namespaces come from."""

    root: bytes
    texts: Iterator[bytes]

    def parsed(self, text: bytes) -> etree._Element:
        """An observation. Raises `BadFile`, and `Unlike` where it is more or less than one."""
        made = parsed(b"".join((self.root, _START, text, _END, _WHOLE)))
        if len(made) != 1 or made[0].tag != _OBSERVATION or made.text or made[0].tail:
            raise Unlike
        if sum(1 for _ in made.iter()) > _MOST:
            raise Unlike
        return made[0]

    def check_drawn(self) -> None:
        """Raise `Unlike` unless all were drawn."""
        if next(self.texts, None) is not None:
            raise Unlike


#: Of a document that was parsed as a whole.
NONE = Texts(b"", iter(()))


class Rest(NamedTuple):
    """What stands in the head of a document, its body, which has holes for the observations, and these."""

    head: Read
    body: etree._Element
    texts: Texts


def rest(data: bytes) -> Rest | None:
    """A document whose head is of a known form; None for any other. Raises `BadFile` and `Unlike`."""
    head = beginning(data)
    known = FORMS.of(head) if len(data) <= XML_BYTES else None
    if known is None:
        return None
    written, values = known
    left, texts = _cut(data[len(head) :])
    body = _HOLE.join(left)
    if b"xmlns" in body:
        raise Unlike
    root = parsed(written.root + body)
    if len(root) != 1 or root[0].tag != _COMPONENT:
        raise Unlike
    return Rest(written.read(values), root[0], Texts(written.root, iter(texts)))


def _cut(body: bytes) -> tuple[list[bytes], list[bytes]]:
    """What stands before, between and behind the outermost observations, and the inside of each. Raises `Unlike` where
    they do not open and close by turns."""
    *pieces, end = body.split(_END)
    left, texts, open_, within = [], [], 0, b""
    for piece in pieces:
        if open_:
            within, open_ = b"".join((within, _END, piece)), open_ + piece.count(_START) - 1
        else:
            before, start, within = piece.partition(_START)
            if not start:
                raise Unlike
            left.append(before)
            open_ = within.count(_START)
        if not open_:
            texts.append(within)
    if open_ or _START in end:
        raise Unlike
    return [*left, end], texts
