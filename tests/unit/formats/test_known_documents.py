"""Documents that are read by what is known of others: to the letter what parsing each of them gives, whatever was done
to them."""

from __future__ import annotations

from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from provision.formats import cda_document, cda_observations, claim_document, get
from provision.formats.base import BadFile
from provision.formats.xmlfile import parsed
from provision.formats.xmlforms import ALIKE, FORMS, Forms, Template, Unlike
from provision.sampledata.deliveries import document_stream

NAMES = ("checkup-cda", "guidance-cda", "checkup-claim", "guidance-claim")
#: What a parser reads in its own way, what ends or begins something, and what only looks so.
PIECES = (
    "", " ", "架空", "　", "\n", "\t", "\r\n", "\x00", "\x7f", "\ufeff", "\u2028", "\ufffe", "\ue000", "&", "&amp;",
    "&#10;", "&x;", "<", ">", "]]>", "<![CDATA[x]]>", "<!-- - -->", "<!-- ", "-->", "<?x?>", "<!DOCTYPE x>", "'", '"',
    "='", " a='\"'", ' a="1"', ' xmlns="urn:x"', ' xmlns:xsi="urn:x"', "xmlns=x", "<x/>", "<x>", "</x>", "</entry>",
    "</observation>", "<observation ", "<observation/>", '<observation classCode="OBS" moodCode="EVN"/>', "<component>",
    ' negationInd="true"', ' nullFlavor="NI"', "<entry/>", "<!DOC", "TYPE", "</ClinicalDocument>", "name", "3", "2102",
)  # fmt: skip


@cache
def samples(name: str) -> list[bytes]:
    """Documents of the fictitious world; the first half are read before anything is asked."""
    made = [one.data for one in document_stream(name, 7, 40)]
    for data in made[:20]:
        outcome(name, data)
    return made


def outcome(name: str, data: bytes) -> Any:
    """All that is read of a document, or why it is refused."""
    try:
        made = get(name).document(data, {})
    except BadFile as bad:
        return bad.rule, bad.record, bad.field, bad.remedy
    meanings = [(one.rows, one.dropped) for one in getattr(made, "meanings", ())]
    rows = {table: [(head, tuple(cells)) for head, cells in found] for table, found in made.rows.items()}
    return [tuple(row) for row in made.people], rows, meanings, getattr(made, "counts", 0), getattr(made, "day", 0)


def parsed_outcome(name: str, data: bytes) -> Any:
    """The same by parsing it."""
    with patch.object(Forms, "of", lambda *_: None):
        return outcome(name, data)


EDITS = st.lists(
    st.tuples(st.sampled_from(("insert", "value", "cut", "copy")), st.integers(0, 10**6), st.integers(0, 10**6),
              st.sampled_from(PIECES)),
    max_size=3,
)  # fmt: skip


def edited(text: str, edits: list[tuple[str, int, int, str]]) -> str:
    for kind, first, second, piece in edits:
        at = first % (len(text) + 1)
        end = min(len(text), at + second % 400)
        if kind == "insert":
            text = text[:at] + piece + text[at:]
        elif kind == "value" and '"' in text:
            pieces = text.split('"')
            pieces[(first % max(1, len(pieces) // 2)) * 2 + 1 if len(pieces) > 1 else 0] = piece
            text = '"'.join(pieces)
        elif kind == "cut":
            text = text[:at] + text[end:]
        else:
            text = text[:end] + text[at:end] + text[end:]
    return text


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150)
@given(st.integers(0, 39), EDITS, st.sampled_from(("utf-8", "utf-8-sig", "cp932")))
@example(30, [], "utf-8")
def test_a_document_means_what_it_means_when_it_is_parsed(
    name: str, number: int, edits: list[tuple[str, int, int, str]], encoding: str
) -> None:
    data = edited(samples(name)[number].decode(), edits).encode(encoding, "surrogatepass" if not edits else "replace")
    assert outcome(name, data) == parsed_outcome(name, data)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("name", NAMES)
def test_every_piece_at_every_kind_of_place(name: str, piece: str) -> None:
    text = samples(name)[25].decode()
    marks = (
        "<",
        ">",
        '"',
        '="',
        "<observation ",
        "</observation>",
        "<entry>",
        "</entry>",
        "<component>",
        "<name>",
        "<item>",
        "<text>",
        "</text>",
    )
    for mark in marks:
        for at in (text.find(mark), text.find(mark) + len(mark), text.rfind(mark), text.rfind(mark) + len(mark)):
            data = (text[:at] + piece + text[at:]).encode()
            assert outcome(name, data) == parsed_outcome(name, data), (mark, at)


@pytest.mark.parametrize("name", NAMES)
def test_most_documents_are_not_parsed_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [(data, parsed_outcome(name, data)) for data in samples(name)[20:]]
    for module in (cda_document, claim_document):
        monkeypatch.setattr(module, "parsed", lambda data: parsed(b"<no>"))  # what is no XML
    assert sum(outcome(name, data) == said for data, said in wanted) > len(wanted) // 2


NESTED = (
    '<entry><observation classCode="OBS" moodCode="EVN"><code code="9N001000000000001"/>'
    '<value xsi:type="PQ" value="170" unit="cm"/><entryRelationship typeCode="COMP">'
    '<observation classCode="OBS" moodCode="EVN"><code code="9N006000000000001"/>'
    '<value xsi:type="PQ" value="70" unit="kg"/></observation></entryRelationship></observation></entry>'
)
ELSEWHERE = '<text><observation classCode="OBS" moodCode="EVN"><code code="9N001000000000001"/></observation></text>'
COMMENT = "<!-- " + NESTED + " -->"
INSIDE = NESTED.replace("<value", COMMENT.replace("<observation ", "<o ") + "<value")
DECLARED = NESTED.replace("<entry>", '<entry xmlns="urn:x">')
DECLARED_INSIDE = NESTED.replace("<code", '<code xmlns="urn:x"')
PREFIXED = NESTED.replace("<observation ", "<h:observation ").replace("</observation>", "</h:observation>").replace(
    "<entry>", '<entry xmlns:h="urn:hl7-org:v3">'
)  # fmt: skip
DEEP = NESTED.replace("<value", "<x>" * 240 + "</x>" * 240 + "<value", 1)
NEGATED = '<entry><act negationInd="true"><entryRelationship>' + NESTED[7:-8] + "</entryRelationship></act></entry>"


TOLD = "<text>{}</text>"
NARRATIVES = [
    TOLD.format(inner)
    for inner in (
        "", "<text/>", TOLD.format(""), "<a>", "</a>", "<!-- </text> -->", "<a/>" * 400, "<a>" * 100 + "</a>" * 100,
        "<a>" * 240 + "</a>" * 240, "<a>" * 254 + "</a>" * 254, '<b xmlns="urn:x"/>', NESTED[7:-8],
        "<!DOCTYPE x>", "&x;",
    )
]  # fmt: skip


@pytest.mark.parametrize(
    "entry", [NESTED, ELSEWHERE, COMMENT, INSIDE, DECLARED, DECLARED_INSIDE, PREFIXED, DEEP, NEGATED, *NARRATIVES]
)
@pytest.mark.parametrize("name", NAMES[:2])
def test_observations_wherever_they_stand(name: str, entry: str) -> None:
    data = samples(name)[30].decode().replace("<entry>", f"{entry}<entry>", 1).encode()
    for _ in range(2):
        assert outcome(name, data) == parsed_outcome(name, data)


def test_observations_in_each_other_by_the_thousand_cost_no_more_than_their_length() -> None:
    data = samples("checkup-cda")[30].decode()
    nest = "<observation a='1'>" * 40_000 + "</observation>" * 40_000
    data = data.replace("<entry>", f"<entry>{nest}</entry><entry>", 1)
    assert outcome("checkup-cda", data.encode())[0] == "xml.form"


def test_outlines_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cda_observations, "OUTLINES", 2)
    kept = get("checkup-cda").observations  # type: ignore[attr-defined]
    text = samples("checkup-cda")[30].decode()
    for number in range(5):
        data = text.replace("<entry>", f"<entry><x{number}/></entry><entry>", 1).encode()
        assert outcome("checkup-cda", data) == parsed_outcome("checkup-cda", data)
        assert len(kept._outlines) <= max(2, number)
    before = dict(kept._outlines)
    long = text.replace("<entry>", f"<entry>{'<x/>' * cda_observations.LONGEST_OUTLINE}</entry><entry>", 1).encode()
    assert outcome("checkup-cda", long) == parsed_outcome("checkup-cda", long)
    assert kept._outlines == before


def places_of(template: Template, elements: Any) -> tuple[tuple[int, ...], tuple[()]]:
    return tuple(template.attribute(at, "k") for at in range(len(elements))), ()


def form(*documents: str) -> Forms[tuple[int, ...]]:
    """What knows how these are written."""
    forms = Forms(places_of)
    for one in documents:
        forms.learn(one.encode(), list(etree.fromstring(one.encode()).iter()))
    return forms


def test_values_of_a_known_form() -> None:
    found = form('<a k="1"><b k="2">架空</b></a>').of('<a k="乙"><b k="">丙 丁</b></a>'.encode())
    assert found is not None
    places, values = found
    assert [values[place] for place in places] == ["乙", ""]
    assert values[5] == "丙 丁"


@pytest.mark.parametrize(
    "written",
    ['<a k="1"><c k="2">x</c></a>', '<a k="1"><b k="2"/></a>', '<a  k="1"><b k="2">x</b></a>',
     '<a k="1"><b k="2">x</b>', '<a k="1"><b k="2"> </b></a>', '<a k="&amp;"><b k="2">x</b></a>',
     '<a k="<"><b k="2">x</b></a>',
     '<a k="1"><b k="2">x&lt;</b></a>', '<a k="1\t"><b k="2">x</b></a>', '<a k="1"><b k="2">]]></b></a>',
     '<a k="1" j="3"><b k="2">x</b></a>', '<a k="1"><b k="2">x</b></a><a/>', '<a k="1"><b k="xmlns">x</b></a>', ""],
)  # fmt: skip
def test_what_is_written_otherwise_is_not_of_the_form(written: str) -> None:
    assert form('<a k="1"><b k="2">架空</b></a>').of(written.encode()) is None


@pytest.mark.parametrize(
    "written",
    ["<a k='1'/>", '<a k="1"><!-- x --></a>', '<a k="1"><![CDATA[x]]></a>', '<a k="1">&amp;</a>', '<a k="&amp;"/>',
     '<a k="1">x>y</a>', '<a k="1" xml:space="preserve"> </a>', '<a k="1"><?x?></a>', '<a k="1">x"y</a>'],
)  # fmt: skip
def test_forms_that_could_be_read_in_two_ways_are_not_learned(written: str) -> None:
    assert form(written).of(written.encode()) is None


def test_what_was_looked_at_must_be_the_same() -> None:
    looking: Forms[str] = Forms(lambda template, elements: ("", ((0, "k"),)))
    looking.learn(b'<a k="1" j="2"/>', list(etree.fromstring(b'<a k="1" j="2"/>').iter()))
    assert looking.of(b'<a k="1" j="3"/>')
    assert looking.of(b'<a k="2" j="2"/>') is None


def test_namespaces_and_the_declaration_must_be_the_same() -> None:
    known = '<?xml version="1.0" encoding="UTF-8"?><a xmlns:x="urn:x" k="1"/>'
    forms = form(known)
    assert forms.of(known.replace('k="1"', 'k="2"').encode())
    for one, other in (("urn:x", "urn:y"), ("UTF-8", "CP932"), ("1.0", "1.1")):
        assert forms.of(known.replace(one, other).encode()) is None


def test_no_more_forms_than_a_few_are_kept() -> None:
    many = form(*(f'<a{number} k="1"/>' for number in range(ALIKE + 2)))
    known = [many.of(f'<a{number} k="1"/>'.encode()) is not None for number in range(ALIKE + 2)]
    assert sum(known) == ALIKE
    others = form(*('<a k="1">' + '<b k="2"/>' * number + "</a>" for number in range(1, 200)), *["<a k='1'/>"] * 200)
    assert others.of(b'<a k="1"><b k="2"/></a>')
    assert sum(map(len, others._known.values())) <= FORMS


def test_who_works_it_out_may_refuse() -> None:
    def refuse(template: Template, elements: Any) -> Any:
        raise Unlike

    forms: Forms[str] = Forms(refuse)
    forms.learn(b'<a k="1"/>', list(etree.fromstring(b'<a k="1"/>').iter()))
    assert forms.of(b'<a k="1"/>') is None
