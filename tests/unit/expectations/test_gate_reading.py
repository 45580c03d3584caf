"""Reading a table as the recipient will: strict about bytes, exact about text."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.read import Unreadable, read_table


def as_dict(path: Path, form: str, column: str) -> dict[str | None, int]:
    """Distinct values of a column with rows."""
    frame = read_table(path, form).distinct(column)
    return {(v if isinstance(v, str) else None): int(n) for v, n in zip(frame["value"], frame["rows"], strict=True)}


def test_parquet_values_are_text_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame(
        {
            "i": [7, 7, None],
            "d": pl.Series([Decimal("1.50"), Decimal("1.50"), Decimal("-0.05")], dtype=pl.Decimal(9, 2)),
            "s": ["", "０１", None],
        }
    ).write_parquet(path)
    text = read_table(path, "parquet")
    assert (text.header, text.types, text.rows) == (("i", "d", "s"), ("integer", "decimal", "string"), 3)
    assert as_dict(path, "parquet", "i") == {"7": 2, None: 1}
    assert as_dict(path, "parquet", "d") == {"1.50": 2, "-0.05": 1}
    assert as_dict(path, "parquet", "s") == {"": 1, "０１": 1, None: 1}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1.5], "refused:double"),
        ([True], "refused:boolean"),
        ([b"x"], "refused:binary"),
        ([["x"]], "refused:nested"),
    ],
)
def test_types_that_readers_convert_are_refused(tmp_path: Path, values: list[object], found: str) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"c": values}).write_parquet(path)
    assert read_table(path, "parquet").types == (found,)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "csv.empty"),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", "csv.byte_order_mark"),
        (b"a,b\r\n1,2,3\r\n", "csv.rfc4180"),
        (b"a,b\r\n1\r\n", "csv.rfc4180"),
        (b"a,b\r\n1,2\n", "csv.rfc4180"),
        (b"a,b\r\n1,2", "csv.rfc4180"),
        (b'a,b\r\n1,x"y\r\n', "csv.rfc4180"),
        (b'a,b\r\n1,"x"y\r\n', "csv.rfc4180"),
        (b'a,b\r\n1,"xy\r\n', "csv.rfc4180"),
        (b"a,b\r\n1,x\ry\r\n", "csv.rfc4180"),
        (b"a,b\r\n1,\x00\r\n", "csv.nul"),
        (b"a,b\r\n1,\x8e\xa9\r\n", "csv.not_utf8"),
        (b"a,a\r\n1,2\r\n", "header.not_unique"),
        (b"a,\r\n1,2\r\n", "header.not_unique"),
        (b"a", "csv.header"),
    ],
)
def test_broken_csv_is_refused(tmp_path: Path, content: bytes, rule: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        read_table(path, "csv")
    assert caught.value.rule == rule


def test_csv_quotes_newlines_and_nulls(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'a,"b, c"\r\n1,"x ""y""\r\nz"\r\n,\r\n"",#\r\n')
    text = read_table(path, "csv")
    assert (text.header, text.rows) == (("a", "b, c"), 3)
    assert as_dict(path, "csv", "a") == {"1": 1, None: 2}
    assert as_dict(path, "csv", "b, c") == {'x "y"\r\nz': 1, None: 1, "#": 1}


def test_broken_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 and nothing else PAR1")
    with pytest.raises(Unreadable):
        read_table(path, "parquet")
    with pytest.raises(Unreadable):
        read_table(path, "xlsx")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6), st.integers(0, 9)),
        min_size=1,
        max_size=8,
    )
)
def test_any_table_written_by_the_csv_module_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]]
) -> None:
    import csv
    from collections import Counter

    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(["text", "number"])
        writer.writerows(rows)
    assert read_table(path, "csv").rows == len(rows)
    assert as_dict(path, "csv", "text") == Counter(text or None for text, _ in rows)
