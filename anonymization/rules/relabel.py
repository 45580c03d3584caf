"""置き換え: values to categories by a table in the profile."""

from __future__ import annotations

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain, Labels
from anonymization.rules.support.options import Option


class Relabel(ColumnRule):
    """Values to what stands for them, ``value=category`` each; what is not in the table becomes `other`, or goes.

    PPC secretariat's report: a rare good becomes its category. An allow-list: a value nobody thought of does not go
    out.

    >>> after("relabel", ["さば", "本まぐろ", "限定品", None], pairs=["さば=鮮魚", "本まぐろ=鮮魚"], other="その他")
    ['鮮魚', '鮮魚', 'その他', None]
    >>> after("relabel", ["さば", "限定品"], pairs=["さば=鮮魚"])
    ['鮮魚', None]
    """

    id = "relabel"
    title = Title("置き換え", "Replaced by category")
    law = "規則34条4号・5号"
    schema = (
        Option("pairs", str, "value=category", form="[^=]+=[^=]+", many=True),
        Option("other", str, "what everything else becomes", optional=True, form=".+"),
    )
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse a value that stands twice."""
        if not _table(asked) or len(_table(asked)) < len(asked.texts("pairs")):
            raise self.unfit("pairs", "names at least one value, each once")
        return asked

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The category."""
        table = _table(parameters)
        text = pl.col(column).cast(pl.String)
        other = pl.when(text != "").then(pl.lit(parameters.text("other") if parameters.has("other") else None))
        return pl.coalesce(text.replace_strict(list(table), list(table.values()), default=None), other)

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """The categories."""
        other = {parameters.text("other")} if parameters.has("other") else set()
        return Labels(frozenset(_table(parameters).values()) | other)


def _table(parameters: Parameters) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in parameters.texts("pairs"))


RULE = Relabel()
