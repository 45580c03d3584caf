"""Spoiled files that are worth keeping, as code: what they were made of, and how reading every format must end.

A file that `make fuzz` finds gets a line here when its cause is mended.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provision.formats import formats
from tests.fuzz.reading import attempt
from tests.fuzz.seeds import seeds

FORMATS = sorted(name for name in formats() if name != "dpc-k")
Spoil = Callable[[bytes], bytes]

#: Refused whatever the format: nothing of these can be told from a file that was damaged on its way.
REFUSED: dict[str, Spoil] = {
    "nothing": lambda data: b"",
    "end mark only": lambda data: b"\x1a",
    "two bytes of UTF-16": lambda data: b"\xff\xfe",
    "UTF-16": lambda data: data.decode("cp932", "replace").encode("utf-16"),
    "NULs": lambda data: data[:100] + b"\x00" * 64 + data[100:],
    "a line of a megabyte": lambda data: data + b"9" * 1_048_576 + b"\r\n",
    "a megabyte of empty cells": lambda data: data + b"," * 1_048_576 + b"\t" * 100,
    "a cell that never ends": lambda data: data.rstrip(b"\r\n\x1a") + b',"' + b"x" * 70_000,
    "an archive": lambda data: b"PK\x03\x04" + data,
    "the second half": lambda data: data[len(data) // 2 + 3 :],
}


@pytest.mark.parametrize("spoil", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("name", FORMATS)
def test_it_is_refused_and_says_nothing(name: str, spoil: Spoil) -> None:
    ended = attempt(formats()[name], spoil(seeds(name)[0]), [])
    assert (ended["end"], ended["text"]) == ("refused", "")


#: Read or refused, by what the format allows; never anything else.
ENDS_WELL: dict[str, Spoil] = {
    "no line ends": lambda data: data.replace(b"\r", b"").replace(b"\n", b""),
    "in small pieces, twice": lambda data: data + data,
    "half-width kana cut in two": lambda data: data.replace(b"1", b"\x83", 3),
    "quotes in quotes": lambda data: data.replace(b",", b',"a""b",', 2),
    "blank lines between": lambda data: data.replace(b"\r\n", b"\r\n\r\n"),
    "carriage returns only": lambda data: data.replace(b"\r\n", b"\r"),
    "numbers of four hundred digits": lambda data: data.replace(b"1", b"9" * 400, 5),
    "negative numbers": lambda data: data.replace(b",1", b",-1"),
    "days that are none": lambda data: data.replace(b"2025", b"9999"),
    "eras": lambda data: data.replace(b"202505", b"50705"),
    "full-width digits": lambda data: data.replace(b"1", "１".encode("cp932"), 20),
    "text where codes are": lambda data: data.replace(b",,", ",項目,".encode("cp932")),
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
}


@pytest.mark.slow
@pytest.mark.parametrize("spoil", ENDS_WELL.values(), ids=ENDS_WELL)
@pytest.mark.parametrize("name", FORMATS)
def test_it_ends_well(name: str, spoil: Spoil) -> None:
    ended = attempt(formats()[name], spoil(seeds(name)[0]), [], dribble=True)
    assert (ended["end"] in {"parsed", "refused"}, ended["text"]) == (True, "")
