"""Documents that are made to break their reader: in size, in depth, in what they refer to, in how they are written.

`BOMBS` are whole files; `armed` puts the same charges inside a good document of any format, where its reader has
already begun to believe it. Nothing here is larger than a few megabytes: that is what a bomb is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

DEPTH = 100_000
LONG = 4 * 1024 * 1024
#: What must never come out of a document: it stands in a file beside it.
PLANTED = "架空埋蔵秘密"

_XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))


def entity(reference: str) -> bytes:
    """A declaration of the entity ``x`` that lies elsewhere."""
    return f'<!DOCTYPE a [<!ENTITY x SYSTEM "{reference}">]>'.encode()


def _deep(opening: bytes, closing: bytes, inner: bytes = b"1") -> bytes:
    return opening * DEPTH + inner + closing * DEPTH


#: What may stand between two elements, and instead of the text of one.
_IN_XML: dict[str, bytes] = {
    "deep elements": _deep(b"<a>", b"</a>"),
    "open elements": b"<a>" * DEPTH,
    "long attribute": b'<a b="' + b"x" * LONG + b'"/>',
    "many attributes": b"<a " + b" ".join(b'b%d="1"' % n for n in range(DEPTH)) + b"/>",
    "twice an attribute": b'<a b="1" b="2"/>',
    "long name": b"<" + b"a" * LONG + b"/>",
    "long text": b"x" * LONG,
    "long comment": b"<!--" + b"x" * LONG + b"-->",
    "instruction": b'<?xml-stylesheet href="file:///etc/passwd"?>',
    "include": b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>',
    "unknown entity": b"&unheard;",
    "number of no character": b"&#0;&#xD800;&#x110000;",
    "closed elsewhere": b"</b></a>",
    "section": b"<![CDATA[" + b"<a>" * 1_000 + b"]]>",
}
_IN_JSON: dict[str, bytes] = {
    "deep arrays": _deep(b"[", b"]"),
    "open arrays": b"[" * DEPTH,
    "deep objects": _deep(b'{"a":', b"}"),
    "open objects": b'{"a":' * DEPTH,
    "long number": b"9" * 1_000_000,
    "long fraction": b"0." + b"1" * 1_000_000,
    "great exponent": b"1e999999999",
    "small exponent": b"-1e-999999999",
    "no number": b"NaN",
    "infinity": b"Infinity",
    "long text": b'"' + b"x" * LONG + b'"',
    "many members": b"{" + b",".join(b'"k%d":0' % n for n in range(DEPTH)) + b"}",
    "twice a member": b'{"a":1,"a":2}',
    "half a character": b'"\\ud800"',
    "no character": b'"\\u0000"',
    "many numbers": b"[" + b"0," * DEPTH + b"0]",
    "nothing": b"null",
    "truth": b"true",
}
_IN_HL7: dict[str, bytes] = {
    "many fields": b"|" * DEPTH,
    "many components": b"^" * DEPTH,
    "many repetitions": b"~" * DEPTH,
    "many subcomponents": b"&" * DEPTH,
    "long text": b"x" * LONG,
    "open escape": b"\\X",
    "no escape": b"\\ZZZ\\\\\\",
    "open kanji": b"\x1b$B\x30",
    "many segments": b"\rOBX|1" * 20_000,
}


def _xml_bombs() -> dict[str, bytes]:
    inside = {f"XML {name}": _XML + b"<r>" + charge + b"</r>" for name, charge in _IN_XML.items()}
    return inside | {
        "XML of laughs": _XML + b'<!DOCTYPE r [<!ENTITY l0 "lol">' + _LAUGHS + b"]><r>&l11;</r>",
        "XML of one long entity": _XML + b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 100_000 + b'">]><r>' + b"&a;" * DEPTH,
        "XML from a file": _XML + entity("file:///etc/passwd") + b"<a>&x;</a>",
        "XML from a parameter": _XML + b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><a/>',
        "XML of a document type": _XML + b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "XML that includes itself": _XML + b'<!DOCTYPE a [<!ENTITY x "&x;">]><a>&x;</a>',
        "XML without an end": _XML + b"<r><a>1</a>",
        "XML with a second root": _XML + b"<r/><r/>",
        "XML in UTF-16": "\ufeff<r>架空</r>".encode("utf-16-le"),
        "XML in UTF-16 that says UTF-8": '\ufeff<?xml version="1.0" encoding="UTF-8"?><r/>'.encode("utf-16-le"),
        "XML in UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADw-r+AD4-',
        "XML in an unheard encoding": b'<?xml version="1.0" encoding="unheard"?><r/>',
        "XML in UTF-32": "<r/>".encode("utf-32"),
        "XML of another version": b'<?xml version="9.9"?><r/>',
    }


def _json_bombs() -> dict[str, bytes]:
    inside = {f"JSON {name}": b'{"resourceType":' + charge + b"}" for name, charge in _IN_JSON.items()}
    alone = {f"JSON alone {name}": charge for name, charge in _IN_JSON.items()}
    return inside | alone | {"JSON in UTF-16": "{}".encode("utf-16"), "JSON with a second": b"{}{}"}


_MSH = b"MSH|^~\\&|A|B|C|D|20250401||ADT^A08^ADT_A01|1|P|2.5||||||~ISO IR87||ISO 2022-1994\r"
BOMBS: dict[str, bytes] = {
    **_xml_bombs(),
    **_json_bombs(),
    **{f"HL7 {name}": _MSH + b"PID|1||" + charge + b"\r" for name, charge in _IN_HL7.items()},
    "HL7 of strange signs": b"MSH||||||||||||\r",
    "HL7 of one sign": b"MSH|||||",
    "nothing": b"",
    "a mark": b"\xef\xbb\xbf",
    "zeros": b"\0" * 100_000,
    "one line": b"x" * LONG,
    "spaces": b" " * LONG,
    "a zip": b"PK\x03\x04" + b"\0" * 100,
    "a Parquet file": b"PAR1" + b"\xff" * 100 + b"PAR1",
}


def armed(document: bytes) -> Iterator[tuple[str, bytes]]:
    """A good document with every charge of its kind in its middle, and other things that happen to documents."""
    yield "cut", document[: len(document) // 2]
    yield "twice", document * 2
    yield "zero within", document[: len(document) // 2] + b"\0" + document[len(document) // 2 :]
    yield "in UTF-16", document.decode("utf-8", "replace").encode("utf-16")
    yield "behind a mark", b"\xef\xbb\xbf" + document
    text = document.lstrip()
    kinds: list[tuple[bytes, Callable[[bytes], Iterator[tuple[str, bytes]]]]] = [
        (b"<", _armed_xml), (b"{", _armed_json), (b"[", _armed_json), (b"MSH|", _armed_hl7),
    ]  # fmt: skip
    for beginning, arm in kinds:
        if text.startswith(beginning):
            yield from arm(document)


def _armed_xml(document: bytes) -> Iterator[tuple[str, bytes]]:
    """Between two elements, in the place of a text, and of an attribute's value; with a document type in front."""
    places = [match.end() for match in re.finditer(rb">\s*(?=<[A-Za-z])", document)]
    middle = places[len(places) // 2] if places else len(document)
    for name, charge in _IN_XML.items():
        yield f"{name} between elements", document[:middle] + charge + document[middle:]
    value = list(re.finditer(rb'="([^"]*)"', document))
    if value:
        first, last = value[len(value) // 2].span(1)
        yield "long value", document[:first] + b"x" * LONG + document[last:]
        yield "entity in a value", document[:first] + b"&unheard;" + document[last:]
    root = re.search(rb"<[A-Za-z]", document)
    at = root.start() if root else 0
    for name, head in {"file": entity("file:///etc/passwd"), "type": b'<!DOCTYPE a SYSTEM "x.dtd">'}.items():
        yield f"document type of a {name}", document[:at] + head + document[at:]
    laughs = b'<!DOCTYPE a [<!ENTITY l0 "lol">' + _LAUGHS + b"]>"
    yield "laughs", document[:at] + laughs + document[at:middle] + b"&l11;" + document[middle:]


def _armed_json(document: bytes) -> Iterator[tuple[str, bytes]]:
    """In the place of values in the middle, and of the first."""
    values = list(re.finditer(rb':\s*("[^"]*"|[0-9.]+|true|false|\[|\{)', document))
    for place in {0, len(values) // 2, len(values) - 1} if values else set():
        first, last = values[place].span(1)
        for name, charge in _IN_JSON.items():
            yield f"{name} instead of value {place}", document[:first] + charge + document[last:]


def _armed_hl7(document: bytes) -> Iterator[tuple[str, bytes]]:
    """In the place of a field of every segment, one after the other."""
    segments = document.split(b"\r")
    for at in {1, len(segments) // 2, max(0, len(segments) - 2)} & set(range(len(segments))):
        for name, charge in _IN_HL7.items():
            fields = segments[at].split(b"|")
            fields[len(fields) // 2] = charge
            yield f"{name} in segment {at}", b"\r".join([*segments[:at], b"|".join(fields), *segments[at + 1 :]])


def planted(folder: Path) -> tuple[Path, list[tuple[str, bytes]]]:
    """A file with something that must not come out, and documents that refer to it."""
    path = folder / "planted.txt"
    path.write_text(PLANTED, encoding="utf-8")
    where = path.as_uri()
    include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{where}" parse="text"/>'.encode()
    return path, [
        ("entity", _XML + entity(where) + b"<a>&x;</a>"),
        ("type", _XML + f'<!DOCTYPE a SYSTEM "{where}"><a/>'.encode()),
        ("include", _XML + b"<a>" + include + b"</a>"),
    ]
