"""PDF: every place a text can be in is read; what cannot be read, or costs too much, stops a release and shows in a
scan."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payloads import CONTRACT, Payload
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

from expectations.documents import pieces, read_document
from expectations.identifiers import Strength, find_all
from expectations.pdf import MOST_BYTES, is_pdf, read_pdf
from expectations.read import Unreadable
from expectations.scan import scan
from expectations.verdict import Verdict
from provision.paper import pdf

PHONE, MAIL = "090-1234-5678", "kakuu.tarou@example.jp"
#: A clean payload's documents in which the PDF stands for one.
NAME = "data/report.pdf"


@cache
def page(body: str = "<h1>通知</h1><p>これは匿名加工情報です。</p>", title: str = "通知") -> bytes:
    return pdf(f'<html lang="ja"><head><title>{title}</title></head><body>{body}</body></html>')


def written(change: Callable[[PdfWriter], object], body: bytes | None = None) -> bytes:
    """The clean page with a change, written anew as one revision."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(body or page())))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def note(writer: PdfWriter) -> None:
    writer.add_annotation(0, FreeText(text=PHONE, rect=(50, 550, 200, 650)))


def orphan(writer: PdfWriter) -> None:
    """A page taken out of the document, whose object stays in the file."""
    other = PdfReader(io.BytesIO(page(f"<p>連絡 {PHONE}</p>")))
    writer.append(other)
    kids = writer.root_object["/Pages"]["/Kids"]
    del kids[-1]
    writer.root_object["/Pages"][NameObject("/Count")] = type(writer.root_object["/Pages"]["/Count"])(len(kids))


def unused(writer: PdfWriter) -> None:
    """An object nothing refers to."""
    writer._add_object(DictionaryObject({NameObject("/Note"): TextStringObject(f"連絡 {PHONE}")}))


def picture(writer: PdfWriter) -> None:
    stream = DecodedStreamObject()
    stream.set_data(b"\0" * 12)
    stream.update({NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Image")})
    writer._add_object(stream)


def strange(writer: PdfWriter) -> None:
    stream = DecodedStreamObject()
    stream.set_data(PHONE.encode())
    writer._add_object(stream)


def lines(writer: PdfWriter) -> None:
    """Letters drawn as lines."""
    stream = DecodedStreamObject()
    stream.set_data(b"10 10 m 20 20 l S")
    writer.add_blank_page(100, 100)[NameObject("/Contents")] = writer._add_object(stream)


def inline(writer: PdfWriter) -> None:
    """A picture inside the program of a page that shows letters, too."""
    stream = DecodedStreamObject()
    stream.set_data(writer.pages[0].get_contents().get_data() + b"\nBI /W 1 /H 1 /CS /G /BPC 8 ID \x00 EI\n")
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)


def no_name(writer: PdfWriter) -> None:
    """The same fonts, which do not even say that they are some."""
    no_table(writer)
    for one in writer._objects:
        if isinstance(one, DictionaryObject) and one.get("/Subtype") == "/Type0":
            del one["/Type"]


def no_table(writer: PdfWriter) -> None:
    """Fonts whose codes do not say which letters they are."""
    for one in writer._objects:
        if isinstance(one, DictionaryObject) and one.get("/Subtype") == "/Type0":
            del one["/ToUnicode"]


def commented() -> bytes:
    return behind(b"% " + MAIL.encode())


def behind(text: bytes) -> bytes:
    """Something behind the last object: no table of the file names it, and no offset before it moves."""
    return page().replace(b"\nstartxref\n", b"\n" + text + b"\nstartxref\n")


PLACES = {
    "page": lambda: page(f"<p>連絡は {PHONE} へ</p>"),
    "letter by letter": lambda: page(f'<p style="letter-spacing:1em">{PHONE}</p>'),
    "full width": lambda: page("<p>０９０－１２３４－５６７８</p>"),
    "title": lambda: page(title=f"通知 {PHONE}"),
    "link": lambda: page(f'<a href="mailto:{MAIL}">ここ</a>'),
    "bookmark": lambda: written(lambda writer: writer.add_outline_item(title=f"連絡 {PHONE}", page_number=0)),
    "information": lambda: written(lambda writer: writer.add_metadata({"/Author": MAIL})),
    "note": lambda: written(note),
    "page taken out": lambda: written(orphan),
    "unused object": lambda: written(unused),
    "comment": commented,
    "between objects": lambda: behind(f"連絡 {PHONE}".encode()),
}


def revised() -> bytes:
    """A title put behind the one that was there, which stays in the file."""
    writer = PdfWriter(io.BytesIO(page()), incremental=True)
    writer.add_metadata({"/Title": "別の題"})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


LEFT_OVER = {
    "pdf.picture": lambda: written(picture),
    "pdf.stream": lambda: written(strange),
    "pdf.no_text": lambda: written(lines),
    "pdf.font": lambda: written(no_table),
    "pdf.attachment": lambda: written(lambda writer: writer.add_attachment("a.txt", b"x")),
    "pdf.encrypted": lambda: written(lambda writer: writer.encrypt("", "secret", algorithm="AES-256")),
    "pdf.outside": lambda: page() + f"\n{PHONE}\n".encode(),
    "pdf.revisions": revised,
    "pdf.broken": lambda: page()[:2000],
}


def stopped(text: str) -> bool:
    return any(max(find_all(piece).values(), default=Strength.WEAK) > Strength.WEAK for piece in pieces(text, ()))


@pytest.mark.parametrize("place", PLACES)
def test_texts_are_read_wherever_they_are(tmp_path: Path, place: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PLACES[place]())
    assert stopped(read_document(path))


def test_a_clean_page_stops_nothing_and_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(page())
    text = read_document(path)
    assert "これは匿名加工情報です。" in text
    assert not stopped(text)
    report = scan(path)
    assert not report.unread
    assert not report.certain_found


@pytest.mark.parametrize("rule", LEFT_OVER)
def test_what_cannot_be_read_is_refused_and_reported(tmp_path: Path, rule: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(LEFT_OVER[rule]())
    with pytest.raises(Unreadable) as refusal:
        read_document(path)
    assert refusal.value.rule == rule
    assert rule in {one.reason for one in scan(path).unread}


def test_an_object_that_no_table_names_is_refused() -> None:
    assert read_pdf(behind(f"99 0 obj\n(tel {PHONE})\nendobj".encode())).unread == ("pdf.revisions",)


@pytest.mark.parametrize(("change", "rule"), [(inline, "pdf.picture"), (no_name, "pdf.font")])
def test_disguised_pictures_and_fonts_are_refused(change: Callable[[PdfWriter], None], rule: str) -> None:
    assert rule in read_pdf(written(change)).unread


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"memory": 32 << 20}])
def test_time_and_memory_end(limits: dict[str, int]) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_pdf(page(), **limits)
    assert refusal.value.rule in {"pdf.too_costly", "pdf.broken"}  # pypdf may take missing memory for a broken file


def test_too_long_is_not_even_begun() -> None:
    with pytest.raises(Unreadable) as refusal:
        read_pdf(b"%PDF-1.7" + bytes(MOST_BYTES))
    assert refusal.value.rule == "pdf.too_large"


@given(st.integers(0, 12_000), st.binary(min_size=1, max_size=40))
@settings(max_examples=15, deadline=None)
def test_spoiled_files_are_read_or_refused_in_one_word(place: int, noise: bytes) -> None:
    data, rules = page(), {"pdf.read"}
    try:
        read_pdf(data[:place] + noise + data[place + len(noise) :])
    except Unreadable as refusal:
        rules.add(refusal.rule)
    assert all(re.fullmatch("pdf[.][a-z_]+", rule) for rule in rules)


def test_a_beginning_before_the_beginning_is_a_pdf_too() -> None:
    assert is_pdf(b"hello\n%PDF-1.7")
    assert not is_pdf(b"hello")
    with pytest.raises(Unreadable):
        read_pdf(b"hello\n" + page())


def test_the_gate_reads_a_pdf_of_a_payload(make: Callable[..., Payload], gate: Callable[..., Verdict]) -> None:
    contract = replace(CONTRACT, documents=(*CONTRACT.documents, NAME))
    payload = make()
    (payload.root / NAME).write_bytes(page())
    assert gate(payload.seal(), contract).passed
    (payload.root / NAME).write_bytes(page(f"<p>連絡は {PHONE} へ</p>"))
    verdict = gate(payload.seal(), contract, secrets=(PHONE,))
    assert {(f.where, f.kind) for f in verdict.failures} == {(NAME, "telephone")}
    (payload.root / NAME).write_bytes(LEFT_OVER["pdf.picture"]())
    verdict = gate(payload.seal(), contract)
    assert [(f.where, f.note) for f in verdict.failures] == [(NAME, "pdf.picture")]
