"""`tokumei deidentify --format table --layout`: a made-up table without a platform."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from provision.cli import main
from tests.support.madeup import BASE, FILES, HEADER, NEEDLES, text


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    path = tmp_path / "kakuu-cohort.yaml"
    path.write_text(BASE.lstrip(), "utf-8")
    return path


def run(layout: Path, path: Path, *more: str) -> int:
    out = layout.parent / "out"
    return main(["deidentify", str(path), "--format", "table", "--layout", str(layout), "--out", str(out), "--quiet",
                 "--json", *more])  # fmt: skip


@pytest.mark.parametrize("kind", ["delimited", "parquet"])
def test_one_file(layout: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    layout.write_text(BASE.lstrip().replace("kind: delimited", f"kind: {kind}"), "utf-8")
    path = layout.parent / "file.dat"
    path.write_bytes(FILES[kind]())
    assert run(layout, path) == 0
    said = capsys.readouterr()
    (told,) = json.loads(said.out)["files"]
    assert (told["format"], told["edition"], told["records"], told["people"]) == ("table:kakuu-cohort", "2026", 4, 3)
    assert told["tables"] == {"visit": 3, "test_value": 5, "answer": 4}
    frames = {p.stem: pl.read_parquet(p) for p in (layout.parent / "out").glob("*.parquet")}
    assert set(frames) == {"visit", "test_value", "answer"}
    assert frames["visit"].columns == ["claim_no", "birth_month", "sex", "zip", "prefecture", "visited", "cigarettes"]
    everything = said.out + said.err + "".join(repr(frame.rows()) for frame in frames.values())
    assert [needle for needle in NEEDLES if needle in everything] == []


def test_a_folder_of_files(layout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = layout.parent / "files"
    folder.mkdir()
    (folder / "a.csv").write_bytes(text())
    (folder / "b.csv").write_bytes(text(header=[*HEADER[:-1], "個人番号"]))
    assert run(layout, folder) == 2
    told = json.loads(capsys.readouterr().out)["files"]
    assert [each["problem"] and each["problem"]["rule"] for each in told] == [None, "my_number"]
    assert (layout.parent / "out/table-kakuu-cohort/file-0001/visit.parquet").is_file()


def test_a_layout_that_does_not_hold_is_named_with_its_line(layout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = layout.parent / "a.csv"
    path.write_bytes(text())
    layout.write_text(BASE.lstrip().replace("class: direct, role: kana", "class: ordinary"), "utf-8")
    assert run(layout, path) == 5
    said = capsys.readouterr().err
    line = next(n for n, each in enumerate(BASE.lstrip().splitlines(), 1) if "name: kana" in each)
    assert f"kakuu-cohort.yaml:{line}" in said
    layout.write_text(BASE.lstrip().replace("item: hba1c", "item: hba9c"), "utf-8")
    assert run(layout, path) == 5
    assert "no code of test_item" in capsys.readouterr().err


def test_layout_and_format_belong_together(layout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = layout.parent / "a.csv"
    path.write_bytes(text())
    for words in (
        ["--format", "table"],
        ["--layout", str(layout)],
        ["--format", "uke-medical", "--layout", str(layout)],
    ):
        assert main(["deidentify", str(path), "--out", str(layout.parent / "out"), *words]) == 5
    assert "belong together" in capsys.readouterr().err
