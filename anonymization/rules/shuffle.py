"""並べ替え: rows in random order."""

from __future__ import annotations

import secrets
from dataclasses import replace

import polars as pl

from anonymization.rules.base import Parameters, Part, Rule, Title
from anonymization.rules.support.domains import Domain, Domains


class Shuffle(Rule):
    """Nothing of the source's order remains: who came first, and which rows stood together (Rules art. 34 item 5).

    The order of a file links releases and sources as well as a number does. Drawn anew in every release, never written.
    It is of a whole table: on single chunks each would be shuffled by itself.

    >>> made = after("shuffle", {"x": range(1000)}, {})["x"]
    >>> made == sorted(made), sorted(made) == list(range(1000))
    (False, True)
    """

    id = "shuffle"
    title = Title("並べ替え", "Rows shuffled")
    law = "規則34条5号"
    parts = (Part("column", "none is treated", 0),)
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Draw a seed."""
        return replace(asked, secret={"seed": secrets.randbits(64)})

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """No column changes."""
        return {}

    def order(self, parameters: Parameters) -> pl.Expr | None:
        """A random permutation of the places."""
        return pl.int_range(pl.len()).shuffle(seed=parameters.secret["seed"])

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """Nothing new."""
        return {}


RULE = Shuffle()
