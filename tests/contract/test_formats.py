"""What every source format promises: a classed dataset, and a reader that never fails in an unforeseen way."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.errors import FixConfiguration
from provision.formats import formats
from provision.formats.base import PEOPLE_COLUMNS, BadFile, ColumnClass, Dataset, Format, Parcel, Report
from provision.formats.documents import DocumentFormat, PassedOver
from provision.formats.emptied import EMPTIED
from provision.formats.tables import DROPPED, bounds, polars_type
from provision.sampledata import format_stream
from provision.sampledata.sheets import SENDERS

CODES = Path(__file__).parents[2] / "config" / "codes"
FORMATS = sorted(formats())


@pytest.fixture(params=FORMATS)
def source_format(request: pytest.FixtureRequest) -> Format:
    return formats()[request.param]


def test_the_formats_of_the_first_house_are_there() -> None:
    assert {"kaigo-claims", "member-ledger"} <= set(FORMATS)


def test_ids_and_titles(source_format: Format) -> None:
    assert formats()[source_format.id] is source_format
    assert source_format.title["ja"]
    assert source_format.title["en"]


def test_dataset_ids_are_unique() -> None:
    datasets = [source.dataset.id for source in formats().values()]
    assert len(set(datasets)) == len(datasets)


def test_every_column_has_class_words_and_domain(source_format: Format) -> None:
    dataset = source_format.dataset
    assert dataset.head in {table.name for table in dataset.tables}
    assert len({table.name for table in dataset.tables}) == len(dataset.tables)
    for table in dataset.tables:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert "claim_no" not in names
        for column in table.columns:
            assert isinstance(column.cls, ColumnClass)
            assert column.ja
            assert column.en
            assert column.domain
            assert 0 <= column.category <= 8
            if column.cls in DROPPED:
                assert column.domain in {"none", "free"}
            if column.domain.startswith("range:"):
                assert bounds(column.domain)[0] <= bounds(column.domain)[1]


def test_every_code_list_exists(source_format: Format) -> None:
    for name in _code_lists(source_format.dataset):
        rows = [line.split("\t") for line in (CODES / f"{name}.tsv").read_text(encoding="utf-8").splitlines()]
        assert rows[0][0].startswith("#source:"), name
        assert rows[1][:3] == ["code", "ja", "en"], name
        codes = [row[0] for row in rows[2:]]
        assert len(codes) == len(set(codes)) > 0, name
        assert all(len(row) >= 3 and row[1] and row[2] for row in rows[2:]), name


def _code_lists(dataset: Dataset) -> set[str]:
    domains = {column.domain for table in dataset.tables for column in table.columns}
    return {domain.removeprefix("code:") for domain in domains if domain.startswith("code:")}


def ends_well(source_format: Format, data: bytes) -> None:
    """Reading ends in parcels as described, or in `BadFile` with a rule and a remedy (of a single document also in
    `PassedOver`), and in nothing else."""
    refusal: BadFile | None = None
    try:
        for parcel in source_format.read(io.BytesIO(data), Report(), {}):
            _check(source_format.dataset, parcel)
    except BadFile as error:
        refusal = error
    except PassedOver:
        assert isinstance(source_format, DocumentFormat)
    assert refusal is None or (refusal.rule and refusal.remedy)


def _check(dataset: Dataset, parcel: Parcel) -> None:
    assert tuple(parcel.people.columns) == PEOPLE_COLUMNS
    for name, frame in parcel.tables.items():
        columns = {column.name: column for column in dataset.table(name).columns}
        assert frame.columns[0] == "claim_no"
        if dataset.updates:  # versions of a record are put together row by row
            assert frame["claim_no"].is_unique().all()
            frame = frame.drop(EMPTIED)
        assert set(frame.columns[1:]) <= set(columns)
        for column in frame.columns[1:]:
            assert frame.schema[column] == polars_type(columns[column]), column


def test_an_empty_file_is_refused(source_format: Format) -> None:
    with pytest.raises(BadFile):
        list(source_format.read(io.BytesIO(b""), Report(), {}))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FORMATS), st.binary(max_size=400))
def test_random_bytes_end_well(name: str, data: bytes) -> None:
    ends_well(formats()[name], data)


BEGINNINGS = [
    b"", b"1,1,0,1,711,0,0,1,00,1,202401,0\r\n2,2,", b"IR,1,13,1,1234567,,", "生年月日,性別,番号,".encode(),
    rb"MSH|^~\&|A|B|C|D|20250503||ADT^A08|1|P|2.5||||||", b"FHS|^~\\&|A\rBHS|^~\\&|A\r",
]  # fmt: skip
PIECES = st.sampled_from(
    [b",", b'"', b"\r\n", b"\n", b"\r", b"\x1a", b"7111", b"7131", b"01", b"2,3,", b"RE,", b"GO,1",
     b"\rPID|1||4711|", b"\rMSH|"]
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FORMATS), st.sampled_from(BEGINNINGS), st.lists(PIECES | st.binary(max_size=8), max_size=30))
def test_bytes_that_look_like_records_end_well(name: str, start: bytes, pieces: list[bytes]) -> None:
    ends_well(formats()[name], start + b"".join(pieces))


@pytest.mark.parametrize("form", sorted(set(SENDERS) - {"dpc-k"}))  # a K file is refused whatever it holds
def test_the_reader_says_by_which_edition_it_read(form: str) -> None:
    report, stream = Report(), io.BytesIO(b"".join(format_stream(form, 5, 8_000)))
    for parcel in formats()[form].read(stream, report, {}):
        _check(formats()[form].dataset, parcel)
    assert report.edition
    if form != "dpc-form1":  # its editions are those of its payloads, by fiscal year; the field table is one
        assert report.edition in {table.dataset.edition for table in formats()[form].editions}


def test_a_megabyte_of_noise_ends_well(source_format: Format) -> None:
    ends_well(source_format, random.Random(1).randbytes(2**20))


def test_an_option_nobody_reads_is_refused(source_format: Format) -> None:
    with pytest.raises(FixConfiguration):
        list(source_format.read(io.BytesIO(b"x"), Report(), {"colour": "blue"}))
