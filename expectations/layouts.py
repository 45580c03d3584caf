"""Takes texts apart by their layout: tables with or without header, typed records, JSON, markup, plain lines."""

from __future__ import annotations

import csv
import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import TextIO

from expectations.identifiers import Strength, find_all

_LINE = 1 << 20  # characters; longer lines are read in pieces
_SAMPLE = 200
_MANY = 100_000  # distinct values held before they are handed on
_WHOLE = 64 << 20  # characters of JSON parsed at once

#: Fields of record files that have no header, by record and place (claims: 記録条件仕様 医科; HL7 v2.5 PID).
_FIELDS = {
    ("RE", 4): "氏名",
    ("RE", 6): "生年月日",
    ("RE", 13): "カルテ番号",
    ("RE", 18): "検索番号",
    ("RE", 36): "カナ氏名",
    ("HO", 2): "被保険者証記号",
    ("HO", 3): "被保険者証番号",
    ("SN", 4): "被保険者証記号",
    ("SN", 5): "被保険者証番号",
    ("PID", 3): "患者番号",
    ("PID", 5): "氏名",
    ("PID", 7): "生年月日",
    ("PID", 11): "住所",
    ("PID", 13): "電話番号",
}


@dataclass(frozen=True)
class Part:
    """Distinct values of one column (or kind of place) of a file with their number; `number` for typed columns of
    numbers, `amounts` for numbers of JSON, which may count or measure what their key names."""

    file: str
    column: str
    context: str
    values: Mapping[str, int]
    number: bool = False
    amounts: bool = False


def parts_of_text(stream: TextIO, file: str) -> Iterator[Part]:
    """Parts of a text in whatever layout its first lines show."""
    lines = _bounded(stream)
    sample = list(islice(lines, _SAMPLE))
    start = "".join(sample).lstrip()[:200]
    everything = chain(sample, lines)
    if start[:1] in ("{", "["):
        yield from _json(everything, file)
    elif re.match(r"<(?:\?xml|!DOCTYPE|!--|[A-Za-z][\w:.-]*[\s/>])", start):
        yield from _markup(everything, file)
    elif (separator := _separator(sample)) is not None:
        yield from _table(everything, sample, separator, file)
    else:
        yield from _grouped((("(text)", "", piece) for line in everything for piece in _pieces(line)), file)


def _bounded(stream: TextIO) -> Iterator[str]:
    while line := stream.readline(_LINE):
        yield line


def _grouped(cells: Iterable[tuple[str, str, str]], file: str, *, amounts: bool = False) -> Iterator[Part]:
    """Collect (column, context, value) into parts, handing on before memory fills."""
    held: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    size = 0
    for column, context, value in cells:
        if not value:
            continue
        values = held[column, context]
        size += value not in values
        values[value] += 1
        if size >= _MANY:
            yield from (Part(file, *key, dict(values), amounts=amounts) for key, values in held.items())
            held, size = defaultdict(Counter), 0
    yield from (Part(file, *key, dict(values), amounts=amounts) for key, values in held.items())


def _separator(sample: list[str]) -> str | None:
    filled = [line for line in sample if line.strip(" \t\r\n\x1a")]
    if filled and filled[0].startswith("MSH|"):
        return "|"
    for separator in ("\t", ",", ";", "|"):
        if filled and sum(separator in line for line in filled) >= 0.9 * len(filled):
            return separator
    return None


def _table(lines: Iterable[str], sample: list[str], separator: str, file: str) -> Iterator[Part]:
    rows = _rows(lines, separator)
    widths = {len(row) for row in _rows(sample, separator) if row}
    first = next(rows, [])
    if len(widths) == 1 and _is_header(first):
        yield from _grouped((("(header)", "", name) for name in first), file)
        cells = ((_place(first, i), _place(first, i), c) for row in rows for i, c in enumerate(row))
    elif len(widths) > 1:
        cells = (cell for row in chain([first], rows) for cell in _record(row))
    else:
        cells = ((f"column {i + 1}", "", c) for row in chain([first], rows) for i, c in enumerate(row))
    yield from _grouped(((column, context, cell.strip()) for column, context, cell in cells), file)


def _pieces(line: str) -> Iterator[str]:
    """A line, and its cells where it looks like part of a table after all."""
    yield line.strip()
    cells = _CELLS.split(line) if len(line) < _LINE else []
    if len(cells) > 1:
        yield from (cell.strip().strip("\"'") for cell in cells)


def _rows(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """Records of a table; a line the reader refuses (a stray quote) is split plainly instead."""
    quoted = csv.reader((line.replace("\0", "") for line in lines), delimiter=separator)
    while True:
        try:
            yield next(quoted)
        except StopIteration:
            return
        except csv.Error:
            continue


def _is_header(row: list[str]) -> bool:
    names = [name.strip() for name in row]
    if not all(names) or len(set(names)) != len(names):
        return False
    if any(re.fullmatch(r"[-0-9.,/: ]+", name) or len(name) > 60 for name in names):
        return False
    return not any(max(find_all(name).values(), default=Strength.WEAK) > Strength.WEAK for name in names)


def _place(header: list[str], i: int) -> str:
    return header[i].strip() if i < len(header) else f"column {i + 1}"


def _record(row: list[str]) -> Iterator[tuple[str, str, str]]:
    """Cells of a typed record: the first field names the record, its place the field. HL7 repetitions are split."""
    record = row[0].strip() if row and len(row[0].strip()) <= 4 else ""
    for i, cell in enumerate(row):
        context = _FIELDS.get((record, i), "")
        column = f"{record}.{i}" if record else f"column {i + 1}"
        pieces = [cell, cell.replace("^", " ")] if record == "PID" else [cell]
        pieces += re.split(r"[~^&]", cell) if record == "PID" else []
        yield from ((column, context, piece) for piece in dict.fromkeys(pieces))


def _json(lines: Iterable[str], file: str) -> Iterator[Part]:
    """One document, or one document per line; what does not parse is read as plain lines."""
    held: list[str] = []
    size = 0
    source = iter(lines)
    for line in source:
        held.append(line)
        size += len(line)
        if size > _WHOLE:
            break
    documents = [] if size > _WHOLE else _parse("".join(held))
    if documents is not None and size <= _WHOLE:
        yield from _by_type(_walk(documents), file)
        return
    yield from _by_type(_lines_of_json(chain(held, source)), file)


def _by_type(cells: Iterable[tuple[str, str, str | int | float]], file: str) -> Iterator[Part]:
    """Texts, and apart from them numbers: `facility_chart` may stand before a count of charts."""
    source = iter(cells)
    while some := list(islice(source, _MANY)):
        yield from _grouped(((column, key, cell) for column, key, cell in some if isinstance(cell, str)), file)
        numbers = ((column, key, str(cell)) for column, key, cell in some if not isinstance(cell, str))
        yield from _grouped(numbers, file, amounts=True)


def _parse(text: str) -> list[object] | None:
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        return None


def _lines_of_json(lines: Iterable[str]) -> Iterator[tuple[str, str, str | int | float]]:
    for line in lines:
        documents = _parse(line.strip().rstrip(","))
        if documents is None:
            yield "(text)", "", line.strip()
        else:
            yield from _walk(documents)


def _walk(documents: list[object]) -> Iterator[tuple[str, str, str | int | float]]:
    stack: list[tuple[str, object]] = [("", document) for document in documents]
    while stack:
        key, node = stack.pop()
        if isinstance(node, dict):
            yield from (("(keys)", "", str(name)) for name in node)
            stack += [(str(name), value) for name, value in node.items()]
        elif isinstance(node, list):
            stack += [(key, value) for value in node]
        elif node is not None:
            yield key, key, node if isinstance(node, int | float) and not isinstance(node, bool) else str(node)


_CELLS = re.compile(r"[,\t;|]")
_TOKEN = re.compile(r"<([A-Za-z][\w:.-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>|([^<>]+)")
_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def _markup(lines: Iterable[str], file: str) -> Iterator[Part]:
    """Texts and attributes of XML and HTML by element name, without resolving any entity but the character ones."""
    yield from _grouped(_elements(lines), file)


def _elements(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    element = ""
    for line in lines:
        for found in _TOKEN.finditer(line):
            name, attributes, text = found.groups()
            if name:
                element = name.rpartition(":")[2]
                for key, one, other in _ATTRIBUTE.findall(attributes or ""):
                    yield f"{element}@{key}", key, html.unescape(one or other)
            elif text and text.strip():
                yield element or "(text)", element, html.unescape(text).strip()
