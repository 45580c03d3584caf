"""The life of a claim (レセプトの一生): which claims are in force among batches, and which were replaced or withdrawn.

Rules, by what batches say (period, sequence) and the place in a file, never by when anything was received:

* of the claims of one source with one claim token (検索番号・レセプト管理番号), the last stands (再請求・再審査);
* of the claims of one source with one claim place (the same bill: facility, month, kind, person), the last stands.
  A place that several claims of one batch have is ambiguous there: these replace nothing and are replaced by nothing;
* in datasets whose records complete each other (`Dataset.updates`) no place is ambiguous: of several in one batch the
  last stands as well. What the earlier ones still say of it is put together by `completing.py`;
* a row that only cancels its place (取消: benefit plans of 作成区分 3) replaces what stood there like any other, and
  does not stand itself: it counts as withdrawn;
* a withdrawal (返戻・取下げ) takes back the claims of its token that were billed before it, where there are none the
  last one of its place. What is billed again later is in force again. A withdrawal that finds nothing, several claims,
  or claims of several sources takes back nothing and is counted. What came in the same batch was not billed before it:
  a drop may hold this month's claims and the returns of earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import polars as pl

from provision.context import Context
from provision.intake.keying import PLACES
from provision.releasing.batches import BatchInForce

#: What is looked at of every claim and every withdrawal, besides `order`: how early its batch comes.
KEYS = ("source", "batch", "claim_no", "claim_token", "claim_place")
_SCHEMA = {
    "source": pl.String, "batch": pl.String, "claim_no": pl.Int64, "claim_token": pl.String, "claim_place": pl.String,
    "alias": pl.String, "service_month": pl.String, "order": pl.Int64, "cancels": pl.Boolean,
}  # fmt: skip
_MAYBE = ("claim_token", "claim_place", "alias", "service_month")


@dataclass(frozen=True)
class Fates:
    """What became of claims, in counts: replaced or withdrawn claims, withdrawals and places that led to nothing."""

    replaced: int = 0
    withdrawn: int = 0
    unmatched_withdrawals: int = 0
    ambiguous_places: int = 0

    def __add__(self, other: Fates) -> Fates:
        mine, theirs = asdict(self), asdict(other)
        return Fates(**{name: mine[name] + theirs[name] for name in mine})

    def counts(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


@dataclass(frozen=True)
class Lives:
    """`claims`: the claims with ``replaced`` and ``withdrawn`` (booleans), in the order of what senders say; `fates`
    counts them. `updates`: claims that were replaced still say what their successors leave unsaid."""

    claims: pl.DataFrame
    fates: Fates
    updates: bool = False

    @property
    def in_force(self) -> pl.DataFrame:
        """The claims that stand."""
        return self.claims.filter(~pl.col("replaced") & ~pl.col("withdrawn"))


def lives(ctx: Context, batches: Sequence[BatchInForce]) -> Mapping[str, Lives]:
    """What became of every claim of these batches, by dataset. Withdrawals are no claims: they only take back."""
    ids = sorted({b.dataset for b in batches})
    heads = {dataset: _heads(ctx, dataset, batches) for dataset in ids}
    found, takes = {}, {dataset: ctx.catalogue.dataset(dataset).withdraws for dataset in ids}
    for dataset, takes_back in takes.items():
        against = [heads[other] for other in ids if takes[other] == dataset]
        nothing = heads[dataset].clear()
        claims, updates = nothing if takes_back else heads[dataset], ctx.catalogue.dataset(dataset).updates
        found[dataset] = judge(claims, pl.concat([nothing, *against]), updates=updates)
        if takes_back:
            standing = heads[dataset].with_columns(replaced=False, withdrawn=False)
            found[dataset] = Lives(standing, Fates())
        if takes_back and takes_back not in ids:
            found[dataset] = Lives(standing, Fates(unmatched_withdrawals=standing.height))
    return found


def _heads(ctx: Context, dataset_id: str, batches: Sequence[BatchInForce]) -> pl.DataFrame:
    own = {b.batch: b.source for b in batches if b.dataset == dataset_id}
    rows = ctx.store.scan(dataset_id, ctx.catalogue.dataset(dataset_id).head, own)
    if rows is None:
        return pl.DataFrame(schema=_SCHEMA)
    have = rows.collect_schema().names()
    places = sorted({b.place for b in batches})
    said = pl.DataFrame(
        {
            "batch": [b.batch for b in batches if b.dataset == dataset_id],
            "source": [b.source for b in batches if b.dataset == dataset_id],
            "order": [places.index(b.place) for b in batches if b.dataset == dataset_id],
        },
        schema={"batch": pl.String, "source": pl.String, "order": pl.Int64},
    )
    known = [name for name in _MAYBE if name in have]
    missing = [pl.lit(None, pl.String).alias(n) for n in _MAYBE if n not in have]
    kept = rows.select("batch", "claim_no", *known, cancels=_cancels(dataset_id, have)).collect()
    return (
        kept.with_columns(missing).join(said, on="batch")
        .with_columns(pl.col("claim_no").cast(pl.Int64)).select(list(_SCHEMA))
    )  # fmt: skip


def _cancels(dataset_id: str, have: Sequence[str]) -> pl.Expr:
    """Whether a row only ends what stood at its place."""
    place = PLACES.get(dataset_id)
    if place is None or place.cancelled is None or place.cancelled[0] not in have:
        return pl.lit(False)
    return pl.col(place.cancelled[0]).eq_missing(pl.lit(place.cancelled[1]))


def judge(claims: pl.DataFrame, withdrawals: pl.DataFrame, *, updates: bool = False) -> Lives:
    """What became of the claims of one dataset, whose records complete each other where it `updates`; both frames have
    `KEYS` and ``order``, that of claims may have ``cancels``."""
    in_order = claims.sort("source", "order", "claim_no")
    ordered = _every_place(in_order) if updates else _clear_places(in_order)
    ambiguous = ordered.filter("ambiguous").select("source", "batch", "claim_place").n_unique()
    judged = ordered.with_columns(replaced=~(_last("claim_token") & _last("place")))
    back, unmatched = _taken_back(claims, withdrawals)
    judged = judged.join(back.with_columns(withdrawn=True), on=["batch", "claim_no"], how="left", maintain_order="left")
    ends = pl.col("cancels") if "cancels" in judged.columns else pl.lit(False)
    judged = judged.with_columns(pl.col("withdrawn").fill_null(False) | ends).drop("place", "ambiguous")
    return Lives(
        judged,
        Fates(
            int(judged["replaced"].sum()), judged.filter("withdrawn", ~pl.col("replaced")).height, unmatched, ambiguous
        ),
        updates,
    )


def _last(key: str) -> pl.Expr:
    """Whether no later claim of the source has the same key; the frame is in order."""
    return pl.col(key).is_null() | (pl.int_range(pl.len()).over("source", key) == pl.len().over("source", key) - 1)


def _every_place(ordered: pl.DataFrame) -> pl.DataFrame:
    """Add ``place`` and ``ambiguous`` where the same place means the same record."""
    return ordered.with_columns(place="claim_place", ambiguous=False)


def _clear_places(ordered: pl.DataFrame) -> pl.DataFrame:
    """Add ``place``, null where it is ambiguous or the claim was sent twice in its batch; ``ambiguous`` where an
    ambiguous place stands in another batch of the source, too, so that it would have said something."""
    again = pl.int_range(pl.len()).over("batch", "claim_token") < pl.len().over("batch", "claim_token") - 1
    sent_again = pl.col("claim_token").is_not_null() & again
    marked = ordered.with_columns(place=pl.when(~sent_again).then("claim_place"))
    several = pl.col("place").is_not_null() & (pl.len().over("batch", "place") > 1)
    elsewhere = pl.col("batch").n_unique().over("source", "place") > 1
    return marked.with_columns(ambiguous=several & elsewhere, place=pl.when(~several).then("place"))


def _taken_back(claims: pl.DataFrame, withdrawals: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Batch and number of every claim that was taken back; and how many withdrawals took back nothing."""
    asked = withdrawals.select("source", "order", "claim_token", "claim_place").with_row_index("asked")
    asked = asked.with_columns(own=pl.col("source").is_in(claims["source"].unique().to_list()))
    by_token = _billed_before(asked, claims, "claim_token")
    rest = asked.join(by_token, on="asked", how="anti")
    by_place = _billed_before(rest, claims, "claim_place")
    by_place = by_place.filter(pl.col("order") == pl.col("order").max().over("asked"))
    by_place = by_place.filter(pl.len().over("asked") == 1)
    found = pl.concat((by_token, by_place))
    return found.select("batch", "claim_no").unique(), asked.height - found["asked"].n_unique()


def _billed_before(asked: pl.DataFrame, claims: pl.DataFrame, key: str) -> pl.DataFrame:
    """Claims with the key of a withdrawal, billed before it: of its own source, or where that sends no claims of the
    one source that has some."""
    pairs = asked.select("asked", "own", "source", key, asked_order="order").join(
        claims.select("source", "batch", "claim_no", "order", key), on=key, suffix="_claim"
    )
    pairs = pairs.filter(pl.col("order") < pl.col("asked_order"))
    pairs = pairs.filter(~pl.col("own") | (pl.col("source") == pl.col("source_claim")))
    pairs = pairs.filter(pl.col("source_claim").n_unique().over("asked") == 1)
    return pairs.select("asked", "batch", "claim_no", "order")
