"""受領時の除外: records of people who must not be received, left out before anything of them is stored or remembered.

A veto holds for every batch, an erasure for those that waited when it was carried out. Other cards and charts on a
record that is left out are the person's too: the register learns them. What is nearly theirs (their name beside numbers
nobody told us, a number of theirs beside another birth or sex) is taken, and counted, so that somebody looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import polars as pl

from provision.context import Context
from provision.formats.base import Parcel, Report
from provision.identity import STRONG, identities
from provision.intake.keying import scope
from provision.model import Source
from provision.persons.marks import Marks
from provision.persons.register import everybody, learn, marks_of, withdraw_late

#: Warnings in the counts of a batch: records that were left out, and records to look at.
LEFT_OUT, DOUBTFUL = "veto.left_out", "veto.doubtful"


class Vetoes:
    """Those that concern a batch of a source, which was received by entry `received` of the log."""

    def __init__(self, ctx: Context, source: Source, received: int) -> None:
        self.ctx, self.source = ctx, source
        linked = source.legal_status != "anonymised_received"
        self.people = [one for one in everybody(ctx) if one.concerns(received)] if linked else []
        self._met: set[str] = set()

    def without(
        self, parcel: Parcel, tables: Mapping[str, pl.DataFrame], report: Report
    ) -> tuple[Parcel, Mapping[str, pl.DataFrame]]:
        """The parcel and its tables without the records of these people."""
        claims = self._theirs(parcel.people, report) if self.people else pl.Series("claim_no", [], dtype=pl.Int64)
        if not len(claims):
            return parcel, tables
        report.warn(LEFT_OUT, len(claims))
        left = ~pl.col("claim_no").is_in(claims.implode())
        heads = {name: frame.filter(left) for name, frame in parcel.tables.items()}
        return (
            replace(parcel, tables=heads, people=parcel.people.filter(left)),
            {name: frame.filter(left) for name, frame in tables.items()},
        )

    def _theirs(self, people: pl.DataFrame, report: Report) -> pl.Series:
        records = identities(people.filter(self._looked_at), self._key, self.source.id)
        while any(self._learns(id, records.filter(mark.mine()), mark) for id, mark in self._marks.items()):
            self.__dict__.pop("_marks")
        mine = pl.any_horizontal([mark.mine() for mark in self._marks.values()])
        near = pl.any_horizontal([mark.near() for mark in self._marks.values()])
        claims = records.filter(mine)["claim_no"].unique()
        report.warn(DOUBTFUL, records.filter(near, ~pl.col("claim_no").is_in(claims.implode())).height)
        return claims

    def _learns(self, id: str, theirs: pl.DataFrame, mark: Marks) -> bool:
        """Whether records that say the person's birth and sex have strong tokens nobody knew to be theirs."""
        if theirs.height:
            self._met.add(id)
        sure = theirs.filter(pl.col("e_birth").is_not_null(), pl.col("e_sex").is_not_null())
        new = {name: frozenset(sure[name].drop_nulls()) - mark.values[name] for name in STRONG}
        if not any(new.values()):
            return False
        learn(self.ctx, id, scope(self.source), new)
        return True

    def settle(self, actor: str) -> None:
        """Before the batch is accepted: records taken before it was known that they are theirs go into no release.
        Asked of everybody who was left out, since a run that died may have learnt what this one finds known."""
        if not self._met:
            return
        name = scope(self.source)
        gone, known = set(self.ctx.vault.withdrawn(name)["alias"]), self.ctx.vault.records(name)
        for one in (one for one in self.people if one.id in self._met):
            late = set(known.filter(self._marks[one.id].mine())["alias"]) - gone
            withdraw_late(self.ctx, one, name, late, one.kinds, actor)

    @cached_property
    def _looked_at(self) -> pl.Expr:
        """Records worth making tokens of: without a birth, or with a birth or number of one of them."""
        records = [record for one in self.people for record in one.asked.records]
        said = {name: {record[name] for record in records} - {""} for name in ("number", "care_number", "chart")}
        said["birth"] = {one.asked.birth for one in self.people} | {""}
        return pl.any_horizontal([pl.col(name).fill_null("").is_in(sorted(found)) for name, found in said.items()])

    @cached_property
    def _key(self) -> bytes:
        return self.ctx.keys.symmetric(f"link-{scope(self.source)}")

    @cached_property
    def _marks(self) -> Mapping[str, Marks]:
        known = {one.id: one for one in everybody(self.ctx)}
        name = scope(self.source)
        return {one.id: marks_of(self.ctx, known.get(one.id, one), name) for one in self.people}
