"""What of the store belongs to a release: batches in force, claims in force, the people in them and what they are.

Batches as `batches.py` says, claims as `claims.py` says. Who is one person is worked out from the records in force of
all sources of a linkage scope: a claim that was taken back because its card was another's says nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from anonymization.rules import rules
from provision.context import Context
from provision.errors import Refused
from provision.formats.base import ColumnClass, Dataset
from provision.intake.keying import scope
from provision.joining import Linkage
from provision.model import Plan, Profile
from provision.releasing.batches import BatchInForce, Moment, batches_in_force, left_in_quarantine, now
from provision.releasing.claims import Fates, Lives, lives
from provision.releasing.completing import completed, parts, until
from provision.releasing.quasi import own
from provision.releasing.withdrawn import withdrawn, without_withdrawn

#: Attributes of a person that a plan can name as quasi-identifiers, besides the derived age_band.
ATTRIBUTES = ("sex", "birth_month", "prefecture", "zip3", "insurer")


@dataclass(frozen=True)
class Selection:
    """`heads`: batch, claim_no, dataset, person (Int64) and alias of every claim in force. `people`: one row per person
    with `ATTRIBUTES`, age_band and the columns of head tables that the plan counts, as text. `fates` says what became
    of claims that are not in force, by dataset of the plan. `in_quarantine` counts what was not taken of all linked
    sources (`batches.left_in_quarantine`). `parts`: by dataset whose records complete each other, what every record in
    force is put together of (`completing.PARTS`)."""

    batches: tuple[BatchInForce, ...]
    heads: pl.DataFrame
    people: pl.DataFrame
    linkage: Mapping[str, Linkage]
    fates: Mapping[str, Fates]
    moment: Moment
    in_quarantine: Mapping[str, int]
    parts: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def moment_of(plan: Plan, entry: int) -> Moment:
    """基準時点 of a release: what the log held when its draft, entry `entry`, was written, up to the plan's day."""
    return Moment(entry, plan.as_of if isinstance(plan.as_of, date) else None)


def select(
    ctx: Context, plan: Plan, profile: Profile, moment: Moment | None = None, *, withdrawn_before: int | None = None
) -> Selection:
    """Claims and people of a plan as of a moment (now by default). `Refused` where there is nothing.

    People who were withdrawn (veto, deletion) are in no selection, whatever its moment; `withdrawn_before` an entry of
    the log asks what a release had that was made then.
    """
    at = moment or moment_of(plan, now(ctx).entry)
    every_source = linked_sources(ctx, plan.sources)
    linked = batches_in_force(ctx, every_source, at)
    fates = lives(ctx, until(ctx, linked, plan.cutoff_month))
    wanted = {table.dataset for table in plan.tables}
    batches = tuple(b for b in linked if b.source in plan.sources)
    says = {name for name in fates if name in wanted or not ctx.catalogue.dataset(name).withdraws}
    gone = withdrawn(ctx, plan.sources, withdrawn_before)
    people, linkage = _aliases(ctx, plan.sources, pl.concat([_evidence(fates, says), gone["alias"]]).unique())
    asked = sorted({b.dataset for b in batches} & says)
    counted = own(plan, profile, ctx.catalogue)
    says_own = dict.fromkeys(wanted, counted)
    told = {name: parts(fates[name], gone["alias"]) for name in asked if fates[name].updates}
    heads = [
        _heads(ctx, number, dataset, batches, fates, people, says_own.get(dataset, ()), told.get(dataset))
        for number, dataset in enumerate(asked)
    ]
    filled = [head.filter(_in_months(plan, dated)).drop("period") for head, dated in filter(None, heads)]
    filled = [without_withdrawn(head, people, gone) for head in filled]
    every = pl.concat(filled, how="diagonal_relaxed") if filled else None
    if every is None or not every.filter(pl.col("dataset").is_in(list(wanted))).height:
        raise Refused(
            "nothing in the store matches the plan", where=plan.id, rule="release.empty",
            remedy="check sources, first_month, cutoff_month and as_of, and that intake has run",
        )  # fmt: skip
    chosen = every.filter(pl.col("dataset").is_in(list(wanted)))
    theirs = every.join(chosen.select("person").unique(), on="person", how="semi")
    attributes = _attributes(theirs, plan, profile, counted)
    keys = chosen.select("batch", "claim_no", "dataset", "person", "alias")
    said = {dataset: fates[dataset].fates for dataset in sorted(wanted & fates.keys())}
    return Selection(batches, keys, attributes, linkage, said, at, left_in_quarantine(ctx, every_source, at), told)


def linked_sources(ctx: Context, sources: Sequence[str]) -> list[str]:
    """These sources and all that share a linkage scope with one of them."""
    scopes = {scope(ctx.source(source)) for source in sources}
    return sorted(source.id for source in ctx.sources.values() if scope(source) in scopes)


def _evidence(fates: Mapping[str, Lives], says: Set[str]) -> pl.Series:
    """Aliases of the records that say who is one person."""
    said = [found.in_force["alias"] for dataset, found in fates.items() if dataset in says]
    return pl.concat(said).drop_nulls().unique() if said else pl.Series("alias", [], dtype=pl.String)


def _aliases(ctx: Context, sources: Sequence[str], evidence: pl.Series) -> tuple[pl.DataFrame, dict[str, Linkage]]:
    """alias -> person over all linkage scopes of the sources; numbers of different scopes never meet."""
    frames, linkage = [], {}
    offset = 0
    for name in sorted({scope(ctx.source(source)) for source in sources}):
        people, found = ctx.vault.people(name, evidence)
        frames.append(people.with_columns(pl.col("person") + offset))
        offset += people.height
        linkage[name] = found
    return pl.concat(frames), linkage


def _heads(
    ctx: Context,
    number: int,
    dataset_id: str,
    batches: tuple[BatchInForce, ...],
    fates: Mapping[str, Lives],
    people: pl.DataFrame,
    counted: Sequence[str],
    told: pl.DataFrame | None,
) -> tuple[pl.DataFrame, bool] | None:
    """Claims in force of one dataset with their people, and whether they have months of service."""
    dataset = ctx.catalogue.dataset(dataset_id)
    own = {b.batch: b for b in batches if b.dataset == dataset_id}
    rows = ctx.store.scan(dataset_id, dataset.head, {b.batch: b.source for b in own.values()})
    if rows is None:
        return None
    names = rows.collect_schema().names()
    wanted = _head_columns(dataset, names, counted)
    rows = completed(rows, told, {name for column in wanted for name in column.meta.root_names()})
    period = pl.DataFrame(
        {"batch": list(own), "period": [b.period for b in own.values()]},
        schema={"batch": pl.String, "period": pl.String},
    )
    frame = rows.select(wanted).collect().join(period, on="batch")
    frame = frame.join(fates[dataset_id].in_force.select("batch", "claim_no"), on=["batch", "claim_no"], how="semi")
    frame = frame.with_columns(dataset=pl.lit(dataset_id)).join(people, on="alias", how="left")
    return _strangers(frame, number), "service_month" in names


def _in_months(plan: Plan, dated: bool) -> pl.Expr:
    """Rows of the plan's months. Asked after corrections were applied: a claim whose month was corrected has moved.

    Ledgers have no month of service; those of a period after the cut-off say things that were not asked for.
    """
    if dated:
        return pl.col("service_month").is_between(pl.lit(plan.first_month), pl.lit(plan.cutoff_month))
    return pl.col("period") <= pl.lit(plan.cutoff_month)


def _head_columns(dataset: Dataset, names: Sequence[str], counted: Sequence[str]) -> list[pl.Expr]:
    head = dataset.table(dataset.head)
    by_class = {cls: [c.name for c in head.columns if c.cls is cls and c.name in names] for cls in ColumnClass}
    made = [pl.col("batch"), pl.col("claim_no")]
    made += [pl.col(n) if n in names else pl.lit(None, pl.String).alias(n) for n in ("alias", "sex", "service_month")]
    births, zips, insurers = by_class[ColumnClass.BIRTH], by_class[ColumnClass.ZIP], by_class[ColumnClass.INSURER]
    made.append(_first(births, "birth_month"))
    made.append(_first(zips, "zip3"))
    made.append(_first(insurers, "insurer"))
    made.append(_prefecture(insurers, names))
    made.append(pl.lit(1 if insurers or "prefecture" in names else 2).alias("nearness"))
    made += [(pl.col(n).cast(pl.String) if n in names else pl.lit(None, pl.String).alias(n)) for n in counted]
    return made


def _first(columns: list[str], name: str) -> pl.Expr:
    return pl.coalesce(columns).alias(name) if columns else pl.lit(None, pl.String).alias(name)


def _prefecture(insurers: list[str], names: Sequence[str]) -> pl.Expr:
    """都道府県: as the source says it of the person, else of the municipal insurer (digits 1-2 of 6, 3-4 of 8), else of
    the facility."""
    if "prefecture" in names:
        return pl.col("prefecture")
    if insurers:
        number = pl.coalesce(insurers)
        code = pl.when(number.str.len_bytes() == 6).then(number.str.slice(0, 2)).otherwise(number.str.slice(2, 2))
        return pl.when(code.is_between(pl.lit("01"), pl.lit("47"))).then(code).alias("prefecture")
    if "facility_prefecture" in names:
        return pl.col("facility_prefecture").alias("prefecture")
    return pl.lit(None, pl.String).alias("prefecture")


def _strangers(frame: pl.DataFrame, number: int) -> pl.DataFrame:
    """Rows that nothing links (received anonymised) count as one person each, with numbers nobody else has. Rows of one
    alias are one person's also where the vault does not know it any more."""
    rows = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    first = pl.when(pl.col("alias").is_not_null()).then(pl.col("row").min().over("alias")).otherwise("row")
    return rows.with_columns(person=pl.coalesce("person", -1 - number * 1_000_000_000 - first)).drop("row")


def _attributes(heads: pl.DataFrame, plan: Plan, profile: Profile, counted: Sequence[str]) -> pl.DataFrame:
    """One value per person: of the nearest dataset (residence before facility), then of the latest month."""
    ordered = heads.sort(
        *("nearness", "service_month", "batch", "dataset", "claim_no"),
        descending=[False, True, False, False, False],
        nulls_last=True,
    )
    said = (*ATTRIBUTES, *counted)
    people = ordered.group_by("person", maintain_order=True).agg([pl.col(a).drop_nulls().first() for a in said])
    people = people.with_columns(age_band="birth_month")
    band = rules()["age-band"]
    learnt = band.learn(
        people.lazy().with_columns(age_band="birth_month"),
        "age_band",
        {"width": profile.age_width, "top": profile.age_top, "month": plan.cutoff_month},
    )
    made = band.apply(learnt)["age_band"]
    assert made is not None  # the rule keeps its column
    return people.with_columns(made).sort("person")
