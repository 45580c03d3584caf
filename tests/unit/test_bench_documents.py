"""The benchmark of documents measures what it says: every document by both, a rival of the right kind, no bar kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hl7
import orjson
import pytest
from lxml import etree

from benchmarks import bench_documents
from tests.support import slips


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(bench_documents, "FOLDER", tmp_path)
    with slips.registered():
        yield


@pytest.mark.parametrize("what", ["ours", "parse", "read"])
def test_every_document_goes_through_both(what: str) -> None:
    path = bench_documents.generated(slips.SLIPS.id, 50)
    found = bench_documents.measured(what, slips.SLIPS.id, str(path))
    assert found["files"] == 50
    assert min(found["wall"], found["peak_mb"]) > 0


def test_files_of_lines_are_measured_as_one_file_of_all() -> None:
    path = bench_documents.generated("fhir-ndjson", 12)
    assert bench_documents.measured("ours", "fhir-ndjson", str(path))["files"] == 12
    assert bench_documents.measured("read", "fhir-ndjson", str(path))["files"] == 0


def test_a_format_without_validation_has_no_time_of_it(tmp_path: Path) -> None:
    path = bench_documents.generated(slips.SLIPS.id, 5)
    assert bench_documents.measured("validate", slips.SLIPS.id, str(path), schemas=str(tmp_path))["files"] == 0


@pytest.mark.parametrize(
    ("data", "fine", "broken", "error"),
    [
        (b'\xef\xbb\xbf<?xml version="1.0"?><a><b/></a>', b"<a/>", b"<a><b></a>", etree.XMLSyntaxError),
        (b'{"resourceType":"Bundle"}', b'{"a":1}\n{"b":2}\n', b'{"a":', orjson.JSONDecodeError),
        ("MSH|^~\\&|架空".encode("iso2022_jp"), b"MSH|^~\\&|A\rPID|1|2\r\x1c\r", b"PID|1", hl7.ParseException),
    ],
    ids=["xml", "json", "hl7"],
)
def test_the_rival_is_of_the_kind_of_the_first_bytes(
    data: bytes, fine: bytes, broken: bytes, error: type[Exception]
) -> None:
    parse = bench_documents.parser_of(data)
    parse(data)
    parse(fine)
    with pytest.raises(error):
        parse(broken)


def test_documents_of_no_known_kind_have_no_rival() -> None:
    with pytest.raises(ValueError, match="no bare parser"):
        bench_documents.parser_of(b"\x89PNG")


def test_it_prints_a_line_with_the_memory_at_three_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--documents", "30", "--rounds", "1", "--module", slips.__name__, "--format", slips.SLIPS.id]
    assert bench_documents.main(words) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == bench_documents.HEADINGS
    (line,) = printed[2:]
    assert line.split()[:2] == [slips.SLIPS.id, "30"]
    assert len([word for word in line.split()[-3:] if word.isdigit()]) == 3


def test_a_format_nobody_sends_is_refused() -> None:
    with pytest.raises(SystemExit):
        bench_documents.main(["--format", "none-such"])
