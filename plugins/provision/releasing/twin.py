"""カナリアの双子: fictitious patients go through the same code as real ones, at every release, apart from them.

Receipt floor and domains, store, release tables and files of the payload are the real code, in a home of their own that
is gone afterwards; keys and fingerprints too. The verdict says how many of their identifiers were left, and how many
the gate finds as they were planted. Those of the profile's rules that need no crowd go over the patients as well; the
verdict says which (`exercised.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from anonymization.receipt import Applied
from expectations.attested import Canaries
from expectations.canaries import is_found, survivors
from expectations.known_values import KnownValues
from expectations.read import read_table
from provision.context import Context
from provision.formats.base import Dataset, Parcel, Report
from provision.intake.deidentify import deidentify
from provision.intake.fingerprints import KEY, Fingerprints, index_path
from provision.model import Plan, Profile
from provision.packaging.payload import write_table
from provision.releasing.batches import BatchInForce, Moment
from provision.releasing.exercised import exercised, without_crowd
from provision.releasing.patients import PATIENTS, STRONG, people, planted, raw
from provision.releasing.quasi import columns_of_people
from provision.releasing.select import ATTRIBUTES, Selection
from provision.releasing.tables import Treatment, make_tables, treated_tables
from provision.zones import Zones

_BATCH = "B-twin"


@dataclass(frozen=True)
class Twin:
    """`canaries`: what became of every planted field, by ``dataset.table.column``. `rules`: see `exercised`."""

    canaries: Mapping[str, Canaries]
    rules: Mapping[str, object]


def twin(ctx: Context, plan: Plan) -> Twin:
    """Send the patients through. Nothing is left behind.

    What survives is looked for in the tables before any rule and in those after: a rule may hide what receipt left, and
    may bring in what stands beside the tables for it (births). `FixConfiguration` where a rule cannot be applied.
    """
    datasets = [ctx.catalogue.dataset(name) for name in sorted({chosen.dataset for chosen in plan.tables})]
    with tempfile.TemporaryDirectory(prefix="tokumei-twin-") as folder:
        apart = replace(ctx, zones=Zones(Path(folder)))
        for dataset in datasets:
            _take_in(apart, plan.sources[0], dataset)
        known = KnownValues([index_path(apart, _BATCH)], apart.keys.symmetric(KEY))
        profile = ctx.profile(plan.profile)
        bare, ruled = (_treated(apart, plan, datasets, one) for one in (_bare(profile), without_crowd(profile)))
        cells = [text for each in (bare, ruled) for text in _cells(plan, make_tables(each), Path(folder))]
        canaries = {
            f"{dataset.id}.{table.name}.{column}": _judged(values, column, table.column(column).role, cells, known)
            for dataset in datasets
            for table in dataset.tables
            for column, values in planted(table).items()
        }
        return Twin(canaries, exercised(profile, ruled.applied))


def _judged(values: list[str], column: str, role: str, cells: list[str], known: KnownValues) -> Canaries:
    found = sum(is_found(value, column, known) for value in values)
    return Canaries(len(values), len(survivors(cells, values)), found, strong=role in STRONG)


def _take_in(ctx: Context, source: str, dataset: Dataset) -> None:
    """Receipt: floor and domains, fingerprints, store. The twin's own zones only."""
    parcel = Parcel({table.name: raw(table) for table in dataset.tables}, people(), len(PATIENTS))
    staging = ctx.store.stage(dataset, source, _BATCH)
    for name, frame in deidentify(parcel, dataset, Report(outside={}), Applied()).items():
        staging.write(name, frame)
    staging.commit({})
    marks = Fingerprints(ctx, ctx.source(source))
    marks.add(parcel.people)
    marks.settle(taken=True)
    marks.write(_BATCH)


def _treated(ctx: Context, plan: Plan, datasets: Iterable[Dataset], profile: Profile) -> Treatment:
    """The release tables of the patients under a profile."""
    columns = columns_of_people(plan, profile, ctx.catalogue)
    counted = {name: columns[name] for name in plan.quasi_identifiers}
    return treated_tables(ctx, plan, profile, _selection(plan, datasets), _kept(plan), counted)


def _cells(plan: Plan, frames: Mapping[str, pl.DataFrame], folder: Path) -> Iterator[str]:
    """Every text of the release tables in every format of the plan: cells, headers, metadata."""
    for name, frame in frames.items():
        write_table(folder, name, frame, plan.formats)
        for form in plan.formats:
            text = read_table(folder / f"{name}.{form}", form)
            yield from (*text.header, *text.metadata)
            for column in text.header:
                yield from text.distinct(column)["value"].drop_nulls().to_list()


def _bare(profile: Profile) -> Profile:
    """The profile without its rules: what receipt left is to be seen, not what a rule took away behind it."""
    return profile.model_copy(update={"rules": [], "rare_codes": 0})


def _kept(plan: Plan) -> pl.DataFrame:
    """The patients as people who stay: nothing of them but a number."""
    numbers: Mapping[str, list[int]] = {"person": list(range(1, len(PATIENTS) + 1))}
    empty = [pl.lit(None, pl.String).alias(name) for name in dict.fromkeys((*ATTRIBUTES, *plan.quasi_identifiers))]
    return pl.DataFrame(numbers, schema={"person": pl.Int64}).with_columns(empty)


def _selection(plan: Plan, datasets: Iterable[Dataset]) -> Selection:
    """All of their claims; of the people their births, which rules look at."""
    datasets = list(datasets)
    batches = tuple(BatchInForce(_BATCH, plan.sources[0], d.id, plan.cutoff_month, 1) for d in datasets)
    claims = pl.DataFrame({"claim_no": range(1, len(PATIENTS) + 1)}, schema={"claim_no": pl.Int64})
    heads = [
        claims.select(pl.lit(_BATCH).alias("batch"), "claim_no", pl.lit(d.id).alias("dataset"), person="claim_no")
        for d in datasets
    ]
    births = pl.Series("birth_month", [f"{patient.birth:%Y-%m}" for patient in PATIENTS], pl.String)
    return Selection(batches, pl.concat(heads), _kept(plan).with_columns(births), {}, {}, Moment(0), {})
