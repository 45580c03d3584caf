"""Tables that senders make up: layouts, and the same fictitious rows as text, workbook and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
import xlsxwriter
import yaml

from provision.formats.base import Parcel, Report
from provision.formats.configured import ConfiguredTable
from provision.layouts import Layout

BASE = """
id: kakuu-cohort
title: {ja: 架空コホート, en: Fictitious cohort}
edition: "2026"
file: {kind: delimited}
head: {name: visit, ja: 受診, en: Visit}
missing: ["-", NA]
facility: kakuu-institute
observed: visited
columns:
  - {name: research_id, headings: [研究ID, ID], ja: 研究ID, en: Id, class: direct, role: chart, digits: 8}
  - {name: name, headings: [氏名], ja: 氏名, en: Name, class: direct, role: name}
  - {name: kana, headings: [カナ], ja: カナ, en: Kana, class: direct, role: kana}
  - {name: birth_month, headings: [生年月日], ja: 生年月日, en: Birth, class: birth, domain: month, category: 3,
     role: birth}
  - {name: sex, headings: [性別, SEX], ja: 性別, en: Sex, class: quasi, domain: "code:sex", category: 3, role: sex}
  - {name: zip, headings: [郵便番号], ja: 郵便番号, en: Postal code, class: zip, domain: zip3, category: 3}
  - {name: prefecture, headings: [都道府県], ja: 都道府県, en: Prefecture, class: quasi, domain: "code:prefecture",
     category: 3, digits: 2}
  - {name: visited, headings: [受診日], ja: 受診日, en: Day of the visit, class: quasi, domain: date, category: 4}
  - {name: cigarettes, headings: [本数], ja: 一日の本数, en: Cigarettes a day, class: ordinary, dtype: integer,
     domain: "range:0..200", unit: "{pieces}", category: 4, required: false}
  - {name: note, headings: [備考], ja: 備考, en: Note, class: free, domain: free, required: false}
test_values:
  - {headings: [HbA1c, HbA1c(NGSP)], item: hba1c, unit: "%", ja: HbA1c, en: HbA1c}
  - {headings: [尿蛋白], code: 1A010000000190111, system: jlac10, ja: 尿蛋白, en: Urine protein, required: false,
     values: {"(-)": neg, "(±)": trace, "(+)": 1pos, 未実施: not_done}}
answers:
  - {headings: [喫煙], question: 9N736000000000011, ja: 喫煙, en: Smoking, required: false}
  - {headings: [朝食], question: 9N781000000000011, ja: 朝食, en: Breakfast, required: false,
     values: {はい: "1", いいえ: "2"}, system: 1.2.392.200119.6.2003}
"""

HEADER = [
    "研究ＩＤ", "氏 名", "カナ", "生年月日", "性別", "郵便番号", "都道府県",
    "受診日", "本数", "備考", "HbA1c (NGSP)", "尿蛋白", "喫煙", "朝食", "担当者",
]  # fmt: skip
NAME, NOTE, CLERK = "架空山　髙子", "電話は 03-0000-0001 まで", "架空川係長"
#: One row of every kind of cell. Days are days and numbers are numbers, where a file can say so.
ROWS: list[list[Any]] = [
    [12, NAME, "ｶｸｳﾔﾏ ﾀｶｺ", date(1950, 3, 4), "女", "100-0001", 13,
     date(2025, 6, 7), 20, NOTE, 5.6, "(-)", 3, "はい", CLERK],
    [13, "架空 太郎", "カクウ タロウ", date(1961, 12, 31), "男", "1000002", 1,
     date(2025, 6, 8), None, None, 7.25, "(+)", 1, "いいえ", CLERK],
    [14, "架空 花子", "カクウ ハナコ", date(1972, 2, 29), "女", "060-0001", 1,
     date(2025, 6, 9), 0, "-", None, "未実施", None, "NA", CLERK],
]  # fmt: skip
#: What must never leave landing, quarantine and vault.
NEEDLES = (
    "架空山",
    "髙子",
    "ﾀｶｺ",
    "太郎",
    "タロウ",
    "花子",
    "03-0000-0001",
    "0000-0001",
    CLERK,
    "00000012",
    "19500304",
    "100-0001",
)


def layout(text: str = BASE, **changes: Any) -> Layout:
    """A layout; `changes` replace its keys."""
    return Layout.model_validate({**yaml.safe_load(text), **changes})


def of_kind(kind: str, text: str = BASE, **changes: Any) -> ConfiguredTable:
    """The reader of a layout whose files are of this kind."""
    return ConfiguredTable(layout(text, **{"file": {"kind": kind}, **changes}))


def in_words(rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    """Rows as text: what a spreadsheet program writes into CSV."""
    return [[_word(cell) for cell in row] for row in rows]


def _word(cell: Any) -> str:
    if isinstance(cell, date):
        return cell.isoformat().replace("-", "/")
    return "" if cell is None else str(cell)


def text(
    rows: Sequence[Sequence[Any]] = ROWS,
    header: Sequence[str] = HEADER,
    encoding: str = "cp932",
    separator: str = ",",
    quoting: int = csv.QUOTE_MINIMAL,
) -> bytes:
    """The rows as delimited text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\r\n")  # type: ignore[arg-type]
    writer.writerows([header, *in_words(rows)])
    return out.getvalue().encode(encoding)


def workbook(
    rows: Sequence[Sequence[Any]] = ROWS,
    header: Sequence[str] = HEADER,
    *,
    also: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    change: Any = None,
    **options: Any,
) -> bytes:
    """The rows as an Excel workbook; `also` are more sheets, `change` gets workbook and sheet before it is closed."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": datetime(2026, 1, 1)})  # the same bytes whenever it is written
    day = book.add_format({"num_format": "yyyy/mm/dd"})
    for name, content in {"調査": [header, *rows], **(also or {})}.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(content):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, day)  # type: ignore[arg-type]
                elif cell is not None:
                    sheet.write(number, place, cell)
    if change is not None:
        change(book, book.get_worksheet_by_name("調査"))
    book.close()
    return out.getvalue()


def parquet(rows: Sequence[Sequence[Any]] = ROWS, header: Sequence[str] = HEADER) -> bytes:
    """The rows as Parquet, each column of the type of its cells."""
    out = io.BytesIO()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    pl.DataFrame([pl.Series(name, cells) for name, cells in zip(header, columns, strict=True)]).write_parquet(out)
    return out.getvalue()


#: kind -> the same rows as such a file.
FILES = {"delimited": text, "excel": workbook, "parquet": parquet}


def read(table: ConfiguredTable, data: bytes) -> tuple[list[Parcel], Report]:
    """Every parcel of a file."""
    report = Report()
    return list(table.read(io.BytesIO(data), report, {})), report
