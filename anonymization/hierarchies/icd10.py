"""ICD-10: code → category of three characters → block → chapter, by the ranges of the Japanese list of 2013.

E11.9 and E119 are one code's writings. Claims write the seven-digit 傷病名コード instead, which has no ICD-10 in it
(its master has, and is not ours to ship): those columns cannot be generalised by this system.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl

from anonymization.data import rows
from anonymization.hierarchies.base import CodeSystem, Level, looked_up
from anonymization.rules.support.domains import Domain, Labels


class Icd10(CodeSystem):
    """Diagnoses."""

    id = "icd10"
    ja = "疾病分類（ICD-10）"
    en = "Diseases (ICD-10)"
    source = "疾病、傷害及び死因の統計分類（平成27年総務省告示第35号、ICD-10 2013年版準拠）"
    own = (
        Level("category", "3桁分類", "category"),
        Level("block", "中分類", "block"),
        Level("chapter", "大分類（章）", "chapter"),
    )

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """Category, block and chapter."""
        code = pl.col(column).cast(pl.String).str.extract(r"^([A-Z][0-9]{2})(?:\.?[0-9A-Z]{1,3})?$")
        known = looked_up(code, {category: category for category in _ranges("block")})
        return known, looked_up(known, _ranges("block")), looked_up(known, _ranges("chapter"))

    def holds(self, level: str) -> Domain:
        """Every label of the list."""
        return Labels(frozenset(_ranges("block") if level == "category" else _ranges(level).values()))

    def words(self, level: str) -> Mapping[str, tuple[str, str]]:
        """Names of blocks and chapters."""
        return {f"{r['first']}-{r['last']}": (r["ja"], r["en"]) for r in rows("icd10") if r["kind"] == level}


@cache
def _ranges(kind: str) -> dict[str, str]:
    """Every category within a block or chapter of the list, and the label of that."""
    found = {}
    for row in rows("icd10"):
        if row["kind"] == kind:
            for category in _between(row["first"], row["last"]):
                found[category] = f"{row['first']}-{row['last']}"
    return found


def _between(first: str, last: str) -> list[str]:
    letters = [chr(number) for number in range(ord(first[0]), ord(last[0]) + 1)]
    every = [f"{letter}{number:02d}" for letter in letters for number in range(100)]
    return [category for category in every if first <= category <= last]


SYSTEMS = (Icd10(),)
