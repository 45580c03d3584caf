"""Many resources decoded at once: the lines of a block, or documents one behind the other.

A call of the decoder for each, and bytes for it, cost half of what decoding costs. So the decoder is given some of them
in one go, in which it takes one value after the other and asks nothing of what is between them. What comes out is what
each would give alone, since all of this is asked before and after:

* each begins with ``{``, and ends with ``}`` and nothing but spaces;
* the decoder takes all that it was given, and as many values come out as were put in.

``}``, spaces with a line feed and ``{`` stand behind each other in no JSON value: between members there is a comma,
and in a text a line feed is written ``\\n``. So wherever two of them meet one value ends and another begins; as there
are no more values than that, none of them is less, or more, than one value. Where anything of this does not hold, each
is decoded alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from provision.formats.fhircoded import Places
from provision.formats.fhirdecoding import decoded, in_one_go, is_utf8

#: So many are decoded in one go. Where one is none, its neighbours are decoded twice.
_GO = 16
_OPEN, _CLOSE = b"{}"
_SPACES = tuple(b" \t\r\n")
#: So many spaces behind a value are looked past: a line feed, or both signs of one.
_TRAILING = 2


def decoded_lines(block: bytes) -> list[Any]:
    """What every line of a block is: see `fhirdecoding.decoded`; all are bytes where the block is no UTF-8."""
    if not is_utf8(block):
        return block.removesuffix(b"\n").split(b"\n")
    return _decoded(block, np.array(_ends(block), np.int64))


def decoded_documents(datas: Sequence[bytes]) -> list[Any]:
    """The same of documents, which may have several lines each."""
    whole = b"\n".join(datas)
    if not datas or not is_utf8(whole):  # what is broken in one does not become whole by the line feed behind it
        return [*datas]
    sizes = np.fromiter(map(len, datas), np.int64, len(datas))
    return _decoded(whole, np.cumsum(sizes + 1) - 1)


def _ends(block: bytes) -> list[int]:
    """Where the lines of a block end."""
    found, find, at = [], block.find, -1
    while (at := find(b"\n", at + 1)) >= 0:  # lines are long: less than whatever looks at every byte
        found.append(at)
    return found if block.endswith(b"\n") else [*found, len(block)]


def _decoded(whole: bytes, ends: Places) -> list[Any]:
    """What is in `whole` up to each of these ends, behind which is a line feed, or nothing more."""
    begins, view, found = np.append(0, ends[:-1] + 1), memoryview(whole), list[Any]()
    objects = _are_objects(np.frombuffer(whole, np.uint8), begins, ends)
    firsts = np.arange(0, len(ends), _GO)
    lasts = np.append(firsts[1:], len(ends))
    places = zip(*(each.tolist() for each in (firsts, lasts, begins[firsts], ends[lasts - 1])), strict=True)
    for (first, last, begin, end), sound in zip(places, np.logical_and.reduceat(objects, firsts), strict=True):
        made = in_one_go(view[begin:end], last - first) if sound else None
        found += made or decoded(whole[begins[at] : ends[at]] for at in range(first, last))
    return found


def _are_objects(text: npt.NDArray[np.uint8], begins: Places, ends: Places) -> npt.NDArray[np.bool_]:
    """Whether each begins with ``{``, and ends with ``}`` and not many spaces."""
    made = begins < ends
    made[made] = text[begins[made]] == _OPEN
    last = ends[made] - 1
    for _ in range(_TRAILING):  # it stops at what they begin with
        last = last - np.isin(text[last], _SPACES)
    made[made] = text[last] == _CLOSE
    return made
