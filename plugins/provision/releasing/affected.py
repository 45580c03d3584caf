"""影響を受けた提供: past releases that held what a later batch replaced or took back (差替え・再請求・返戻・取下げ).

Worked out from log and store: the claims that were in force for a release as of its draft, and what became of them
with the one batch added; a record that versions complete counts once, whichever of them was superseded. Who was
suppressed is not known any more (the numbering ended with the making), so the counts are of selected claims, at least
as many as went out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import date

import polars as pl

from provision.context import Context
from provision.errors import Refused
from provision.intake.keying import scope
from provision.ledger.entry import Entry
from provision.releasing import completing
from provision.releasing.batches import BatchInForce, Moment, batches_in_force, parts, superseded
from provision.releasing.claims import Lives, lives
from provision.releasing.completing import until
from provision.releasing.drafting import TOKYO

#: What a claim is: its number is counted in one dataset of its batch.
_CLAIM = {"dataset": pl.String, "batch": pl.String, "claim_no": pl.Int64}


@dataclass(frozen=True)
class Affected:
    """One release: its claims of batches that were superseded, claims replaced and withdrawn one by one, and
    `attributes`, as many rows of datasets that did not go out but said what the people are."""

    release: str
    plan: str
    recipient: str
    state: str
    made: str
    superseded: int = 0
    replaced: int = 0
    withdrawn: int = 0
    attributes: int = 0

    def facts(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)

    @property
    def touched(self) -> bool:
        """Whether anything of it was replaced or taken back."""
        return bool(self.superseded or self.replaced or self.withdrawn or self.attributes)


def releases(ctx: Context) -> list[dict[str, str]]:
    """Every release that was drafted, oldest first: id, plan, recipient, state, and the day in Japan of its draft."""
    return [
        {**_who(entry), "state": ctx.ledger.state("release", entry.subjects["release"]), "drafted": _day(entry)}
        for entry in ctx.ledger.entries(type="release.drafted")
    ]


def affected(ctx: Context, batch: str) -> list[Affected]:
    """Releases made before `batch` was accepted that held what it replaced or took back, oldest first.

    Raises `Refused` ``batch.unknown`` where no such batch was received. A batch that was not accepted changed nothing.
    """
    received = _only(ctx, "batch.received", "batch", batch)
    if received is None:
        raise Refused(
            "there is no such batch", where=batch, rule="batch.unknown", remedy="tokumei ledger show --type batch."
        )
    accepted = _only(ctx, "batch.accepted", "batch", batch)
    if accepted is None:
        return []
    found = [_look(ctx, made, received, accepted) for made in ctx.ledger.entries(type="release.made")]
    return [one for one in found if one is not None and one.touched]


def _look(ctx: Context, made: Entry, received: Entry, accepted: Entry) -> Affected | None:
    drafted = _only(ctx, "release.drafted", "release", made.subjects["release"])
    at = _moment(made)
    if drafted is None or at.covers(accepted):
        return None
    cutoff = drafted.payload["cutoff_month"]
    before = until(ctx, batches_in_force(ctx, _linked(ctx, drafted.payload["sources"]), at), cutoff)
    known = {e.subjects["batch"]: e for e in ctx.ledger.entries(type="batch.received")}
    gone = superseded(known, [received.subjects["batch"]])
    after = [b for b in before if b.batch not in gone] + until(ctx, parts(ctx, received), cutoff)
    was = lives(ctx, before)
    had = _had(ctx, drafted, before, was).join(_of_gone(was, gone), on=list(_CLAIM), how="left")
    now = had.join(_fates(lives(ctx, after)), on=list(_CLAIM), how="left")
    said = now.with_columns(pl.col("gone").fill_null(False))
    changed = said.filter(pl.col("gone") | pl.col("now_replaced") | pl.col("now_withdrawn"))
    out = changed.filter("went_out")
    return Affected(
        **_who(drafted), state=ctx.ledger.state("release", made.subjects["release"]), made=_day(made),
        superseded=out.filter("gone").height,
        replaced=out.filter(~pl.col("gone"), pl.col("now_replaced")).height,
        withdrawn=out.filter(~pl.col("gone"), ~pl.col("now_replaced")).height,
        attributes=changed.height - out.height,
    )  # fmt: skip


def _linked(ctx: Context, sources: Sequence[str]) -> list[str]:
    """The release's sources, and those that share a scope with them; a source may have left the configuration since."""
    scopes = {scope(ctx.sources[source]) for source in sources if source in ctx.sources}
    return sorted({*sources, *(s.id for s in ctx.sources.values() if scope(s) in scopes)})


def _had(ctx: Context, drafted: Entry, batches: Sequence[BatchInForce], found: Mapping[str, Lives]) -> pl.DataFrame:
    """Claims of the release: dataset, batch, claim_no, and whether their dataset went out."""
    said = drafted.payload
    own = [b for b in batches if b.source in said["sources"]]
    kept = [pl.DataFrame(schema={**_CLAIM, "went_out": pl.Boolean})]
    for dataset in sorted({b.dataset for b in own}):
        periods = {b.batch: b.period for b in own if b.dataset == dataset}
        rows = found[dataset].in_force.filter(pl.col("batch").is_in(list(periods)))
        whole = ctx.catalogue.dataset(dataset)
        dated = any(c.name == "service_month" for c in whole.table(whole.head).columns)
        month = pl.col("service_month") if dated else pl.col("batch").replace_strict(periods, return_dtype=pl.String)
        first = said["first_month"] if dated else ""
        inside = rows.filter(month.is_between(pl.lit(first), pl.lit(said["cutoff_month"])))
        went_out = pl.lit(dataset in said["datasets"])
        kept.append(inside.select(pl.lit(dataset).alias("dataset"), "batch", "claim_no", went_out=went_out))
    return pl.concat(kept)


def _of_gone(found: Mapping[str, Lives], gone: Set[str]) -> pl.DataFrame:
    """Claims that something was part of in a batch that is superseded."""
    frames = [
        completing.parts(one).filter(pl.col("batch").is_in(sorted(gone)))
        .select(pl.lit(dataset).alias("dataset"), batch="into_batch", claim_no="into_no", gone=pl.lit(True)).unique()
        for dataset, one in found.items()
    ]  # fmt: skip
    return pl.concat([pl.DataFrame(schema={**_CLAIM, "gone": pl.Boolean}), *frames])


def _fates(found: Mapping[str, Lives]) -> pl.DataFrame:
    empty = {**_CLAIM, "now_replaced": pl.Boolean, "now_withdrawn": pl.Boolean}
    frames = [
        one.claims.select(
            pl.lit(dataset).alias("dataset"), "batch", "claim_no", now_replaced="replaced", now_withdrawn="withdrawn"
        )
        for dataset, one in found.items()
    ]
    return pl.concat([pl.DataFrame(schema=empty), *frames])


def _moment(made: Entry) -> Moment:
    said = made.payload["as_of"]
    return Moment(said["entry"], date.fromisoformat(said["day"]) if said["day"] else None)


def _who(drafted: Entry) -> dict[str, str]:
    return {name: drafted.subjects[name] for name in ("release", "plan", "recipient")}


def _day(entry: Entry) -> str:
    return entry.when.astimezone(TOKYO).date().isoformat()


def _only(ctx: Context, type: str, kind: str, subject: str) -> Entry | None:
    return next(iter(ctx.ledger.entries(type=type, kind=kind, subject=subject)), None)
