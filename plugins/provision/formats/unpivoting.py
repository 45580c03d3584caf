"""Wide to long: columns of test values and answers of a made-up table -> rows of the tables all formats share.

A cell is a number, perhaps with a sign or word of comparison (``<5.0``, ``100以上``), or a word that the layout gives
a code for. Anything else is no result: it is left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from provision import codes
from provision.formats.base import Column
from provision.formats.delimited import Coded
from provision.formats.headings import fold, meant
from provision.formats.testvalues import ANSWER, TEST_VALUE, item_of
from provision.layouts import Answer, TestValue

_NUMBER = r"^(<=|>=|[<>≦≧≤≥])?\s*(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(以下|以上|未満|超)?$"
_COMPARATORS = {
    "<": "lt", "<=": "le", "≦": "le", "≤": "le", ">": "gt", ">=": "ge", "≧": "ge", "≥": "ge",
    "以下": "le", "以上": "ge", "未満": "lt", "超": "gt",
}  # fmt: skip
_ANSWER_CODE = r"^(?:[0-9]{1,4}|true|false)$"
_Constants = Mapping[str, Sequence[str | None]]
_NO, _DAY, _READ = "no", "day", ("comparator", "number", "code", "absent")


@dataclass(frozen=True)
class Unpivoted:
    """Rows as `columns.typed` asks for: constants of a column as numbers of `words`; and cells that were no result."""

    rows: pl.DataFrame
    words: Mapping[str, pl.Series]
    unread: Mapping[str, int]


def test_values(rows: Coded, places: Mapping[int, str], asked: Sequence[TestValue], day: pl.Series) -> Unpivoted:
    """Rows of ``test_value``: `places` says which of `asked` stands in which column of `rows`. `day` is theirs."""
    made, unread = _long(rows, places, {n: _result(rows.words[c], asked[n].values) for n, c in places.items()}, day)
    constants: _Constants = {
        "value_no": [str(number + 1) for number in range(len(asked))],
        "item": [one.item or item_of(one.system or "", one.code or "") or None for one in asked],
        "code_system": [one.system for one in asked],
        "code": [one.code for one in asked],
        "unit": [one.unit or None for one in asked],
    }
    filled = {"observed": _DAY, "comparator": "comparator", "value_number": "number", "value_code": "code",
              "absent": "absent"}  # fmt: skip
    return Unpivoted(_shaped(made, TEST_VALUE, constants, filled), _words(constants), _named(asked, unread))


def answers(rows: Coded, places: Mapping[int, str], asked: Sequence[Answer], day: pl.Series) -> Unpivoted:
    """Rows of ``answer``, in the same way."""
    made, unread = _long(rows, places, {n: _answer(rows.words[c], asked[n]) for n, c in places.items()}, day)
    constants: _Constants = {
        "answer_no": [str(number + 1) for number in range(len(asked))],
        "question": [one.question for one in asked],
        "answer_system": [one.system for one in asked],
        "unit": [one.unit or None for one in asked],
    }
    filled = {"answered": _DAY, "answer_code": "code", "answer_number": "number", "absent": "absent"}
    return Unpivoted(_shaped(made, ANSWER, constants, filled), _words(constants), _named(asked, unread))


def _long(
    rows: Coded, places: Mapping[int, str], read: Mapping[int, pl.DataFrame], day: pl.Series
) -> tuple[pl.DataFrame, dict[int, int]]:
    """Every filled cell of the columns: claim_no, number of the column, day, and what was read; sorted by claim."""
    parts, unread = [], {}
    for number, name in places.items():
        cells = read[number][rows.codes[name]]
        said = cells.select(pl.any_horizontal(pl.col(_READ).is_not_null())).to_series()
        unread[number] = int((cells["filled"].fill_null(False) & ~said).sum())
        part = cells.select(_READ).with_columns(rows.codes["claim_no"], day.alias(_DAY), pl.lit(number).alias(_NO))
        parts.append(part.filter(said))
    schema = {**dict.fromkeys((*_READ,), pl.String), "claim_no": pl.Int64, _DAY: pl.String, _NO: pl.Int32}
    made = pl.concat(parts) if parts else pl.DataFrame(schema=schema)
    return made.sort("claim_no", _NO), unread


def _result(words: pl.Series, values: Mapping[str, str]) -> pl.DataFrame:
    """What the words of a column of results say: `_READ`, and whether there is a word at all."""
    text = pl.col("text")
    frame = words.str.normalize("NFKC").str.strip_chars().alias("text").to_frame()
    parts = text.str.extract_groups(_NUMBER)
    sign, tail = parts.struct.field("1"), parts.struct.field("3")
    compared = pl.coalesce(sign, tail).replace_strict(_COMPARATORS, default=None, return_dtype=pl.String)
    twice = sign.is_not_null() & tail.is_not_null()
    number = pl.when(~twice).then(parts.struct.field("2"))
    return _with_codes(frame, words, values).with_columns(comparator=pl.when(~twice).then(compared), number=number)


def _answer(words: pl.Series, asked: Answer) -> pl.DataFrame:
    """What the words of a column of answers say; without `values` a plain code is one."""
    if asked.number:
        return _result(words, asked.values).with_columns(comparator=pl.lit(None, pl.String))
    frame = words.str.normalize("NFKC").str.strip_chars().alias("text").to_frame()
    nothing = pl.lit(None, pl.String)
    made = _with_codes(frame, words, asked.values).with_columns(comparator=nothing, number=nothing)
    plain = pl.when(pl.col("text").str.contains(_ANSWER_CODE)).then("text")
    return made if asked.values else made.with_columns(code=plain)


def _with_codes(frame: pl.DataFrame, words: pl.Series, values: Mapping[str, str]) -> pl.DataFrame:
    """With ``code`` and ``absent`` by the words of the layout, compared as headings are."""
    absent = codes.load("test_absent").names
    known = {fold(word): code for word, code in (*((code, code) for code in values.values()), *values.items())}
    said = meant(words, known) if known else pl.Series([None] * words.len(), dtype=pl.String)
    frame = frame.with_columns(said.alias("meant"), filled=pl.col("text") != "")
    is_absent = pl.col("meant").is_in(list(absent))
    return frame.with_columns(absent=pl.when(is_absent).then("meant"), code=pl.when(~is_absent).then("meant"))


def _shaped(
    made: pl.DataFrame, columns: Sequence[Column], constants: _Constants, filled: Mapping[str, str]
) -> pl.DataFrame:
    """The columns of the shared table: constants by the number of their column, cells as text, the others empty."""

    def of(name: str) -> pl.Expr:
        if name in constants:
            return pl.col(_NO).cast(pl.UInt32).alias(name)
        return pl.col(filled[name]).alias(name) if name in filled else pl.lit(None, pl.String).alias(name)

    return made.select("claim_no", *[of(column.name) for column in columns])


def _words(constants: _Constants) -> dict[str, pl.Series]:
    return {name: pl.Series(name, words, dtype=pl.String) for name, words in constants.items()}


def _named(asked: Sequence[TestValue | Answer], unread: Mapping[int, int]) -> dict[str, int]:
    """Cells that were no result, by what they should have been."""
    made: dict[str, int] = {}
    for number, count in unread.items():
        one = asked[number]
        name = one.question if isinstance(one, Answer) else (one.item or one.code or "")
        made[name] = made.get(name, 0) + count
    return made
