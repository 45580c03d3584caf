"""`tokumei deidentify` of single documents: one set of tables a format, whatever they came in, and bounded words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision.cli import main
from tests.support import uke
from tests.support.archives import zipped
from tests.support.intake import in_clear
from tests.support.visits import Visits, index, registered, visit

NAMES = ("架空山野1花子", "CH0000001", "sender-name")


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with registered("visits", "second"):
        yield


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def run(
    capsys: pytest.CaptureFixture[str], path: Path, out: Path, form: str = "auto", *, status: int = 0
) -> dict[str, Any]:
    """The JSON; nobody may be on a screen or below `out`."""
    assert main(["deidentify", str(path), "--format", form, "--out", str(out), "--json"]) == status
    printed = capsys.readouterr()
    assert not [text for text in NAMES if text in printed.out + printed.err]
    assert in_clear(out, *NAMES) == []
    said: dict[str, Any] = json.loads(printed.out)
    return said


def tables(out: Path) -> list[str]:
    return sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())


def many(count: int, start: int = 0) -> dict[str, bytes]:
    return {f"sender-name/{n:05d}.json": visit(n) for n in range(start, start + count)}


@pytest.mark.parametrize("form", ["auto", "visits"])
def test_a_folder_of_documents_makes_one_set_of_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    source = put(tmp_path / "in", {**many(1_000), "x/index": index(), "y/1_0": visit(1), "z": b'{"visit": 1}'})
    said = run(capsys, source, tmp_path / "out", form, status=2)
    assert tables(tmp_path / "out") == ["visits/value.parquet", "visits/visit.parquet"]
    frame = pl.read_parquet(tmp_path / "out" / "visits" / "visit.parquet")
    assert frame["claim_no"].to_list() == list(range(1_000))
    refused, documents = said["files"]
    assert (refused["file"], refused["problem"]["rule"]) == ("file 1003", "visits.shape")
    assert (documents["documents"], documents["records"], documents["folder"]) == (1_000, 1_000, "visits")
    assert documents["reason"] == ("it begins as a visit does" if form == "auto" else "named on the command line")
    assert documents["tables"] == {"value": 1_000, "visit": 1_000}
    assert said["counts"] == {
        "files": 1_003, "taken": 1_000, "refused": 1, "records_left_out": 0, "not_shown": 0,
        "passed_over": {"visits visits.deleted": 1, "visits visits.index": 1},
    }  # fmt: skip


def test_one_document_lies_in_the_output_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", many(1)) / "sender-name" / "00000.json"
    said = run(capsys, source, tmp_path / "out")
    assert tables(tmp_path / "out") == ["value.parquet", "visit.parquet"]
    assert [entry["file"] for entry in said["files"]] == ["file 1"]


def test_archives_and_loose_documents_go_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second archive is larger than a group, and the third breaks at its end: nothing of it is left."""
    monkeypatch.setattr("provision.intake.groups.PARCEL_DOCUMENTS", 4)
    archives = [zipped(many(3, 10)), zipped(many(9, 20)), zipped(many(6, 40))[:-8] + b"\0" * 8]
    source = put(tmp_path / "in", {**many(3), **{f"z{n}.zip": data for n, data in enumerate(archives)}})
    said = run(capsys, source, tmp_path / "out", status=2)
    frame = pl.read_parquet(tmp_path / "out" / "visits" / "visit.parquet")
    assert sorted(frame["claim_no"].to_list()) == list(range(15))
    values = pl.read_parquet(tmp_path / "out" / "visits" / "value.parquet")
    assert values["claim_no"].sort().equals(frame["claim_no"].sort())
    assert said["counts"]["taken"] == said["files"][-1]["documents"] == said["files"][-1]["people"] == 15
    assert [entry["problem"]["rule"] for entry in said["files"][:-1]] == ["archive.directory"]
    assert tables(tmp_path / "out") == ["visits/value.parquet", "visits/visit.parquet"]


def test_a_thousand_archives_of_one_document_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", {f"{n:04d}.zip": zipped({"a.json": visit(n)}) for n in range(200)})
    said = run(capsys, source, tmp_path / "out")
    assert said["files"][-1]["documents"] == 200
    assert tables(tmp_path / "out") == ["visits/value.parquet", "visits/visit.parquet"]
    assert pl.read_parquet(tmp_path / "out" / "visits" / "visit.parquet")["claim_no"].to_list() == list(range(200))


def test_an_archive_named_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({**many(3), "RECEIPTC.UKE": uke.file(), "1_0": visit(1)}))
    said = run(capsys, tmp_path / "a.zip", tmp_path / "out")
    assert {entry["folder"] for entry in said["files"]} == {"visits", "uke-medical/file-0001-0004"}
    assert said["counts"]["passed_over"] == {"visits visits.deleted": 1}


def test_documents_of_two_formats_and_files_of_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = {f"s{n}": visit(n, word="second") for n in range(2)}
    source = put(tmp_path / "in", {**many(3), **other, "RECEIPTC.UKE": uke.file()})
    said = run(capsys, source, tmp_path / "out")
    found = {entry["format"]: (entry["folder"], entry["documents"]) for entry in said["files"]}
    assert found == {"uke-medical": ("uke-medical/file-0001", 0), "visits": ("visits", 3), "second": ("second", 2)}


def test_documents_that_spoil_a_column_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {f"w{n:02d}": visit(n, kind="7") for n in range(30)}
    said = run(capsys, put(tmp_path / "in", {**many(20), **wrong}), tmp_path / "out", status=2)
    assert said["counts"]["refused"] == 30
    assert {entry["problem"]["field"] for entry in said["files"][:-1]} == {"visit.kind"}
    assert said["files"][-1]["documents"] == 20


def test_what_is_said_stays_bounded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provision.intake.outcome.SHOWN", 3)
    bad = {f"b{n}": b'{"visit": 1}' for n in range(10)}
    source = put(tmp_path / "in", {**many(4), **bad, "r/RECEIPTC.UKE": uke.file()})
    said = run(capsys, source, tmp_path / "out", status=2)
    assert [bool(entry["problem"]) for entry in said["files"]] == [True, True, True, False, False]
    assert (said["counts"]["refused"], said["counts"]["not_shown"]) == (10, 7)


def test_nothing_to_take_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", {"a": index(), "b_0": visit(1)})
    said = run(capsys, source, tmp_path / "out", status=2)
    assert (said["files"], said["counts"]["taken"]) == ([], 0)
    assert main(["deidentify", str(source), "--out", str(tmp_path / "again")]) == 2
    assert "nothing was taken" in capsys.readouterr().out


def test_a_defect_of_ours_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Visits, "parcel", lambda *_: 1 / 0)
    source = put(tmp_path / "in", many(2))
    assert main(["deidentify", str(source), "--out", str(tmp_path / "out")]) == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_people_are_told_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", {**many(3), "x": index()})
    assert main(["deidentify", str(source), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "documents (3 files): 3 records, 3 people, 6 rows" in said
    assert "passed over: 1 files: visits visits.index" in said
