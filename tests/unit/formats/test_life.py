"""LIFE files: data type, ids in any order, line ends and encodings, what is empty, and refusals without values."""

from __future__ import annotations

import io
import traceback
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import BinaryIO, cast

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.receipt import Applied
from provision.errors import FixConfiguration
from provision.formats import life, tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, ColumnClass, Parcel, Report
from provision.formats.emptied import EMPTIED
from provision.formats.life import FORMAT, HEAD, column_name
from provision.intake.deidentify import deidentify
from provision.intake.keying import places
from tests.fuzz.reading import Dribble

NOTE, STAFF = "架空の備考", "架空介　かおる"
KEYS = {
    "care_facility_id": "1370399998",
    "service_code": "78",
    "external_system_management_number": "架空0001",
    "insurer_no": "131032",
    "insured_no": "123",
}
USER = KEYS | {
    "last_name": "架空山", "first_name": "髙子", "last_name_kana": "ｶｸｳﾔﾏ", "first_name_kana": "ﾀｶｺ", "gender": "2",
    "birthday": "19380101", "care_level": "22", "end_date": " ", "remarks": NOTE,
}  # fmt: skip
FORM = KEYS | {
    "facility_outpatient_category": "2", "evaluate_date": "20250514", "filing_staff": STAFF, "barthel_index_meal": "1",
    "weight": "48.5", "serum_albumin_value": "", "diagnosis_of_dementia_other_name": NOTE,
}  # fmt: skip
FIELDS = files("provision.formats") / "fields"
USERS, FORMS = "SERVICE_USER_INFO", "FORM_0000_2021"


def sheet(
    data_type: str, *rows: Mapping[str, str], encoding: str = "utf-8", ends: str = "\r\n", quote: str = ""
) -> bytes:
    lines = [[data_type], list(rows[0]), *[list(row.values()) for row in rows]]
    return "".join(",".join(f"{quote}{cell}{quote}" for cell in line) + ends for line in lines).encode(encoding)


def read(data: bytes, stream: Callable[[bytes], object] = io.BytesIO) -> tuple[Parcel, Report]:
    report = Report()
    (parcel,) = FORMAT.read(cast(BinaryIO, stream(data)), report, {})
    return parcel, report


def refused(data: bytes) -> BadFile:
    """The refusal of `data`; nothing of the data may be in it or behind it."""
    with pytest.raises(BadFile) as caught:
        list(FORMAT.read(io.BytesIO(data), Report(), {}))
    error = caught.value
    shown = str(error) + repr(error) + "".join(traceback.format_exception(error)) + repr(vars(error))
    assert not [value for value in (NOTE, STAFF, "架空", "1370399998", "vendor", "FORM_0000_2024") if value in shown]
    return error


def test_a_service_user() -> None:
    parcel, report = read(sheet(USERS, USER))
    assert parcel.people.columns == list(PEOPLE_COLUMNS)
    person = {name: value for name, value in parcel.people.row(0, named=True).items() if value}
    assert person == {
        "name": "架空山　髙子", "kana": "ｶｸｳﾔﾏ ﾀｶｺ", "birth": "19380101", "sex": "2", "facility": "1370399998",
        "care_insurer": "131032", "care_number": "0000000123",
    }  # fmt: skip
    assert parcel.tables[HEAD]["form"].to_list() == ["USER"]
    assert parcel.tables["service_user"]["care_level"].to_list() == ["22"]
    assert parcel.tables["service_user"]["end_date"].to_list() == [None]
    assert (report.edition, report.people, parcel.records) == (USERS, 1, 1)
    assert report.warnings == {"check_digit:care_insurer": 1}


def test_a_form_knows_its_person_by_numbers_alone() -> None:
    parcel, report = read(sheet(FORMS, FORM))
    person = {name for name, value in parcel.people.row(0, named=True).items() if value}
    assert person == {"facility", "care_insurer", "care_number"}
    form = parcel.tables["form_0000"].row(0, named=True)
    assert (form["evaluate_date"], str(form["weight"]), form["serum_albumin_value"]) == ("2025-05-14", "48.5", None)
    assert report.edition == FORMS


@pytest.mark.parametrize("quote", ["", '"'])
def test_cells_that_hold_something_without_a_value_are_noted(quote: str) -> None:
    """A blank takes a value back, an empty cell says nothing."""
    row = FORM | {"weight": " ", "height": "160.0", "barthel_index_meal": "架空", "adl_evaluate": ""}
    full = row | {"weight": "48.5", "barthel_index_meal": "1", "adl_evaluate": "20250514"}
    parcel, _ = read(sheet(FORMS, row, full, quote=quote))
    noted = [set(words.split()) for words in parcel.tables["form_0000"][EMPTIED]]
    assert noted == [{"weight", "barthel_index_meal"}, set()]
    assert parcel.tables[HEAD][EMPTIED].to_list() == ["", ""]


def test_what_receipt_empties_is_noted_too() -> None:
    """Out of its domain: the value before is not true any more. Of columns that are not kept nothing is noted."""
    data = sheet(USERS, USER | {"care_level": "99", "last_name_kana": " ", "birthday": "19381301", "end_date": ""})
    parcel, report = read(data)
    stored = deidentify(parcel, FORMAT.dataset, report, Applied())
    assert stored["service_user"][EMPTIED].to_list() == [" care_level "]
    assert stored[HEAD][EMPTIED].to_list() == [" birth_month "]


def test_a_detail_without_its_number_has_no_place() -> None:
    drug = KEYS | {"external_system_management_detail_number": "", "chemical_code": "620007819"}
    assert place("FORM_0002_2021", drug) is None
    assert place(FORMS, FORM) is not None  # a form without details needs none


def test_free_text_and_names_of_staff_become_no_column() -> None:
    for data in (sheet(USERS, USER), sheet(FORMS, FORM)):
        parcel, _ = read(data)
        assert NOTE not in repr([frame.rows() for frame in parcel.tables.values()])
        assert STAFF not in repr([frame.rows() for frame in parcel.tables.values()])


@pytest.mark.parametrize("dummy", ["００", "00", "0"])
def test_a_name_in_one_piece(dummy: str) -> None:
    parcel, _ = read(sheet(USERS, USER | {"last_name": "架空山　髙子", "first_name": dummy}))
    assert parcel.people["name"].to_list() == ["架空山　髙子"]


@settings(max_examples=60, deadline=None)
@given(
    st.permutations(list(FORM)),
    st.sampled_from(["utf-8", "utf-8-sig", "cp932"]),
    st.sampled_from(["\r\n", "\r", "\n"]),
    st.sampled_from(["", '"']),
    st.booleans(),
)
def test_every_way_of_writing_says_the_same(
    order: list[str], encoding: str, ends: str, quote: str, pieces: bool
) -> None:
    plain, _ = read(sheet(FORMS, FORM, FORM))
    row = {name: FORM[name] for name in order}
    data = sheet(FORMS, row, row, encoding=encoding, ends=ends, quote=quote)
    parcel, _ = read(data, Dribble if pieces else io.BytesIO)
    assert FORMAT.recognise(data)
    assert parcel.people.equals(plain.people)
    assert {name: frame.rows() for name, frame in parcel.tables.items()} == {
        name: frame.rows() for name, frame in plain.tables.items()
    }


def test_a_column_nobody_knows_is_dropped_and_counted() -> None:
    parcel, report = read(sheet(FORMS, FORM | {"vendor_memo": NOTE}))
    assert report.warnings["life.unknown_columns"] == 1
    assert NOTE not in repr([frame.rows() for frame in parcel.tables.values()])


@pytest.mark.parametrize("missing", [*KEYS, "evaluate_date"])
def test_a_required_id_must_be_there(missing: str) -> None:
    row = {name: cell for name, cell in FORM.items() if name != missing}
    error = refused(sheet(FORMS, row))
    assert (error.rule, error.record, error.field) == ("life.columns", 2, column_name(missing))


def test_an_empty_required_cell_is_counted() -> None:
    parcel, report = read(sheet(FORMS, FORM, FORM | {"insured_no": ""}))
    assert report.warnings["life.empty:care_number"] == 1
    assert parcel.people["care_number"].to_list() == ["0000000123", None]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.empty"),
        (sheet(FORMS, FORM)[15:], "life.data_type"),
        (sheet("FORM_0000_2024", FORM), "life.edition"),
        (sheet(FORMS, FORM).replace(b"weight", b"evaluate_date"), "life.duplicate_id"),
        (sheet(FORMS, FORM).rsplit(b"\r\n", 2)[0] + b"\r\n", "file.empty"),
        (f"{FORMS}\r\n".encode(), "file.empty"),
        (sheet(FORMS, FORM) + b"1,2,3\r\n", "life.columns"),
        (sheet(FORMS, FORM) + b'"1,2\r\n', "life.quotes"),
        (sheet(FORMS, FORM).replace(b"48.5", b"48\x00"), "text.control"),
    ],
)
def test_refusals_name_rule_and_place_and_no_value(data: bytes, rule: str) -> None:
    assert refused(data).rule == rule


def spoiled(encoding: str) -> bytes:
    """Three records, the second of which has a name cut in the middle of a character."""
    lines = sheet(FORMS, FORM, FORM, FORM, encoding=encoding).split(b"\r\n")
    lines[3] = lines[3].replace(STAFF.encode(), b"\xe3\x81")
    return b"\r\n".join(lines)


def test_a_record_that_cannot_be_decoded_is_held() -> None:
    parcel, report = read(spoiled("utf-8-sig"))
    assert [(held.record, held.rule) for held in report.held] == [(4, "text.encoding")]
    assert parcel.records == 2


def test_without_a_byte_order_mark_such_a_file_has_no_encoding_and_is_refused() -> None:
    """The ids are ASCII, so nothing but the records tells UTF-8 from CP932."""
    assert refused(spoiled("utf-8")).rule == "text.encoding"


def test_no_option_is_known() -> None:
    with pytest.raises(FixConfiguration):
        list(FORMAT.read(io.BytesIO(sheet(FORMS, FORM)), Report(), {"columns": {}}))


def test_an_unknown_edition_is_recognised_so_that_the_refusal_says_why() -> None:
    assert FORMAT.recognise(sheet("FORM_0000_2024", FORM))
    assert not FORMAT.recognise(b"FORM_0000\r\n")
    assert not FORMAT.recognise(b"SERVICE_USER_INFORMATION\r\n")


def place(data_type: str, row: Mapping[str, str]) -> str | None:
    made = places(b"k" * 32, FORMAT.dataset, read(sheet(data_type, row))[0])
    assert made is not None
    return cast(str | None, made["key"].item())


def test_the_same_number_in_the_facility_takes_the_place_of_the_record() -> None:
    again = place(FORMS, FORM | {"evaluate_date": "20250520", "weight": "50.0"})
    assert again == place(FORMS, FORM) is not None
    others = [
        place(FORMS, FORM | {"external_system_management_number": "架空0002"}),
        place(FORMS, FORM | {"care_facility_id": "1370399999"}),
        place(FORMS, FORM | {"service_code": "51"}),
        place(FORMS, FORM | {"insured_no": "124"}),
        place(USERS, USER),
    ]
    assert len({again, *others}) == 6
    assert place(FORMS, FORM | {"external_system_management_number": ""}) is None


def test_drugs_of_one_record_have_places_of_their_own() -> None:
    drug = KEYS | {"external_system_management_detail_number": "1", "chemical_code": "620007819", "dose": "1.5"}
    other = drug | {"external_system_management_detail_number": "2"}
    assert place("FORM_0002_2021", drug) != place("FORM_0002_2021", other)


def test_every_item_has_its_class() -> None:
    """Only free text, names of staff, who it is and whose record it is are kept out; the rest has a closed domain."""
    fields = [field for table in FORMAT.editions for field in table.fields]
    gone = {ColumnClass.FREE, ColumnClass.PROVIDER_NAME, ColumnClass.DIRECT, ColumnClass.LINK}
    assert {f.column.domain for f in fields if f.column.cls in gone} == {"free", "none"}
    assert not [f for f in fields if f.column.cls not in gone and f.column.domain in {"free", "none"}]
    heads = [table.dataset.table(HEAD) for table in FORMAT.editions]
    assert all({"form", "facility", "care_insurer", "care_number"} <= {c.name for c in h.columns} for h in heads)
    assert len(FORMAT.dataset.tables) == 23


def test_parts_of_the_head_have_one_shape() -> None:
    user, form = (read(data)[0].tables[HEAD] for data in (sheet(USERS, USER), sheet(FORMS, FORM)))
    assert user.schema == form.schema
    assert pl.concat([user, form]).height == 2


def test_an_edition_is_a_table_and_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form of another year with an item more: its rows and those of before have one shape in the store."""
    user, old = tables.load("life_service_user_2021"), tables.load("life_form_0000_2021")
    lines = (FIELDS / "life_form_0000_2021.tsv").read_text("utf-8").replace(FORMS, "FORM_0000_2024")
    added = "form_0000\tFORM_0000_2024\t89\tgrip\t握力\tGrip\tordinary\tinteger\trange:0..99\tkg\t4\t\n"
    new = tables.parse(lines + added, "made up")
    monkeypatch.setattr(life, "_layouts", lambda: {t.dataset.edition: t for t in (user, old, new)})
    monkeypatch.setattr(life, "_dataset", life._dataset.__wrapped__)
    before, after = read(sheet(FORMS, FORM))[0], read(sheet("FORM_0000_2024", FORM | {"grip": "21"}))[0]
    assert after.tables["form_0000"]["grip"].to_list() == [21]
    assert before.tables["form_0000"]["grip"].to_list() == [None]
    for name in (HEAD, "form_0000"):
        assert before.tables[name].schema == after.tables[name].schema
