"""HL7 v2 messages made by hand, of fictitious people, and files in which every field of the table is filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from provision.formats.tables import Field, FieldTable

#: Formats and the encoding of their filled files.
FORMATS: Mapping[str, str] = {"ssmix2": "iso2022_jp", "hl7v2": "utf-8"}
CHARSETS: Mapping[str, str] = {"iso2022_jp": "~ISO IR87", "utf-8": "UNICODE UTF-8", "cp932": "Shift_JIS", "ascii": ""}
PROFILE = "SS-MIX2_1.20^SS-MIX2^1.2.392.200250.2.1.100.1.2.120^ISO"
FACILITY = "1319999998"
CR = "\r"

PID = (
    "PID|0001||0000004711^^^^PI||架空山^花子^^^^^L^I~カクウヤマ^ハナコ^^^^^L^P||19560203|F|||"
    "^^^^100-0001^JPN^H^東京都千代田区架空１の１||^PRN^PH^^^^^^^^^03-0000-1111"
)
PV1 = "PV1|0001|O|01^^^^^C||||110^架空医^一郎^^^^^^^L^^^^^I|||01"


def msh(kind: str, *, encoding: str = "iso2022_jp", facility: str = FACILITY, profile: str = PROFILE) -> str:
    """MSH of a message of type ``ADT^A08``."""
    return (
        rf"MSH|^~\&|HIS|{facility}|GW|RCV|20250503101500.000||{kind}|C0001|P|2.5||||||"
        f"{CHARSETS[encoding]}||ISO 2022-1994|{profile}"
    )


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment of these fields by their HL7 numbers (not MSH)."""
    return "|".join([name, *[fields.get(number, "") for number in range(1, max(fields) + 1)]])


def message(kind: str, *segments: str, encoding: str = "iso2022_jp", pid: str = PID, **header: str) -> bytes:
    """A message of these segments behind MSH and PID (left out where it is ""), as the standard storage writes it."""
    lines = [msh(kind, encoding=encoding, **header), *([pid] if pid else []), *segments]
    return CR.join([*lines, ""]).encode(encoding) + b"\x1c\r"


#: What stands in fields of which something is kept, or that the reader needs to find its way.
_SAID: Mapping[str, Mapping[int, str]] = {
    "EVN": {6: "202505031015"},
    "PID": {
        3: "<3>^^^^PI", 5: "<5>^^^^^^L^I~<905>^^^^^^L^P", 7: "19560203", 8: "M", 11: "^^^^100-0001^JPN^H^<11>",
        29: "20250503", 30: "Y",
    },
    "PV1": {2: "I", 10: "01", 44: "202505031015", 45: "20250503"},
    "IN1": {
        2: "06^組合^JHSD0001", 3: "06132013", 10: "<10>~<910>~<911>", 12: "20250503", 13: "20250503",
        17: "SEL^本人^HL70063",
    },
    "ZI1": {2: "", 3: "", 10: "", 11: ""},
    "PRB": {
        1: "AD", 3: "20054174^胃炎^MDCDX2", 7: "20250503", 9: "20250503", 10: "K29.7^^I10", 14: "N^回復せず^HL70241",
        16: "20250503", 18: "1^主診断^JHSD0007",
    },
    "IAM": {2: "DA^薬剤^HL70127", 3: "106824501^薬^HOT9", 4: "MO^中等度^HL70128", 11: "20250503"},
    "AL1": {2: "DA^薬剤^HL70127", 3: "5A1002216023023^スギ^JC10", 4: "MO^中等度^HL70128", 6: "20250503"},
    "ORC": {1: "NW", 9: "20250503101500", 29: "I^入院患者オーダ^HL70482"},
    "RXE": {
        2: "108665201^薬^HOT9", 3: "1", 5: "TAB^錠^MR9P", 6: "PWD^散剤^MR9P", 10: "15", 11: "TAB^錠^MR9P",
        19: "3^TAB&錠&MR9P",
    },
    "TQ1": {3: "1013044400000000&用法&JAMISDP01", 6: "5^d", 7: "2025050300", 8: "20250503"},
    "RXR": {1: "PO^口^HL70162"},
    "RXC": {1: "B", 2: "2149400F1020^薬^YJ", 3: "1.5", 4: "HON^本^MR9P"},
    "RXA": {
        3: "202505031015", 4: "202505031015", 5: "620007329^薬^HOT9", 6: "1", 7: "HON^本^MR9P", 8: "INJ^注射^MR9P",
        20: "CP",
    },
    "SPM": {17: "20250503"},
    "OBR": {4: "9A110^心電図^JC10", 6: "20250503", 7: "20250503", 25: "F"},
    "IPC": {5: "US^^DCM"},
    "BTS": {1: "1"},
    "FTS": {1: "1"},
}  # fmt: skip
_HBA1C = "3D046000001906202^HbA1c^JC10"
_NOTHING = {6: "", 7: "", 8: "", 11: "F", 14: ""}
_VALUES = (
    {2: "NM", 3: _HBA1C, 5: "6.1", 6: "%^%^ISO+", 7: "4.0-6.0", 8: "H", 11: "F", 14: "20250503"},
    {**_NOTHING, 2: "SN", 3: _HBA1C, 5: ">^5", 6: "%"},
    {**_NOTHING, 2: "CWE", 3: "5H010000009199911^ABO^JC10", 5: "1^A^1.2.392.200119.6.2102"},
    {**_NOTHING, 2: "NM", 3: _HBA1C, 5: "", 11: "X"},
    {**_NOTHING, 2: "ST", 3: _HBA1C, 5: "<5>"},
)
#: Segments in an order in which every one finds the one it belongs to.
_PATIENT = ("EVN", "PID", "NK1", "PV1", "PV2", "DB1", "AL1", "IAM", "IN1", "ZI1", "PRB", "ZPR", "ZPD", "NTE")
_ORDERED = ("ORC", "RXE", "TQ1", "RXR", "RXC", "ODS", "ORC", "RXA", "RXR")
_TESTED = ("SPM", "ORC", "OBR", "IPC", "CTI", "ZE1", "ZE2")


def filled(format_id: str, table: FieldTable, marker: Callable[[Field], str]) -> bytes:
    """One message with every segment of the table, every field that must go with its marker in it; for ``hl7v2`` in a
    batch of a file."""
    encoding = FORMATS[format_id]
    lines = [
        msh("ADT^A08", encoding=encoding),
        *[_segment(table, name, marker, {}) for name in (*_PATIENT, *_ORDERED, *_TESTED)],
    ]
    lines.append(_segment(table, "IN1", marker, {2: "12^生活保護^JHSD0001", 3: "12130012", 10: ""}))
    lines += [_segment(table, "OBX", marker, said) for said in _VALUES]
    lines[0] = _header(table, lines[0], marker)
    if format_id == "hl7v2":
        ends = {name: _segment(table, name, marker, {}) for name in ("FHS", "BHS", "BTS", "FTS")}
        lines = [ends["FHS"], ends["BHS"], *lines, ends["BTS"], ends["FTS"]]
    return CR.join([*lines, ""]).encode(encoding)


def _header(table: FieldTable, line: str, marker: Callable[[Field], str]) -> str:
    """MSH with the fields marked that need not say anything."""
    fields = line.split("|")
    for item in table.record("MSH"):
        if item.index in (3, 5, 6, 8, 10, 13, 14, 15, 16, 17, 19):
            fields[item.index - 1] = marker(item)
    return "|".join(fields)


def _segment(table: FieldTable, name: str, marker: Callable[[Field], str], over: Mapping[int, str]) -> str:
    said = {**_SAID.get(name, {}), **over}
    items = table.record(name)
    marks = {str(item.index): marker(item) for item in items}
    fields = [""] * (1 + max(item.index for item in items if item.index < 900))
    for item in items:
        if item.index < 900:
            text = said.get(item.index, f"<{item.index}>")
            for number, mark in marks.items():
                text = text.replace(f"<{number}>", mark)
            fields[item.index] = text
    if name in ("FHS", "BHS"):
        fields[1:3] = [r"^~\&"]
    return "|".join([name, *fields[1:]])
