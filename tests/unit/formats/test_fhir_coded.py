"""Columns by the numbers of their words say what the cells say, whatever is done to them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from provision.formats.fhircoded import Coded, Rows, together

_TEXTS = st.lists(st.sampled_from([None, "", "a", "b", "架空"]), max_size=12)


@given(_TEXTS)
def test_a_column_holds_its_cells(texts: list[str | None]) -> None:
    made = Coded.of(texts)
    assert made.texts() == Coded.each(texts).texts() == Coded.drawn(iter(texts), len(texts)).texts() == texts
    assert made.series().to_list() == texts
    assert made.filled.tolist() == [text is not None for text in texts]
    assert made.having(lambda word: word == "a").tolist() == [text == "a" for text in texts]


@given(_TEXTS)
def test_every_word_is_read_once_and_none_is_not(texts: list[str | None]) -> None:
    asked: list[str] = []

    def twice(word: str) -> str | None:
        asked.append(word)
        return None if word == "b" else word * 2

    assert Coded.of(texts).read(twice).texts() == [None if text in {None, "b"} else f"{text}{text}" for text in texts]
    assert len(asked) == len(set(asked))


@given(_TEXTS)
def test_cells_are_taken_lost_and_put_in_places(texts: list[str | None]) -> None:
    made, lost = Coded.of(texts), np.array([text == "a" for text in texts], np.bool_)
    assert made.without(lost).texts() == [None if text == "a" else text for text in texts]
    assert made.at(~lost).texts() == [text for text in texts if text != "a"]
    spread = Coded.placed(2 * len(texts) + 1, [(np.arange(len(texts)) * 2, made)]).texts()
    assert spread[::2][: len(texts)] == texts
    assert set(spread[1::2]) <= {None}


@given(st.lists(st.tuples(st.sampled_from([None, "", "a"]), st.sampled_from([None, "", "b"])), max_size=8))
def test_empty_cells_are_those_of_another_column(pairs: list[tuple[str | None, str | None]]) -> None:
    one, other = (Coded.of([pair[at] for pair in pairs]) for at in (0, 1))
    assert one.or_else(other).texts() == [a if a is not None else b for a, b in pairs]
    assert one.empty is all(a is None for a, _ in pairs)


@given(st.lists(_TEXTS, min_size=1, max_size=4))
def test_columns_go_below_each_other(parts: list[list[str | None]]) -> None:
    assert together([Coded.of(part) for part in parts]).texts() == [text for part in parts for text in part]


def test_rows_keep_their_cells() -> None:
    rows = Rows(np.array([3, 1, 2]), {"a": Coded.of(["x", None, "x"]), "b": Coded.one("k", 3)})
    kept = rows.at(np.argsort(rows.owners))
    assert kept.owners.tolist() == [1, 2, 3]
    assert {name: column.texts() for name, column in kept.columns.items()} == {"a": [None, "x", "x"], "b": ["k"] * 3}
