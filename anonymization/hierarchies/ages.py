"""年齢: years or five-year bands → bands of 5, 10, 20 years, from 90 (in bands of 20: 80) on one; births by cohort."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from anonymization.hierarchies.base import CodeSystem, Level
from anonymization.rules.age_band import banded, labels
from anonymization.rules.support.bands import banded_by
from anonymization.rules.support.domains import Domain, Form, Labels
from anonymization.rules.support.months import ELDEST, months

#: Level: width of its bands, and the age from which there is one band: a multiple of it.
_BANDS = {"band5": (5, 90), "band10": (10, 90), "band20": (20, 80)}
#: Level: edges and labels of its classes.
_CLASSES = {
    "class7": ((20, 30, 40, 50, 60, 70), ("00-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")),
    "class4": ((20, 40, 60), ("00-19", "20-39", "40-59", "60+")),
}


class Ages(CodeSystem):
    """Ages in years, or bands as the rule `age-band` writes them, if they lie in a band of five years."""

    id = "age"
    ja = "年齢"
    en = "Ages"
    source = "90歳以上は一括（規則34条4号、公表例）"
    own: ClassVar[tuple[Level, ...]] = (
        Level("band5", "5歳階級", "bands of 5 years"),
        Level("band10", "10歳階級", "bands of 10 years"),
        Level("band20", "20歳階級", "bands of 20 years"),
    )

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """The band that holds the age, or the whole band."""
        age = _age(column)
        return tuple(banded(age, width, top) for width, top in _BANDS.values())

    def holds(self, level: str) -> Domain:
        """Every band of the level."""
        return Labels(frozenset(labels(*_BANDS[level])))


class AgeClasses(Ages):
    """Ages by the seven classes of the PPC secretariat's report: under 20, decades, 70 and over."""

    id = "age-class"
    ja = "年代7区分"
    en = "Ages (seven classes)"
    source = "個人情報保護委員会事務局レポート 事例2.1.1（年代7区分）"
    own = (*Ages.own[:2], Level("class7", "年代7区分", "seven classes"), Level("class4", "年代4区分", "four classes"))

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """The band or class that holds the age."""
        age = _age(column)
        return (*super().steps(column)[:2], *(banded_by(age, edges, words) for edges, words in _CLASSES.values()))

    def holds(self, level: str) -> Domain:
        """Every band or class of the level."""
        return Labels(frozenset(_CLASSES[level][1])) if level in _CLASSES else super().holds(level)


class Births(CodeSystem):
    """Births. It caps no age: the rule `old-age` does, whose ``<=1935-03`` stays what it is below ``*``."""

    id = "birth"
    ja = "生年月"
    en = "Births"
    source = "個人情報保護委員会事務局レポート（生年月日の丸め）"
    own = (
        Level("year", "生年", "birth year"),
        Level("cohort5", "生年5年階級", "five birth years"),
        Level("cohort10", "生年10年階級", "ten birth years"),
    )

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """1956, 1955-1959, 1950-1959."""
        year, eldest = months(column).floordiv(12), pl.col(column).cast(pl.String).str.extract(f"^({ELDEST})$")
        return tuple(
            pl.coalesce(eldest, step)
            for step in (year.cast(pl.String).str.zfill(4), _cohort(year, 5), _cohort(year, 10))
        )

    def holds(self, level: str) -> Domain:
        """The form of each."""
        return Form(rf"{'[0-9]{4}' if level == 'year' else '[0-9]{4}-[0-9]{4}'}|{ELDEST}")


def _age(column: str) -> pl.Expr:
    """The lowest age of a number or band; null for a band that lies in no five years, unless all of it is very old."""
    text = pl.col(column).cast(pl.String)
    low = text.str.extract(r"^([0-9]{1,3})(?:-[0-9]{2,3}|\+)?$").cast(pl.Int32)
    high = pl.coalesce(text.str.extract(r"^[0-9]{1,3}-([0-9]{2,3})$").cast(pl.Int32), low)
    together = (low.floordiv(5) == high.floordiv(5)) & ~text.str.ends_with("+")
    return pl.when(together | (low >= _BANDS["band5"][1])).then(low)


def _cohort(year: pl.Expr, width: int) -> pl.Expr:
    low = year.floordiv(width) * width
    return low.cast(pl.String).str.zfill(4) + "-" + (low + width - 1).cast(pl.String).str.zfill(4)


SYSTEMS = (Ages(), AgeClasses(), Births())
