"""Tables that are read together are what they are alone: cells, and what is counted of them."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.base import Column, ColumnClass, Report
from provision.formats.columns import typed, typed_together
from provision.formats.words import read

_KINDS = {
    "sex": ("string", "code:sex"), "kind": ("string", "code:fhir_resource"), "day": ("string", "date"),
    "month": ("string", "month"), "count": ("integer", "range:0..99"), "amount": ("decimal", "range:0..9/0.1"),
    "shape": ("string", "form:[a-c]{2}"),
}  # fmt: skip
COLUMNS = [Column(name, name, name, ColumnClass.ORDINARY, dtype, domain) for name, (dtype, domain) in _KINDS.items()]
_CELLS = st.sampled_from([None, "", "1", " 2 ", "Patient", "patient", "2025-05-03", "20250503", "202505", "ab", "5.25"])
Rows = list[list[str | None]]
_TABLE = st.lists(st.lists(_CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)), min_size=1, max_size=12)


def _raw(rows: Rows) -> pl.DataFrame:
    columns = {c.name: pl.Series([row[at] for row in rows], dtype=pl.String) for at, c in enumerate(COLUMNS)}
    return pl.DataFrame({"claim_no": range(len(rows)), **columns})


@settings(max_examples=60, deadline=None)
@given(_TABLE, _TABLE)
def test_tables_read_together_are_what_they_are_alone(one: Rows, other: Rows) -> None:
    raws, alone, together = {"one": _raw(one), "other": _raw(other)}, Report(), Report()
    made = typed_together({name: (raw, COLUMNS) for name, raw in raws.items()}, together)
    for name, raw in raws.items():
        assert made[name].equals(typed(raw, name, COLUMNS, alone))
        assert made[name].schema == typed(raw, name, COLUMNS, Report()).schema
    assert together.warnings == alone.warnings


def test_codes_are_looked_up_alike_in_few_words_and_in_many() -> None:
    names = ("fhir_resource", "test_unit")
    lists = [Column(name, name, name, ColumnClass.ORDINARY, "string", f"code:{name}") for name in names]
    few = pl.Series(["Patient", "mmHg", "架空", None, "Encounter"], dtype=pl.String)
    many = pl.concat([few] * 400)
    short, long = (read(dict.fromkeys(lists, words), lenient=True) for words in (few, many))
    for column in lists:
        assert long[column.name].read.to_list() == short[column.name].read.to_list() * 400
        assert short[column.name].read.null_count() > 1
    assert short["test_unit"].read.to_list() == [None, "mmHg", None, None, None]
    assert short["fhir_resource"].read.to_list() == ["Patient", None, None, None, "Encounter"]
