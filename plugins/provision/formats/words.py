"""Reading the words of columns by the domain of each: dates, codes, insurers, postal codes and numbers.

A question to Polars costs a fifth of a millisecond whatever its size, and a file has many columns and few words. So
the words of all columns that are read by the same rules are read in one go; numbers are, whatever their ranges.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

import numpy as np
import polars as pl

from provision import codes
from provision.formats import dates, tables
from provision.formats.base import Column, ColumnClass
from provision.formats.numbers import canonical_insurer

_CODE = r"^[0-9A-Z]{1,10}$"
_INSURER = r"^(?:[0-9]{6}|[0-9]{8})$"
_ZIP = r"^[0-9]{7}$"
_INTEGER = r"^-?[0-9]{1,12}$"
_DECIMAL = r"^-?[0-9]{1,9}(?:\.[0-9]{1,6})?$"
_SPACES = " \u3000"
_RAW, _READ = "raw", "read"
#: The ways of columns whose words are looked up, each in its own list, or looked at, each by its own form.
_LISTED, _FORMED = "listed", "formed"
#: So few words are not worth a question.
_FEW = 1_000


@dataclass(frozen=True, repr=False)
class Words:
    """The words of a column as they were read, and a mask of those that were lost, where any was."""

    read: pl.Series
    lost: pl.Series | None


def read(words: Mapping[Column, pl.Series], lenient: bool) -> dict[str, Words]:
    """The words of every column, read; null where a word is blank or not of the column's form.

    With `lenient` numbers in full width are numbers, too. Words of dropped classes are never lost: they stay as they
    came, without spaces around them.
    """
    alike: dict[object, list[Column]] = {}
    for column in words:
        alike.setdefault(_way(column), []).append(column)
    return {name: made for group in alike.values() for name, made in _read_alike(group, words, lenient)}


@cache
def _plain_codes(domain: str) -> bool:
    """Whether all codes of a list have the shape that is looked for; the codes of any other are looked up."""
    return all(re.fullmatch(_CODE, code) for code in codes.load(domain.removeprefix("code:")).names)


def _way(column: Column) -> tuple[object, ...]:
    """Columns of one way are read by the same rules."""
    dropped = column.cls in tables.DROPPED
    if column.dtype != "string":
        return dropped, column.dtype, None if column.dtype == "integer" else tables.polars_type(column)
    word = column.domain.partition(":")[0]
    listed = word == "code" and column.cls is not ColumnClass.BIRTH and not _plain_codes(column.domain)
    rules = "" if dropped else _LISTED if listed else _FORMED if word == "form" else word
    return dropped, column.dtype, rules, column.cls is ColumnClass.BIRTH


def _read_alike(
    columns: Sequence[Column], words: Mapping[Column, pl.Series], lenient: bool
) -> Iterator[tuple[str, Words]]:
    every = pl.concat([words[column] for column in columns], rechunk=True)
    first, counts = columns[0], [words[column].len() for column in columns]
    frame = _stripped(every.alias(_RAW)).to_frame()
    dropped, text = first.cls in tables.DROPPED, first.dtype == "string"
    if not text:
        frame = _numbers(frame, columns, counts, lenient)
    elif _way(first)[2] in _APART:
        frame = _apart(frame, columns, counts, _APART[_way(first)[2]])
    elif not dropped:
        frame = _strings(frame, first)
    made = frame.to_series(-1)
    missing = not dropped and made.null_count() > frame[_RAW].null_count()
    lost = frame.select(_lost(pl.col(_RAW), pl.col(_READ), first)).to_series() if missing else None
    begin = 0
    for column, count in zip(columns, counts, strict=True):
        part = slice(begin, begin := begin + count)
        own = made[part] if text else made[part].cast(tables.polars_type(column))
        yield column.name, Words(own, None if lost is None else lost[part])


def stripped(text: str | None) -> str | None:
    """One word without spaces around it; None where nothing is left: all that is done to a word that is dropped."""
    return (text.strip(_SPACES) or None) if text else None


def _stripped(words: pl.Series) -> pl.Series:
    """Without spaces around them; null where nothing is left. Looking for spaces is cheaper than taking them away."""
    text = pl.col(words.name)
    edges = [edge for space in _SPACES for edge in (text.str.starts_with(space), text.str.ends_with(space))]
    if words.len() < _FEW or words.to_frame().select(pl.any_horizontal(edges).any()).item():
        words = words.str.strip_chars(_SPACES)
    return words.to_frame().select(pl.when(text != "").then(text)).to_series()


def _lost(raw: pl.Expr, made: pl.Expr, column: Column) -> pl.Expr:
    if column.domain in {"date", "month"}:
        return dates.failing(raw, made).fill_null(False)
    return raw.is_not_null() & made.is_null()


def _strings(frame: pl.DataFrame, column: Column) -> pl.DataFrame:
    """With text of the column's form; null for anything else. Step by step: no expression stands in it twice."""
    value = pl.col(_RAW)
    word = column.domain.partition(":")[0]
    if column.cls is ColumnClass.BIRTH:
        return frame.with_columns(dates.as_day(value).alias(_READ))
    if word in {"date", "month"}:
        return frame.with_columns((dates.as_date if word == "date" else dates.as_month)(value).alias(_READ))
    if word == "insurer":
        value, pattern = canonical_insurer(value), _INSURER
    elif word == "zip3":
        value, pattern = value.str.normalize("NFKC").str.replace_all(r"[^0-9A-Za-z]", ""), _ZIP
    else:
        pattern = _CODE
    return frame.with_columns(value.alias(_READ)).with_columns(_matching(pl.col(_READ), pattern))


def _apart(
    frame: pl.DataFrame, columns: Sequence[Column], counts: Sequence[int], own: Callable[[pl.Series, Column], pl.Series]
) -> pl.DataFrame:
    """With the words that each column takes by what is its own; null for anything else."""
    ends = list(accumulate(counts))
    parts = [frame[_RAW].slice(end - count, count) for end, count in zip(ends, counts, strict=True)]
    made = [own(part, column) for part, column in zip(parts, columns, strict=True)]
    return frame.with_columns(pl.concat(made, rechunk=True).alias(_READ))


def _of_list(words: pl.Series, column: Column) -> pl.Series:
    known = codes.load(column.domain.removeprefix("code:")).names
    if words.len() <= _FEW:
        return pl.Series([word if word in known else None for word in words.to_list()], dtype=pl.String)
    value = pl.col(words.name)
    return words.to_frame().select(pl.when(value.is_in(pl.Series(list(known)).implode())).then(value)).to_series()


def _of_form(words: pl.Series, column: Column) -> pl.Series:
    form = column.domain.removeprefix("form:")
    if words.len() > _FEW:
        return words.to_frame().select(_matching(pl.col(words.name), f"^(?:{form})$")).to_series()
    whole = re.compile(form).fullmatch
    return pl.Series([word if word is not None and whole(word) else None for word in words.to_list()], dtype=pl.String)


#: By the way, what is each column's own.
_APART: Mapping[object, Callable[[pl.Series, Column], pl.Series]] = {_LISTED: _of_list, _FORMED: _of_form}


def _matching(value: pl.Expr, pattern: str) -> pl.Expr:
    return pl.when(value.str.contains(pattern)).then(value)


def _numbers(frame: pl.DataFrame, columns: Sequence[Column], counts: Sequence[int], lenient: bool) -> pl.DataFrame:
    """With plainly written numbers within each column's range, rounded to its step; null for anything else."""
    value = pl.col(_RAW)
    text = frame.select(value.str.normalize("NFKC")) if lenient else frame
    wanted = tables.polars_type(columns[0])
    if isinstance(wanted, pl.Decimal):
        kind: pl.DataType = pl.Decimal(18, 6)
        number = _matching(value, _DECIMAL).cast(kind, strict=False).round(wanted.scale)
    else:
        kind = pl.Int64()
        number = _matching(value, _INTEGER).cast(kind, strict=False)
    limits = [tables.bounds(column.domain)[:2] for column in columns]
    whose = pl.Series(np.repeat(np.arange(len(columns)), counts))
    low, high = (pl.Series([int(end) if kind == pl.Int64 else end for end in ends], dtype=kind).gather(whose)
                 for ends in zip(*limits, strict=True))  # fmt: skip
    made = frame.with_columns(text.select(number.alias(_READ)).to_series())
    return made.with_columns(pl.when(pl.col(_READ).is_between(low, high)).then(pl.col(_READ)))
