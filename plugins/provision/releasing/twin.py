"""カナリアの双子: fictitious patients go through the same code as real ones, at every release, apart from them.

Receipt floor and domains, store, release tables and files of the payload are the real code, in a home of their own that
is gone afterwards; keys and fingerprints too. The verdict says how many of their identifiers were left, and how many
the gate finds as they were planted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
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
from provision.releasing.patients import PATIENTS, STRONG, people, planted, raw
from provision.releasing.quasi import columns_of_people
from provision.releasing.select import ATTRIBUTES, Selection
from provision.releasing.tables import make_tables, treated_tables
from provision.zones import Zones

_BATCH = "B-twin"


def canaries(ctx: Context, plan: Plan) -> dict[str, Canaries]:
    """What became of every planted field, by ``dataset.table.column``. Nothing is left behind."""
    datasets = [ctx.catalogue.dataset(name) for name in sorted({chosen.dataset for chosen in plan.tables})]
    with tempfile.TemporaryDirectory(prefix="tokumei-twin-") as folder:
        apart = replace(ctx, zones=Zones(Path(folder)))
        for dataset in datasets:
            _take_in(apart, plan.sources[0], dataset)
        known = KnownValues([index_path(apart, _BATCH)], apart.keys.symmetric(KEY))
        cells = list(_cells(apart, plan, datasets, Path(folder)))
        return {
            f"{dataset.id}.{table.name}.{column}": _judged(values, column, table.column(column).role, cells, known)
            for dataset in datasets
            for table in dataset.tables
            for column, values in planted(table).items()
        }


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


def _cells(ctx: Context, plan: Plan, datasets: list[Dataset], folder: Path) -> Iterator[str]:
    """Every text of the release tables in every format of the plan: cells, headers, metadata."""
    people, bare = _kept(plan), _bare(ctx, plan)
    columns = columns_of_people(plan, bare, ctx.catalogue)
    counted = {name: columns[name] for name in plan.quasi_identifiers}
    frames = make_tables(treated_tables(ctx, plan, bare, _selection(plan, datasets), people, counted))
    for name, frame in frames.items():
        write_table(folder, name, frame, plan.formats)
        for form in plan.formats:
            text = read_table(folder / f"{name}.{form}", form)
            yield from (*text.header, *text.metadata)
            for column in text.header:
                yield from text.distinct(column)["value"].drop_nulls().to_list()


def _bare(ctx: Context, plan: Plan) -> Profile:
    """The plan's profile without its rules: they only take away, and of so few people they would leave nothing."""
    return ctx.profile(plan.profile).model_copy(update={"rules": [], "rare_codes": 0})


def _kept(plan: Plan) -> pl.DataFrame:
    """The patients as people who stay: nothing of them but a number."""
    numbers: Mapping[str, list[int]] = {"person": list(range(1, len(PATIENTS) + 1))}
    empty = [pl.lit(None, pl.String).alias(name) for name in dict.fromkeys((*ATTRIBUTES, *plan.quasi_identifiers))]
    return pl.DataFrame(numbers, schema={"person": pl.Int64}).with_columns(empty)


def _selection(plan: Plan, datasets: list[Dataset]) -> Selection:
    batches = tuple(BatchInForce(_BATCH, plan.sources[0], d.id, plan.cutoff_month, 1) for d in datasets)
    claims = pl.DataFrame({"claim_no": range(1, len(PATIENTS) + 1)}, schema={"claim_no": pl.Int64})
    heads = [
        claims.select(pl.lit(_BATCH).alias("batch"), "claim_no", pl.lit(d.id).alias("dataset"), person="claim_no")
        for d in datasets
    ]
    return Selection(batches, pl.concat(heads), _kept(plan), {}, {}, Moment(0), {})
