"""Reading text files of lines in bounded memory, and refusing files that are not what they should be.

Neither CP932 nor UTF-8 uses the byte of a line feed inside a character, so blocks are cut there before decoding.
No exception raised here carries, or has as its context, anything read from the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from provision.formats.base import BadFile

LINE_LIMIT = 64 * 1024
BLOCK = 4 * 1024 * 1024
_SLICE = 256 * 1024  # what is looked at in one go stays in the processor's cache

_MAGIC = {
    b"\xff\xfe": "text.utf16", b"\xfe\xff": "text.utf16", b"PK\x03\x04": "file.kind", b"\x89PNG": "file.kind",
    b"%PDF": "file.kind", b"\x1f\x8b": "file.kind", b"\xd0\xcf\x11\xe0": "file.kind",
}  # fmt: skip
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
#: Control bytes: neither CP932 nor UTF-8 has one of them inside a character.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
#: What Python's cp932 makes of the bytes 0x80, 0xA0 and 0xFD-0xFF, which are no characters of CP932.
_NO_CP932 = "\x80\xa0\uf8f0\uf8f1\uf8f2\uf8f3"
#: Half-width katakana as somebody would write them: no full stop or comma, marks only after kana that can carry them.
_KANA = re.compile("(?:[ｦ-ﾝ･ｰ]|[ｳｶ-ﾄﾊ-ﾎ]ﾞ|[ﾊ-ﾎ]ﾟ)+")
_RUN = re.compile("[^\x00-\x7f]+")

_AGAIN = "ask the sender for the file again"
_OTHER = f"the file as a whole has another encoding than the format says, such as UTF-8 or EUC-JP; {_AGAIN}"

#: What is done with a line that cannot be decoded: number in the file, rule, bytes (`Report.hold` is one).
Hold = Callable[[int, str, bytes], None]


def blocks(stream: BinaryIO, size: int = BLOCK) -> Iterator[bytes]:
    """Blocks of whole lines, each at most `size` bytes and a line or two. A last 0x1A (end of file) is left out.

    Raises `BadFile` (``text.line_length``) at a line over 64 KiB without reading on, ``file.empty`` where there is
    nothing, and ``text.utf16`` or ``file.kind`` where the first bytes say that this is no text file of ours.
    """
    pieces: list[bytes] = []
    held = open_line = lines = 0
    started = False
    while piece := stream.read(LINE_LIMIT):
        first, last = piece.find(b"\n"), piece.rfind(b"\n")
        if open_line + (len(piece) if first < 0 else first) > LINE_LIMIT:
            raise BadFile("text.line_length", record=lines + 1, remedy=f"a record has at most 64 KiB; {_AGAIN}")
        lines += _line_feeds(piece)
        open_line = len(piece) - 1 - last if first >= 0 else open_line + len(piece)
        pieces.append(piece)
        held += len(piece)
        if not started:
            started = True
            _refuse(piece[:8])
        if held >= size and last >= 0:
            pieces[-1] = piece[: last + 1]
            yield b"".join(pieces)
            pieces, held = [piece[last + 1 :]], len(piece) - last - 1
    rest = b"".join(pieces).removesuffix(b"\x1a")
    if not rest.strip() and lines == 0:
        raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
    if rest:
        yield rest


def _line_feeds(piece: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(piece, np.uint8) == 0x0A))


def _refuse(head: bytes) -> None:
    for magic, rule in _MAGIC.items():
        if head.startswith(magic):
            raise BadFile(rule, remedy="this is not a text file in CP932 or UTF-8; ask the sender for the right file")


def decode(block: bytes, encoding: str, before: int) -> str:
    """The block's text. `before` is the number of lines before it in the file.

    Raises `BadFile`: ``text.encoding`` for bytes that are not `encoding` (cp932 or utf-8), also where they could be
    read as CP932 but are UTF-8 or EUC-JP; ``text.control`` for control characters and single carriage returns.
    """
    _refuse_controls(block, before)
    if block.isascii():
        return block.decode("ascii")
    text, at = _attempt(block, encoding)
    if text is None:
        record = before + block.count(b"\n", 0, at) + 1
        raise BadFile("text.encoding", record=record, remedy=_not(encoding))
    foreign = _no_character(text) if encoding == "cp932" else -1
    if foreign >= 0:
        record = before + text.count("\n", 0, foreign) + 1
        raise BadFile("text.encoding", record=record, remedy=_not(encoding))
    if encoding == "cp932" and _is_other(block, text):
        raise BadFile("text.encoding", remedy=_OTHER)
    return text


def decoded(block: bytes, encoding: str, before: int, hold: Hold) -> str:
    """The block's text as `decode` gives it, but lines with undecodable bytes are taken out and given to `hold`.

    An empty line stays in the place of each, so that the lines after it keep their number. Raises `BadFile` as
    `undecodable` does, and what `hold` raises.
    """
    bad = undecodable(block, encoding, before)
    for record, line in bad.items():
        hold(record, "text.encoding", line)
    return decode(without(block, before, bad), encoding, before) if bad else decode(block, encoding, before)


def without(block: bytes, before: int, lines: Container[int]) -> bytes:
    """The block with an empty line in the place of each of these lines (numbers in the file)."""
    return b"".join(b"\n" if number in lines else line for number, line in enumerate(_lines(block), before + 1))


def undecodable(block: bytes, encoding: str, before: int) -> dict[int, bytes]:
    """Number in the file -> bytes (line end included) of every line of the block that is not `encoding`.

    Raises `BadFile` as `decode` does where it is the file that is not: it is of another encoding as a whole, more than
    half of the lines beyond ASCII are bad, or the last line is and has no end, as in a file that was cut off.
    """
    _refuse_controls(block, before)
    if block.isascii() or _fits(block, encoding):
        return {}
    if _is_another(block, encoding):
        raise BadFile("text.encoding", remedy=_OTHER)
    beyond = {at: line for at, line in enumerate(_lines(block), before + 1) if not line.isascii()}
    bad = {at: line for at, line in beyond.items() if not _fits(line, encoding)}
    cut_off = bad and not bad[max(bad)].endswith(b"\n")
    if cut_off or (len(bad) > 1 and 2 * len(bad) > len(beyond)):
        raise BadFile("text.encoding", record=max(bad) if cut_off else min(bad), remedy=_not(encoding))
    return bad


def _lines(block: bytes) -> list[bytes]:
    """Lines by line feed only, each with its end."""
    parts = block.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _refuse_controls(block: bytes, before: int) -> None:
    raw = np.frombuffer(block, np.uint8)
    if not block.endswith(b"\r") and all(_is_plain(raw[at : at + _SLICE + 1]) for at in range(0, len(block), _SLICE)):
        return
    found = _CONTROLS.search(block)
    record = before + block.count(b"\n", 0, found.start() if found else 0) + 1
    raise BadFile("text.control", record=record, remedy=f"this is no plain text with CR LF or LF; {_AGAIN}")


def is_text(head: bytes) -> bool:
    """Whether the beginning of a file has no control bytes but tabs and line ends, and is not UTF-16."""
    return not head.startswith(_UTF16) and _is_plain(np.frombuffer(head.removesuffix(b"\x1a"), np.uint8))


def _is_plain(raw: npt.NDArray[np.uint8]) -> bool:
    """True where there is no control byte but tabs and line ends; a carriage return at the very end may go on."""
    returns = raw == 0x0D
    allowed = sum(int(np.count_nonzero(found)) for found in (raw == 0x09, raw == 0x0A, returns))
    low = int(np.count_nonzero(raw < 0x20)) + int(np.count_nonzero(raw == 0x7F))
    return low == allowed and not (returns[:-1] & (raw[1:] != 0x0A)).any()


def _not(encoding: str) -> str:
    return f"expected {encoding}: it is in another encoding (correct what source or layout say) or cut off: {_AGAIN}"


def _no_character(text: str) -> int:
    """Position of the first character that only Python's cp932 knows, -1 where there is none."""
    found = [at for at in map(text.find, _NO_CP932) if at >= 0]
    return min(found, default=-1)


def fitting(data: bytes, encoding: str) -> str | None:
    """The text of `data`, or None where it is not `encoding` (cp932 or utf-8)."""
    text, _ = _attempt(data, encoding)
    return None if text is None or (encoding == "cp932" and _no_character(text) >= 0) else text


def _fits(data: bytes, encoding: str) -> bool:
    return fitting(data, encoding) is not None


def check(block: bytes, encoding: str, before: int) -> None:
    """What `decode` refuses of a block as a whole, for readers that decode words one by one; far cheaper.

    Raises `BadFile`: ``text.control``, and ``text.encoding`` where another encoding than CP932 or UTF-8 was meant.
    """
    _refuse_controls(block, before)
    if encoding == "cp932" and not block.isascii() and (is_utf8(block) or _could_be(block, "euc_jp")):
        text = fitting(block, encoding)
        if text is None or _is_other(block, text):
            raise BadFile("text.encoding", remedy=_OTHER)


def _is_another(block: bytes, expected: str) -> bool:
    """True where bytes that are not the `expected` encoding are another one as a whole."""
    if expected == "cp932":
        return is_utf8(block) or _could_be(block, "euc_jp")
    return _fits(block, "cp932") or _could_be(block, "euc_jp")


def is_utf8(data: bytes) -> bool:
    """True where `data` holds more than ASCII and is UTF-8, but for a character cut off at its end."""
    return _could_be(data, "utf-8")


def _could_be(data: bytes, encoding: str) -> bool:
    """True where `data` holds more than ASCII and is `encoding`, but for a character cut off at its end."""
    if len(data) > 2 * LINE_LIMIT and not data[:LINE_LIMIT].isascii() and not _could_be(data[:LINE_LIMIT], encoding):
        return False  # what most files are, told by their beginning
    text, at = _attempt(data, encoding)
    if text is None:
        return at >= len(data) - 3 and not data[:at].isascii()
    return not data.isascii()


def _attempt(data: bytes, encoding: str) -> tuple[str | None, int]:
    """Text, or None and the position of the first undecodable byte; leaves no exception behind that holds the data."""
    try:
        return data.decode(encoding), 0
    except UnicodeDecodeError as error:
        return None, error.start


def _is_other(block: bytes, text: str) -> bool:
    """True where bytes that decode as CP932 are UTF-8, or EUC-JP and no believable half-width katakana.

    CP932 Japanese almost always has lead bytes 0x81-0x9F, which EUC-JP does not know; only half-width katakana and
    rare kanji are valid in both.
    """
    if is_utf8(block):
        return True
    if not _could_be(block, "euc_jp"):
        return False
    return not all(_KANA.fullmatch(run) for run in _RUN.findall(text))
