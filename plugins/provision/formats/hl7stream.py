"""A file of HL7 v2 messages, one after another, in bounded memory: framing, batches and their counts.

Messages begin where a line begins with MSH: no character of the sets that are read has the byte of a line end inside.
FHS and BHS open a file and a batch, BTS and FTS close them and say how many messages and batches there were
(HL7 v2.5 section 2.10.3); what they say is checked, what is opened must be closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from provision.formats.base import BadFile, Report
from provision.formats.documents import DOCUMENT_BYTES
from provision.formats.hl7text import refuse_cut_off
from provision.formats.textfile import LINE_LIMIT

BLOCK = 1024 * 1024
_LINE = re.compile(rb"[\r\n\x0b\x1c](?=MSH|FHS|BHS|BTS|FTS)")
#: Line ends and control bytes; ESC begins Japanese text.
_NO_LINE = re.compile(rb"[\x00-\x08\x0a-\x1a\x1c-\x1f]")
_BOM, _AROUND = b"\xef\xbb\xbf", b"\r\n\x0b\x1c\x1a "
_AGAIN = "ask the sender for the file again"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def pieces(stream: BinaryIO, limit: int = DOCUMENT_BYTES) -> Iterator[bytes]:
    """Messages and lines of the envelope, in order, without framing. Raises `BadFile`
    ``hl7.message_size`` for a message over `limit` bytes, without reading on."""
    buffer, searched = bytearray(), 0
    while block := stream.read(BLOCK):
        buffer += block
        start = 0
        for found in _LINE.finditer(buffer, max(0, searched - 4)):
            yield bytes(buffer[start : found.start()])
            start = found.end()
        del buffer[:start]
        searched = len(buffer)
        if searched > limit:
            remedy = f"a message has at most {limit // 2**20} MiB; ask the sender what it is"
            raise BadFile("hl7.message_size", remedy=remedy)
    yield bytes(buffer)


@dataclass
class Envelope:
    """What was opened and counted so far. `number` counts messages from 1."""

    report: Report
    number: int = 0
    _batches: int = 0
    _in_file: bool = False
    _in_batch: bool = False
    _count: int = 0
    _ended: bool = False
    _begun: bool = field(default=False)

    def messages(self, stream: BinaryIO) -> Iterator[bytes]:
        """The messages alone. Raises `BadFile` as `pieces` does, ``file.empty``, ``hl7.start`` where the file begins
        with something else, ``hl7.cut_off``, and ``hl7.batch`` where the envelope is not whole."""
        piece = b""
        for piece in pieces(stream):
            body = piece.removeprefix(_BOM).strip(_AROUND)
            if not body:
                continue
            self._refuse_start(piece, body)
            name = body[:3].decode("ascii")
            if name == "MSH":
                self._message()
                yield body
            else:
                self._line(name, body)
        refuse_cut_off(piece)
        if not self._begun:
            raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
        if self._in_file or self._in_batch:
            raise self._broken("it is opened and not closed, as in a file that was cut off")

    def _refuse_start(self, piece: bytes, body: bytes) -> None:
        if not self._begun and piece.startswith(_UTF16):
            raise BadFile("text.utf16", remedy="the text is UTF-16; ask the sender for the set that MSH-18 may name")
        if not self._begun and not body.startswith((b"MSH", b"FHS", b"BHS")):
            raise BadFile("hl7.start", remedy=f"a file of messages begins with MSH, BHS or FHS; {_AGAIN}")
        self._begun = True

    def _message(self) -> None:
        self.number += 1
        self._count += 1
        if self._ended or ((self._in_file or self._batches) and not self._in_batch):
            raise self._broken("a message stands outside the batches")

    def _line(self, name: str, body: bytes) -> None:
        if _NO_LINE.search(body) or len(body) > LINE_LIMIT:
            raise self._broken("something that is no message stands in it")
        opened = {"FHS": False, "BHS": False, "BTS": self._in_batch, "FTS": self._in_file}[name]
        if self._ended or (name in ("BTS", "FTS") and not opened):
            raise self._broken("a trailer has no header, or something stands behind the end")
        if name == "FHS":
            self._open_file()
        elif name == "BHS":
            self._open_batch()
        elif name == "BTS":
            self._in_batch = False
            self._batches += 1
            self._compare(body, self._count, "hl7.batches_not_counted")
        else:
            self._close_file(body)

    def _open_file(self) -> None:
        if self._in_file or self._in_batch or self.number or self._batches:
            raise self._broken("FHS does not stand in front")
        self._in_file = True

    def _open_batch(self) -> None:
        if self._in_batch or (self.number and not self._batches):
            raise self._broken("BHS stands inside a batch, or behind messages without one")
        self._in_batch, self._count = True, 0

    def _close_file(self, body: bytes) -> None:
        if self._in_batch:
            raise self._broken("FTS stands inside a batch")
        self._in_file, self._ended = False, True
        self._compare(body, self._batches, "hl7.batches_not_counted")

    def _compare(self, body: bytes, counted: int, missing: str) -> None:
        """The first field of a trailer says how many; where it says nothing, that is counted."""
        said = body.split(body[3:4])[1].strip() if len(body) > 3 else b""
        if not said:
            self.report.warn(missing)
        elif not said.isdigit() or len(said) > 9 or int(said) != counted:
            raise self._broken("the trailer counts others than there are")

    def _broken(self, what: str) -> BadFile:
        return BadFile("hl7.batch", record=self.number, remedy=f"{what}; {_AGAIN}")
