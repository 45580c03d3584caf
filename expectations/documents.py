"""Reads a payload's documents: every text a person or a parser could get out of them, in small pieces."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from urllib.parse import unquote

from expectations.beside import beside
from expectations.contract import AllowedText
from expectations.pdf import is_pdf, read_pdf
from expectations.read import Unreadable
from expectations.text import normal

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
# SHA-256 sums in manifests; a run of digits in one is no number of a person.
_SUM = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")
_CELLS = re.compile(r"[,\t;|]")
#: Documents whose letters are not in their bytes as such, even where these are ASCII: RTF, PostScript, MIME.
_NOT_ITS_TEXT = ("{\\rtf", "%!PS", "MIME-Version:", "Content-Type:")
_MARK = " \u241f "
_SHORTEST = 3  # characters; a shorter text could stand for anything


def read_document(path: Path) -> str:
    """The document as text: of a PDF its pages and then all its other strings, line by line.

    Raises `Unreadable` for anything that is neither UTF-8 text nor a PDF all of which can be read: a picture cannot be
    checked.
    """
    data = path.read_bytes()
    if is_pdf(data):
        return _of_pdf(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("document.not_utf8") from None
    if "\0" in text:
        raise Unreadable("document.not_text")
    if text.lstrip().startswith(_NOT_ITS_TEXT):
        raise Unreadable("document.form")
    return text


def _of_pdf(data: bytes) -> str:
    found = read_pdf(data)
    if found.unread:
        raise Unreadable(found.unread[0])
    return "\n".join((*found.pages, *found.beside))


def pieces(text: str, allowed: Sequence[AllowedText], codes: frozenset[str] = frozenset()) -> list[str]:
    """Distinct lines of `text`, cells of its lines, strings of its JSON, escapes resolved, `allowed` out at its places.

    `codes` are members of the contract's code lists: a codebook has to name them, so a cell that is one is left out.
    """
    found: dict[str, None] = {}
    # What templates put at its place is out before cells meet their labels: there its place cannot be seen any more.
    cleared = "\n".join(_without(line, allowed) for line in text.splitlines())
    for line in chain(_lines(text), beside(cleared)):
        whole = _without(line, allowed)
        found[whole] = None
        for cell in _CELLS.split(whole):
            bare = cell.strip().strip("\"'").strip()
            if bare and bare not in codes:
                found[bare] = None
    found.pop("", None)
    return list(found)


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield line
        plain = html.unescape(_ESCAPE.sub(lambda code: chr(int(code.group(1), 16)), line))
        if plain != line:
            yield plain
        if "%" in line and (decoded := unquote(line)) != line:
            yield decoded
    # Names and values that only come together over a line break: 氏名 above, 山田太郎 below.
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield from (f"{first} {second}" for first, second in pairwise(lines) if len(first) <= 12)
    yield from _json(text)


def _json(text: str) -> Iterator[str]:
    if text.lstrip()[:1] not in ("{", "["):
        return
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            stack += [*node.keys(), *node.values()]
        elif isinstance(node, list):
            stack += node
        elif node is not None:
            yield str(node)


def _without(line: str, allowed: Sequence[AllowedText]) -> str:
    line = _SUM.sub(_MARK, normal(line))
    for one in sorted(allowed, key=lambda one: len(one.text), reverse=True):
        if len(normal(one.text)) >= _SHORTEST:
            there = normal(f"{one.before}{one.text}{one.after}")
            line = line.replace(there, f"{normal(one.before)}{_MARK}{normal(one.after)}")
    return line
