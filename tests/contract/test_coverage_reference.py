"""Every field that the sources of the layouts name is in our field tables, at the same place and no laxer in class.

The reference tables lie beside the project where they are at hand; their counts are carried over as facts, so that the
twin below holds without them. Sources: 記録条件仕様 医科 令和4年4月版 (grade A), transcriptions of 歯科 and 調剤
令和8年6月版 and of DPC of about 2014 (B); a shipping program of nursing-care claims of about 2015 (C); tables of the
DPC survey of 2014 as transcribed by an open parser (B), H and 様式4 as open parsers read them (C); items of the LIFE
interface of 2021 (A).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from provision.formats import formats
from provision.formats.checkup_items import TEXT, item, unit
from provision.formats.coverage import editions
from provision.formats.tables import DROPPED

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "field_tables"
GONE = {str(cls) for cls in DROPPED}
#: Class of the reference -> classes of ours that are as strict; what goes is always strict enough.
AS_STRICT = {
    "DIRECT": GONE, "LINK": GONE, "FREE": GONE, "TECH": GONE, "RES": GONE, "PROV-NAME": GONE, "PROV": {"provider"},
    "BIRTH": {"birth"}, "QUASI/BIRTH": {"birth"}, "ZIP(7->3)": {"zip"}, "INSURER": {"insurer"}, "SENS": {"sensitive"},
    "QUASI": {"quasi", "provider", "sensitive", "birth", "zip", "insurer"},
}  # fmt: skip
#: Fields per record, its kind counted, by family and record: facts of the sources named above.
COUNTS = {
    "uke-medical": {
        "IR": 10, "RE": 38, "HO": 15, "KO": 12, "SN": 9, "JD": 33, "MF": 33, "GR": 3, "SY": 8, "SI": 44, "IY": 44,
        "TO": 48, "CO": 5, "SJ": 3, "TI": 10, "TR": 18, "TS": 5, "GO": 4,
    },
    "uke-dental": {
        "UK": 10, "IR": 9, "RE": 27, "HO": 14, "KO": 10, "SN": 9, "JD": 33, "MF": 33, "HS": 13, "SS": 109, "SI": 38,
        "IY": 39, "TO": 45, "CO": 11, "SJ": 3, "GO": 4,
    },
    "uke-dispensing": {
        "YK": 9, "RE": 42, "HO": 14, "KO": 10, "SN": 9, "JD": 33, "MF": 33, "SH": 10, "CZ": 71, "IY": 10, "TO": 7,
        "CO": 3, "TK": 3, "KI": 114, "ST": 16, "GO": 4,
    },
    "uke-dpc": {
        "RE": 30, "HO": 16, "KO": 13, "BU": 6, "SB": 8, "KK": 14, "SK": 7, "GA": 7, "HH": 9, "GT": 12, "CD": 11,
    },
    # in front of the data stand the kind of line and its running number
    "kaigo": {"7111": 20, "01": 58, "02": 20, "03": 57, "04": 25, "10": 40, "11": 35, "12": 14, "812": 26, "822": 29},
    "dpc-form1": {"row": 17}, "dpc-form4": {"row": 5}, "dpc-ef": {"row": 31}, "dpc-e": {"row": 25},
    "dpc-f": {"row": 19}, "dpc-d": {"row": 30}, "dpc-h": {"row": 20},
    "life": {
        "SERVICE_USER_INFO": 21, "FORM_0000_2021": 89, "FORM_0001_2021": 9, "FORM_0002_2021": 16,
        "FORM_0100_2021": 129, "FORM_0210_2021": 178, "FORM_0220_2021": 156, "FORM_0310_2021": 161,
        "FORM_0320_2021": 52, "FORM_0330_2021": 76, "FORM_0410_2021": 151, "FORM_0420_2021": 221,
        "FORM_0430_2021": 40, "FORM_0440_2021": 172, "FORM_0450_2021": 141, "FORM_0500_2021": 50,
        "FORM_0600_2021": 30, "FORM_0700_2021": 120, "FORM_0800_2021": 15, "FORM_0801_2021": 9,
        "FORM_0900_2021": 19, "FORM_8000_2021": 86,
    },
}  # fmt: skip
DPC = {
    "様式1(FF1)": "dpc-form1",
    "様式4(FF4)": "dpc-form4",
    "EF統合(EFn/EFg)": "dpc-ef",
    "D(Dn)": "dpc-d",
    "H(Hn)": "dpc-h",
}

Places = dict[int, str]
Wanted = list[tuple[str, int, str]]  # record, index, class of the reference


@cache
def layouts(family: str) -> dict[str, list[Places]]:
    """Record -> class by index, once per edition of every format of the family."""
    found: dict[str, list[Places]] = defaultdict(list)
    for name, source in sorted(formats().items()):
        if name.startswith(family):
            for table in editions(source):
                places: dict[str, Places] = defaultdict(dict)
                for field in table.fields:
                    if field.index < 900:
                        places[field.record][field.index] = str(field.column.cls)
                for record, layout in places.items():
                    found[record].append(layout)
    return found


def of_record(family: str, record: str) -> list[Places]:
    """Layouts of a record; of nursing-care plans, whose number tells the edition, those that begin with it."""
    exact = layouts(family)
    return exact.get(record) or [p for name, found in exact.items() if name.startswith(record) for p in found]


def lax(layout: Places, wanted: Wanted) -> list[tuple[str, int, str, str]]:
    """The fields of the reference that a layout does not have, or has in a laxer class."""
    found = []
    for record, index, cls in wanted:
        ours = layout.get(index, "missing")
        if ours == "missing" or (cls in AS_STRICT and ours not in AS_STRICT[cls] | GONE):
            found.append((record, index, cls, ours))
    return found


def agree(family: str, rows: Wanted) -> None:
    """Some edition of every record has every field of the reference, as strict."""
    records: dict[str, Wanted] = defaultdict(list)
    for row in rows:
        records[row[0]].append(row)
    assert records
    for record, wanted in records.items():
        found = [lax(layout, wanted) for layout in of_record(family, record)]
        assert [] in found, (family, record, min(found, key=len, default="no such record"))


def rows(name: str) -> list[dict[str, str]]:
    """The lines of a reference table by heading; skipped where it is not beside the project."""
    path = REFERENCE / name
    if not path.is_file():
        pytest.skip("the reference tables are not beside the project")
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("kind", ["medical", "dental", "dispensing", "dpc"])
def test_uke_agrees_with_the_reference(kind: str) -> None:
    found = [row for row in rows("uke_fields.tsv") if row["claim_kind"] == kind and row["index0"] != "0"]
    agree(f"uke-{kind}", [(row["record"], int(row["index0"]), row["privacy_class"]) for row in found])


def test_nursing_care_agrees_with_the_reference() -> None:
    found = []
    for row in rows("kaigo_fields.tsv"):
        exchange = row["exchange_id"]
        record = (
            exchange.split("rec ")[1][:2] if "rec " in exchange else exchange if exchange == "7111" else exchange[:3]
        )
        found.append((record, int(row["csv_col"]) - 1, row["privacy_class"]))
    agree("kaigo", found)


@pytest.mark.parametrize("file", DPC)
def test_dpc_files_agree_with_the_reference(file: str) -> None:
    found = [
        row for row in rows("dpc_fields.tsv") if row["file"] == file and not row["privacy_class"].startswith("see")
    ]
    agree(DPC[file], [("row", int(row["col1"]) - 1, row["privacy_class"]) for row in found])


def test_payloads_of_form_1_agree_with_the_reference() -> None:
    found = rows("dpc_form1_payload.tsv")
    agree("dpc-form1", [(row["code"], int(row["payload_no"]), row["privacy_class"]) for row in found])


def test_life_agrees_with_the_reference() -> None:
    found = rows("life_fields_v1_2021.tsv")
    agree("life", [(row["interface"], int(row["no"]) - 1, _life_class(row)) for row in found])
    assert len(found) == sum(COUNTS["life"].values())


def _life_class(row: dict[str, str]) -> str:
    """The reference takes every item about staff for a name; a code or a number of theirs tells nobody's."""
    coded = bool(row["codes"]) or row["type"] == "数値"
    return "ORD" if coded and row["privacy_class"] == "PROV-NAME" else row["privacy_class"]


@pytest.mark.parametrize(("family", "record"), [(f, r) for f, records in COUNTS.items() for r in records])
def test_every_record_has_as_many_fields_as_its_source_says(family: str, record: str) -> None:
    widths = {max(layout) + 1 for layout in of_record(family, record)}
    assert COUNTS[family][record] in widths
    for layout in of_record(family, record):
        gaps = set(range(1, max(layout) + 1)) - set(layout)
        assert not gaps, "a field without a line would be kept from the report"


def test_a_laxer_class_would_be_found() -> None:
    wanted = [("RE", 4, "DIRECT"), ("RE", 5, "QUASI"), ("RE", 6, "BIRTH")]
    assert lax({4: "ordinary", 5: "quasi", 6: "reserved"}, wanted) == [("RE", 4, "DIRECT", "ordinary")]
    assert lax({4: "direct", 5: "quasi"}, wanted) == [("RE", 6, "BIRTH", "missing")]


def test_items_of_checkups_agree_with_the_reference() -> None:
    """Every code, its type and its list of results; what is free text there is dropped here."""
    for row in rows("kenshin_items_2024.tsv"):
        known = item(row["code17"])
        assert known is not None, row["code17"]
        assert (known.type, known.system or "") == (row["xml_type"], row["result_oid"].strip())
        assert (known.kind == TEXT) == (row["privacy_class"] in {"FREE", "DIRECT", "PROV-NAME", "QUASI"}), row["code17"]
        assert known.kind == TEXT or unit(row["ucum"]) == (known.unit or ""), row["code17"]
