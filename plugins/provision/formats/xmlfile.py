"""XML文書を安全に読む: whole XML documents, parsed without anything that XML can do to its reader.

No document type (so no entities and no bombs), no network, UTF-8 only, libxml2's own limits of depth and size of texts
left on, comments and processing instructions gone. A parser's message quotes the document, so none is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from provision.formats.base import BadFile

BOM = b"\xef\xbb\xbf"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
#: A tree takes some thirty times the bytes of a document made of nothing but tags.
XML_BYTES = 4 * 1024 * 1024

_USUAL = b'<?xml version="1.0" encoding="UTF-8"?>'
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([^\"']{0,40})[\"']")
_SHORT = re.compile(
    rb"xmlns[^\"'<>=]{0,100}(?:=\s{0,20}(?:\"[^\"<]{0,500}\"|'[^'<]{0,500}')|[\"'<>])",
)
_AGAIN = "ask the sender for the document again"
_STEP = 4 * 1024
#: ASCII is UTF-8.
_UTF8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})

_PARSER = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    load_dtd=False,
    dtd_validation=False,
    no_network=True,
    huge_tree=False,
    collect_ids=False,
    remove_blank_text=True,
    remove_comments=True,
    remove_pis=True,
)


def parsed(data: bytes, limit: int = XML_BYTES) -> etree._Element:
    """The root of a whole document.

    Raises `BadFile`: ``document.size``, ``xml.doctype``, ``xml.encoding`` (declared as anything but UTF-8),
    ``xml.namespace`` (a name of more than 500 bytes, which would stand in every tag) and ``xml.form`` (not well-formed,
    not UTF-8, nested or long beyond libxml2's limits).
    """
    if len(data) > limit:
        raise BadFile("document.size", remedy=f"a document has at most {limit // 2**20} MiB; ask the sender what it is")
    if b"<!DOCTYPE" in data:
        raise BadFile("xml.doctype", remedy="a document type is not read, it can hide anything; ask for one without")
    data = data.removeprefix(BOM)
    if not _is_declared_utf8(data):
        raise BadFile("xml.encoding", remedy="the document is declared as another encoding than UTF-8; ask the sender")
    if not _are_namespaces_short(data):
        raise BadFile("xml.namespace", remedy="a namespace is longer than any known; ask the sender what it is")
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError:  # its message quotes the document
        pass
    raise BadFile("xml.form", remedy=f"this is no well-formed XML in UTF-8; {_AGAIN}")


def _are_namespaces_short(data: bytes) -> bool:
    """Whether nothing can be the declaration of a long namespace: what says ``xmlns`` in a text may be refused, too."""
    at = data.find(b"xmlns")
    while at >= 0:
        if not _SHORT.match(data, at):
            return False
        at = data.find(b"xmlns", at + 5)
    return True


def _is_declared_utf8(data: bytes) -> bool:
    if data.startswith(_USUAL):
        return True
    declared = _DECLARED.match(data)
    return declared is None or declared[1].lower() in _UTF8


def beginning(head: bytes, elements: int) -> Iterator[etree._Element]:
    """The first elements of a document of which only the beginning is there, as they start: with their attributes,
    without what is in them. Ends where the bytes are no XML that `parsed` would take; never raises."""
    head = head.removeprefix(BOM)
    if b"<!DOCTYPE" in head or not _is_declared_utf8(head):
        return iter(())
    return islice(_started(head), elements)


def _started(head: bytes) -> Iterator[etree._Element]:
    parser = etree.XMLPullParser(
        events=("start",), encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    for at in range(0, len(head), _STEP):
        try:
            parser.feed(head[at : at + _STEP])
        except etree.XMLSyntaxError:
            return
        for _, element in parser.read_events():
            if isinstance(element, etree._Element):
                yield element
