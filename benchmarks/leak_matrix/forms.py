"""Documents with one planted phrase: what recipients get beside tables, in every form such a document takes.

``words`` is a phrase as it stands in a text, ``label`` and ``value`` the same as two cells. Forms the gate cannot read
have to be refused whole; the matrix asks it about a clean one first.
"""

from __future__ import annotations

import html
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from benchmarks.leak_matrix.sentences import sentence


@dataclass(frozen=True)
class Planted:
    """One planted value as a document may hold it; all empty for the clean twin of a document."""

    words: str
    label: str
    value: str


Form = Callable[[Planted, Random], bytes]


def _text(planted: Planted, draw: Random) -> bytes:
    lines = [sentence(draw) for _ in range(4)]
    return "\n".join([*lines[:2], lines[2] + planted.words, lines[3], ""]).encode()


def _csv_cell(planted: Planted, draw: Random) -> bytes:
    words = planted.words.replace('"', '""')
    return f'table,column,note\r\nclaims,sex,{sentence(draw)}\r\nclaims,code,"{words}"\r\nclaims,day,なし\r\n'.encode()


def _csv_header(planted: Planted, draw: Random) -> bytes:
    value = planted.value.replace('"', '""')
    return f'番号,{planted.label},備考\r\n1,"{value}",なし\r\n2,,{sentence(draw)}\r\n'.encode()


def _page(body: str, draw: Random, title: str = "コードブック", comment: str = "") -> bytes:
    head = f'<!DOCTYPE html>\n<html lang="ja"><head><meta charset="utf-8"><title>{title}</title>{comment}</head>'
    return f"{head}\n<body>\n<p>{sentence(draw)}</p>\n{body}\n</body></html>\n".encode()


def _html_cell(planted: Planted, draw: Random) -> bytes:
    return _page(f"<table><tr><td>{html.escape(planted.words)}</td><td>1</td></tr></table>", draw)


def _html_labelled(planted: Planted, draw: Random) -> bytes:
    row = f"<tr><th>{planted.label}</th><td>{html.escape(planted.value)}</td></tr>"
    return _page(f"<table>{row}</table>", draw)


def _html_title(planted: Planted, draw: Random) -> bytes:
    return _page(f'<p title="{html.escape(planted.words)}">1</p>', draw, title=html.escape(planted.words))


def _html_comment(planted: Planted, draw: Random) -> bytes:
    return _page("<p>1</p>", draw, comment=f"<!-- {planted.words} -->")


def _json_string(planted: Planted, draw: Random) -> bytes:
    tree = {"columns": [{"name": "code", "note": planted.words}, {"name": "sex", "note": sentence(draw)}]}
    return json.dumps(tree, ensure_ascii=draw.random() < 0.5, indent=1).encode()


def _json_member(planted: Planted, draw: Random) -> bytes:
    tree = {"rows": [{planted.label or "name": planted.value, "note": sentence(draw)}]}
    return json.dumps(tree, ensure_ascii=draw.random() < 0.5, indent=draw.choice((None, 1))).encode()


def _json_key(planted: Planted, draw: Random) -> bytes:
    return json.dumps({"dictionary": {planted.words or "code": 1}}, ensure_ascii=False).encode()


def _xml_text(planted: Planted, draw: Random) -> bytes:
    note = html.escape(planted.words)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<codebook>\n<note>{note}</note>\n</codebook>\n'.encode()


def _xml_attribute(planted: Planted, draw: Random) -> bytes:
    note = html.escape(planted.words)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<codebook><item code="1" note="{note}"/></codebook>\n'.encode()


def _excel(planted: Planted, draw: Random, properties: Mapping[str, str]) -> bytes:
    import xlsxwriter

    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties(dict(properties))
        sheet = book.add_worksheet("codebook")
        for place, cell in enumerate(("code", planted.words, sentence(draw))):
            sheet.write_string(place, 0, cell)
    return stream.getvalue()


def _zip(planted: Planted, draw: Random, *, comment: str, member: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(member, sentence(draw))
        archive.comment = comment.encode()
    return stream.getvalue()


def _pdf(text: str, title: str) -> bytes:
    """One page with one line in a Japanese font of every reader (Adobe-Japan1, UTF-16), and a title."""
    line = f"BT /F1 12 Tf 50 800 Td <{text.encode('utf-16-be').hex()}> Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(line), line),
        b"<</Type/Font/Subtype/Type0/BaseFont/HeiseiMin-W3/Encoding/UniJIS-UTF16-H/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/HeiseiMin-W3/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)"
        b"/Supplement 5>>/FontDescriptor 7 0 R>>",
        b"<</Type/FontDescriptor/FontName/HeiseiMin-W3/Flags 4/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 880"
        b"/Descent -120/CapHeight 700/StemV 80>>",
        b"<</Title<%s>>>" % ("\ufeff" + title).encode("utf-16-be").hex().encode(),
    )
    made, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R/Info 8 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


#: Name of the place, suffix of the file, how it is made. Those with ``label`` need a value that has a column's name.
FORMS: Mapping[str, tuple[str, Form]] = {
    "text": ("txt", _text),
    "CSV cell": ("csv", _csv_cell),
    "CSV, label in header": ("csv", _csv_header),
    "HTML cell": ("html", _html_cell),
    "HTML, label beside": ("html", _html_labelled),
    "HTML title": ("html", _html_title),
    "HTML comment": ("html", _html_comment),
    "JSON string": ("json", _json_string),
    "JSON, label as key": ("json", _json_member),
    "JSON key": ("json", _json_key),
    "XML text": ("xml", _xml_text),
    "XML attribute": ("xml", _xml_attribute),
    "Excel cell": ("xlsx", lambda planted, draw: _excel(planted, draw, {})),
    "Excel properties": (
        "xlsx",
        lambda p, draw: _excel(Planted("", "", ""), draw, {"comments": p.words, "author": p.value}),
    ),
    "archive comment": ("zip", lambda p, draw: _zip(p, draw, comment=p.words, member="a.txt")),
    "archive member's name": (
        "zip",
        lambda p, draw: _zip(p, draw, comment="", member=f"{p.words.replace('/', '／') or 'a'}.txt"),
    ),
    "PDF text": ("pdf", lambda p, draw: _pdf(sentence(draw) + p.words, "")),
    "PDF title": ("pdf", lambda p, draw: _pdf(sentence(draw), p.words)),
}
