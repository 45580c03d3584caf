"""One source that sends everything of a hospital in one drop a month: the store is that of a source for each format.

The same fictitious files are taken twice: by sources of one format each, and put together with a letter beside them.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision import formats
from provision.context import Context
from provision.intake import receive, take_in
from provision.model import Source
from provision.releasing.batches import batches_in_force
from provision.releasing.claims import Lives, lives
from provision.sampledata import identifying_values, write_world
from provision.sampledata.sheets import SENDERS
from tests.support.intake import ACTOR, hospital, linkage, platform
from tests.support.leaksearch import search
from tests.support.needles import Needles

FORMS = ("uke-medical", "uke-medical-returns", "uke-dpc", "dpc-form1", "dpc-ef")
MONTHS = ["2025-04", "2025-05"]
MIXED = "whole-hospital"
OURS = {"alias", "claim_token", "claim_place", "batch"}


@dataclass(frozen=True)
class Twice:
    """The same world in a house with a source for every format, and in one with a single source."""

    world: Path
    apart: Context
    together: Context

    def table(self, ctx: Context, dataset: str, name: str) -> pl.DataFrame:
        """All rows of a table, by month and claim, without keys of ours."""
        found = batches_in_force(ctx, list(ctx.sources))
        periods = {b.batch: b.period for b in found if b.dataset == dataset}
        rows = ctx.store.scan(dataset, name, {b.batch: b.source for b in found if b.dataset == dataset})
        if rows is None:
            return pl.DataFrame()
        frame = rows.collect().with_columns(period=pl.col("batch").replace_strict(periods, return_dtype=pl.String))
        kept = sorted(column for column in frame.columns if column not in OURS)
        return frame.select(kept).sort("period", "claim_no", maintain_order=True)


def _sources(forms: tuple[str, ...]) -> list[Source]:
    return [hospital(id=SENDERS[form].source, format=form, linkage=linkage()) for form in forms]


def _take(ctx: Context, senders: Path) -> None:
    for source in ctx.sources:
        for drop in senders.joinpath(source).iterdir():
            shutil.copytree(drop, ctx.zones.inbox(source) / drop.name)
        for batch in receive(ctx, source, actor=ACTOR):
            take_in(ctx, batch, actor=ACTOR)


def _complete(drops: Path) -> None:
    """A drop that supersedes another replaces all of it: so it must hold everything again."""
    for drop in sorted(drops.glob("*-2")):
        for path in drop.with_name(drop.name[:-1] + "1").iterdir():
            if not (drop / path.name).exists():
                shutil.copy(path, drop)


def _in_force(ctx: Context) -> list[dict[str, Any]]:
    """What the log says of the batches in force."""
    batches = {b.batch for b in batches_in_force(ctx, list(ctx.sources))}
    return [dict(e.payload) for e in ctx.ledger.entries(type="batch.accepted") if e.subjects["batch"] in batches]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    world = tmp_path_factory.mktemp("world")
    write_world(world, seed=5, people=200, months=MONTHS, also=[form for form in FORMS if form != "uke-medical"])
    for form in FORMS:
        for drop in (world / "senders" / SENDERS[form].source).iterdir():
            shutil.copytree(drop, world / "mixed" / MIXED / drop.name, dirs_exist_ok=True)
    _complete(world / "mixed" / MIXED)
    for drop in (world / "mixed" / MIXED).iterdir():
        (drop / "READ ME.pdf").write_bytes(b"%PDF-1.4\n\xe2\xe3\xcf\xd3\n1 0 obj\n")
    apart = platform(tmp_path_factory.mktemp("apart"), *_sources(FORMS))
    together = platform(tmp_path_factory.mktemp("together"), hospital(id=MIXED, format=list(FORMS), linkage=linkage()))
    _take(apart, world / "senders")
    _take(together, world / "mixed")
    return Twice(world, apart, together)


@pytest.mark.parametrize("form", FORMS)
def test_every_cell_is_that_of_a_source_of_its_own(twice: Twice, form: str) -> None:
    dataset = formats.get(form).dataset
    for table in dataset.tables:
        alone, mixed = (twice.table(ctx, dataset.id, table.name) for ctx in (twice.apart, twice.together))
        assert mixed.equals(alone), table.name
    assert twice.table(twice.together, dataset.id, dataset.head).height > 0


def test_the_log_counts_what_the_store_holds(twice: Twice) -> None:
    """Every file but the letter was taken; rows by dataset and table are those of all the single sources."""
    apart, together = _in_force(twice.apart), _in_force(twice.together)
    assert [said["files_quarantined"] for said in together] == [1] * len(MONTHS)
    rows: Counter[str] = Counter()
    for said in apart:
        dataset = formats.get(said["format"]).dataset.id
        rows.update({f"{dataset}.{table}": count for table, count in said["tables"].items()})
    found: Counter[str] = Counter()
    for said in together:
        found.update(said["tables"])
    assert found == rows
    for name in ("rows_in", "rows_out", "people", "records_quarantined"):
        assert sum(said[name] for said in together) == sum(said[name] for said in apart), name


def test_returns_take_back_the_claims_of_the_month_before(twice: Twice) -> None:
    found = [_lives(ctx) for ctx in (twice.apart, twice.together)]
    for dataset in ("medical-claims", "dpc-claims", "dpc-form1"):
        alone, mixed = (lived[dataset].fates for lived in found)
        assert mixed == alone
    assert found[1]["medical-claims"].fates.withdrawn > 0
    assert found[1]["medical-claims"].fates.unmatched_withdrawals == 0


def _lives(ctx: Context) -> dict[str, Lives]:
    return dict(lives(ctx, batches_in_force(ctx, list(ctx.sources))))


def test_nobody_is_in_clear(twice: Twice) -> None:
    zones = twice.together.zones
    needles = Needles(identifying_values(twice.world / "truth"))
    assert search([zones.home], needles, excluding=[zones.home / "vault"]) == []
