"""Claims as insurers receive them (保険者向け RECODEINFO) made plain UKE: columns, records and quotes more go.

Source: fragments and notes of third-party programs only (grade C), so whatever is not known stops the file or is
left out: every line begins with データ識別 (1 the claim itself, 2 added by the review body), line number and branch; a
receipt begins with MN; text may be quoted. Records that the review body adds hold management numbers, addresses of
facilities, hashes and reasons of review; their layout is not known, and none of them is read.
"""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from provision.formats.base import BadFile, Report
from provision.formats.recordfile import LINE_LIMIT

#: Records of the review body: management, review, reasons, returns, day totals, second reviews.
ADDED = ("MN", "KH", "RC", "EX", "JY", "ON", "HI", "HR", "HG", "NI", "MD", "RT", "JR", "MK")

_FRONT = re.compile(rb"^[12],[0-9]{1,9},([0-9A-Z]{0,2}),(?=[A-Z]{2},)", re.MULTILINE)
_ADDED = re.compile(rb"^(?:" + b"|".join(kind.encode() for kind in ADDED) + rb"),.*\n", re.MULTILINE)
_QUOTED = re.compile(rb'(?<=,)"((?:[^"\r\n]|"")*)"(?=[,\r\n])')
_RC = re.compile(rb"^[^,\n]*,[^,\n]*,[^,\n]*,RC,", re.MULTILINE)
_LAST = re.compile(rb"(?:^|\n)[^\n,]*,[^\n,]*,[^\n,]*,([A-Z]{2}),[^\n]*\n$")


class PlainUke(io.RawIOBase):
    """The stream `source` as records without front columns, added records and quotes; draws no more than is read.

    Raises `BadFile` for a line without the three front columns, naming its line in the file. Branches other than 0 are
    counted (`branch_not_zero`): what they mean is not known. Where receipts end with RC, so must the file.
    """

    def __init__(self, source: BinaryIO, report: Report) -> None:
        self.source, self.report = source, report
        self.rest, self.lines, self.ended, self.ends_with_rc = b"", 0, False, False
        self.seen_rc = False

    def read(self, size: int = -1) -> bytes:
        """The next records, whole lines, b"" at the end."""
        made = b""
        while not made and not self.ended:
            made = self._plain(self._lines(size))
        return made

    def _lines(self, size: int) -> bytes:
        """Whole lines of the next `size` bytes; the last line of the file gets its line feed."""
        block = self.source.read(size)
        data = self.rest + block
        if not block:
            self.ended, self.rest = True, b""
            data = data.rstrip(b"\r\n\x1a")
            return data + b"\n" if data else b""
        cut = data.rfind(b"\n") + 1
        self.rest = data[cut:]
        if len(self.rest) > LINE_LIMIT:
            raise BadFile("uke.line_too_long", record=self.lines + data.count(b"\n") + 1, remedy=_AGAIN)
        return data[:cut]

    def _plain(self, data: bytes) -> bytes:
        if data:
            self._check(data)
        if self.ended and self.seen_rc and not self.ends_with_rc:
            raise BadFile("uke.cut_off", record=self.lines, remedy=_AGAIN)
        return _QUOTED.sub(_unquoted, _ADDED.sub(b"", _FRONT.sub(b"", data)))

    def _check(self, data: bytes) -> None:
        """Every line has its front columns; remember whether RC occurs and whether it ends what was read so far."""
        fronts = [(match.start(), match[1]) for match in _FRONT.finditer(data)]
        count = data.count(b"\n")
        if len(fronts) != count:
            known, at = {start for start, _ in fronts}, 0
            while at in known:
                at, self.lines = data.index(b"\n", at) + 1, self.lines + 1
            raise BadFile("uke.front_columns", record=self.lines + 1, remedy=_FRONTS)
        self.report.warn("branch_not_zero", sum(branch not in (b"", b"0") for _, branch in fronts))
        self.lines += count
        last = _LAST.search(data[data.rfind(b"\n", 0, len(data) - 1) + 1 :])
        self.ends_with_rc = last is not None and last[1] in (b"RC", b"GO")
        self.seen_rc = self.seen_rc or _RC.search(data) is not None


def _unquoted(match: re.Match[bytes]) -> bytes:
    """The text of a quoted cell; commas become the Japanese comma, since records are cut at plain ones."""
    return match[1].replace(b'""', b"").replace(b",", "、".encode("cp932"))


_AGAIN = "the file is cut off or no text; ask the sender for it again"
_FRONTS = "every line of this form begins with data class, line number and branch; is this another format?"
