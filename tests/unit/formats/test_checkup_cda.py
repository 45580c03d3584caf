"""Checkups as CDA: every type of value and of absence, everything that must go, and every way to be broken."""

from __future__ import annotations

import io
import traceback
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from provision.errors import FixConfiguration
from provision.formats import cda_observations
from provision.formats.base import BadFile, Report
from provision.formats.checkup_rows import Meaning
from provision.formats.documents import PassedOver
from provision.formats.recognising import claimants
from provision.formats.xmlfile import XML_BYTES
from tests.support.checkups import HEAD, PLANTED, by_hand, document_format, result, stored

HEIGHT, SUGAR, HISTORY, TEXT, QUESTION = (
    "9N001000000000001",
    "1A020000000191111",
    "9N056000000000011",
    "9N511000000000049",
    "9N736000000000011",
)
OID = "1.2.392.200119.6"


def one(entry: str) -> tuple[dict[str, object], dict[str, int]]:
    """The only row of the results of one entry, without what is empty; and the warnings."""
    tables, _, report = stored("checkup-cda", [by_hand(entry)])
    rows = [row for name in ("test_value", "answer") if name in tables for row in tables[name].to_dicts()]
    assert len(rows) <= 1
    warnings = {rule: count for rule, count in report.warnings.items() if not rule.startswith("check_digit")}
    skipped = {"claim_no", "value_no", "answer_no", "observed", "answered", "code_system", "code", "question"}
    return {k: v for row in rows for k, v in row.items() if v is not None and k not in skipped}, warnings


def pq(value: str, unit: str = 'unit="cm"') -> str:
    return f'<value xsi:type="PQ" value="{value}" {unit}/>'


SWEET = {"item": "urine_sugar", "value_code": "3", "value_system": f"{OID}.2102"}


def tall(number: str, **more: object) -> dict[str, object]:
    """A kept height."""
    return {"item": "height", "value_number": Decimal(number), "unit": "cm", **more}


KEPT = [
    (HEIGHT, pq("171.2"), tall("171.2")),
    (HEIGHT, pq("171.2", ""), tall("171.2")),
    (HEIGHT, '<value xsi:type="INT" value="171"/>', tall("171")),
    (HEIGHT, '<value xsi:type="x:REAL" value="1.5"/>', tall("1.5")),
    ("9E105162100000001", pq("15", 'unit="mm[Hg]"'), {"value_number": Decimal(15), "unit": "mmHg"}),
    ("3A016000002327102", pq("1.61", 'unit="1"'), {"value_number": Decimal("1.61")}),
    (HEIGHT, '<value xsi:type="PQ" nullFlavor="NI"/>', {"item": "height", "absent": "not_measurable"}),
    (HEIGHT, '<value xsi:type="PQ" nullFlavor="NA"/>', {"item": "height", "absent": "not_measurable"}),
    (HEIGHT, '<value nullFlavor="UNK"/>', {"item": "height", "absent": "unknown"}),
    (HEIGHT, '<value nullFlavor="MSK"/>', {"item": "height", "absent": "unknown"}),
    (SUGAR, '<value xsi:type="CO" code="3"/>', SWEET),
    (
        SUGAR,
        f'<value xsi:type="CD" code="1" codeSystem="{OID}.2100"/>',
        {"item": "urine_sugar", "value_code": "1", "value_system": f"{OID}.2100"},
    ),
    (QUESTION, '<value xsi:type="CD" code="2"/>', {"answer_code": "2", "answer_system": f"{OID}.24060"}),
    ("9N866000000000001", pq("21.5", 'unit="kg/m2"'), {"answer_number": Decimal("21.5"), "unit": "kg/m2"}),
    (
        "5C070000002306201",
        '<value xsi:type="IVL_PQ"><high value="0.1" unit="mg/dL" inclusive="false"/></value>',
        {"item": "crp", "comparator": "lt", "value_number": Decimal("0.1"), "unit": "mg/dL"},
    ),
    (
        "5C070000002306201",
        '<value xsi:type="IVL_PQ"><low value="9.9" unit="mg/dl"/></value>',
        {"item": "crp", "comparator": "ge", "value_number": Decimal("9.9"), "unit": "mg/dL"},
    ),
    ("5B999000002399901", pq("3", 'unit="mg/dL"'), {"value_number": Decimal(3), "unit": "mg/dL"}),  # not in our table
    (
        HEIGHT,
        pq("1") + '<interpretationCode code="HH"/><referenceRange><observationRange><value xsi:type="IVL_PQ">'
        '<low value="0.5"/><high value="架空"/></value></observationRange></referenceRange>',
        tall("1", flag="HH", ref_low=Decimal("0.5")),
    ),
    (HEIGHT, pq("1") + '<interpretationCode code="架空"/>', tall("1")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "inner", "wanted"), KEPT)
def test_values_are_kept_by_their_type(code: str, inner: str, wanted: dict[str, object]) -> None:
    assert one(result(code, inner)) == (wanted, {})


DROPPED = [
    (TEXT, '<value xsi:type="ST">架空花子と相談</value>', "checkup.free_text"),
    (TEXT, '<value xsi:type="CD" code="1"/>', "checkup.free_text"),  # a text item stays one, whatever it says
    (HEIGHT, '<value xsi:type="ST">架空花子</value>', "checkup.free_text"),
    (HEIGHT, '<value xsi:type="ED">架空花子</value>', "checkup.free_text"),
    (HEIGHT, "<value>架空花子</value>", "checkup.free_text"),
    (HEIGHT, '<value xsi:type="CD" code="1"/>', "checkup.value_type"),
    (SUGAR, pq("3"), "checkup.value_type"),
    (HEIGHT, pq("架空花子"), "checkup.number"),
    (HEIGHT, pq("03012345678"), "checkup.number"),  # a telephone number
    (HEIGHT, pq("１７１"), "checkup.number"),
    (HEIGHT, pq("1e3"), "checkup.number"),
    (HEIGHT, pq("171", 'unit="架空花子"'), "checkup.unit"),
    (HEIGHT, '<value xsi:type="IVL_PQ"><low value="1"/><high value="2"/></value>', "checkup.number"),
    (SUGAR, '<value xsi:type="CO" code="架空花子"/>', "checkup.value_code"),
    (SUGAR, '<value xsi:type="CO" code="0312345678"/>', "checkup.value_code"),
    (SUGAR, f'<value xsi:type="CO" code="1" codeSystem="{OID}.209.106132013"/>', "checkup.value_system"),
    (SUGAR, '<value xsi:type="CO" code="1" codeSystem="1.2.840.03012345678"/>', "checkup.value_system"),
    (HEIGHT, "", "checkup.no_value"),
    ("", pq("1"), "checkup.unknown_item"),
    ("架空花子の身長", pq("1"), "checkup.unknown_item"),
    ("KARTE000000123456", pq("1"), "checkup.unknown_item"),
    ("9N211161200000001", pq("123456"), "checkup.unknown_item"),  # a film number, as a quantity
    ("5B999000002399949", '<value xsi:type="CD" code="1"/>', "checkup.unknown_item"),  # text by its own code
]


@pytest.mark.parametrize(("code", "inner", "rule"), DROPPED)
def test_values_that_are_not_kept_are_counted(code: str, inner: str, rule: str) -> None:
    assert one(result(code, inner)) == ({}, {rule: 1})


def test_what_was_not_done_has_no_value() -> None:
    assert one(result(HEIGHT, pq("171"), 'negationInd="true"')) == ({"item": "height", "absent": "not_done"}, {})
    assert one(result(HEIGHT, "", 'nullFlavor="ASKU"')) == ({"item": "height", "absent": "unknown"}, {})
    assert one(result(HEIGHT, pq("171"), mood="GOL")) == ({}, {"checkup.mood": 1})
    local = result(HEIGHT, pq("1")).replace("<code ", '<code codeSystem="1.2.3.4" ')
    assert one(local) == ({}, {"checkup.item_system": 1})


def test_results_lie_in_each_other() -> None:
    text = result(TEXT, '<value xsi:type="ST">架空</value>')[7:-8]
    finding = f'<entryRelationship typeCode="RSON">{text}</entryRelationship>'
    inner = f'<value xsi:type="CD" code="1"/>{finding}'
    tables, _, report = stored("checkup-cda", [by_hand(result(HISTORY, inner) + result(HEIGHT, pq("1")))])
    assert tables["test_value"]["code"].to_list() == [HISTORY, HEIGHT]
    assert tables["test_value"]["value_no"].to_list() == [1, 2]
    assert report.warnings["checkup.free_text"] == 1
    deep = result(HEIGHT, pq("1"))[7:-8]
    for _ in range(20):
        deep = result(HISTORY, f'<entryRelationship typeCode="COMP">{deep}</entryRelationship>')[7:-8]
    refused(by_hand(f"<entry>{deep}</entry>"), "checkup.nesting")


def test_groups_that_were_not_done_make_theirs_not_done() -> None:
    inside = result("1020000001", '<value xsi:type="CD" code="1"/>')[7:-8]
    act = '<entry><act classCode="ACT" moodCode="EVN" {}><entryRelationship {}>{}</entryRelationship></act></entry>'
    head = {"code": HEAD["code"].replace('"10"', '"22"')}
    entries = act.format("", "", inside) + act.format('negationInd="true"', "", inside)
    entries += act.format("", 'negationInd="true"', inside)
    tables, _, _ = stored("guidance-cda", [by_hand(entries, head, "90010")])
    assert tables["guidance_item"]["absent"].to_list() == [None, "not_done", "not_done"]
    assert tables["guidance_item"]["value_code"].to_list() == ["1", None, None]
    assert tables["guidance_item"]["section"].to_list() == ["90010"] * 3


def test_texts_of_observations_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cda_observations, "TEXTS", 2)
    judged: list[str] = []
    kept = cda_observations.Observations(lambda said, _: judged.append(said.code) or Meaning(dropped=(said.code,)))
    sections = [etree.fromstring(by_hand(result(code)))[-1][0][0][0] for code in (HEIGHT, SUGAR, HISTORY)]
    long = etree.fromstring(by_hand(result(TEXT, f"<text>{'架空' * cda_observations.LONGEST}</text>")))[-1][0][0][0]
    for section, code in zip([*sections, long], (HEIGHT, SUGAR, HISTORY, TEXT), strict=True):
        for _ in range(2):
            assert [meaning.dropped for meaning in kept.of([section])] == [(code,)]
    kept.of(sections[:1])
    assert judged == [HEIGHT, SUGAR, HISTORY, TEXT, TEXT, HEIGHT]


def test_a_result_may_have_a_day_of_its_own() -> None:
    own = result(HEIGHT, '<effectiveTime value="20250509090000+0900"/>' + pq("1"))
    own += result(HEIGHT, '<effectiveTime><low value="20250508"/></effectiveTime>' + pq("1")) + result(HEIGHT, pq("1"))
    own += result(HEIGHT, '<effectiveTime value="架空"/>' + pq("1"))
    tables, _, _ = stored("checkup-cda", [by_hand(own)])
    assert tables["test_value"]["observed"].to_list() == ["2025-05-09", "2025-05-08", "2025-05-10", "2025-05-10"]


def test_many_documents_make_one_parcel() -> None:
    documents = [by_hand(result(HEIGHT, pq(str(n))) * n) for n in (2, 0, 1)]
    tables, people, report = stored("checkup-cda", documents)
    assert tables["test_value"]["claim_no"].to_list() == [0, 0, 2]
    assert tables["test_value"]["value_no"].to_list() == [1, 2, 1]
    assert people["claim_no"].to_list() == [0, 1, 2]
    assert (report.records, report.people) == (3, 3)


def test_people_and_head() -> None:
    tables, people, _ = stored("checkup-cda", [by_hand()])
    found = {name: text for name, text in people.to_dicts()[0].items() if text and name != "claim_no"}
    assert found == {
        "kana": "カクウ タロウ",
        "birth": "19600501",
        "sex": "1",
        "insurer": "06132013",
        "symbol": "架空１２",
        "number": "9876501",
        "branch": "01",
        "phone": "03-0000-4321",
        "address": "東京都港区架空町７－８",
    }
    shown = repr(tables["checkup"].to_dicts())
    assert "'birth_month': '1960-05'" in shown
    assert "'facility': '1312345678'" in shown
    assert not [word for word in PLANTED if word in shown]


def test_a_name_that_is_no_kana_is_a_name() -> None:
    other = {"recordTarget": HEAD["recordTarget"].replace("カクウ　タロウ", "<family>架空</family><given>太郎</given>")}
    _, people, _ = stored("checkup-cda", [by_hand(head=other)])
    assert (people["name"][0], people["kana"][0]) == ("架空太郎", "")


def refused(data: bytes, rule: str, form: str = "checkup-cda") -> None:
    """The document is refused by this rule, and the refusal shows nothing of it."""
    with pytest.raises(BadFile) as caught:
        document_format(form).document(data, {})
    shown = "".join(traceback.format_exception(caught.value))
    assert caught.value.rule == rule
    assert caught.value.remedy
    assert caught.value.__cause__ is None
    assert not [word for word in PLANTED if word in shown]


def without(part: str, *, of: str = "recordTarget") -> dict[str, str]:
    assert part in HEAD[of]
    return {of: HEAD[of].replace(part, "")}


def changed(part: str, other: str, *, of: str = "recordTarget") -> dict[str, str]:
    assert part in HEAD[of]
    return {of: HEAD[of].replace(part, other)}


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ({"typeId": ""}, "checkup.structure"),
        (changed("113883.1.3", "113883.1.4", of="typeId"), "checkup.structure"),
        ({"code": ""}, "checkup.structure"),
        ({"code": HEAD["code"] * 2}, "checkup.structure"),
        (changed(".6.1001", ".6.1002", of="code"), "checkup.structure"),
        (changed('"10"', '"99"', of="code"), "checkup.report_class"),
        (changed('"10"', '"21"', of="code"), "checkup.report_class"),  # guidance is of the other format
        ({"recordTarget": ""}, "checkup.structure"),
        ({"recordTarget": HEAD["recordTarget"] * 2}, "checkup.structure"),
        ({"author": ""}, "checkup.structure"),
        ({"custodian": ""}, "checkup.structure"),
        ({"documentationOf": ""}, "checkup.structure"),
        (changed("<patient>", "<patient/><patient>"), "checkup.structure"),
        (changed('<birthTime value="19600501"/>', ""), "checkup.birth"),
        (changed("19600501", "19600231"), "checkup.birth"),
        (changed("19600501", "S350501"), "checkup.birth"),
        (changed('<administrativeGenderCode code="1"/>', ""), "checkup.sex"),
        (changed('Code code="1"', 'Code code="架空"'), "checkup.sex"),
        (changed("20250510", "２０２５", of="documentationOf"), "checkup.date"),
        (changed('<id root="1.2.392.200119.6.205" extension="9876501"/>', '<id root="1.2.392.200119.6.205" '
         'extension="9876501"/><id root="1.2.392.200119.6.205" extension="9876502"/>'), "checkup.ambiguous"),
        (changed("カクウ　タロウ", "カクウ\x7fタロウ"), "checkup.structure"),
    ],
)  # fmt: skip
def test_a_head_that_is_not_right_is_refused(head: dict[str, str], rule: str) -> None:
    refused(by_hand(head=head), rule)


def test_a_report_class_nobody_knows_is_refused_by_the_reader_of_checkups() -> None:
    placeholder = by_hand(head=changed('"10"', '"99999999"', of="code"))
    assert list(claimants(placeholder)) == ["checkup-cda"]
    refused(placeholder, "checkup.report_class")
    elsewhere = by_hand(head={"code": '<code code="99999999"/>'})
    assert list(claimants(elsewhere)) == []  # not said to be of the ministry's list


def test_what_is_said_twice_alike_is_taken_and_differently_left_out() -> None:
    facility = '<id root="1.2.392.200119.6.102" extension="1312345678"/>'
    twice = changed(facility, facility * 2, of="documentationOf")
    tables, _, report = stored("checkup-cda", [by_hand(head=twice)])
    assert tables["checkup"]["facility"].to_list() == ["1312345678"]
    other = changed(facility, facility + facility.replace("5678", "5679"), of="documentationOf")
    tables, _, report = stored("checkup-cda", [by_hand(head=other)])
    assert tables["checkup"]["facility"].to_list() == [None]
    assert report.warnings["checkup.several:facility"] == 1


def test_without_a_card_a_document_is_taken_and_counted() -> None:
    bare = changed('<id root="1.2.392.200119.6.205" extension="9876501"/>', '<id nullFlavor="NI"/>')
    assert stored("checkup-cda", [by_hand(head=bare)])[2].warnings["checkup.no_card"] == 1


GOOD = by_hand(result(HEIGHT, pq("171.2")))


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.empty"),
        (b"<", "xml.form"),
        (GOOD[:-3], "xml.form"),
        (GOOD + b"<a/>", "xml.form"),
        (GOOD.replace(b"UTF-8", b"Shift_JIS"), "xml.encoding"),
        (GOOD.decode().encode("utf-16"), "xml.form"),
        (GOOD.decode().encode("cp932"), "xml.form"),
        (GOOD.replace(b"?><", b"?><!DOCTYPE a [<!ENTITY b 'c'>]><"), "xml.doctype"),
        (GOOD.replace("カクウ".encode(), b"&b;"), "xml.form"),
        (GOOD.replace(b"<entry>", b"<entry>" + b"<a>" * 5_000), "xml.form"),
        (b"<a>" + b"<a/>" * (XML_BYTES // 4) + b"</a>", "document.size"),
        (GOOD.replace(b"<custodian>", b'<custodian xmlns:a="urn:' + b"a" * 600 + b'">'), "xml.namespace"),
        (GOOD.replace(b"<custodian>", b"<custodian xmlns:" + b"a" * 600 + b'="urn:a">'), "xml.namespace"),
        (GOOD.replace(b"<custodian>", b"<custodian>" + b"<a/>" * 6_000), "xml.elements"),
        (b"<a/>", "checkup.root"),
        (GOOD.replace(b"urn:hl7-org:v3", b"urn:hl7-org:v2"), "checkup.root"),
    ],
)
def test_bytes_that_are_no_document_are_refused(data: bytes, rule: str) -> None:
    refused(data, rule)


def test_entities_are_never_expanded() -> None:
    bomb = b"<!DOCTYPE l [<!ENTITY a '" + b"x" * 1000 + b"'><!ENTITY b '" + b"&a;" * 1000 + b"'>]>"
    refused(GOOD.replace(b"?><", b"?>" + bomb + b"<"), "xml.doctype")
    outside = b"<!DOCTYPE l [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>"
    refused(GOOD.replace(b"?><", b"?>" + outside + b"<").replace("カクウ".encode(), b"&a;"), "xml.doctype")


def test_schemas_of_a_delivery_are_passed_over() -> None:
    data = b'<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3"/>'
    with pytest.raises(PassedOver, match=r"checkup\.schema_file"):
        document_format("checkup-cda").document(data, {})


def test_options_are_known() -> None:
    for options in ({"colour": "blue"}, {"schemas": "/nowhere/at/all"}, {"schemas": 1}):
        with pytest.raises(FixConfiguration):
            list(document_format("checkup-cda").read(io.BytesIO(GOOD), Report(), options))


WHOLE = by_hand(
    result(HEIGHT, pq("171.2")) + result(TEXT, "<value xsi:type='ST'>カクウ</value>")
    + result(HISTORY, '<value xsi:type="CD" code="1"/>')
    + "<entry><text>カクウ 9876501</text></entry>"
)  # fmt: skip
PUT = st.sampled_from(
    [b"", b"<", b">", b'"', b"&", b"/>", b"<observation>", b"</entry>", "カクウ".encode(), b"9876501"]
)
CUTS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), PUT), min_size=1, max_size=3)


@settings(max_examples=300, deadline=None)
@given(CUTS)
def test_a_mutated_document_never_leaks_and_never_crashes(cuts: list[tuple[float, int, bytes]]) -> None:
    data = WHOLE
    for where, length, put in cuts:
        at = int(where * len(data))
        data = data[:at] + put + data[at + length :]
    shown = ""
    try:
        shown = repr([frame.to_dicts() for frame in stored("checkup-cda", [data])[0].values()])
    except BadFile as refusal:
        shown = "".join(traceback.format_exception(refusal))
    except PassedOver:
        pass
    assert not [word for word in PLANTED if word in shown]
