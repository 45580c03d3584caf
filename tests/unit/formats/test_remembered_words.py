"""Words that were read before are what they were, whatever was read in between, and nobody's words are remembered."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision import codes
from provision.formats import remembered, words
from provision.formats.base import Column, ColumnClass

_KINDS = {
    "sex": ("string", "code:sex"), "unit": ("string", "code:test_unit"), "day": ("string", "date"),
    "month": ("string", "month"), "count": ("integer", "range:0..99"), "amount": ("decimal", "range:0..9/0.1"),
    "shape": ("string", "form:[a-c]{2}"), "birth": ("string", "month"), "zip": ("string", "zip3"),
    "insurer": ("string", "insurer"), "name": ("string", "none"),
}  # fmt: skip
_CLASSES = {
    "birth": ColumnClass.BIRTH, "zip": ColumnClass.ZIP, "insurer": ColumnClass.INSURER, "name": ColumnClass.DIRECT,
}  # fmt: skip
COLUMNS = [
    Column(name, name, name, _CLASSES.get(name, ColumnClass.ORDINARY), dtype, domain)
    for name, (dtype, domain) in _KINDS.items()
]
_WORDS = st.sampled_from(
    [
        None, "", " ", "1", " 2 ", "mmHg", "架空山　花子", "2025-05-03", "20250503", "2025", "ab", "5.25", "1060047",
        "138057", "99999999",
    ]
)  # fmt: skip
_SAID = st.lists(_WORDS, min_size=1, max_size=8, unique=True)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(_SAID, min_size=len(COLUMNS), max_size=len(COLUMNS)), min_size=1, max_size=3))
def test_words_are_read_as_if_none_were_remembered(parcels: list[list[list[str | None]]]) -> None:
    for parcel in parcels:
        said = dict(zip(COLUMNS, parcel, strict=True))
        anew = words.read({c: pl.Series(texts, dtype=pl.String) for c, texts in said.items()}, lenient=True)
        again = remembered.read(said)
        for column in COLUMNS:
            was, made = anew[column.name], again[column.name]
            assert made.read.equals(was.read)
            assert made.read.dtype == was.read.dtype
            lost = [False] * len(was.read) if was.lost is None else was.lost.fill_null(False).to_list()
            assert lost == ([False] * len(was.read) if made.lost is None else made.lost.to_list())


def test_only_what_the_store_keeps_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    said = ["架空山　花子", "19560203", "1060047", "06132013", "1"]
    remembered.read(dict.fromkeys(COLUMNS, said))
    for column in COLUMNS:
        known = remembered._memory(column, codes.of_domain(column.domain))
        assert "架空山　花子" not in known
        assert not known or column.cls is ColumnClass.ORDINARY
    asked: list[str] = []

    def noted(left: dict[Column, pl.Series], *, lenient: bool) -> dict[str, words.Words]:
        asked.extend(column.name for column in left)
        return {c.name: words.Words(pl.Series([None] * s.len(), dtype=pl.String), None) for c, s in left.items()}

    monkeypatch.setattr(remembered.words, "read", noted)
    remembered.read({column: ["1"] for column in COLUMNS if column.name in {"sex", "birth", "zip", "name"}})
    assert asked == ["birth", "zip"]


def test_what_is_remembered_of_a_column_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_WORDS", 50)
    column = COLUMNS[2]
    for day in range(300):
        text = f"2025-{day % 12 + 1:02}-{day // 12 + 1:02}"
        assert remembered.read({column: [text]})["day"].read.to_list() == [text]
        assert len(remembered._memory(column, None)) <= 51
