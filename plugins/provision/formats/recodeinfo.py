"""Claims as insurers receive them (保険者向け RECODEINFO) made plain UKE: front columns and quotes go, lines stay.

Source: fragments and notes of third-party programs (grade C); the meaning of the data class (データ識別, 別表7) and the
layout of MN are quoted from the specification of about 2014 in a parser (grade B). Every line begins with data class
(1 the claim itself, 2 corrections and additions of the review body, 3 and 4 second reviews, 8 returns, 11-14 the same
before the claim was made again), line number and branch; a receipt begins with MN, or with RE; text may be quoted.

Read are the records of the claim itself, MN for the claim's own number, and what the review body fills in for
eligibility (SN, JD, MF). Corrections of other records (data classes from 2 on) would stand beside what they correct, so
they are marked, counted (``not_as_billed``) and not read: what is stored is the claim as it was billed. Records that
only the review body writes are not read either; returns and second reviews are counted (``unread:<kind>``).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import numpy as np

from provision.formats.base import BadFile, Parcel, Report
from provision.formats.options import no_options
from provision.formats.recodefronts import Fronts
from provision.formats.recordfile import CHUNK, LINE_LIMIT
from provision.formats.ukefile import UkeFormat
from provision.formats.ukekind import MARKED, UkeKind
from provision.formats.ukerecognise import FRONT

#: How much is made plain at once: it takes some ten times as much memory.
BLOCK = 2 * 1024 * 1024
#: Records of the review body: 国保連, management, review, reasons, returns, day totals, second reviews.
ADDED = ("KH", "RC", "EX", "JY", "ON", "HI", "HR", "HG", "NI", "MD", "RT", "JR", "MK")
#: What is read of them, or of what they fill in.
_FILLED_IN = ("MN", "SN", "JD", "MF")

_FRONT = re.compile(rb"^" + FRONT + rb"(?=[A-Z]{2},)", re.MULTILINE)
_CORRECTED = re.compile(
    rb"^(?!1,)" + FRONT + rb"(?!(?:" + "|".join((*ADDED, *_FILLED_IN)).encode() + rb"),)[A-Z]{2},[^\n]*", re.MULTILINE
)
_HISTORY = re.compile(rb"^" + FRONT + rb"[A-Z]{2},[^\n]*", re.MULTILINE)
_OLDER = re.compile(rb"^1[1-4],[0-9]{1,9},[0-9A-Z]{0,3},[A-Z]{2},[^\n]*", re.MULTILINE)
_RE = re.compile(rb"^(" + FRONT + rb")?RE,", re.MULTILINE)
_QUOTED = re.compile(rb'(?<=,)"((?:[^"\r\n]|"")*)"(?=[,\r\n])')
_MARK = MARKED.encode() + b","


class PlainUke(io.RawIOBase):
    """The stream `source` as records without front columns and quotes, line by line; draws no more than is read.

    Raises `BadFile` for a line without the three front columns, naming its line in the file. Branches other than 0 are
    counted (`branch_not_zero`): what they mean is not known. Where receipts end with RC, so must the file.
    """

    def __init__(self, source: BinaryIO, report: Report) -> None:
        self.source, self.report = source, report
        self.rest, self.lines, self.ended, self.ends_with_rc = b"", 0, False, False
        self.seen_rc = False

    def read(self, size: int = -1) -> bytes:
        """The next records, whole lines, b"" at the end."""
        pieces, got = list[bytes](), 0
        while not self.ended and (size < 0 or got < size):
            pieces.append(self._plain(self._lines(BLOCK if size < 0 else min(BLOCK, size - got))))
            got += len(pieces[-1])
        return b"".join(pieces)

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
        fronts = Fronts(data) if data else None
        if fronts:
            self._check(fronts)
        if self.ended and self.seen_rc and not self.ends_with_rc:
            raise BadFile("uke.cut_off", record=self.lines, remedy=_AGAIN)
        if fronts is None:
            return b""
        if not (corrected := fronts.added() & ~fronts.is_kind(*ADDED, *_FILLED_IN)).any():
            return _unquote(fronts.stripped())
        self.report.warn("not_as_billed", int(corrected.sum()))
        return _unquote(_FRONT.sub(b"", _CORRECTED.sub(_MARK, data)))

    def _check(self, fronts: Fronts) -> None:
        """Every line has its front columns; remember whether RC occurs and whether it ends what was read so far."""
        if (wrong := fronts.wrong()).any():
            record = self.lines + int(np.flatnonzero(wrong)[0]) + 1
            raise BadFile("uke.front_columns", record=record, remedy=_FRONTS)
        self.report.warn("branch_not_zero", fronts.branches())
        self.lines += len(fronts.starts)
        self.ends_with_rc = bool(fronts.is_kind("RC", "GO")[-1])
        self.seen_rc = self.seen_rc or bool(fronts.is_kind("RC").any())


class PlainReturns(PlainUke):
    """Returned claims as plain records: lines may have front columns or not.

    Where the first RE has none, lines with front columns are the history of the claim above (履歴管理情報): marked and
    counted (``history``), not read. Where it has, all data classes but those of the history are the claim.
    """

    history: re.Pattern[bytes] | None = None

    def _plain(self, data: bytes) -> bytes:
        if not _numbered(data):
            return _unquote(data)
        if self.history is None and (first := _RE.search(data)):
            self.history = _OLDER if first[1] else _HISTORY
        if self.history is not None:
            data, count = self.history.subn(_MARK, data)
            self.report.warn("history", count)
        return _unquote(_FRONT.sub(b"", data))


@dataclass(frozen=True)
class InsurerFormat(UkeFormat):
    """A reader of claims behind `PlainUke`."""

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Parcels of whole claims; see `Format.read`. Raises `BadFile`; the totals of a GO, if any, are reconciled."""
        no_options(self.id, options)
        return self.claims(cast(BinaryIO, PlainUke(stream, report)), report, CHUNK)


def insurer_kind(kind: UkeKind, words: tuple[str, str, str]) -> UkeKind:
    """The claims of `kind` as insurers receive them: MN above a receipt, its header above one or all of them."""
    return replace(kind, repeats=True, above="MN", added=("recodeinfo",), unread=(*ADDED, MARKED), dataset_words=words)


def _numbered(data: bytes) -> bool:
    """Whether any line begins with a digit, as front columns do."""
    raw = np.frombuffer(b"\n" + data, np.uint8)
    return bool(((raw[:-1] == 0x0A) & (raw[1:] - np.uint8(0x30) <= 9)).any())


def _unquote(data: bytes) -> bytes:
    return _QUOTED.sub(_unquoted, data) if b'"' in data else data


def _unquoted(match: re.Match[bytes]) -> bytes:
    """The text of a quoted cell; commas become the Japanese comma, since records are cut at plain ones."""
    return match[1].replace(b'""', b"").replace(b",", "、".encode("cp932"))


_AGAIN = "the file is cut off or no text; ask the sender for it again"
_FRONTS = "every line of this form begins with data class, line number and branch; is this another format?"
