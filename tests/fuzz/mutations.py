"""Ways to spoil a file: bits, lines, cells, encodings, line ends, lengths. Equal random numbers spoil it equally.

Documents are spoiled by what they are made of as well (`structures`).
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.fuzz.structures import structured

Mutation = Callable[[bytes, random.Random], bytes]

#: What no sender means to write into a cell, and what some do.
NASTY = (
    b"", b" ", b"0", b"-1", b"1e9", b"9" * 12, b"9" * 400, b"-" + b"9" * 30, b"1.5", b".", b"+5", b"NaN", b"NULL",
    b'"', b'""', b'"a', b'a"b""c', b'"""', b"'", b"\\", b"=1+1", b"\x00", b"\x07", b"\x1a", b"\x1b$B", b"\x7f",
    b"\x81", b"\xfd", b"\xff", b"\xa0", b"\x80", b"\xef\xbb\xbf", b"\xf0\x9f\x92\xa3", b"a,b", b"a\tb", b"\r", b"\n",
    "１２３".encode("cp932"), "〓■".encode("cp932"), "髙﨑".encode("cp932"), "ｶﾅ".encode("cp932"), "漢字".encode(),
    # days, months and eras that are none, or of another edition
    b"0000000", b"00000000", b"99999999", b"20251399", b"202513", b"20250230", b"4310431", b"5991231", b"1450730",
    b"0010101", b"9", b"50713", b"500", b"19000101", b"25000101",
    b"x" * 70_000, b"9" * 70_000,
)  # fmt: skip
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "euc_jp", "iso2022_jp", "latin-1")
#: Share of a document's changes that know what it is made of.
_BY_STRUCTURE = 0.65
#: Every file stays below this, whatever is done to it.
LARGEST = 8 * 1024 * 1024


def mutate(data: bytes, rng: random.Random) -> bytes:
    """`data` spoiled in one to four ways."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        own = structured(data)
        by_structure = own and rng.random() < _BY_STRUCTURE
        mutation = rng.choice(own) if by_structure else rng.choices(MUTATIONS, WEIGHTS)[0]
        data = mutation(data, rng)[:LARGEST]
    return data


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    """One to twenty single bits."""
    made = bytearray(data or b"\x00")
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def cut(data: bytes, rng: random.Random) -> bytes:
    """The beginning, the end, or all but a piece."""
    first, last = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return rng.choice((data[:last], data[first:], data[:first] + data[last:]))


def lines(data: bytes, rng: random.Random) -> bytes:
    """A line twice, gone, moved, or many of them shuffled."""
    found = data.splitlines(keepends=True) or [b""]
    a, b = rng.randrange(len(found)), rng.randrange(len(found))
    match rng.randrange(5):
        case 0:
            found.insert(b, found[a])
        case 1:
            del found[a]
        case 2:
            found[a], found[b] = found[b], found[a]
        case 3:
            part = found[min(a, b) : max(a, b)]
            rng.shuffle(part)
            found[min(a, b) : max(a, b)] = part
        case _:
            found[a:a] = [found[b]] * rng.choice((2, 50, 500))
    return b"".join(found)


def cells(data: bytes, rng: random.Random) -> bytes:
    """A cell of one line twice, gone, moved, or something nasty instead of it or within it."""
    found = data.splitlines(keepends=True) or [b""]
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randrange(len(found))
        mark = b"\t" if found[at].count(b"\t") > found[at].count(b",") else b","
        row = found[at].rstrip(b"\r\n").split(mark)
        a, b = rng.randrange(len(row)), rng.randrange(len(row))
        match rng.randrange(7):
            case 0:
                row.insert(b, row[a])
            case 1:
                del row[a]
            case 2:
                row[a], row[b] = row[b], row[a]
            case 3:
                row[a] = row[a] + rng.choice(NASTY)
            case 4:
                row += [b""] * rng.choice((1, 10, 300))
            case _:
                row[a] = rng.choice(NASTY)
        found[at] = mark.join(row) + b"\r\n"
    return b"".join(found)


def column(data: bytes, rng: random.Random) -> bytes:
    """The same nasty text in one column of all lines, or of all lines that begin alike."""
    found = data.splitlines(keepends=True) or [b""]
    nasty = rng.choice(NASTY)[:40]
    begin = rng.choice((b"", found[rng.randrange(len(found))][:3]))
    place = rng.randrange(60)
    for at, line in enumerate(found):
        mark = b"\t" if line.count(b"\t") > line.count(b",") else b","
        row = line.rstrip(b"\r\n").split(mark)
        if line.startswith(begin) and place < len(row):
            row[place] = nasty
            found[at] = mark.join(row) + b"\r\n"
    return b"".join(found)


def encoding(data: bytes, rng: random.Random) -> bytes:
    """The whole text, or one line of it, in another encoding."""
    text = data.decode("cp932", "replace")
    other = rng.choice(_ENCODINGS)
    if rng.random() < 0.5:
        return text.encode(other, "replace")
    found = text.splitlines(keepends=True) or [""]
    at = rng.randrange(len(found))
    return b"".join(line.encode(other if n == at else "cp932", "replace") for n, line in enumerate(found))


def line_ends(data: bytes, rng: random.Random) -> bytes:
    """Other line ends: LF, CR, doubled, none, or blank lines between."""
    return data.replace(b"\r\n", rng.choice((b"\n", b"\r", b"\r\r\n", b"\r\n\r\n", b"", b" \r\n", b"\x1a\r\n")))


def insert(data: bytes, rng: random.Random) -> bytes:
    """Noise, something nasty, zeros, or a line of a megabyte, anywhere."""
    at = rng.randrange(len(data) + 1)
    noise = rng.choice((rng.randbytes(rng.choice((1, 4, 300))), rng.choice(NASTY), b"\x00" * 64, b"," * 100_000))
    if rng.random() < 0.1:
        noise = rng.choice((b"9", b",", b'"', b"\x81", b"A")) * 1_048_576 + b"\r\n"
    return data[:at] + noise + data[at:]


def quoted(data: bytes, rng: random.Random) -> bytes:
    """Cells in quotation marks, some of which do not pair up, or with quotes and line ends within."""
    found = data.split(b",")
    for _ in range(rng.choice((1, 5, 100))):
        at = rng.randrange(len(found))
        found[at] = rng.choice((b'"%s"', b'"%s', b'%s"', b'"%s""x"', b'"%s\r\n"', b'"a,%s"')) % found[at][:1000]
    return b",".join(found)


def again(data: bytes, rng: random.Random) -> bytes:
    """Twice or five times in a row, the second time with an end mark in front."""
    return (data + rng.choice((b"", b"\x1a", b"\r\n"))) * rng.choice((2, 5))


_WEIGHED: dict[Mutation, int] = {
    flip_bits: 3, cut: 2, lines: 4, cells: 8, column: 2, encoding: 1, line_ends: 1, insert: 2, quoted: 1, again: 1,
}  # fmt: skip
MUTATIONS, WEIGHTS = list(_WEIGHED), list(_WEIGHED.values())
