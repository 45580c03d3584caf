"""The log and its verification as text for a terminal (`tokumei ledger show`, `tokumei ledger verify`)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from provision.ledger.entry import Entry
from provision.ledger.verify import Verification

TOKYO = ZoneInfo("Asia/Tokyo")

_HEADINGS = ("seq", "time (Asia/Tokyo)", "type", "subjects", "actor")


def show(entries: Iterable[Entry]) -> str:
    """A table of `entries` in their order, newest last; times in Asia/Tokyo, to the second."""
    table = [_HEADINGS, *(_line(entry) for entry in entries)]
    widths = [max(_width(row[column]) for row in table) for column in range(len(_HEADINGS))]
    lines = ("  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)) for row in table)
    return "".join(line.rstrip() + "\n" for line in lines)


def verification(result: Verification) -> str:
    """The outcome in a few lines: what was verified, or every problem with its remedy."""
    signatures = "signatures checked" if result.signatures_checked else "signatures NOT checked (no public key given)"
    lines = [
        f"ledger: {'verified' if result.ok else 'BROKEN'}",
        f"entries: {result.size}",
        f"root: {result.root_hex or 'unknown'}",
        f"checkpoints in agreement: {result.checkpoints}, {signatures}",
    ]
    for problem in result.problems:
        place = "log" if problem.seq is None else f"entry {problem.seq}"
        lines += [f"- {place}: {problem.what}", f"  -> {problem.remedy}"]
    return "\n".join(lines) + "\n"


def _line(entry: Entry) -> tuple[str, ...]:
    time = entry.when.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S")
    subjects = " ".join(f"{kind}={id}" for kind, id in sorted(entry.subjects.items()))
    return (str(entry.seq), time, entry.type, subjects or "-", entry.actor)


def _width(text: str) -> int:
    """Columns on a terminal: Japanese letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
