"""Options of HL7 formats (`format_options` of a source): whose messages they are, and what local codes mean.

* ``facility``: 医療機関コード of ten digits (prefecture, point table, code), for messages whose MSH-4 does not say it;
* ``items``: ``{local code: item of config/codes/test_item.tsv}``, for tests without a public code;
* ``encoding`` (plain HL7 only): the character set of messages without MSH-18.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from provision import codes
from provision.errors import FixConfiguration
from provision.formats.hl7text import ENCODINGS

FACILITY = re.compile(r"[0-4][0-9][1-3][0-9]{7}")


@dataclass(frozen=True)
class Options:
    """What a source says about its messages."""

    facility: str = ""
    encoding: str = ""
    items: Mapping[str, str] = field(default_factory=dict)


_NONE = Options()


def options_of(format_id: str, options: Mapping[str, object], *known: str) -> Options:
    """The options, checked. Raises `FixConfiguration` for a key that is not `known` and for a value it cannot have."""
    if not options:
        return _NONE
    if unknown := set(options) - set(known):
        raise _wrong(f"the format {format_id} has no such option ({len(unknown)})", f"it has: {', '.join(known)}")
    items = options.get("items", {})
    if not isinstance(items, Mapping):
        raise _wrong("items is not a mapping", "write local code: item, one a line")
    pairs = tuple((str(code), str(item)) for code, item in items.items())
    return _checked(str(options.get("facility", "")), str(options.get("encoding", "")), pairs)


@lru_cache(maxsize=16)
def _checked(facility: str, encoding: str, items: tuple[tuple[str, str], ...]) -> Options:
    if facility and not FACILITY.fullmatch(facility):
        raise _wrong("facility is no 医療機関コード", "write ten digits in quotes: prefecture, point table, code")
    if encoding and encoding not in ENCODINGS:
        raise _wrong("encoding is none that is known", f"one of {', '.join(ENCODINGS)}")
    if any(item not in codes.load("test_item").names for _, item in items):
        raise _wrong("items names an item that there is not", "take the items of config/codes/test_item.tsv")
    return Options(facility, encoding, dict(items))


def _wrong(what: str, remedy: str) -> FixConfiguration:
    return FixConfiguration(what, rule="format.options", remedy=remedy)
