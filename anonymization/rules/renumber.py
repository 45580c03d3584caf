"""無作為番号: keys become numbers of a random permutation."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymization.rules.base import Parameters, Rule, Title
from anonymization.rules.support.chance import generator
from anonymization.rules.support.domains import Domain, Domains, Form, Numbers
from anonymization.rules.support.options import Option


class Renumber(Rule):
    """Member, chart and record numbers to 1 to n at random, the same for equal keys of all columns given together.

    Rules art. 34 item 3: replaced by codes that cannot link. The permutation is drawn anew in every release, is made
    from nothing of the key, exists in memory only and is never written (PPC Q&A 15-14). With `prefix` the number is
    a text of `digits` digits behind it. A key that was not there when it was learnt becomes null.

    >>> made = after("renumber", {"member": ["M07", "M03", "M07"]}, "member", prefix="A", digits=6)["member"]
    >>> made[0] == made[2], sorted(set(made))
    (True, ['A000001', 'A000002'])
    """

    id = "renumber"
    title = Title("無作為番号", "Renumbered at random")
    law = "規則34条3号、個人情報保護委員会Q&A 15-14"
    schema = (
        Option("prefix", str, "letters before the number, which is then a text", optional=True, form="[A-Za-z]{1,3}"),
        Option("digits", int, "digits behind a prefix", 6, least=1, most=12),
    )
    shared = True
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Draw a number for every key."""
        parts = [frame.select(pl.col(name).alias("key")) for name in asked.of("column")]
        keys = pl.concat(parts).drop_nulls().unique().sort("key").collect().to_series()
        numbers = pl.Series(generator().permutation(keys.len()) + 1, dtype=pl.Int64)
        if asked.has("prefix"):
            if keys.len() >= 10 ** asked.number("digits"):
                raise self.unfit("digits", f"are too few for {keys.len()} keys")
            numbers = asked.text("prefix") + numbers.cast(pl.String).str.zfill(asked.number("digits"))
        return replace(asked, counts={"keys": keys.len()}, secret={"keys": keys, "numbers": numbers})

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """The number of each key."""
        keys, numbers = parameters.secret["keys"], parameters.secret["numbers"]
        return {
            name: pl.col(name).replace_strict(keys, numbers, default=None).alias(name)
            for name in parameters.of("column")
        }

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """1 to the number of keys, or that behind the prefix."""
        if not parameters.has("prefix"):
            return dict.fromkeys(parameters.of("column"), Numbers(1, parameters.counts["keys"], 1))
        form = Form(rf"{parameters.text('prefix')}[0-9]{{{parameters.number('digits')}}}")
        return dict.fromkeys(parameters.of("column"), form)


RULE = Renumber()
