"""項目削除: the column goes, whatever is in it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from anonymization.rules.base import Parameters


@dataclass(frozen=True)
class DropColumn:
    """Delete the whole item (Rules art. 34 items 1-3; guideline table 1 項目削除)."""

    id: str = "drop-column"
    law: str = "規則34条1号・2号・3号"
    examples: tuple[tuple[str | None, str | None], ...] = (("架空　太郎", None), ("", None))

    def learn(self, frame: pl.LazyFrame, column: str, options: Parameters) -> Parameters:
        """Nothing to learn."""
        return {}

    def apply(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """None: the column is not there afterwards."""
        return None


RULE = DropColumn()
