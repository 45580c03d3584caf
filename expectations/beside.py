"""Labels and values that only meet when a document is laid out: a header above a cell, a heading beside one."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator
from itertools import islice, pairwise

_TAG = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_LABEL = 12  # characters; longer texts are sentences
_CELLS = 100_000  # of a table inside a document; tables of a release are read elsewhere


def beside(text: str) -> Iterator[str]:
    """Pieces of `text` in which a label stands before its value: of a table in CSV, and of anything with tags."""
    lines = [line for line in text.splitlines() if line.strip()]
    if any("<" in line for line in lines[:3]):
        yield from _without_tags(lines)
    elif len(lines) > 1 and "," in lines[0]:
        yield from _under_headers(lines)


def _without_tags(lines: list[str]) -> Iterator[str]:
    plain = [" ".join(html.unescape(_TAG.sub(" ", line)).split()) for line in lines]
    filled = [line for line in plain if line]
    yield from filled
    yield from (f"{first} {second}" for first, second in pairwise(filled) if len(first) <= _LABEL)


def _under_headers(lines: list[str]) -> Iterator[str]:
    """``header: cell`` for every cell; a line that is no record (a stray quote) is left to those who read lines."""
    try:
        header, *rows = csv.reader(lines)
    except csv.Error:
        return
    names = [name.strip() for name in header]
    pairs = (pair for row in rows for pair in zip(names, row, strict=False))
    yield from (f"{name}: {cell}" for name, cell in islice(pairs, _CELLS) if name and cell and len(name) <= _LABEL * 2)
