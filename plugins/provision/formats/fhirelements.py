"""Elements of FHIR of which only codes and amounts are read: they stay bytes until many resources are read together.

The same codes stand in thousands of resources, and an object for every coding costs more than looking up the bytes of
all of them. So the decoder leaves such an element as it is, and of every one that is different is made once what the
allow-list names in it (`fhirpaths.Types.elements`). Until then nobody has looked at it: what reads resources has to ask
whether their elements are as R4 has them (`check`, `Nodes.spoiled`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, cast

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provision.formats.fhircoded import Coded, Places
from provision.formats.fhirpaths import PREFIX, types

#: So many elements of one kind are held, none of them longer than this.
_MOST, _LONGEST = 4_096, 4_096
_NOTHING = frozenset({b"", b"null"})


class _Made(dict[Any, Any]):
    """What is made of the bytes of elements of one kind, None where they say nothing. Asking for what is not as R4 has
    it raises what the decoder raises."""

    def __init__(self, wanted: Any) -> None:
        super().__init__()
        self._decode = msgspec.json.Decoder(wanted).decode

    def __missing__(self, raw: bytes) -> Any:
        if not raw:
            return None
        made = self._decode(raw)
        if len(raw) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[raw] = made
        return made


@cache
def made_of(kind: str) -> Mapping[str, _Made]:
    """By the name of every element of a kind of resource that stays bytes, what is made of it."""
    return {name: _Made(wanted) for (whose, name), wanted in types().elements.items() if whose == kind}


def forget() -> None:
    """Let go of all elements: their bytes may hold what the allow-list does not name."""
    for kind, name in types().elements:
        made_of(kind)[name].clear()


@cache
def _looks(kind: type) -> tuple[tuple[Any, _Made], ...]:
    return tuple((attrgetter(PREFIX + name), made) for name, made in made_of(kind.__name__).items())


def check(resource: Any) -> None:
    """Look at the elements of one resource (None: there is none) that stay bytes. Raises what the decoder raises."""
    for get, made in _looks(resource.__class__):
        made[bytes(get(resource))]


def is_said(element: Any) -> bool:
    """Whether an element is there, of which nobody knows whether it stays bytes."""
    if isinstance(element, msgspec.Raw):
        return bytes(element) not in _NOTHING
    return element is not None


class Nodes:
    """Resources of one kind, or elements of any (`kind` ""), in order."""

    def __init__(self, kind: str, items: Sequence[Any]) -> None:
        self.kind, self.items = kind, items
        self._coded: dict[str, Coded] = {}

    def stays(self, name: str) -> bool:
        """Whether an element of this name stays bytes."""
        return name in made_of(self.kind)

    def coded(self, name: str) -> Coded:
        """The bytes of an element that stays bytes, empty where there is none."""
        if (known := self._coded.get(name)) is None:
            known = self._coded[name] = _coded(list(map(attrgetter(PREFIX + name), self.items)))
        return known

    def at(self, places: Places) -> Nodes:
        """Those at these places, which are in order."""
        if len(places) == len(self.items):
            return self
        made = Nodes(self.kind, [self.items[at] for at in places])
        made._coded = {name: coded.at(places) for name, coded in self._coded.items()}
        return made

    def without(self, gone: set[int]) -> Nodes:
        """Those that are not at these places."""
        kept = [at for at in range(len(self.items)) if at not in gone] if gone else range(len(self.items))
        return self.at(np.array(kept, np.int64))

    def spoiled(self) -> set[int]:
        """The places of those with an element that is not as R4 has it."""
        found: set[int] = set()
        for name, made in made_of(self.kind).items():
            coded = self.coded(name)
            if wrong := [number for number, raw in enumerate(coded.words) if _is_wrong(made, raw)]:
                found.update(np.flatnonzero(np.isin(coded.cells, wrong)).tolist())
        return found


def _coded(raws: Sequence[msgspec.Raw]) -> Coded:
    """The bytes of elements: put behind each other, Arrow tells which are the same in less time than Python needs to
    make an object of each. Its own allocator would keep ten megabytes for that."""
    ends = np.zeros(len(raws) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, raws), np.int64, len(raws)), out=ends[1:])
    parts = [None, pa.py_buffer(ends.data), pa.py_buffer(b"".join(raws))]
    every = pa.Array.from_buffers(pa.large_binary(), len(raws), parts)
    found = cast("pa.DictionaryArray[Any, Any]", pc.dictionary_encode(every, memory_pool=pa.system_memory_pool()))
    return Coded(np.from_dlpack(found.indices).astype(np.int64), found.dictionary.to_pylist())


def _is_wrong(made: _Made, raw: bytes) -> bool:
    try:
        made[raw]
    except (ValueError, RecursionError):
        return True
    return False
