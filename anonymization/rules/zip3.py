"""郵便番号 → 上3桁: the delivery office's district remains."""

from __future__ import annotations

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain, Form


class Zip3(ColumnRule):
    """ZIP code to its first three digits (published policy; PPC report names the same rounding).

    Three ASCII digits, or null where the value is no ZIP code: the numbers of an address are none.

    >>> after("zip3", ["105-0011", "1050011", "１０５－００１１", "〒105-0011", "105", "1050011 "])
    ['105', '105', '105', '105', '105', '105']
    >>> after("zip3", ["芝公園4-2-8", "105-001", "10", "港区"])
    [None, None, None, None]
    """

    id = "zip3"
    title = Title("郵便番号上3桁", "ZIP code, first three digits")
    law = "規則34条1号、公表方針"

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """Three digits, or null."""
        text = pl.col(column).str.normalize("NFKC").str.replace_all(r"[\s〒]", "")
        return text.str.extract(r"^([0-9]{3})(?:[\-‐‑‒–—―−ー]?[0-9]{4})?$")

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """Three digits."""
        return Form("[0-9]{3}")


RULE = Zip3()
