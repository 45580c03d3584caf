"""A new edition of a format is a new field table and nothing else."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from provision.errors import FixConfiguration
from provision.formats import tables, uke_medical
from provision.formats.base import Report
from provision.formats.ukefile import UkeFormat
from tests.support.uke import IR, Claim, encoded, lines

NEW = "claim\tRE\t38\tnew_mark\t新しい印\tA new mark\tordinary\tinteger\trange:0..9\t\t1\t"


@pytest.fixture
def fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the field tables that the loader reads instead."""
    folder = tmp_path / "fields"
    shutil.copytree(str(files("provision.formats") / "fields"), folder)
    monkeypatch.setattr(tables, "files", lambda _: tmp_path)
    for known in (tables.family, tables.load):
        known.cache_clear()
    yield folder
    for known in (tables.family, tables.load):
        known.cache_clear()


def test_a_new_table_is_read_without_new_code(fields: Path) -> None:
    text = (fields / "uke_medical_2022.tsv").read_text(encoding="utf-8")
    text = text.replace("\t2022-04\tclaim", "\t2028-04\tclaim").replace("\t2018-05\t-", "\t2028-04\t-")
    (fields / "uke_medical_202804.tsv").write_text(f"{text}{NEW}\n", encoding="utf-8")
    kind = replace(uke_medical.KIND, tables=tables.family("uke_medical"))
    reader = UkeFormat("uke-medical", "医科", "Medical", kind)
    for month, edition, marks in (("202803", "2022-04", [None]), ("202804", "2028-04", [7])):
        records = lines(Claim(), ir=IR.replace("202506", month))
        at = next(i for i, record in enumerate(records) if record.startswith("RE,"))
        cells = records[at].split(",")
        records[at] = ",".join([*cells, *[""] * (38 - len(cells)), "7"])
        report = Report()
        parcels = list(reader.claims(io.BytesIO(encoded(records)), report, 1 << 20))
        assert report.edition == edition
        assert [mark for p in parcels if "claim" in p.tables for mark in p.tables["claim"]["new_mark"]] == marks


def test_editions_of_a_family_are_found_oldest_first(fields: Path) -> None:
    for name in ("x_202606", "x_2014", "x_2026", "x_y_2020", "x_2030_draft", "xx_2020", "x"):
        (fields / f"{name}.tsv").write_text("", encoding="utf-8")
    assert tables.family("x") == ("x_2014", "x_2026", "x_202606")
    assert tables.family("x_y") == ("x_y_2020",)


def test_a_family_without_a_table_is_refused() -> None:
    with pytest.raises(FixConfiguration, match="no such field table"):
        tables.family("uke_nothing")
