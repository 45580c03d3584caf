"""Ways to spoil a document by what it is made of: elements of XML, values of JSON, segments of HL7.

Beside them stand the attacks such formats are known for: deep nesting, entities, huge attributes, repeated keys,
characters that lie about their encoding. Each takes any bytes; what is no document of its kind is cut instead. Equal
random numbers spoil equally.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import orjson
from lxml import etree

Mutation = Callable[[bytes, random.Random], bytes]

_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[?!A-Za-z]")
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]")
_HL7 = re.compile(rb"\x0b?(?:MSH|FHS|BHS)[^\r\n]")
_DEEP = (40, 300, 5_000, 100_000)
_MANY = (2, 40, 2_000)
_LARGE = 4 * 1024 * 1024
_TEXTS = (
    "", " ", "0", "-1", "1e999", "9" * 400, "NaN", "null", "true", "20250230", "2025-13-01", "\u202e", "\ufeff", "髙﨑",
    "ｶﾅ", "１２３", "㈱", "𠮷野", "a\tb", "架空\n花子", "&lt;", "x" * 70_000,
)  # fmt: skip
_CHARSETS = (b"utf-8", b"utf-16", b"shift_jis", b"euc-jp", b"iso-2022-jp", b"us-ascii", b"utf-7", b"none-such", b"")


def kind(data: bytes) -> str:
    """``xml``, ``json``, ``hl7``, or "" for anything else, by the first bytes."""
    shapes = {"xml": _XML, "json": _JSON, "hl7": _HL7}
    return next((name for name, shape in shapes.items() if shape.match(data)), "")


def structured(data: bytes) -> tuple[Mutation, ...]:
    """The ways of the document's kind; none for anything else."""
    return STRUCTURES.get(kind(data), ())


def truncated(data: bytes, rng: random.Random) -> bytes:
    """The beginning, most often nearly all of it."""
    return data[: max(1, len(data) - rng.choice((1, 5, 200, len(data) // 2)))]


def _times(size: int, rng: random.Random) -> int:
    """How often something of this size is repeated: a few megabytes at most."""
    return min(rng.choice(_MANY), 1 + _LARGE // (size + 1))


# XML


def _tree(data: bytes) -> Any:
    """The root, None where it is no XML."""
    try:
        return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except (etree.XMLSyntaxError, ValueError):
        return None


def _written(root: Any, data: bytes) -> bytes:
    encoding = root.getroottree().docinfo.encoding or "utf-8"
    return bytes(etree.tostring(root, encoding=encoding, xml_declaration=data.lstrip().startswith(b"<?xml")))


def elements(data: bytes, rng: random.Random) -> bytes:
    """An element twice or thousands of times, gone, in another's place, or empty."""
    root = _tree(data)
    found = [] if root is None else [e for e in root.iter(etree.Element) if e.getparent() is not None]
    if not found:
        return truncated(data, rng)
    one, other = rng.choice(found), rng.choice(found)
    match rng.randrange(5):
        case 0:
            text = etree.tostring(one, with_tail=False)
            one.getparent().extend(etree.fromstring(text) for _ in range(_times(len(text), rng)))
        case 1:
            one.getparent().remove(one)
        case 2 if one not in other.iterancestors() and one is not other:
            other.append(one)
        case 3:
            one.clear()
        case _:
            one.tag = rng.choice((other.tag, "anything", "{urn:other}" + etree.QName(one).localname))
    return _written(root, data)


def contents(data: bytes, rng: random.Random) -> bytes:
    """Another text or attribute: something nasty, another element's, none, or a new one."""
    root = _tree(data)
    if root is None:
        return truncated(data, rng)
    found = list(root.iter(etree.Element))
    for _ in range(rng.choice((1, 1, 5))):
        one, other = rng.choice(found), rng.choice(found)
        text = _allowed(rng.choice((*_TEXTS, other.text or "", *other.attrib.values())))
        name = rng.choice([*one.attrib, "value", "nullFlavor", "code"])
        match rng.randrange(3):
            case 0:
                one.text = text
            case 1 if name in one.attrib:
                del one.attrib[name]
            case _:
                one.set(name, text)
    return _written(root, data)


def _allowed(text: str) -> str:
    """Without characters that XML cannot hold."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def nested_elements(data: bytes, rng: random.Random) -> bytes:
    """Elements in elements, far deeper than any document, somewhere in it."""
    deep, places = rng.choice(_DEEP), [m.start() for m in re.finditer(rb"</", data)]
    at = rng.choice(places or [len(data)])
    close = b"</a>" * deep if rng.random() < 0.7 else b""
    return data[:at] + b"<a>" * deep + close + data[at:]


def huge_attribute(data: bytes, rng: random.Random) -> bytes:
    """An attribute of a megabyte, or thousands of attributes, in one element."""
    places = [m.end() for m in re.finditer(rb"<[A-Za-z][A-Za-z0-9:_.-]*", data)]
    at = rng.choice(places or [len(data)])
    many = b"".join(b' a%d="1"' % number for number in range(20_000))
    return data[:at] + rng.choice((b' huge="%s"' % (b"9" * 1_000_000), many, b' a="1" a="2"')) + data[at:]


def entities(data: bytes, rng: random.Random) -> bytes:
    """A document type with entities: of this machine's files, of the network, that grow without end, or unknown."""
    laughs = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 10))
    kinds = (
        b'<!ENTITY x SYSTEM "file:///etc/hostname">', b'<!ENTITY x SYSTEM "http://127.0.0.1:9/x">',
        b'<!ENTITY e0 "lol">' + laughs + b'<!ENTITY x "&e9;">', b'<!ENTITY x "&x;">', b'<!ENTITY % p "x"> %p;', b"",
    )  # fmt: skip
    root = re.search(rb"<[A-Za-z]", data)
    if root is None:
        return truncated(data, rng)
    front, body = data[: root.start()], data[root.start() :]
    used = rng.choice((b"&x;", b"&nothing;", b"&#0;", b"&#xd800;", b"&#xffff;"))
    at = body.find(b">") + 1
    declared = b"<!DOCTYPE d [" + rng.choice(kinds) + b"]>" if rng.random() < 0.8 else b""
    return front + declared + body[:at] + used + body[at:]


def charset(data: bytes, rng: random.Random) -> bytes:
    """The declaration says another encoding, or the bytes are of another than it says."""
    declared = re.sub(rb'encoding=["\'][^"\']*["\']', b'encoding="%s"' % rng.choice(_CHARSETS), data, count=1)
    if declared != data and rng.random() < 0.6:
        return declared
    text = data.decode("utf-8", "ignore")
    return text.encode(rng.choice(("utf-16", "cp932", "euc_jp", "iso2022_jp", "utf-8-sig")), "ignore")


def marks(data: bytes, rng: random.Random) -> bytes:
    """Comments, sections and instructions of XML, opened or closed where none belong."""
    pieces = (b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x ?>", b"</", b"<", b"&", b"<x", b'"', b"\x00", b"\xff")
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(pieces) + data[at:]


# JSON


def values(data: bytes, rng: random.Random) -> bytes:
    """A value gone, of another type, in another's place, or many times in its list; line by line of an NDJSON file."""
    lines = data.splitlines() if b"\n{" in data.strip() else [data]
    at = rng.randrange(len(lines)) if lines else 0
    try:
        root = orjson.loads(lines[at])
    except (orjson.JSONDecodeError, IndexError):
        return truncated(data, rng)
    holders = [item for item in _inside(root) if item]
    for _ in range(rng.choice((1, 1, 5)) if holders else 0):
        _change(rng.choice(holders), rng.choice(holders), rng)
    lines[at] = _dumped(root)
    return b"\n".join(lines)


def _inside(root: Any) -> list[Any]:
    """Every list and object of a value, itself among them; without recursion, as it may be deep."""
    found, waiting = [], [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict | list):
            found.append(item)
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return found


def _change(holder: Any, other: Any, rng: random.Random) -> None:
    place = rng.choice(_places(holder)) if holder else None
    if place is None:
        return
    anything = (None, True, -1, 1.5, 10**15, [], {}, [[]], {"reference": "#"}, *_TEXTS)
    match rng.randrange(5):
        case 0:
            del holder[place]
        case 1 if other:
            holder[place] = _copy(other[rng.choice(_places(other))])
        case 2 if isinstance(holder, list):
            holder.extend([holder[place]] * _times(len(_dumped(holder[place])), rng))
        case 3 if isinstance(holder, dict):
            holder[rng.choice(("resourceType", "extension", "id", "value", "text"))] = rng.choice(anything)
        case _:
            holder[place] = rng.choice(anything)


def _places(holder: Any) -> list[Any]:
    return list(holder) if isinstance(holder, dict) else list(range(len(holder)))


def _copy(value: Any) -> Any:
    """Of its own, so that no value can be put into itself."""
    try:
        return orjson.loads(orjson.dumps(value))
    except (orjson.JSONEncodeError, orjson.JSONDecodeError):
        return None


def _dumped(root: Any) -> bytes:
    try:
        return orjson.dumps(root)
    except orjson.JSONEncodeError:  # deeper than it writes
        return b"[]"


def json_text(data: bytes, rng: random.Random) -> bytes:
    """What only the text of JSON can have: the same key twice, half characters, numbers that are none, no end."""
    deep = rng.choice(_DEEP)
    close = b"]" * deep if rng.random() < 0.7 else b""
    pieces = (
        b'"resourceType":"Patient",', b'"id":1,"id":"2",', b'"x":"\\ud800",', b'"x":NaN,', b'"x":1e400,', b'"x":-0,',
        b'"x":%s,' % (b"9" * 5_000), b'"x":"%s",' % (b"a" * 1_000_000), b'"x":' + b"[" * deep + close + b",",
        b'"x":' * deep, b"/* */", b"\xff", b'"x":"\x01",', b"\xef\xbb\xbf",
    )  # fmt: skip
    places = [m.end() for m in re.finditer(rb"[{,\[]", data)]
    at = rng.choice(places or [0])
    return data[:at] + rng.choice(pieces) + data[at:]


# HL7 version 2


def segments(data: bytes, rng: random.Random) -> bytes:
    """A segment twice or thousands of times, gone, moved, renamed, or ended by another mark."""
    found = data.split(b"\r")
    a, b = rng.randrange(len(found)), rng.randrange(len(found))
    match rng.randrange(6):
        case 0:
            found[a:a] = [found[b]] * _times(len(found[b]), rng)
        case 1:
            del found[a]
        case 2:
            found[a], found[b] = found[b], found[a]
        case 3:
            found[a] = rng.choice((b"ZZZ", b"MSH", b"PID", b"OBX", b"")) + found[a][3:]
        case 4:
            rng.shuffle(found)
        case _:
            return rng.choice((b"\n", b"\r\n", b"", b"\x1c\r")).join(found)
    return b"\r".join(found)


def fields(data: bytes, rng: random.Random) -> bytes:
    """Fields and their parts: nasty, gone, repeated, or cut by marks that are not theirs."""
    found = data.split(b"\r")
    nasty = [text.encode("iso2022_jp", "ignore") for text in _TEXTS]
    nasty += [b"\\X0D0A\\", b"\\H\\", b"\\", b"\\.br\\" * 50, b"\x1b$B", b"\x1b(B", b"\x1b$B7kBE", b"^" * 5_000, b'""']
    nasty += [b"~" * 5_000, b"&" * 5_000, b"a~b^c&d", b"\xff\xfe", b"\x0b"]
    for _ in range(rng.choice((1, 1, 4))):
        at = rng.randrange(len(found))
        cells = found[at].split(b"|")
        place = rng.randrange(len(cells))
        match rng.randrange(4):
            case 0:
                cells[place] = rng.choice(nasty)
            case 1:
                del cells[place]
            case 2:
                cells[place] += rng.choice((b"~", b"^", b"&")) + cells[place]
            case _:
                cells[place:place] = [b""] * rng.choice(_MANY)
        found[at] = b"|".join(cells)
    return b"\r".join(found)


def separators(data: bytes, rng: random.Random) -> bytes:
    """The header announces other marks, another character set, another version or message than there is."""
    found = data.split(b"\r")
    header = found[0].split(b"|")
    if len(header) < 3:
        return truncated(data, rng)
    if rng.random() < 0.4:
        header[1] = rng.choice((b"", b"^", b"^~\\&#", b"|~\\&", b"aaaa", b"^~\\^", b"\x1b$B"))
    else:
        place = rng.randrange(2, 21)
        header += [b""] * (place + 1 - len(header))
        header[place] = rng.choice((b"", b"ASCII", b"~ISO IR87", b"UNICODE UTF-8", b"2.3", b"9.9", b"ZZZ^Z99", b"P"))
    found[0] = b"|".join(header)
    return b"\r".join(found)


STRUCTURES: dict[str, tuple[Mutation, ...]] = {
    "xml": (
        elements, elements, contents, contents, nested_elements, huge_attribute, entities, charset, marks, truncated,
    ),
    "json": (values, values, values, json_text, truncated),
    "hl7": (segments, fields, fields, separators, truncated),
}  # fmt: skip
