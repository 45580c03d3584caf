"""照合: whether a record is a person's, by keyed tokens and evidence alone; the same for the vault and for receipt.

A record is the person's where it has a token of theirs and no other birth or sex. The token of a card without branch
(`health_birth`) is shared by twins of one sex: there the name must not differ either. Kana, birth and sex alone
(`name_birth`) decide only where the record has no number at all. What is nearly theirs is counted as doubtful: their
name beside other numbers, or a number of theirs beside another birth or sex.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from provision.identity import EVIDENCE, STRONG, TOKENS, keyed
from provision.persons.asked import Asked

_OWN = tuple(domain for domain in STRONG if domain != "health_birth")


@dataclass(frozen=True)
class Marks:
    """Tokens and evidence of one person under the link key of one scope."""

    values: Mapping[str, frozenset[bytes]] = field(repr=False)

    def mine(self) -> pl.Expr:
        """Whether a record (columns `TOKENS` and `EVIDENCE`) is the person's."""
        return self.by_number() | self.by_name()

    def by_number(self) -> pl.Expr:
        """Whether it has a number of theirs."""
        card = self._has("health_birth") & ~self._other_name()
        return self._one_body() & (pl.any_horizontal([self._has(domain) for domain in _OWN]) | card)

    def by_name(self) -> pl.Expr:
        """Whether it has no number at all, and their name."""
        numberless = pl.all_horizontal([pl.col(domain).is_null() for domain in STRONG])
        return numberless & self._one_body() & self._has("name_birth") & ~self._differs("e_written")

    def near(self) -> pl.Expr:
        """Whether it is not, and yet has a number of theirs, or their kana name, birth and sex: for people to look."""
        return ~self.mine() & pl.any_horizontal([self._has(domain) for domain in (*_OWN, "name_birth")])

    def _has(self, name: str) -> pl.Expr:
        known = pl.Series(sorted(self.values.get(name, ())), dtype=pl.Binary)
        return pl.col(name).is_in(known.implode()).fill_null(False)

    def _differs(self, name: str) -> pl.Expr:
        """The record says this, and something else than the person."""
        return pl.col(name).is_not_null() & ~self._has(name) if self.values.get(name) else pl.lit(False)

    def _one_body(self) -> pl.Expr:
        return ~self._differs("e_birth") & ~self._differs("e_sex")

    def _other_name(self) -> pl.Expr:
        """Names in kana decide where both have one, unless the written ones are equal."""
        both = pl.col("e_kana").is_not_null() if self.values.get("e_kana") else pl.lit(False)
        kana = self._differs("e_kana") & ~self._has("e_written")
        return pl.when(both).then(kana).otherwise(self._differs("e_written"))


def marks(asked: Asked, key: bytes, sources: Iterable[str], more: Mapping[str, Iterable[bytes]]) -> Marks:
    """Of what was said of a person, in the sources of a scope, and of tokens that are known to be theirs, too."""
    values: dict[str, set[bytes]] = {name: set(more.get(name, ())) for name in (*TOKENS, *EVIDENCE)}
    for source in sources:
        for domain, parts in asked.tokens(source):
            values[domain].add(keyed(key, domain, parts))
    for name, parts in asked.evidence():
        values[name].add(keyed(key, name, parts))
    return Marks({name: frozenset(found) for name, found in values.items()})
