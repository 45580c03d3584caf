"""The process that reads one PDF: bytes on standard input, texts as JSON on standard output. Run by `pdf.py` only.

It accounts for everything: text of pages by running them, every string of every object whether or not anything refers
to it, comments. A stream it does not know, a picture, a font whose letters have no meaning, text of an earlier revision
are named in ``unread``. Nothing is ever printed but the answer; an error says its kind only.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
from collections.abc import Iterator
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import FileNotDecryptedError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

# Streams by what refers to them: programs of pages (run), fonts (their letters come from ToUnicode).
_FONT = frozenset({"/ToUnicode", "/Encoding", "/CIDToGIDMap"})
_DESCRIPTOR = frozenset({"/FontFile", "/FontFile2", "/FontFile3", "/CIDSet"})
_KNOWN_KEYS = {"/Page": frozenset({"/Contents"}), "/Font": _FONT, "/FontDescriptor": _DESCRIPTOR}
_OF_THE_FILE = frozenset({"/ObjStm", "/XRef"})
_FILES = frozenset({"/EmbeddedFile", "/EF", "/RichMediaContent"})
_INNER_FONTS = frozenset({"/CIDFontType0", "/CIDFontType2"})
_SIMPLE_FONTS = frozenset({"/Type1", "/MMType1", "/TrueType"})
_LATIN = frozenset({"/WinAnsiEncoding", "/MacRomanEncoding", "/StandardEncoding"})
_STANDARD = re.compile(r"/(?:Helvetica|Times|Courier)(?:-(?:Roman|Bold|Italic|Oblique|BoldItalic|BoldOblique))?")
# What XMP declares its words by; any other address in it is read as one.
_XMLNS = re.compile(
    r"""\sxmlns(?::\w+)?=["'](?:http://ns\.adobe\.com/[\w./-]*|http://purl\.org/dc/[\w./-]*|adobe:ns:meta/"""
    r"""|http://www\.w3\.org/1999/02/22-rdf-syntax-ns#|http://www\.aiim\.org/pdf[\w./-]*#?)["']"""
)
_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
# Objects, and the tables and trailer at the end, of a file without its streams.
_OBJECT = re.compile(rb"(?<![0-9])([0-9]+)\s+([0-9]+)\s+obj\b(.*?)endobj", re.DOTALL)
_END = re.compile(rb"\bxref\s.*?trailer.*?(?=startxref)|startxref\s+[0-9]+", re.DOTALL)
_COMMENT = re.compile(rb"(?m)^%[^\r\n]*")


def read(data: bytes) -> dict[str, object]:
    """The answer: ``refused`` (a slug or ""), ``pages``, ``beside``, ``unread``."""
    reader = PdfReader(io.BytesIO(data), strict=True)
    if reader.is_encrypted:
        return {"refused": "pdf.encrypted"}
    unread = set(_around(data))
    beside = dict.fromkeys(found.decode("utf-8", "replace") for found in _COMMENT.findall(_STREAM.sub(b"", data)))
    objects = _objects(reader)
    unread.update(_unlisted(reader, objects, data))
    between = _END.sub(b"", _OBJECT.sub(b"", _STREAM.sub(b"", data)))
    beside |= dict.fromkeys(between.decode("utf-8", "replace").splitlines())
    beside |= dict.fromkeys(_texts(reader, objects, unread))
    pages = [_page(page, beside, unread) for page in (*reader.pages, *_others(reader, objects, unread))]
    beside.pop("", None)
    return {"refused": "", "pages": pages, "beside": list(beside), "unread": sorted(unread)}


def _around(data: bytes) -> Iterator[str]:
    """What stands before and behind the document, and whether an older state of it is still in the file."""
    if not data.startswith(b"%PDF-") or data.rpartition(b"%%EOF")[2].strip(b"\r\n\t \0"):
        yield "pdf.outside"
    if _STREAM.sub(b"", data).count(b"startxref") != 1:
        yield "pdf.revisions"


def _objects(reader: PdfReader) -> dict[int, Any]:
    """Every object in the tables of the file by its number, whether or not anything refers to it."""
    numbers = {(number, generation) for generation, ids in reader.xref.items() for number in ids}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    return {number[0]: reader.get_object(IndirectObject(*number, reader)) for number in sorted(numbers)}


def _unlisted(reader: PdfReader, objects: dict[int, Any], data: bytes) -> Iterator[str]:
    """Whether an object is in the file that its tables do not name, or name twice: nobody would look at it.

    Only a table itself (cross-reference stream) need not stand in one.
    """
    listed = {(number, generation) for generation, ids in reader.xref.items() for number in ids}
    found = [(int(one[1]), int(one[2]), one[3]) for one in _OBJECT.finditer(_STREAM.sub(b"endstream", data))]
    numbers = [(number, generation) for number, generation, _ in found]
    unnamed = any((number, generation) not in listed and b"/XRef" not in body for number, generation, body in found)
    twice = len({number for number, _ in listed}) < len(listed) or len(set(numbers)) < len(numbers)
    held = sum(map(_held, objects.values()))
    if unnamed or twice or held != len(reader.xref_objStm):
        yield "pdf.revisions"


def _held(one: Any) -> int:
    """How many objects an object stream holds; 0 for anything else."""
    return int(str(one["/N"])) if isinstance(one, StreamObject) and one.get("/Type") == "/ObjStm" else 0


def _texts(reader: PdfReader, objects: dict[int, Any], unread: set[str]) -> Iterator[str]:
    """Strings of every object and of the trailer (its ID is a checksum)."""
    known = {number for one in (*objects.values(), *reader.pages) for number in _referred(one)}
    for number, one in objects.items():
        if isinstance(one, StreamObject):
            reasons, texts = _stream(one, number in known)
            unread.update(reasons)
            yield from texts
        yield from _strings(one, unread)
    yield from _strings(DictionaryObject({k: v for k, v in reader.trailer.items() if k != "/ID"}), unread)


def _others(reader: PdfReader, objects: dict[int, Any], unread: set[str]) -> Iterator[PageObject]:
    """Pages that are in the file and not in the document, and forms (what a page, a note or a field paints)."""
    inside = {page.indirect_reference.idnum for page in reader.pages if page.indirect_reference}
    for number, one in objects.items():
        if not isinstance(one, DictionaryObject) or number in inside:
            continue
        other = PageObject(reader)
        if one.get("/Type") == "/Page":
            other.update(one)
            yield other
        elif one.get("/Subtype") == "/Form":
            if "/Resources" not in one:  # its fonts would be those of whoever paints it
                unread.add("pdf.stream")
                continue
            other[NameObject("/Resources")] = one["/Resources"]
            other[NameObject("/Contents")] = one
            yield other


def _referred(node: Any) -> Iterator[int]:
    """Numbers of the streams that a page, a font or its descriptor anywhere in `node` refers to as such."""
    if isinstance(node, DictionaryObject):
        known = _KNOWN_KEYS.get(str(node.get("/Type", "")), frozenset())
        for key, value in node.items():
            if key in known:
                several = value if isinstance(value, ArrayObject) else [value]
                yield from (one.idnum for one in several if isinstance(one, IndirectObject))
            yield from _referred(value)
    elif isinstance(node, ArrayObject):
        for value in node:
            yield from _referred(value)


def _stream(stream: StreamObject, known: bool) -> tuple[list[str], list[str]]:
    """Why a stream cannot be read as text (empty where it can, or where it is none), and the texts it is."""
    kind, form = str(stream.get("/Type", "")), str(stream.get("/Subtype", ""))
    if kind == "/Metadata" and form == "/XML":
        return [], _XMLNS.sub("", stream.get_data().decode("utf-8")).splitlines()
    if form == "/Image":
        return ["pdf.picture"], []
    if kind in _FILES:
        return ["pdf.attachment"], []
    explained = known or kind in _OF_THE_FILE or form == "/Form" or "/FunctionType" in stream
    return ([], []) if explained else (["pdf.stream"], [])


def _strings(node: Any, unread: set[str]) -> Iterator[str]:
    """Every string and name directly in `node`; fonts are looked at on the way."""
    if isinstance(node, ByteStringObject):
        unread.add("pdf.binary")
    elif isinstance(node, NameObject):
        yield str(node)[1:]
    elif isinstance(node, TextStringObject):
        yield str(node)
    elif isinstance(node, DictionaryObject):
        if node.get("/Type") == "/XRef":
            return
        if _is_font(node) and not _legible(node):
            unread.add("pdf.font")
        unread.update("pdf.attachment" for key in node if key in _FILES)
        for key, value in node.items():
            yield str(key)[1:]
            yield from _strings(value, unread)
    elif isinstance(node, ArrayObject):
        for value in node:
            yield from _strings(value, unread)


def _is_font(node: DictionaryObject) -> bool:
    """Also one that does not say so: viewers would draw letters with it all the same."""
    return node.get("/Type") == "/Font" or "/BaseFont" in node or node.get("/Subtype") == "/Type3"


def _legible(font: DictionaryObject) -> bool:
    """Whether a font's codes say which letters they are: by a table, or by a Latin encoding everybody knows."""
    kind, encoding = str(font.get("/Subtype", "")), str(font.get("/Encoding", ""))
    if "/ToUnicode" in font or kind in _INNER_FONTS:
        return kind != "/Type3"
    standard = not encoding and "/FontDescriptor" not in font and _STANDARD.fullmatch(str(font.get("/BaseFont", "")))
    return kind in _SIMPLE_FONTS and (encoding in _LATIN or bool(standard))


def _page(page: Any, beside: dict[str, None], unread: set[str]) -> str:
    """The text of a page. One that does something and shows no text may show drawn letters."""
    contents = page.get_contents()

    def look(operator: bytes, operands: Any, _current: object, _matrix: object) -> None:
        if operator in (b"INLINE IMAGE", b"BI"):
            unread.add("pdf.picture")
        for operand in operands if isinstance(operands, list) else ():
            if isinstance(operand, DictionaryObject):  # marked content: /ActualText, /Alt, /E
                beside.update(dict.fromkeys(_strings(operand, unread)))

    text: str = page.extract_text(visitor_operand_before=look)
    if contents is not None and contents.get_data().strip() and not text.strip():
        unread.add("pdf.no_text")
    return text


def main() -> None:
    """Limit this process, read, answer. Whatever goes wrong inside pypdf is a broken file."""
    seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        answer = read(sys.stdin.buffer.read())
    except MemoryError:
        sys.exit(1)
    except FileNotDecryptedError:
        answer = {"refused": "pdf.encrypted"}
    except Exception:
        answer = {"refused": "pdf.broken"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
