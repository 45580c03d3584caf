"""`tokumei deidentify`: exit codes, JSON, all or nothing per file, and no value on any screen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision.cli import main
from provision.formats import uke_medical
from provision.sampledata import write_world
from tests.support.intake import in_clear
from tests.support.uke import CHART, IR, KANA, NAME, Claim, encoded, file, lines

PLANTED = (NAME, NAME.split("　")[0], KANA, CHART)
BROKEN = encoded(lines(Claim(), Claim(), go="GO,9,9,99"))


def run(
    capsys: pytest.CaptureFixture[str], path: Path, out: Path, form: str = "uke-medical"
) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON; nothing planted may be on a screen or below `out`."""
    code = main(["deidentify", str(path), "--format", form, "--out", str(out), "--json"])
    printed = capsys.readouterr()
    assert not [text for text in PLANTED if text in printed.out + printed.err]
    assert not out.is_dir() or in_clear(out, *PLANTED) == []
    return code, json.loads(printed.out) if printed.out else {}


def put(folder: Path, **files: bytes) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / f"{name}.UKE").write_bytes(data)
    return folder


def test_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file(Claim(reserved=NAME), Claim(points=3, birth="19560204")))
    code, said = run(capsys, source / "a.UKE", tmp_path / "out")
    (counts,) = said["files"]
    assert code == 0
    assert (counts["file"], counts["records"], counts["people"], counts["shared_cards"]) == ("file 1", 6, 2, 1)
    assert counts["totals"] == {"payers": 2, "points": 103}
    assert counts["warnings"] == {"reserved_filled:RE.15": 1}
    assert counts["rules"]["birth-month"] == 2
    assert counts["problem"] is None
    assert counts["tables"] == {"claim": 2, "insurance": 2, "control_total": 1}
    made = {p.stem: pl.read_parquet(p) for p in (tmp_path / "out").iterdir()}
    assert {name: frame.height for name, frame in made.items()} == counts["tables"]
    assert made["claim"]["birth_month"].to_list() == ["1956-02", "1956-02"]


def test_many_parcels_make_the_same_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_world(tmp_path / "world", seed=4, people=80, months=["2025-05"])
    path = tmp_path / "world" / "senders" / "kita-hospital" / "2025-05-1" / "RECEIPTC.UKE"
    assert run(capsys, path, tmp_path / "whole")[0] == 0
    monkeypatch.setattr(uke_medical, "CHUNK", 8_000)
    assert run(capsys, path, tmp_path / "pieces")[0] == 0
    for made in (tmp_path / "whole").iterdir():
        assert pl.read_parquet(made).equals(pl.read_parquet(tmp_path / "pieces" / made.name)), made.name


def test_a_refused_file_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=BROKEN)
    code, said = run(capsys, source / "a.UKE", tmp_path / "out")
    assert code == 2
    problem = said["files"][0]["problem"]
    assert (problem["file"], problem["record"], problem["rule"]) == ("file 1", 6, "uke.totals")
    assert problem["remedy"]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_of_files_is_all_or_nothing_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file(), b=BROKEN, c=b"", d=file(Claim(points=4)))
    (source / "batch.yaml").write_text("period: 2025-05")
    code, said = run(capsys, source, tmp_path / "out")
    assert code == 2
    rules = [entry["problem"] and entry["problem"]["rule"] for entry in said["files"]]
    assert rules == [None, "uke.totals", "uke.empty", None]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["file-0001", "file-0004"]
    assert pl.read_parquet(tmp_path / "out" / "file-0004" / "insurance.parquet")["points"].to_list() == [4]


def test_a_file_that_turns_out_bad_at_its_end_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uke_medical, "CHUNK", 2_000)
    source = put(tmp_path / "in", a=encoded([IR, *[r for n in range(60) for r in Claim().records(n)]]))
    code, said = run(capsys, source / "a.UKE", tmp_path / "out")
    assert (code, said["files"][0]["problem"]["rule"]) == (2, "uke.no_go")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_defect_of_ours_leaves_nothing_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = put(tmp_path / "in", a=file())
    monkeypatch.setattr("provision.intake.offline.deidentify", lambda *_: 1 / 0)
    assert main(["deidentify", str(source / "a.UKE"), "--format", "uke-medical", "--out", str(tmp_path / "out")]) == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_the_output_must_be_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    for out in (tmp_path / "full", tmp_path / "full" / "mine"):
        assert main(["deidentify", str(source), "--format", "uke-medical", "--out", str(out)]) == 5
    assert "empty" in capsys.readouterr().err
    assert (tmp_path / "full" / "mine").read_text() == "mine"


@pytest.mark.parametrize("path", ["missing", "nothing"])
def test_there_must_be_a_file(tmp_path: Path, path: str) -> None:
    (tmp_path / "nothing").mkdir()
    out = tmp_path / "out"
    assert main(["deidentify", str(tmp_path / path), "--format", "uke-medical", "--out", str(out)]) == 5
    assert not out.exists()


def test_the_format_must_be_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file())
    assert main(["deidentify", str(source), "--format", "uke-unheard-of", "--out", str(tmp_path / "out")]) == 5
    assert "uke-medical" in capsys.readouterr().err


def test_people_are_told_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "in", a=file(), b=BROKEN)
    assert main(["deidentify", str(source), "--format", "uke-medical", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().out
    assert "file 1: 4 records, 1 people" in said
    assert "file 2: quarantined, record 6 GO.claims: uke.totals" in said


def test_it_needs_no_configuration_and_no_home(tmp_path: Path) -> None:
    """As a process of its own in an empty folder; the sender's file name stays unsaid."""
    source = put(tmp_path / "in", **{NAME: file()})
    command = [
        sys.executable,
        "-m",
        "provision.cli",
        "deidentify",
        "in",
        "--format",
        "uke-medical",
        "--out",
        "out",
        "--json",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"][0]["records"] == 4
    assert NAME not in done.stdout + done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]
    assert source.exists()
