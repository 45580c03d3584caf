"""HL7 v2 bytes to text: framing, character set, control characters (HL7 v2.5 chapter 2; SS-MIX2, formats.md section 7).

Text is decoded before it is split: double-byte characters of ISO-2022-JP and CP932 hold the bytes of delimiters. MSH-18
names the set; a message is read by the set under which its own header says so, so nothing is guessed. Without MSH-18 it
is ASCII, or what the source's option says. Bytes that are no characters are refused, never replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from provision.formats.base import BadFile
from provision.formats.textfile import fitting

#: MSH-18 (HL7 table 0211, without spaces) -> name of ours. SHIFT_JIS is a vendors' word, seen but in no table.
_SETS = {
    "": "ascii", "ASCII": "ascii", "ISOIR6": "ascii", "ISOIR13": "jis", "ISOIR14": "jis", "ISOIR87": "jis",
    "ISOIR159": "jis", "UNICODEUTF-8": "utf-8", "UTF-8": "utf-8",
    "SHIFT_JIS": "cp932", "SHIFT-JIS": "cp932", "SJIS": "cp932", "CP932": "cp932", "MS932": "cp932",
    "WINDOWS-31J": "cp932",
}  # fmt: skip
#: What the option ``encoding`` may say of messages that do not say it themselves.
ENCODINGS = ("iso-2022-jp", "cp932", "utf-8")
_ORDER = ("ascii", "jis", "utf-8", "cp932")
#: So much of a header is looked at for the set that it names.
_HEADER = 16 * 1024
_BOM = b"\xef\xbb\xbf"
_FRAME = b"\x0b\x1c\r\n \x1a"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\([BJI]|\$\(D)")
_AGAIN = "ask the sender for the message again"


def message_text(raw: bytes, encoding: str = "") -> str:
    """The text of one message, segments ended by CR or LF. `encoding` is the source's option, "" where it has none.

    Raises `BadFile`: ``file.empty``, ``text.utf16``, ``hl7.header`` where no header stands in front, ``hl7.charset``
    where the set is unknown or is not the one that MSH-18 says, ``hl7.encoding`` and ``hl7.control``.
    """
    if raw.startswith(_UTF16):
        raise BadFile("text.utf16", remedy="the text is UTF-16; ask the sender for the set that MSH-18 may name")
    body = raw.removeprefix(_BOM).strip(_FRAME)
    if not body:
        raise BadFile("file.empty", remedy="the message holds nothing; ask the sender for the right file")
    if not body.startswith(b"MSH"):
        raise BadFile("hl7.header", remedy=f"a message begins with MSH; {_AGAIN}")
    text = _DECODERS[_charset(body, encoding)](body)
    if text is None:
        raise BadFile(
            "hl7.encoding", remedy=f"there are bytes that are no characters of the set MSH-18 names; {_AGAIN}"
        )
    if _CONTROLS.search(text):
        raise BadFile("hl7.control", remedy=f"there are control characters in it; {_AGAIN}")
    return text


def refuse_cut_off(data: bytes) -> None:
    """Raise `BadFile` ``hl7.cut_off`` where the last segment is not ended (HL7 v2.5 section 2.5.1: every one is)."""
    if data.strip(_FRAME) and not data.rstrip(b"\x1a ").endswith((b"\r", b"\n", b"\x1c")):
        raise BadFile(
            "hl7.cut_off", remedy="the last segment has no end, as in a file that was cut off; ask for it again"
        )


def declared(header: str) -> str | None:
    """The character set that a header segment names, by our word, "" where it names none; None where it names one that
    we do not know, or several."""
    fields = header.split(header[3:4]) if len(header) > 3 else []
    said = fields[17] if len(fields) > 17 else ""
    words = said.split(fields[1][1:2] or None) if said else []
    found = {_SETS.get(word.replace(" ", "").upper()) for word in words}
    several = found - {"ascii"}
    if None in found or len(several) > 1:
        return None
    return several.pop() if several else "ascii" if words else ""


def _charset(body: bytes, encoding: str) -> str:
    """The set in which the header says that it is in it, or the preset one in which it says nothing."""
    header = re.split(rb"[\r\n]", body[:_HEADER], maxsplit=1)[0]
    preset = {"iso-2022-jp": "jis", "": "ascii"}.get(encoding, encoding)
    for name in _ORDER:
        text = _DECODERS[name](header)
        said = None if text is None else declared(text)
        if said is not None and (said or preset) == name:
            return name
    raise BadFile("hl7.charset", field="MSH-18", remedy=f"MSH-18 does not name the set the message is in; {_AGAIN}")


def _ascii(data: bytes) -> str | None:
    return data.decode("ascii") if data.isascii() and b"\x1b" not in data else None


def _jis(data: bytes) -> str | None:
    """ISO-2022-JP with half-width kana and JIS X 0212; vendors' characters (①, ㈱) by their CP932 place."""
    if not data.isascii():
        return None
    if b"\x1b" not in data:
        return data.decode("ascii")
    try:
        return data.decode("iso2022_jp_ext")
    except UnicodeDecodeError:
        return _vendors_jis(data)


def _vendors_jis(data: bytes) -> str | None:
    pieces, at, mark = [], 0, b"\x1b(B"
    for match in [*_ESCAPE.finditer(data), None]:
        piece = data[at : match.start() if match else len(data)]
        text = _decoded_piece(piece, mark)
        if text is None:
            return None
        pieces.append(text)
        if match:
            at, mark = match.end(), match[0]
    return "".join(pieces)


def _decoded_piece(piece: bytes, mark: bytes) -> str | None:
    if mark in (b"\x1b$@", b"\x1b$B"):
        pairs = zip(piece[::2], piece[1::2], strict=False)
        valid = len(piece) % 2 == 0 and all(0x21 <= byte <= 0x7E for byte in piece)
        return fitting(b"".join(_shifted(high, low) for high, low in pairs), "cp932") if valid else None
    if b"\x1b" in piece:
        return None
    try:
        return (mark + piece).decode("iso2022_jp_ext")
    except UnicodeDecodeError:
        return None


def _shifted(high: int, low: int) -> bytes:
    """A JIS X 0208 pair as Shift_JIS (JIS X 0208:1997 annex 1)."""
    lead = (high + 1 >> 1) + (0x70 if high < 0x5F else 0xB0)
    trail = low + (0x7E if high % 2 == 0 else 0x20 if low > 0x5F else 0x1F)
    return bytes((lead, trail))


def _utf8(data: bytes) -> str | None:
    return fitting(data, "utf-8")


def _cp932(data: bytes) -> str | None:
    return fitting(data, "cp932")


_DECODERS: dict[str, Callable[[bytes], str | None]] = {"ascii": _ascii, "jis": _jis, "utf-8": _utf8, "cp932": _cp932}
