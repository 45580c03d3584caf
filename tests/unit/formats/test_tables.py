"""Field tables: what the loader accepts, and that it names file and line of a mistake."""

from __future__ import annotations

import polars as pl
import pytest

from provision.errors import FixConfiguration
from provision.formats.base import ColumnClass
from provision.formats.tables import HEADER, bounds, load, parse, polars_type

HEAD = [
    "# source: test",
    "#dataset\tthings\tもの\tThings\t2024\thead",
    "#table\thead\tあたま\tHead\t01",
    "#table\ttail\tしっぽ\tTail\t02",
    "\t".join(HEADER),
]
ROWS = [
    "head\t01\t1\tamount\t額\tAmount\tordinary\tdecimal\trange:0..9.5/0.5\tJPY\t2\t",
    "head\t01\t0\tname\t氏名\tName\tdirect\tstring\tnone\t\t\tname",
    "tail\t02\t0\tname\t氏名\tName\tquasi\tstring\tcode:sex",
]


def text(*changes: tuple[int, str]) -> str:
    lines = [*HEAD, *ROWS]
    for place, line in changes:
        lines[place] = line
    return "\n".join(lines) + "\n"


def test_a_table_is_read_in_order_with_all_its_words() -> None:
    table = parse(text(), "x.tsv")
    assert (table.dataset.id, table.dataset.head, [t.name for t in table.dataset.tables]) == (
        "things",
        "head",
        ["head", "tail"],
    )
    assert [f.column.name for f in table.record("01")] == ["name", "amount"]
    amount = table.dataset.table("head").column("amount")
    assert (amount.cls, amount.unit, amount.category) == (ColumnClass.ORDINARY, "JPY", 2)
    assert polars_type(amount) == pl.Decimal(18, 1)
    assert table.dataset.table("head").column("name").role == "name"
    with pytest.raises(KeyError):
        table.record("03")


MISTAKES = {
    "dataset twice": ((2, HEAD[1]), "fields.dataset"),
    "table incomplete": ((2, "#table\thead\tあたま"), "fields.table"),
    "table twice": ((3, HEAD[2]), "fields.table"),
    "another header": ((4, "table\trecord"), "fields.header"),
    "unknown class": ((6, ROWS[1].replace("direct", "secret")), "fields.class"),
    "unknown dtype": ((6, ROWS[1].replace("string", "text")), "fields.dtype"),
    "unknown domain": ((7, ROWS[2].replace("code:sex", "sex")), "fields.domain"),
    "range upside down": ((5, ROWS[0].replace("0..9.5", "9.5..0")), "fields.domain"),
    "range without numbers": ((5, ROWS[0].replace("0..9.5", "...")), "fields.domain"),
    "string with range": ((7, ROWS[2].replace("code:sex", "range:0..1")), "fields.domain"),
    "decimal without range": ((5, ROWS[0].replace("range:0..9.5/0.5", "month")), "fields.domain"),
    "form with any digit": ((7, ROWS[2].replace("code:sex", "form:\\d+")), "fields.domain"),
    "form that is none": ((7, ROWS[2].replace("code:sex", "form:[0")), "fields.domain"),
    "dropped with a domain": ((6, ROWS[1].replace("none", "month")), "fields.domain"),
    "name twice": ((6, ROWS[1].replace("\tname\t", "\tamount\t", 1)), "fields.duplicate"),
    "place twice": ((6, ROWS[1].replace("\t0\t", "\t1\t")), "fields.duplicate"),
    "no Japanese": ((6, ROWS[1].replace("氏名", "")), "fields.words"),
    "no English": ((6, ROWS[1].replace("\tName\t", "\t\t")), "fields.words"),
    "no column name": ((6, ROWS[1].replace("\tname\t", "\tName x\t", 1)), "fields.name"),
    "reserved name": ((6, ROWS[1].replace("\tname\t", "\tclaim_no\t", 1)), "fields.name"),
    "name of a key": ((7, ROWS[2].replace("\tname\t", "\tclaim_token\t", 1)), "fields.name"),
    "name of a random number": ((7, ROWS[2].replace("\tname\t", "\tclaim_number\t", 1)), "fields.name"),
    "category": ((5, ROWS[0].replace("\t2\t", "\t9\t")), "fields.category"),
    "index": ((6, ROWS[1].replace("\t0\t", "\t-1\t")), "fields.place"),
    "undeclared table": ((6, ROWS[1].replace("head", "body")), "fields.table"),
    "too many cells": ((7, ROWS[2] + "\t" * 9), "fields.cells"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_with_file_and_line(case: str) -> None:
    (place, line), rule = MISTAKES[case]
    with pytest.raises(FixConfiguration) as caught:
        parse(text((place, line)), "x.tsv")
    assert (caught.value.rule, caught.value.where) == (rule, f"x.tsv:{place + 1}")


@pytest.mark.parametrize("gone", [1, 7])
def test_a_table_needs_its_dataset_and_fields(gone: int) -> None:
    with pytest.raises(FixConfiguration):
        parse(text((gone, "# gone")), "x.tsv")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FixConfiguration, match=r"fields/no_such\.tsv"):
        load("no_such")


def test_bounds() -> None:
    assert [str(number) for number in bounds("range:-5..9.5/0.5")] == ["-5", "9.5", "0.5"]
    for wrong in ("code:x", "range:5", "range:1..2/0", "range:1.2.3..4"):
        with pytest.raises(ValueError, match=r".*"):
            bounds(wrong)
