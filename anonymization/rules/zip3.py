"""郵便番号 → 上3桁: the delivery office's district remains."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from anonymization.rules.base import Parameters


@dataclass(frozen=True)
class Zip3:
    """ZIP code to its first three digits (published policy; PPC report names the same rounding)."""

    id: str = "zip3"
    law: str = "規則34条1号、公表方針"
    examples: tuple[tuple[str | None, str | None], ...] = (
        ("105-0011", "105"),
        ("1050011", "105"),
        ("１０５－００１１", "105"),
        ("〒105-0011", "105"),
        ("105", "105"),
        ("1050011 ", "105"),
        ("芝公園4-2-8", None),
        ("105-001", None),
        ("10", None),
        ("港区", None),
    )

    def learn(self, frame: pl.LazyFrame, column: str, options: Parameters) -> Parameters:
        """Nothing to learn."""
        return {}

    def apply(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """Three ASCII digits, or null where the value is no ZIP code: the numbers of an address are none."""
        text = pl.col(column).str.normalize("NFKC").str.replace_all(r"[\s〒]", "")
        return text.str.extract(r"^([0-9]{3})(?:[\-‐‑‒–—―−ー]?[0-9]{4})?$").alias(column)


RULE = Zip3()
