"""What of the store belongs to a release: batches in force, claims in force, the people in them and what they are.

A batch that was superseded by an accepted one is out; of claims with one claim token (returned, corrected, billed
again) only the last received one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from anonymization.rules import rules
from provision import formats
from provision.context import Context
from provision.errors import Refused
from provision.formats.base import ColumnClass, Dataset
from provision.intake.keying import scope
from provision.model import Plan, Profile
from provision.releasing.batches import BatchInForce, batches_in_force
from provision.vault import Linkage

#: Attributes of a person that a plan can name as quasi-identifiers, besides the derived age_band.
ATTRIBUTES = ("sex", "birth_month", "prefecture", "zip3", "insurer")


@dataclass(frozen=True)
class Selection:
    """`heads`: batch, claim_no, dataset, person (Int64) of every claim in force. `people`: one row per person with
    `ATTRIBUTES` and age_band."""

    batches: tuple[BatchInForce, ...]
    heads: pl.DataFrame
    people: pl.DataFrame
    linkage: Mapping[str, Linkage]


def datasets() -> dict[str, Dataset]:
    """Every dataset that a format fills, by its id."""
    return {source_format.dataset.id: source_format.dataset for source_format in formats.formats().values()}


def dataset_of(dataset_id: str) -> Dataset:
    """The dataset called `dataset_id`; `Refused` where no format fills it."""
    if dataset_id in datasets():
        return datasets()[dataset_id]
    raise Refused(f"no format fills a dataset {dataset_id}", rule="plan.dataset", remedy="tokumei datasets lists them")


def select(ctx: Context, plan: Plan, profile: Profile) -> Selection:
    """Claims and people of a plan. `Refused` where there is nothing."""
    batches = batches_in_force(ctx, plan.sources)
    people, linkage = _aliases(ctx, plan.sources)
    heads = [_heads(ctx, dataset, batches, plan, people) for dataset in sorted({b.dataset for b in batches})]
    filled = [head for head in heads if head is not None]
    every = pl.concat(filled, how="diagonal_relaxed") if filled else None
    wanted = {table.dataset for table in plan.tables}
    if every is None or not every.filter(pl.col("dataset").is_in(list(wanted))).height:
        raise Refused(
            "nothing in the store matches the plan", where=plan.id, rule="release.empty",
            remedy="check sources, first_month and cutoff_month, and that intake has run",
        )  # fmt: skip
    chosen = every.filter(pl.col("dataset").is_in(list(wanted)))
    attributes = _attributes(every.join(chosen.select("person").unique(), on="person", how="semi"), plan, profile)
    return Selection(batches, chosen.select("batch", "claim_no", "dataset", "person"), attributes, linkage)


def _aliases(ctx: Context, sources: Sequence[str]) -> tuple[pl.DataFrame, dict[str, Linkage]]:
    """alias -> person over all linkage scopes of the sources; numbers of different scopes never meet."""
    frames, linkage = [], {}
    offset = 0
    for name in sorted({scope(ctx.source(source)) for source in sources}):
        people, found = ctx.vault.people(name)
        frames.append(people.with_columns(pl.col("person") + offset))
        offset += people.height
        linkage[name] = found
    return pl.concat(frames), linkage


def _heads(
    ctx: Context, dataset_id: str, batches: tuple[BatchInForce, ...], plan: Plan, people: pl.DataFrame
) -> pl.DataFrame | None:
    dataset = dataset_of(dataset_id)
    own = {b.batch: b.source for b in batches if b.dataset == dataset_id}
    rows = ctx.store.scan(dataset_id, dataset.head, own)
    if rows is None:
        return None
    names = rows.collect_schema().names()
    order = pl.DataFrame(
        {
            "batch": [b.batch for b in batches],
            "order": range(len(batches)),  # by source, period and sequence; claims of two sources have no common token
            "period": [b.period for b in batches],
        },
        schema={"batch": pl.String, "order": pl.Int64, "period": pl.String},
    )
    frame = (
        rows.select(_head_columns(dataset, names))
        .collect()
        .join(order, on="batch")
        .with_columns(dataset=pl.lit(dataset_id))
    )
    frame = _last_of_each_claim(frame).filter(_in_months(plan, "service_month" in names))
    frame = frame.drop("period").join(people, on="alias", how="left")
    return _strangers(frame, sorted({b.dataset for b in batches}).index(dataset_id))


def _in_months(plan: Plan, dated: bool) -> pl.Expr:
    """Rows of the plan's months. Asked after corrections were applied: a claim whose month was corrected has moved.

    Ledgers have no month of service; those of a period after the cut-off say things that were not asked for.
    """
    if dated:
        return pl.col("service_month").is_between(pl.lit(plan.first_month), pl.lit(plan.cutoff_month))
    return pl.col("period") <= pl.lit(plan.cutoff_month)


def _head_columns(dataset: Dataset, names: Sequence[str]) -> list[pl.Expr]:
    head = dataset.table(dataset.head)
    by_class = {cls: [c.name for c in head.columns if c.cls is cls and c.name in names] for cls in ColumnClass}
    made = [pl.col("batch"), pl.col("claim_no")]
    made += [
        pl.col(n) if n in names else pl.lit(None, pl.String).alias(n)
        for n in ("alias", "claim_token", "sex", "service_month")
    ]
    births, zips, insurers = by_class[ColumnClass.BIRTH], by_class[ColumnClass.ZIP], by_class[ColumnClass.INSURER]
    made.append(_first(births, "birth_month"))
    made.append(_first(zips, "zip3"))
    made.append(_first(insurers, "insurer"))
    made.append(_prefecture(insurers, names))
    made.append(pl.lit(1 if insurers else 2).alias("nearness"))
    return made


def _first(columns: list[str], name: str) -> pl.Expr:
    return pl.coalesce(columns).alias(name) if columns else pl.lit(None, pl.String).alias(name)


def _prefecture(insurers: list[str], names: Sequence[str]) -> pl.Expr:
    """都道府県: of the municipal insurer (digits 1-2 of 6, 3-4 of 8), else of the facility."""
    if insurers:
        number = pl.coalesce(insurers)
        code = pl.when(number.str.len_bytes() == 6).then(number.str.slice(0, 2)).otherwise(number.str.slice(2, 2))
        return pl.when(code.is_between(pl.lit("01"), pl.lit("47"))).then(code).alias("prefecture")
    if "facility_prefecture" in names:
        return pl.col("facility_prefecture").alias("prefecture")
    return pl.lit(None, pl.String).alias("prefecture")


def _last_of_each_claim(frame: pl.DataFrame) -> pl.DataFrame:
    """返戻・再請求: of the claims with one token the last received stays."""
    single = frame.filter(pl.col("claim_token").is_null())
    tokens = frame.filter(pl.col("claim_token").is_not_null()).sort("order", "claim_no")
    return pl.concat((single, tokens.unique("claim_token", keep="last", maintain_order=True)))


def _strangers(frame: pl.DataFrame, number: int) -> pl.DataFrame:
    """Rows that nothing links (received anonymised) count as one person each, with numbers nobody else has."""
    return frame.with_columns(person=pl.coalesce("person", -1 - number * 1_000_000_000 - pl.int_range(pl.len())))


def _attributes(heads: pl.DataFrame, plan: Plan, profile: Profile) -> pl.DataFrame:
    """One value per person: of the nearest dataset (residence before facility), then of the latest month."""
    ordered = heads.sort(
        "nearness", "service_month", "batch", "claim_no", descending=[False, True, False, False], nulls_last=True
    )
    people = ordered.group_by("person", maintain_order=True).agg([pl.col(a).drop_nulls().first() for a in ATTRIBUTES])
    band = rules()["age-band"]
    learnt = band.learn(
        people.lazy(), "age_band", {"width": profile.age_width, "top": profile.age_top, "month": plan.cutoff_month}
    )
    made = band.apply("age_band", learnt)
    assert made is not None  # the rule keeps its column
    return people.with_columns(age_band="birth_month").with_columns(made).sort("person")
