"""Telling DPC survey files by their content: tabs, a facility code, and the forms of a few columns.

Days are looked at more closely than when a file is read: eight digits of points are no day. That, and the forms that
each reader asks of every row, tell the eight kinds from each other and from everything that is not of the survey.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from provision.formats.base import HEAD_BYTES
from provision.formats.dpcfile import DAY, FACILITY, Layout
from provision.formats.textfile import is_text

#: A day of our times, or one that is not known: all zeros, all nines.
_REAL_DAY = r"(?:(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|0{8}|9{8})"
_CLOSER = {DAY: _REAL_DAY, f"(?:{DAY})?": f"(?:{_REAL_DAY})?"}
ROWS = 200


def rows(head: bytes) -> list[list[str]]:
    """The first whole rows of a tab-separated file, cells without spaces; the line of headings is left out.

    Empty where these bytes are no such file: a first cell that is no facility code, or control characters. Bytes that
    cannot be decoded do not matter here.
    """
    found = list(_rows(head)) if is_text(head) else []
    return found if found and all(re.fullmatch(FACILITY, row[0]) for row in found) else []


def _rows(head: bytes) -> Iterator[list[str]]:
    lines = head.removesuffix(b"\x1a").split(b"\n")
    if len(head) >= HEAD_BYTES and len(lines) > 1:
        lines.pop()  # the beginning of a row
    filled = [line for line in lines[: ROWS + 1] if line.strip(b" \r")]
    for at, line in enumerate(filled):
        cells = [cell.strip(" \r") for cell in line.decode("cp932", "replace").split("\t")]
        if at or not unicodedata.normalize("NFKC", cells[0]).startswith("施設"):
            yield cells


def recognised(layout: Layout, head: bytes, title: str) -> str:
    """Why these bytes begin a file of this layout; "" where they do not."""
    found = rows(head)
    forms = {index: re.compile(_CLOSER.get(form, form)) for index, form in layout.forms.items()}
    fits = (
        layout.least <= len(row) <= layout.most and all(form.fullmatch(row[at]) for at, form in forms.items())
        for row in found
    )
    same = len({len(row) for row in found}) == 1
    return f"rows of tab-separated cells with the columns and forms of {title}" if same and all(fits) else ""
