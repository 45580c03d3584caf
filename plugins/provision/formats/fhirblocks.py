"""Lines of FHIR, some decoded at a time: a call of the decoder for each, and bytes for it, cost half of decoding them.

In one go the decoder takes one value after the other and asks nothing of what is between them. What comes out is what
each line would give alone, since all of this is asked before and after:

* each begins with ``{`` and ends with ``}``, behind which is nothing but spaces;
* the decoder takes all that it was given, and as many values come out as there are lines.

``}``, spaces with a line feed and ``{`` stand behind each other in no JSON value: between members there is a comma,
and in a text a line feed is written ``\\n``. So wherever two lines meet one value ends and another begins; as there are
no more values than that, no line holds less, or more, than one. Where anything of this does not hold, each is decoded
alone.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
import numpy.typing as npt

from provision.formats.fhircoded import Places
from provision.formats.fhirdecoding import decoded, in_one_go, is_utf8

#: So many lines go together. Where one is no resource, its neighbours are decoded twice.
_GO = 16
_OPEN, _CLOSE = b"{}"
#: Spaces at the end of a line, and how many of them are looked past: those of other systems' line feeds.
_SPACES, _TRAILING = tuple(b" \t\r"), 2


def decoded_lines(block: bytes) -> list[Any]:
    """What every line of a block is: see `fhirdecoding.decoded`; all are bytes where the block is no UTF-8."""
    if not is_utf8(block):
        return list(block.removesuffix(b"\n").split(b"\n"))
    ends = _ends(block)
    begins, view, found = np.append(0, ends[:-1] + 1), memoryview(block), list[Any]()
    objects = _are_objects(np.frombuffer(block, np.uint8), begins, ends)
    firsts = np.arange(0, len(ends), _GO)
    lasts = np.append(firsts[1:], len(ends))
    places = zip(*(each.tolist() for each in (firsts, lasts, begins[firsts], ends[lasts - 1])), strict=True)
    for (first, last, begin, end), sound in zip(places, np.logical_and.reduceat(objects, firsts), strict=True):
        made = in_one_go(view[begin:end], last - first) if sound else None
        found += made or decoded(block[begins[at] : ends[at]] for at in range(first, last))
    return found


def _ends(block: bytes) -> Places:
    """Where the lines of a block end."""
    found, find, at = array("q"), block.find, -1  # a block of line feeds has millions of them
    while (at := find(b"\n", at + 1)) >= 0:  # lines are long: less than whatever looks at every byte
        found.append(at)
    if not block.endswith(b"\n"):
        found.append(len(block))
    return np.frombuffer(found, np.int64)


def _are_objects(text: npt.NDArray[np.uint8], begins: Places, ends: Places) -> npt.NDArray[np.bool_]:
    """Whether each line begins and ends as an object does."""
    made = begins < ends
    made[made] = text[begins[made]] == _OPEN
    last = ends[made] - 1
    for _ in range(_TRAILING):  # it stops at what they begin with
        last = last - np.isin(text[last], _SPACES)
    made[made] = text[last] == _CLOSE
    return made
