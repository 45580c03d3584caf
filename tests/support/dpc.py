"""Small fictitious DPC survey files: rows by format, and the bytes a hospital would send.

Facilities, numbers, names and days are invented. Every builder gives rows of strings; `encoded` makes a file of them,
`read` and `refused` read it.
"""

from __future__ import annotations

import io
import traceback
from collections.abc import Mapping, Sequence

import pytest

from provision.formats import get
from provision.formats.base import BadFile, Parcel, Report

Row = list[str]

FACILITY, DATA_ID = "131234567", "0000004711"
ADMITTED, DISCHARGED = "20250403", "20250410"
BIRTH, ZIP = "19350412", "1000001"
NAME = "架空山野花子"
DOCTOR = "DR00042"
HEADINGS = ["施設ｺｰﾄﾞ", "ﾃﾞｰﾀ識別番号"]


def encoded(rows: Sequence[Row], *, headings: bool = False, encoding: str = "cp932", end: str = "\r\n") -> bytes:
    """The rows as a file, with a line of headings where asked for."""
    width = max((len(row) for row in rows), default=2)
    first = [HEADINGS + [f"項目{place}" for place in range(3, width + 1)]] if headings else []
    return "".join("\t".join(row) + end for row in [*first, *rows]).encode(encoding)


def changed(row: Row, **values: str) -> Row:
    """A copy of `row` with other values: ``c5="x"`` is column 5, counted from 1."""
    made = list(row)
    for place, value in values.items():
        made[int(place.removeprefix("c")) - 1] = value
    return made


def ef(detail: str = "001", data_id: str = DATA_ID, *, order: str = "0001", points: str = "00000270") -> Row:
    """A row of an inpatient EF file: 31 columns."""
    return [
        FACILITY, data_id, DISCHARGED, ADMITTED, "60", order, detail, "LAB0001", "160008010", "D007-00", NAME,
        "0000001.500", "000", "000000012.500", "0", "00000270", "010000000000", points, "00000000", "00000000", "001",
        "00138057", "1117", "20250404", "01", "010", DOCTOR, "W3E", "0", "0", "001",
    ]  # fmt: skip


def outpatient_ef(data_id: str = DATA_ID) -> Row:
    """A row of an outpatient EF file: column 3 is the birth date, column 4 the visit."""
    return changed(ef("000", data_id), c3=BIRTH, c4="20250402", c17="001000000000", c24="20250402", c30="1")


def e(data_id: str = DATA_ID) -> Row:
    """A row of an E file: 25 columns."""
    row = ef("000", data_id)
    return [*row[:6], *row[7:11], *row[17:20], row[14], *row[20:31]]


def f(detail: str = "001", data_id: str = DATA_ID) -> Row:
    """A row of an F file: 19 columns."""
    row = ef(detail, data_id)
    return [*row[:13], "00000270", "000000125.50", "000000000.00", *row[14:17]]


def d(data_id: str = DATA_ID) -> Row:
    """A row of a D file: 30 columns."""
    return [*e(data_id), ADMITTED, DISCHARGED, ADMITTED, "040080x099x0xx", "1.2345"]


def h(code: str = "ASS0013", day: str = "20250404", data_id: str = DATA_ID) -> Row:
    """A row of an H file: 20 columns."""
    return [
        FACILITY, "W3E", data_id, DISCHARGED, ADMITTED, day, code, "20200401", "0", "0", "1", "2", "0", "1", "0", "1",
        "0", "0", "0", "1",
    ]  # fmt: skip


def form4(data_id: str = DATA_ID, other: str = "0") -> Row:
    """A row of Form 4: 5 columns."""
    return [FACILITY, data_id, ADMITTED, DISCHARGED, other]


def form3() -> list[Row]:
    """Rows of a Form 3: numbers of beds, and things that are no numbers."""
    return [[FACILITY, "202504", "120", "W3E", NAME, "03-1234-5678"], [FACILITY, "202505", "118", "", "", ""]]


def k() -> list[Row]:
    """Rows that look like a K file: a number of the patient and a long hash."""
    return [[FACILITY, f"000000471{n}", "202504", f"{n}" + "0a1b2c3d4e5f6789" * 3 + "0a1b2c3d4e5f678"] for n in "12"]


def payloads(
    code: str, values: Mapping[int, str], *, serial: str = "0", version: str = "20140401", key: Sequence[str] = ()
) -> Row:
    """A row of Form 1: `values` by payload number, 17 columns."""
    head = list(key) or [FACILITY, DATA_ID, ADMITTED, "0", "0"]
    return [*head, code, version, serial, *[values.get(number, "") for number in range(1, 10)]]


def form1(data_id: str = DATA_ID, *, birth: str = BIRTH, discharged: str = DISCHARGED) -> list[Row]:
    """The rows of one stay in Form 1."""
    key = [FACILITY, data_id, ADMITTED, "0", "0"]
    return [
        payloads("A000010", {1: birth, 2: "2", 3: ZIP}, key=key),
        payloads("A000020", {1: ADMITTED, 2: "1", 5: "100"}, key=key),
        payloads("A000030", {1: discharged, 2: "1", 3: "1", 4: "0"}, key=key),
        payloads("A000080", {2: "1", 3: "2", 9: NAME}, key=key),
        payloads("A001010", {2: "152", 3: "48.5"}, key=key),
        payloads("A006010", {2: "J189", 9: NAME}, key=key),
        payloads("A006040", {2: "I10", 9: NAME}, serial="1", key=key),
        payloads("A006040", {2: "E119", 9: NAME}, serial="2", key=key),
        payloads("A007010", {1: "20250405", 2: "K0821", 4: "1", 5: "R", 6: "5", 9: NAME}, serial="1", key=key),
        payloads("ADL0010", {2: "2222222222"}, key=key),
    ]


def read(format_id: str, data: bytes, **options: object) -> tuple[list[Parcel], Report]:
    """Every parcel of a file, and the counts."""
    report = Report()
    return list(get(format_id).read(io.BytesIO(data), report, options)), report


def refused(format_id: str, data: bytes) -> BadFile:
    """The refusal of `data`; nothing that was read may be in it or behind it."""
    with pytest.raises(BadFile) as caught:
        read(format_id, data)
    error = caught.value
    shown = str(error) + repr(error) + "".join(traceback.format_exception(error)) + repr(vars(error))
    for value in (NAME, DATA_ID, FACILITY, BIRTH, ZIP, DOCTOR):
        assert value not in shown
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


#: A good file of every format, by its id.
FILES: dict[str, list[Row]] = {
    "dpc-ef": [ef("000"), ef("001"), outpatient_ef("0000000815")],
    "dpc-e": [e()],
    "dpc-f": [f("001"), f("002")],
    "dpc-d": [d()],
    "dpc-h": [h(), h("ASS0021")],
    "dpc-form4": [form4()],
    "dpc-form1": form1(),
    "dpc-form3": form3(),
}
