"""What a message becomes: rows by segment, and everything that must not be in them."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.receipt import Applied
from provision.errors import FixConfiguration
from provision.formats import get
from provision.formats.base import BadFile, Report
from provision.intake.deidentify import deidentify
from tests.support import hl7

HOSPITAL = {"facility": hl7.FACILITY}


def taken(
    data: bytes, options: Mapping[str, Any] | None = None, form: str = "ssmix2"
) -> dict[str, list[dict[str, Any]]]:
    """What would be stored, by table, without claim numbers and empty cells; the report under ``counts``."""
    report, applied, found = Report(), Applied(), dict[str, list[dict[str, Any]]]()
    for parcel in get(form).read(io.BytesIO(data), report, options or {}):
        for table, frame in deidentify(parcel, get(form).dataset, report, applied).items():
            rows = [
                {name: cell for name, cell in row.items() if cell is not None} for row in frame.iter_rows(named=True)
            ]
            found.setdefault(table, []).extend({k: v for k, v in row.items() if k != "claim_no"} for row in rows)
    return found | {"counts": [dict(report.warnings)]}


def person(data: bytes, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    (parcel,) = get("ssmix2").read(io.BytesIO(data), Report(), options or {})
    return {name: cell for name, cell in parcel.people.row(0, named=True).items() if cell}


def refused(data: bytes, options: Mapping[str, Any] | None = None, form: str = "ssmix2") -> BadFile:
    with pytest.raises(BadFile) as caught:
        list(get(form).read(io.BytesIO(data), Report(), options or {}))
    return caught.value


def in1(numbers: str = "", plan: str = "06^組合^JHSD0001", payer: str = "06132013") -> str:
    said = {1: "1", 2: plan, 3: payer, 4: "架空組合", 10: numbers, 11: "架空商事", 12: "20240401", 13: "20270331"}
    return hl7.segment("IN1", {**said, 16: "架空山^太郎", 17: "SEL^本人^HL70063", 18: "19550101"})


def test_patient_information() -> None:
    found = taken(
        hl7.message(
            "ADT^A08",
            "EVN||20250502|||110^架空医^一郎|202505021000",
            "NK1|1|架空山^太郎|SEL|架空町|03-0000-2222",
            hl7.segment("PV1", {2: "I", 3: "32^302^1", 7: "220^架空医^一郎", 10: "01", 44: "20250501", 45: "20250509"}),
            "OBX|1|NM|9N001000000000001^身長^JC10||157.8|cm^cm^ISO+|||||F",
            "OBX|2|CWE|5H010000009199911^血液型^JC10||A^A^JSHR002||||||F",
            "AL1|1|DA^薬剤アレルギー^HL70127|1^ペニシリン^99XYZ|MO",
            in1("01-02~345~06"),
        )
    )
    assert found["message"] == [
        {
            "facility": hl7.FACILITY, "message_type": "ADTA08", "action": "N", "message_date": "2025-05-03",
            "service_month": "2025-05", "event_date": "2025-05-02", "birth_month": "1956-02", "sex": "2", "zip3": "100",
            "insurer": "06132013",
        }
    ]  # fmt: skip
    assert found["encounter"] == [
        {"patient_class": "I", "department": "01", "admitted": "2025-05-01", "discharged": "2025-05-09"}
    ]
    assert found["insurance"] == [
        {"plan": "06", "insurer": "06132013", "since": "2024-04-01", "until": "2027-03-31", "relation": "SEL"}
    ]
    assert found["allergy_brief"] == [{"allergen_type": "DA", "severity": "MO"}]
    assert [row.get("item") for row in found["test_value"]] == ["height", None]
    assert found["test_value"][0]["value_number"] == Decimal("157.8000")
    assert found["test_value"][1]["value_code"] == "A"
    assert found["counts"][0]["hl7.relatives"] == 1


def test_who_it_is() -> None:
    found = person(hl7.message("ADT^A08", in1("01-02~345~06")))
    assert found == {
        "name": "架空山　花子", "kana": "カクウヤマ　ハナコ", "birth": "19560203", "sex": "2",
        "insurer": "06132013", "symbol": "01-02", "number": "345", "branch": "06", "facility": hl7.FACILITY,
        "chart": "0000004711", "phone": "03-0000-1111", "address": "東京都千代田区架空１の１",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("架空山^花子", ("架空山　花子", None)),
        ("カクウヤマ^ハナコ", (None, "カクウヤマ　ハナコ")),
        ("KAKUYAMA^HANAKO^^^^^L^A~架空山^花子^^^^^L^I", ("架空山　花子", None)),
        ("ｶｸｳﾔﾏ^ﾊﾅｺ", (None, "ｶｸｳﾔﾏ　ﾊﾅｺ")),
    ],
)
def test_names_by_their_form(written: str, wanted: tuple[str | None, str | None]) -> None:
    found = person(hl7.message("ADT^A08", pid=f"PID|1||4711||{written}||19560203|F", encoding="utf-8"))
    assert (found.get("name"), found.get("kana")) == wanted


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ("01~345", ("01", "345", None)),
        ("345", (None, "345", None)),
        ("~345~02", (None, "345", "02")),
        ("1~2~3~4", (None, None, None)),
    ],
)
def test_numbers_of_the_card(numbers: str, wanted: tuple[str | None, ...]) -> None:
    found = person(hl7.message("ADT^A08", in1(numbers)))
    assert tuple(found.get(name) for name in ("symbol", "number", "branch")) == wanted


def test_a_public_expense_is_no_card() -> None:
    public = in1("9876543", "12^生活保護^JHSD0001", "12132013")
    data = hl7.message("ADT^A08", public, in1("01~345"))
    assert (person(data)["insurer"], person(data)["number"]) == ("06132013", "345")
    assert [row.get("payer") for row in taken(data)["insurance"]] == ["12132013", None]
    assert "9876543" not in repr(taken(data))


def test_the_card_of_problems_tells_who_it_is_and_is_not_stored() -> None:
    zi1 = "ZI1|1|01^協会^JHSD0001|01130012|協会||||||123456|11010203|20240401"
    data = hl7.message("PPR^ZD1", "PRB|AD|20250503|20054174^胃炎^MDCDX2|1", zi1)
    assert {name: person(data)[name] for name in ("insurer", "symbol", "number")} == {
        "insurer": "01130012", "symbol": "123456", "number": "11010203",
    }  # fmt: skip
    assert "11010203" not in repr(taken(data))


def test_facility_by_header_or_option() -> None:
    unknown = hl7.message("ADT^A08", facility="SEND")
    assert "facility" not in person(unknown)
    assert taken(unknown)["counts"][0]["hl7.no_facility"] == 1
    assert person(unknown, HOSPITAL)["facility"] == hl7.FACILITY
    assert taken(unknown, HOSPITAL)["message"][0]["facility"] == hl7.FACILITY
    assert refused(hl7.message("ADT^A08"), {"facility": "1311111111"}).rule == "hl7.facility"


def test_problems() -> None:
    prb = hl7.segment(
        "PRB",
        {1: "AD", 3: "20054174^胃炎^MDCDX2", 4: "123", 7: "20250401", 9: "20250502", 10: "K29.7^^I10",
         14: "N^回復せず^HL70241", 16: "20250331", 17: "食べすぎ", 18: "1^主診断^JHSD0007"},
    )  # fmt: skip
    found = taken(hl7.message("PPR^ZD1", prb, "ZPR||20054174", "PRB|AD|20250503|^書いただけの病名|124"))
    assert found["diagnosis"] == [
        {
            "action": "AD", "disease_no": "20054174", "icd10": "K297", "established": "2025-04-01",
            "resolved": "2025-05-02", "outcome": "N", "onset": "2025-03-31", "rank": "1",
        }
    ]  # fmt: skip
    assert found["counts"][0] == {"hl7.z_segments": 1, "hl7.uncoded_diagnoses": 1}


def test_allergies() -> None:
    found = taken(
        hl7.message(
            "ADT^A60",
            "IAM|1|LA^花粉アレルギー^HL70127|5A1002216023023^スギ^JC10|MI^軽度^HL70128|目のかゆみ|A|||||19960203",
            "IAM|2|DA^薬剤アレルギー^HL70127|106824501^薬^HOT9|MO|のどの渇き|A||||||小学校の頃",
            "IAM|3||^父の名前",
        )
    )
    assert found["allergy"] == [
        {"allergen_type": "LA", "allergen_system": "JLAC10", "allergen_code": "5A1002216023023", "severity": "MI",
         "since": "1996-02-03"},
        {"allergen_type": "DA", "allergen_system": "HOT9", "allergen_code": "106824501", "severity": "MO"},
    ]  # fmt: skip
    assert "かゆみ" not in repr(found)


ORC = hl7.segment(
    "ORC",
    {1: "NW", 2: "11000185", 9: "20250503103045", 10: "058^架空入力^花子", 12: "110^架空医^一郎", 29: "O^外来^HL70482"},
)


def test_prescriptions() -> None:
    found = taken(
        hl7.message(
            "RDE^O11",
            hl7.PV1,
            ORC,
            "RXE||108665201^架空錠^HOT9|1||TAB^錠^MR9P|TAB^錠剤^MR9P||||15|TAB^錠^MR9P||||20250503||||3^TAB&錠&MR9P",
            "TQ1|1||1013044400000000&朝昼夕食後&JAMISDP01|||5^d|2025050300",
            "RXR|PO^口^HL70162",
            ORC,
            "RXE||00^一般^99I02|510||ML^ミリリットル^MR9P|INJ^注射剤^MR9P|^５時間で^99IC6",
            "TQ1|1||||||202505030800|202505031300",
            "RXR|IV^静脈内^HL70162",
            "RXC|B|620007329^輸液^HOT9|1|HON^本^MR9P",
        )
    )
    order = {"order_control": "NW", "ordered": "2025-05-03", "setting": "O"}
    assert found["prescription"] == [
        {"line": 1, **order, "drug_system": "HOT9", "drug_code": "108665201", "dose": Decimal("1.0000"),
         "dose_unit": "TAB", "dosage_form": "TAB", "dispensed": Decimal("15.0000"), "dispensed_unit": "TAB",
         "daily_dose": Decimal("3.0000"), "usage": "1013044400000000", "days": 5, "started": "2025-05-03",
         "route": "PO"},
        {"line": 2, **order, "dose": Decimal("510.0000"), "dose_unit": "ML", "dosage_form": "INJ",
         "started": "2025-05-03", "ended": "2025-05-03", "route": "IV"},
    ]  # fmt: skip
    assert found["component"] == [
        {"line": 2, "component_kind": "B", "drug_system": "HOT9", "drug_code": "620007329",
         "amount": Decimal("1.0000"), "amount_unit": "HON"}
    ]  # fmt: skip


def test_administrations() -> None:
    said = {3: "20250503080521", 4: "20250503130543", 5: "620007329^輸液^HOT9", 6: "1", 7: "HON^本^MR9P"}
    rxa = hl7.segment("RXA", {**said, 9: "^左手に^99IC2", 10: "200^架空看護^花子", 11: "09A", 20: "CP"})
    found = taken(hl7.message("RAS^O17", ORC, rxa, rxa, "RXR|IV^静脈内^HL70162", rxa, "RXR|PO^口^HL70162"))
    assert [row.get("route") for row in found["administration"]] == ["IV", "IV", "PO"]
    assert found["administration"][0] == {
        "started": "2025-05-03", "ended": "2025-05-03", "drug_system": "HOT9", "drug_code": "620007329",
        "amount": Decimal("1.0000"), "amount_unit": "HON", "route": "IV", "completion": "CP",
    }  # fmt: skip


@pytest.mark.parametrize("lone", ["RXR|PO^口^HL70162", "RXC|B|620007329^輸液^HOT9"])
def test_a_part_without_what_it_is_of(lone: str) -> None:
    assert refused(hl7.message("RDE^O11", ORC, lone)).rule == "hl7.order"


def test_results_and_their_days() -> None:
    """OUL^R22: the specimen's day, then the test's own; ORC stands behind OBR."""
    found = taken(
        hl7.message(
            "OUL^R22",
            "SPM|1|19001||023^血清^JC10|||||||||||||20250502",
            hl7.segment("OBR", {2: "354", 4: "9A110^心電図^JC10", 16: "607^架空医^一郎", 25: "F"}),
            ORC.replace("ORC|NW", "ORC|SC"),
            "OBX|1|NM|3A010000002327101^総蛋白^JC10||7.2|g/dl^g/dl^99XYZ|6.7-8.3|H|||F",
            hl7.segment(
                "OBX",
                {1: "2", 2: "NM", 3: "3A015000002327101^アルブミン^JC10", 5: "4.9", 6: "g/dl", 11: "F", 14: "20250503"},
            ),
        )
    )
    assert found["examination"] == [
        {"order_control": "SC", "ordered": "2025-05-03", "setting": "O", "service_system": "JLAC10",
         "service_code": "9A110", "status": "F"}
    ]  # fmt: skip
    first, second = found["test_value"]
    assert first == {
        "value_no": 1, "observed": "2025-05-02", "item": "total_protein", "code_system": "jlac10",
        "code": "3A010000002327101", "value_number": Decimal("7.2000"), "unit": "g/dL",
        "ref_low": Decimal("6.7000"), "ref_high": Decimal("8.3000"), "flag": "H",
    }  # fmt: skip
    assert (second["value_no"], second["item"], second["unit"]) == (2, "albumin", "g/dL")


def obx(
    kind: str, text: str, *, code: str = "3D046000001906202^HbA1c^JC10", unit: str = "%", rest: str = "|||||F"
) -> str:
    return f"OBX|1|{kind}|{code}||{text}|{unit}{rest}"


@pytest.mark.parametrize(
    ("segment", "wanted"),
    [
        (obx("NM", "6.1"), {"value_number": Decimal("6.1000")}),
        (obx("NM", "<5"), {"value_number": Decimal("5.0000"), "comparator": "lt"}),
        (obx("NM", "５．２以下"), {"value_number": Decimal("5.2000"), "comparator": "le"}),
        (obx("SN", ">=^5"), {"value_number": Decimal("5.0000"), "comparator": "ge"}),
        (obx("SN", "^5"), {"value_number": Decimal("5.0000")}),
        (obx("CWE", "(1+)^(1+)^99X"), {"value_code": "1pos"}),
        (obx("CWE", "9^(－)^99X"), {"value_code": "neg"}),
        (obx("CWE", "3^三^1.2.392.200119.6.2102"), {"value_code": "3", "value_system": "1.2.392.200119.6.2102"}),
        (obx("NM", "", rest="|||||X"), {"absent": "not_measurable"}),
        (obx("NM", "6.1", rest="|<7.0||||F"), {"value_number": Decimal("6.1000"), "ref_high": Decimal("7.0000")}),
        (obx("NM", "6.1", rest="|>=4||||F"), {"value_number": Decimal("6.1000"), "ref_low": Decimal("4.0000")}),
        (obx("NM", "6.1", rest="||HH~x|||F"), {"value_number": Decimal("6.1000"), "flag": "HH"}),
        (obx("NM", "6.1", rest="|9-7||||F"), {"value_number": Decimal("6.1000")}),
        (obx("NM", "6.1", code="77^私の^99X~^x^"), None),
    ],
)  # fmt: skip
def test_values(segment: str, wanted: dict[str, Any] | None) -> None:
    found = taken(hl7.message("ORU^R01", segment, encoding="utf-8"))
    if wanted is None:
        assert "test_value" not in found
        return
    fixed = {"value_no": 1, "item": "hba1c", "code_system": "jlac10", "code": "3D046000001906202", "unit": "%"}
    assert found["test_value"] == [fixed | wanted]


@pytest.mark.parametrize(
    ("segment", "rule"),
    [
        (obx("FT", "6.1"), "hl7.free_text"),
        (obx("TX", "6.1"), "hl7.free_text"),
        (obx("TX", "架空山花子様の結果"), "hl7.free_text"),
        (obx("ED", "^APPLICATION^PDF^Base64^JVBERi0x"), "hl7.free_text"),
        (obx("XCN", "123^架空医^一郎"), "hl7.results_not_kept"),
        (obx("NM", "架空山"), "hl7.results_not_kept"),
        (obx("SN", "^1^:^128"), "hl7.results_not_kept"),
        (obx("CWE", "7^七^99X"), "hl7.results_not_kept"),
        (obx("NM", "6.1", rest="|||||D"), "hl7.results_taken_back"),
        (obx("NM", ""), "hl7.no_result"),
        (obx("NM", "6.1", code="3D046^短い^JC10"), "hl7.local_items"),
        (obx("NM", "6.1", code="架空山^花子^JC10"), "hl7.local_items"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_counted(segment: str, rule: str) -> None:
    found = taken(hl7.message("ORU^R01", segment))
    assert "test_value" not in found
    assert found["counts"][0][rule] == 1


LOCAL = {"items": {"30046": "hba1c", "30101": "urine_protein"}}


@pytest.mark.parametrize(
    ("segment", "wanted"),
    [
        (obx("ST", "6.1"), {"value_number": Decimal("6.1000"), "unit": "%"}),
        (obx("ST", "６．１ "), {"value_number": Decimal("6.1000"), "unit": "%"}),
        (obx("ST", "250000", unit="zorkmid"), {"value_number": Decimal("250000.0000")}),
        (obx("ST", "<0.5"), {"value_number": Decimal("0.5000"), "comparator": "lt", "unit": "%"}),
        (obx("ST", "0.5未満"), {"value_number": Decimal("0.5000"), "comparator": "lt", "unit": "%"}),
        (obx("ST", "6.1", code="4548-4^HbA1c^LN"), {"value_number": Decimal("6.1000"), "unit": "%"}),
        (obx("ST", "6.1", code="3D0460000019062^HbA1c^JC10"), {"value_number": Decimal("6.1000"), "unit": "%"}),
        (obx("ST", "6.1", code="30046^HbA1c^99X"), {"value_number": Decimal("6.1000"), "unit": "%"}),
    ],
)  # fmt: skip
def test_a_number_that_is_written_as_text_is_one(segment: str, wanted: dict[str, Any]) -> None:
    """Only of items whose result is a number; unit, range and flag are read as of any number."""
    for form in ("ssmix2", "hl7v2"):
        found = taken(hl7.message("ORU^R01", segment, encoding="utf-8"), LOCAL, form)
        (row,) = found["test_value"]
        assert {name: row[name] for name in ("value_number", "comparator", "unit") if name in row} == wanted
        assert found["counts"][0]["hl7.numbers_as_text"] == 1


@pytest.mark.parametrize(
    "segment",
    [
        *[obx("ST", text) for text in (
            "6.1 再検", "架空山花子", "03-0000-1111", "0471100", "1234567", "0012", "+6", "-6", "6.12345", "1e3", "6,1",
            "6.1^6.2", "6.1~6.2", "<", "以上", "５，０００", "2025-05-03", "5-7", "(1+)", "陰性",
        )],
        obx("ST", "6.1", code="3D046000001906249^HbA1c コメント^JC10"),  # 結果識別 49 is text
        obx("ST", "6.1", code="3D046000001906211^HbA1c 判定^JC10"),
        obx("ST", "3", code="1A010000000191111^尿蛋白^JC10"),  # an item whose result is a sign
        obx("ST", "3", code="30101^尿蛋白^99X"),
        obx("ST", "6.1", code="3D999000001906201^不明^JC10"),  # of no item of ours
    ],
)  # fmt: skip
def test_any_other_text_goes(segment: str) -> None:
    found = taken(hl7.message("ORU^R01", segment, encoding="utf-8"), LOCAL)
    assert "test_value" not in found
    assert found["counts"][0]["hl7.free_text"] == 1
    assert "hl7.numbers_as_text" not in found["counts"][0]


NEARLY = st.text(st.sampled_from(list("0123456789.<>=≦≧ +-以上下未満超")), min_size=1, max_size=9)


@settings(max_examples=150, deadline=None)
@given(
    NEARLY | st.text(st.characters(exclude_characters="|\\^~&\r\n", exclude_categories=["C"]), min_size=1, max_size=12)
)
def test_of_text_nothing_but_a_number_can_be_kept(text: str) -> None:
    found = taken(hl7.message("ORU^R01", obx("ST", text), encoding="utf-8"))
    kept = found.get("test_value", [{}])[0].get("value_number")
    digits = re.sub(r"[^0-9.]", "", unicodedata.normalize("NFKC", text))
    assert kept is None or kept == Decimal(digits)
    assert kept is None or len(text.strip()) <= len(digits) + 3  # a comparator, and a blank behind it


def test_a_unit_nobody_knows_is_counted() -> None:
    found = taken(hl7.message("ORU^R01", obx("NM", "6.1", unit="zorkmid")))
    assert "unit" not in found["test_value"][0]
    assert found["counts"][0]["hl7.units_not_known"] == 1


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("mg/dl", "mg/dL"),
        ("MG/DL", "mg/dL"),
        ("ＩＵ／Ｌ", "U/L"),
        ("℃", "Cel"),
        ("bpm", "/min"),
        ("10^4/μl", "10*4/uL"),
    ],
)
def test_units_in_one_spelling(said: str, wanted: str) -> None:
    found = taken(hl7.message("ORU^R01", obx("NM", "6.1", unit=said.replace("^", r"\S\ ".strip())), encoding="utf-8"))
    assert found["test_value"][0]["unit"] == wanted


def test_local_codes_are_kept_where_the_source_declares_them() -> None:
    data = hl7.message(
        "ORU^R01", obx("NM", "6.1", code="30046^糖化^99X03"), obx("NM", "62", code="01-02^体重^JSHR001", unit="kg")
    )
    found = taken(data, {"items": {"30046": "hba1c"}})
    assert found["test_value"] == [
        {"value_no": 1, "item": "hba1c", "code_system": "declared", "value_number": Decimal("6.1000"), "unit": "%"}
    ]
    assert found["counts"][0]["hl7.local_items"] == 1


def test_public_codes_go_before_declared_ones() -> None:
    both = obx("NM", "6.1", code="30046^糖化^99X03^3D046000001906202^HbA1c^JC10")
    (found,) = taken(hl7.message("ORU^R01", both), {"items": {"30046": "weight"}})["test_value"]
    assert (found["item"], found["code_system"]) == ("hba1c", "jlac10")


@pytest.mark.parametrize(
    "options",
    [{"facility": "123"}, {"items": {"1": "moon"}}, {"items": ["1"]}, {"encoding": "utf-8"}, {"colour": "blue"}],
)
def test_options_that_say_nothing_usable(options: dict[str, Any]) -> None:
    with pytest.raises(FixConfiguration):
        taken(hl7.message("ADT^A08"), options)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (hl7.message("ADT^A08", pid=""), "hl7.no_patient"),
        (hl7.message("ADT^A08").rstrip(b"\x1c\r"), "hl7.cut_off"),
        (hl7.message("ADT^A08", "EVN||20250502|||||2025")[:-6], "hl7.cut_off"),
        (hl7.message("ADT^A08", pid="PID|1||^^^^PI||架空山^花子"), "hl7.no_patient"),
        (hl7.message("ADT^A08", "PID|1||4712"), "hl7.patients"),
        (hl7.message("ADT^A08", pid="PID|1||4711^^^^PI~4712^^^^PI"), "hl7.patients"),
        (hl7.message("ADT^A99"), "hl7.type"),
        (hl7.message("ADT^A11"), "hl7.type"),
        (hl7.message("ADT^A08").replace(b"|P|2.5|", b"|T|2.5|"), "hl7.processing"),
        (hl7.message("ADT^A08").replace(b"|P|2.5|", b"|P|3.0|"), "hl7.version"),
        (hl7.message("ADT^A08").replace(b"20250503101500.000", b""), "hl7.date"),
        (hl7.message("ADT^A08") + hl7.message("ADT^A08"), "hl7.control"),
        (hl7.message("ADT^A08", hl7.msh("ADT^A08")), "hl7.messages"),
        (hl7.message("ADT^A08").replace(b"\rPID", b"\rP1D"), "hl7.no_patient"),
        (hl7.message("ADT^A08", "NTE|1||a\0b"), "hl7.control"),
    ],
)
def test_messages_that_are_not_taken(data: bytes, rule: str) -> None:
    error = refused(data)
    assert error.rule == rule
    assert "架空" not in str(error)
    assert "4711" not in str(error)


def test_one_of_several_numbers_of_other_kinds_is_the_chart() -> None:
    assert person(hl7.message("ADT^A08", pid="PID|1||99^^^^XX~4711^^^^PI||架空山^花子"))["chart"] == "4711"


def test_a_document_over_the_limit_is_not_read_on() -> None:
    class Endless(io.RawIOBase):
        read_so_far = 0

        def read(self, size: int = -1) -> bytes:
            self.read_so_far += size
            return b"A" * size

    for form, rule in (("ssmix2", "document.size"), ("hl7v2", "hl7.message_size")):
        stream = Endless()
        with pytest.raises(BadFile) as caught:
            list(get(form).read(stream, Report(), {}))  # type: ignore[arg-type]
        assert caught.value.rule == rule
        assert stream.read_so_far < 40 * 2**20


def test_names_are_seen_where_a_source_says_its_data_are_anonymised() -> None:
    """Intake refuses columns of these classes that are filled; after receipt they are gone."""
    (parcel,) = get("ssmix2").read(io.BytesIO(hl7.message("ADT^A08", in1("01~345~02"))), Report(), {})
    columns = [get("ssmix2").dataset.table("message").column(name) for name in parcel.tables["message"].columns[1:]]
    filled = {c.name for c in columns if str(c.cls) in ("direct", "link") and parcel.tables["message"][c.name][0]}
    assert filled == {"chart", "name", "kana", "address", "phone", "symbol", "number", "branch"}
    assert not filled & set(taken(hl7.message("ADT^A08"))["message"][0])


@pytest.mark.parametrize(
    ("ordered", "wanted"), [("20250402", "2025-04"), ("2025", "2025-05"), ("", "2025-05"), ("昨日", "2025-05")]
)
def test_the_month_is_of_what_the_message_is_about_or_of_the_message(ordered: str, wanted: str) -> None:
    data = hl7.message("RDE^O11", hl7.segment("ORC", {1: "NW", 2: "11", 9: ordered}))
    assert taken(data)["message"][0]["service_month"] == wanted


def test_many_of_a_kind_are_taken() -> None:
    given = hl7.segment("RXA", {3: "20250503", 5: "620007329^輸液^HOT9"})
    found = taken(hl7.message("RAS^O17", *[given] * 20_000, "RXR|IV^静脈内^HL70162"))
    assert len(found["administration"]) == 20_000
    assert {row["route"] for row in found["administration"]} == {"IV"}
