"""Bytes of HL7 messages to text: the set that the header names decides, and nothing is replaced."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.base import BadFile
from provision.formats.hl7message import Message, parsed, unescaped
from provision.formats.hl7text import declared, message_text
from tests.support import hl7

#: Kanji in whose bytes delimiters stand: | ^ ~ \\ & in ISO-2022-JP (万五京倍側), | ^ ~ \\ in CP932 (弓与円十).
DELIMITERS_INSIDE = "万五京倍側弓与円十"
HEAD = r"MSH|^~\&|HIS|SEND|GW|RCV|20250503||ADT^A08|1|P|2.5||||||"


def said(charset: str, body: bytes = b"") -> bytes:
    return f"{HEAD}{charset}\r".encode() + body


@pytest.mark.parametrize("encoding", ["iso2022_jp", "utf-8", "cp932"])
def test_each_set_that_a_header_names(encoding: str) -> None:
    text = message_text(hl7.message("ADT^A08", encoding=encoding))
    assert "架空山^花子" in text
    assert text.count("\r") == 1


def test_delimiters_inside_double_byte_text_are_text() -> None:
    kanji = DELIMITERS_INSIDE
    for sign in b"|^~\\&":
        assert sign in kanji.encode("iso2022_jp")
    for sign in b"|^~\\":  # the low bytes of CP932 begin at 0x40
        assert sign in kanji.encode("cp932")
    for encoding in ("iso2022_jp", "cp932"):
        data = hl7.message("ADT^A08", pid=f"PID|1||4711||{kanji}^花子", encoding=encoding)
        assert parsed(message_text(data)).named("PID")[0][5] == f"{kanji}^花子"


@pytest.mark.parametrize(
    "charset", ["~ISO IR87", "~ISOIR87", "ASCII~ISO IR87", "ISO IR87", "ISO IR6~ISO IR87~ISO IR14"]
)
def test_spellings_of_iso_2022_jp(charset: str) -> None:
    assert declared(f"{HEAD}{charset}") == "jis"
    assert "架空" in message_text(said(charset, "NTE|1||架空".encode("iso2022_jp")))


def test_characters_that_only_vendors_have() -> None:
    """① (NEC row 13) is in no JIS X 0208; in CP932 it is 0x8740, in the vendors' ISO-2022-JP 0x2D21."""
    body = b"NTE|1||\x1b$B2M\x1b(B\x1b$B-!6u\x1b(B|x"
    assert "①空" in message_text(said("~ISO IR87", body))


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.empty"),
        (b"\x0b\x1c\r", "file.empty"),
        (b"\xff\xfe", "text.utf16"),
        ("MSH|^~\\&".encode("utf-16"), "text.utf16"),
        (b"PID|1", "hl7.header"),
        (b"\xfb\xfc", "hl7.header"),
        (said("~ISO IR87", b"NTE|1||\x1b$B\x7f\x7f\x1b(B"), "hl7.encoding"),
        (said("~ISO IR87", b"NTE|1||\x1b$B2M\x1b(B\x1b$B2"), "hl7.encoding"),
        (said("~ISO IR87", "NTE|1||架空".encode()), "hl7.encoding"),
        (said("UNICODE UTF-8", "NTE|1||架空".encode("cp932")), "hl7.encoding"),
        (said("", "NTE|1||架空".encode("iso2022_jp")), "hl7.encoding"),
        (said("", "NTE|1||架空".encode("cp932")), "hl7.encoding"),
        (said("KLINGON"), "hl7.charset"),
        (said("ISO IR87~UNICODE UTF-8"), "hl7.charset"),
        (said("", b"NTE|1||a\0b"), "hl7.control"),
        (said("", b"NTE|1||a\x0bb"), "hl7.control"),
    ],
)
def test_what_is_no_message(data: bytes, rule: str) -> None:
    with pytest.raises(BadFile) as caught:
        message_text(data)
    assert caught.value.rule == rule
    assert caught.value.remedy
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "iso-2022-jp"])
def test_the_option_says_it_for_messages_that_do_not(encoding: str) -> None:
    data = said("", "NTE|1||架空".encode(encoding))
    assert "架空" in message_text(data, encoding)
    with pytest.raises(BadFile):
        message_text(data)


def test_what_the_message_says_goes_before_the_option() -> None:
    assert "架空" in message_text(said("UNICODE UTF-8", "NTE|1||架空".encode()), "cp932")


PLAIN = Message("|", "^", "~", "\\", "&")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"a\.br\b", "a\nb"),
        (r"a\X41\b\X5C\c", "aAb\\c"),
        (r"a\XE3\b", "ab"),
        (r"a\H\b\N\c", "abc"),
        (r"a\Z", r"a\Z"),
        ("a\\", "a\\"),
    ],
)
def test_escapes(text: str, wanted: str) -> None:
    assert unescaped(text, PLAIN) == wanted


_WORDS = st.text(
    st.characters(codec="ascii", exclude_categories=["Cc"]) | st.sampled_from("架空山表ソ能①\\|^~&"), max_size=12
)
_MARKS = st.permutations(list("|^~\\&!#$%@")).map(lambda marks: marks[:5])
_CODES = ("F", "S", "R", "E", "T")


@settings(max_examples=200, deadline=None)
@given(_MARKS, st.lists(st.lists(st.lists(_WORDS, min_size=1, max_size=3), min_size=1, max_size=3), max_size=5))
def test_what_is_joined_is_split_again(marks: list[str], fields: list[list[list[str]]]) -> None:
    """Fields of repetitions of components, escaped and joined with any five signs, are the same when taken apart."""

    def escaped(text: str) -> str:
        codes = dict(zip(marks, _CODES, strict=True))
        return "".join(f"{marks[3]}{codes[sign]}{marks[3]}" if sign in codes else sign for sign in text)

    separator, component, repetition, escape, sub = marks
    written = [repetition.join(component.join(map(escaped, parts)) for parts in field) for field in fields]
    head = separator.join([f"MSH{separator}{component}{repetition}{escape}{sub}", "HIS"])
    message = parsed("\r".join([head, separator.join(["PID", *written])]))
    assert (message.separator, message.sub) == (separator, sub)
    found = message.named("PID")[0][1:]
    assert [
        [[message.plain(part) for part in one.split(component)] for one in message.repeated(text)] for text in found
    ] == [[["" if part == '""' else part for part in parts] for parts in field] for field in fields]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("MSH", "hl7.delimiters"),
        (r"MSH|^~\^|A", "hl7.delimiters"),
        ("MSH|^~A&|A", "hl7.delimiters"),
        ("MSH|^~|A", "hl7.delimiters"),
        ("MSH|^~\\&|A\rPID\rsome text", "hl7.segment"),
        ("MSH|^~\\&|A\rPIDX|1", "hl7.segment"),
        ("MSH|^~\\&|A\rMSH", "hl7.messages"),
    ],
)
def test_what_cannot_be_taken_apart(text: str, rule: str) -> None:
    with pytest.raises(BadFile) as caught:
        parsed(text)
    assert caught.value.rule == rule


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_ends_of_segments(end: str) -> None:
    message = parsed(end.join(["MSH|^~\\&|A", "NK1|1", "NTE|1", "ZPR|1", "FT1|1", "PID|1", ""]))
    assert [segment[0] for segment in message.segments] == ["MSH", "PID"]
    assert message.counts == {"hl7.relatives": 1, "hl7.notes": 1, "hl7.z_segments": 1, "hl7.other_segments": 1}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"PID|" * 2 + b"|" * 30_000_000, "hl7.segment_size"),
        (b"PID|1||" + b"~" * 30_000_000, "hl7.segment_size"),
        (b"PID|1||4711\rOBX|1|NM|" + b"^" * 30_000_000, "hl7.segment_size"),
        (b"\r".join([b"OBX"] * 7_000_000), "hl7.segments"),
        (b"NTE|1||" + b"x" * 30_000_000 + b"\0", "hl7.control"),
    ],
)
def test_what_would_fill_the_memory_is_refused_before_it_does(body: bytes, rule: str) -> None:
    data = said("", body)
    tracemalloc.start()
    try:
        with pytest.raises(BadFile) as caught:
            parsed(message_text(data))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.rule == rule
    assert peak < 5 * len(data)


def test_a_header_that_does_not_end_is_looked_at_no_further() -> None:
    with pytest.raises(BadFile) as caught:
        message_text(HEAD.encode() + b"UNICODE UTF-8" + b"|" * 1_000_000 + b"\xe6")
    assert caught.value.rule == "hl7.encoding"


def test_a_document_in_a_result_is_no_bomb() -> None:
    data = said("", b"PID|1||4711\rOBX|1|ED|x||^APPLICATION^PDF^Base64^" + b"QUJD" * 500_000)
    assert len(parsed(message_text(data)).segments) == 3
