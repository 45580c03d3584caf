"""診療行為: the nine-digit code of claims → its first three digits → chapter of the tariff."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from anonymization.data import rows
from anonymization.hierarchies.base import CodeSystem, Level, looked_up
from anonymization.rules.support.domains import Domain, Labels


class Procedures(CodeSystem):
    """Procedures by the code of claims. Codes of medicines (6), materials (7) and comments (8) are none."""

    id = "procedure"
    ja = "診療行為"
    en = "Procedures"
    source = "診療行為コードの範囲（anonymization/data/procedure_chapter.tsv）"
    own = (Level("group", "上3桁", "first three digits"), Level("chapter", "章", "chapter of the tariff"))

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """Three digits, and the chapter whose range they lie in."""
        group = pl.col(column).cast(pl.String).str.extract(r"^([0-9]{3})[0-9]{6}$")
        return looked_up(group, {label: label for label in _chapters()}), looked_up(group, _chapters())

    def holds(self, level: str) -> Domain:
        """Every label there is."""
        return Labels(frozenset(_chapters() if level == "group" else _chapters().values()))

    def words(self, level: str) -> Mapping[str, tuple[str, str]]:
        """Names of the chapters."""
        return {r["label"]: (r["ja"], r["en"]) for r in rows("procedure_chapter")} if level == "chapter" else {}


def _chapters() -> dict[str, str]:
    """First three digits to chapter: every range begins and ends with whole groups."""
    return {
        f"{group:03d}": row["label"]
        for row in rows("procedure_chapter")
        for group in range(int(row["first"][:3]), int(row["last"][:3]) + 1)
    }


SYSTEMS = (Procedures(),)
