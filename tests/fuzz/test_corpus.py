"""Spoiled files that are worth keeping, as code: what they were made of, and how reading every format must end.

A file that `make fuzz` finds gets a line here when its cause is mended.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provision.formats import formats
from provision.formats.documents import DocumentFormat
from tests.fuzz.reading import attempt
from tests.fuzz.seeds import seeds
from tests.fuzz.structures import kind
from tests.support.slips import SLIPS, registered

FORMATS = sorted(name for name in formats() if name != "dpc-k")
DOCUMENTS = sorted({SLIPS.id, *(name for name, source in formats().items() if isinstance(source, DocumentFormat))})
LINES = sorted(set(FORMATS) - set(DOCUMENTS))
Spoil = Callable[[bytes], bytes]

#: Refused whatever the format of lines: nothing of these can be told from a file that was damaged on its way.
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
@pytest.mark.parametrize("name", LINES)
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
@pytest.mark.parametrize("name", LINES)
def test_it_ends_well(name: str, spoil: Spoil) -> None:
    ended = attempt(formats()[name], spoil(seeds(name)[0]), [], dribble=True)
    assert (ended["end"] in {"parsed", "refused"}, ended["text"]) == (True, "")


#: Refused whatever the format of documents.
REFUSED_DOCUMENTS: dict[str, Spoil] = {
    **{name: REFUSED[name] for name in ("nothing", "end mark only", "two bytes of UTF-16", "an archive")},
    "NULs": lambda data: data[: len(data) // 2] + b"\x00" * 64 + data[len(data) // 2 :],
    "the second half": lambda data: data[len(data) // 2 + 3 :],
    "a picture": lambda data: b"\x89PNG\r\n\x1a\n" + data,
    "over the limit": lambda data: data + b" " * (32 * 1024 * 1024),
}
_LAUGHS = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 10))
#: Refused, or read without what was put in; by the kind of document.
ATTACKS: dict[str, dict[str, Spoil]] = {
    "xml": {
        "entities that grow": lambda data: _typed(data, b'<!ENTITY e0 "lol">' + _LAUGHS, b"&e9;"),
        "a file of this machine": lambda data: _typed(data, b'<!ENTITY x SYSTEM "file:///etc/hostname">', b"&x;"),
        "a hundred thousand elements deep": lambda data: data.replace(b"</", b"<a>" * 100_000 + b"</", 1),
        "an attribute of a megabyte": lambda data: data.replace(b"><", b' huge="%s"><' % (b"9" * 1_048_576), 1),
        "no end": lambda data: data[:-3],
    },
    "json": {
        "a hundred thousand lists deep": lambda data: data.replace(b"{", b'{"x":' + b"[" * 100_000, 1),
        "a hundred thousand lists, closed": lambda data: data.replace(
            b"{", b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b",", 1
        ),
        "half a character": lambda data: data.replace(b":", b':"\\ud800","x":', 1),
        "a number of five thousand digits": lambda data: data.replace(b"{", b'{"x":%s,' % (b"9" * 5_000), 1),
        "no end": lambda data: data[:-3],
    },
    "hl7": {
        "five thousand components": lambda data: data.replace(b"^", b"^" * 5_000, 1),
        "a character set that never ends": lambda data: data.replace(b"|", b"|\x1b$B7k", 9),
        "marks that are letters": lambda data: data.replace(b"^~\\&", b"aaaa", 1),
        "a segment of a megabyte": lambda data: data + b"ZZZ|" + b"9" * 1_048_576 + b"\r",
        "no end": lambda data: data[:-3],
    },
}


def _typed(data: bytes, declared: bytes, used: bytes) -> bytes:
    """With a document type, and a use of it behind the first element."""
    begin = data.find(b"<", data.find(b"?>") + 1)
    at = data.find(b">", begin) + 1
    return data[:begin] + b"<!DOCTYPE d [" + declared + b"]>" + data[begin:at] + used + data[at:]


@pytest.mark.parametrize("spoil", REFUSED_DOCUMENTS.values(), ids=REFUSED_DOCUMENTS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_refused_and_says_nothing(name: str, spoil: Spoil) -> None:
    with registered():
        ended = attempt(formats()[name], spoil(seeds(name)[0]), [])
    assert (ended["end"], ended["text"]) == ("refused", "")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_attacks_on_a_document_end_well(name: str) -> None:
    with registered():
        for data in seeds(name)[:3]:
            for attack, spoil in ATTACKS[kind(data)].items():
                ended = attempt(formats()[name], spoil(data), [], dribble=True)
                assert (ended["end"] in {"parsed", "refused", "passed"}, ended["text"]) == (True, ""), attack
