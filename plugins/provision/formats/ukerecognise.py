"""Recognising claims of the UKE family by their first records: how the lines look, and whose claims they are.

Kinds of claims share most records, so what tells them apart is: the first record (UK or YK), records only one kind has
(調剤 CZ, 歯科 HS, DPC BU…), and the point table (点数表) of the header. A DPC file that begins with more than 64 KiB of
claims by the medical point table looks like a medical one: read as that it stops at the first record of DPC, and
`may_yet_be` says that a source of DPC claims may send it.
"""

from __future__ import annotations

import re

from provision.formats.base import HEAD_BYTES

#: How the lines look: records as they are, with three columns in front (保険者向け), or returned claims (返戻).
PLAIN, INSURER, RETURNS = "plain", "insurer", "returns"

#: Data class (データ識別), line number and branch in front of a record. Data classes: 別表7 of the return files' spec.
FRONT = rb"(?:[12348]|1[1-4]),[0-9]{1,9},[0-9A-Z]{0,3},"
_LINE = re.compile(rb"(" + FRONT + rb")?([A-Z]{2}),([^\n]*)")
_TELLING = {
    "dispensing": {b"YK", b"SH", b"CZ", b"TK", b"KI", b"ST"},
    "dental": {b"UK", b"HS", b"SS"},
    "dpc": {b"BU", b"SB", b"KK", b"SK", b"GA", b"HH", b"GT", b"CD"},
}
_OPENING = {"medical": {b"IR"}, "dpc": {b"IR"}, "dental": {b"UK", b"IR"}, "dispensing": {b"YK"}}
_POINT_TABLES = {b"1": "medical", b"3": "dental", b"4": "dispensing"}
_SAID = {
    PLAIN: "the first record opens a file of {sort} claims, and only records of such claims follow",
    INSURER: "every line has data class, line number and branch in front of a record of {sort} claims",
    RETURNS: "the first record is HI, a facility's returned claims, and records of {sort} claims follow",
}


def recognised(head: bytes, form: str, sort: str) -> str:
    """Why a file with this head has lines of this `form` with claims of this `sort`, "" where it has not."""
    found = look(head)
    return _SAID[form].format(sort=sort) if found == (form, sort) else ""


def may_yet_be(head: bytes, form: str, sort: str) -> bool:
    """Whether a longer file that begins so may still be of this `sort`: claims of DPC hospitals by the medical point
    table (医科点数表) have no record of DPC, and stand before or between the others."""
    return sort == "dpc" and len(head) >= HEAD_BYTES and look(head) == (form, "medical")


def look(head: bytes) -> tuple[str, str] | None:
    """Form and sort of claims of a file with this head, None where it is of no kind known here."""
    lines = _whole_lines(head)
    matches = [_LINE.fullmatch(line) for line in lines]
    known = [match for match in matches if match is not None]
    if not lines or len(known) < len(lines):
        return None
    first, kinds = known[0], {match[2] for match in known}
    form = RETURNS if first[2] == b"HI" else INSURER if first[1] else PLAIN
    sort = _sort(kinds, known)
    if sort is None or (form == PLAIN and first[2] not in _OPENING[sort]):
        return None
    return form, sort


def _whole_lines(head: bytes) -> list[bytes]:
    """The lines of the head; one that may be cut off is left out where there are others."""
    whole = len(head) < HEAD_BYTES
    text = head[:HEAD_BYTES].rstrip(b"\r\n\x1a") if whole else head[:HEAD_BYTES]
    lines = [line.removesuffix(b"\r").removeprefix(b"\x1a") for line in text.split(b"\n")]
    return lines if whole or len(lines) == 1 else lines[:-1]


def _sort(kinds: set[bytes], lines: list[re.Match[bytes]]) -> str | None:
    """Whose claims: by the records, else by the point table of the header (審査支払機関, 都道府県, 点数表, …)."""
    for sort, telling in _TELLING.items():
        if kinds & telling:
            return sort
    for line in lines:
        cells = line[3].split(b",")
        place = {b"IR": 2, b"HI": 3}.get(line[2], len(cells))
        if place < len(cells) and len(cells) > 4:
            return _POINT_TABLES.get(cells[place])
    return "medical" if b"RE" in kinds and lines[0][1] else None
