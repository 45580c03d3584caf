"""本人の検索: aliases of one person in every scope of the vault. Gives aliases and counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from provision.context import Context
from provision.errors import FixConfiguration, Refused
from provision.identity import STRONG
from provision.intake.keying import scope
from provision.joining import join
from provision.persons.asked import Asked
from provision.persons.marks import marks


@dataclass(frozen=True)
class Found:
    """One scope: the person's aliases, their tokens and names by domain, and how many records are nearly theirs."""

    aliases: frozenset[str] = field(default=frozenset(), repr=False)
    tokens: Mapping[str, frozenset[bytes]] = field(default_factory=dict, repr=False)
    doubtful: int = 0
    #: Names that are nobody else's: kinds of known values, ``name`` and ``kana``.
    own_names: frozenset[str] = frozenset()

    def __or__(self, other: Found) -> Found:
        """What was found at two times."""
        nothing: frozenset[bytes] = frozenset()
        return Found(
            self.aliases | other.aliases,
            {d: self.tokens.get(d, nothing) | other.tokens.get(d, nothing) for d in {*self.tokens, *other.tokens}},
            max(self.doubtful, other.doubtful),
            self.own_names | other.own_names,
        )

    def as_json(self) -> dict[str, object]:
        """To be sealed."""
        tokens = {domain: sorted(token.hex() for token in found) for domain, found in self.tokens.items()}
        return {"aliases": sorted(self.aliases), "tokens": tokens, "doubtful": self.doubtful,
                "own_names": sorted(self.own_names)}  # fmt: skip

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Found:
        """What `as_json` gave."""
        tokens = {domain: frozenset(map(bytes.fromhex, texts)) for domain, texts in said["tokens"].items()}
        return cls(frozenset(said["aliases"]), tokens, int(said["doubtful"]), frozenset(said["own_names"]))


def find(ctx: Context, asked: Asked) -> dict[str, Found]:
    """By scope, of every scope in which the person is. Others of one person are found through what joins them.

    `Refused` ``person.ambiguous`` where two people have these numbers and no name tells them apart; `FixConfiguration`
    where the vault knows a scope that no source has any more.
    """
    sources = _sources(ctx)
    if unknown := sorted(set(ctx.vault.scopes()) - sources.keys()):
        raise FixConfiguration(
            f"the vault has people of {len(unknown)} scopes that no source has: {', '.join(unknown)}",
            rule="person.scopes", remedy="put the source's file back, or end the period while it is there",
        )  # fmt: skip
    found = {name: _in_scope(ctx, asked, name, sources[name]) for name in ctx.vault.scopes()}
    return {name: one for name, one in found.items() if one.aliases or one.doubtful}


def _sources(ctx: Context) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for source in ctx.sources.values():
        if source.legal_status != "anonymised_received":
            found[scope(source)].append(source.id)
    return found


def _in_scope(ctx: Context, asked: Asked, name: str, sources: list[str]) -> Found:
    records = ctx.vault.records(name)
    mine = marks(asked, ctx.keys.symmetric(f"link-{name}"), sources, {})
    person, _ = join(records)
    known = records.with_columns(person=person, number=mine.by_number(), name=mine.by_name(), near=mine.near())
    people = _whose(known)
    if len(people) > 1 and not (mine.values["e_kana"] or mine.values["e_written"]):
        raise Refused(
            f"{len(people)} people of {name} have these numbers", rule="person.ambiguous",
            remedy="say the name, in kana or written, so that one of them is meant",
        )  # fmt: skip
    theirs = pl.col("person").is_in(people.implode())
    own, others = known.filter(theirs), known.filter(~theirs)
    names = {"kana": "e_kana", "name": "e_written"}
    return Found(
        frozenset(own["alias"]),
        {domain: frozenset(own[domain].drop_nulls()) for domain in (*STRONG, *names.values())},
        others.filter("near").height,
        frozenset(kind for kind, e in names.items() if not others[e].is_in(own[e].drop_nulls().implode()).any()),
    )


def _whose(known: pl.DataFrame) -> pl.Series:
    """The people that are the one asked for: by their numbers, and by their name alone where it is nobody else's."""
    numbered = known.filter("number")["person"].unique()
    named = known.filter("name", ~pl.col("person").is_in(numbered.implode()))["person"].unique()
    people = pl.concat([numbered, named])
    others = known.filter(~pl.col("person").is_in(people.implode()))["name_birth"].drop_nulls()
    shared = known.filter("name", pl.col("name_birth").is_in(others.implode())).height
    return numbered if shared else people
