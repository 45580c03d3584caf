"""DPC survey files through intake: one person over a hospital's files, no facility a person, K files kept out."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from provision.context import Context
from provision.errors import Quarantined
from provision.intake import receive, take_in
from provision.intake.keying import scope
from tests.support import dpc
from tests.support.intake import ACTOR, drop, heads, hospital, in_clear, linkage, platform

FORMATS = ("dpc-form1", "dpc-ef", "dpc-h", "dpc-form3", "dpc-k")


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return platform(tmp_path / "home", *[hospital(id=f, format=f, linkage=linkage()) for f in FORMATS])


def taken(ctx: Context, source: str, rows: list[dpc.Row]) -> str:
    """The batch of one file, taken in."""
    drop(ctx, source, {"data.txt": dpc.encoded(rows, headings=True)})
    (batch,) = receive(ctx, source, actor=ACTOR)
    take_in(ctx, batch, actor=ACTOR)
    return batch


def test_the_files_of_one_hospital_join_by_data_id_and_facility(ctx: Context) -> None:
    form1 = [*dpc.form1("0000000001"), *dpc.form1("0000000002", birth="19400101")]
    batches = [
        taken(ctx, "dpc-ef", [dpc.ef("000", "2"), dpc.ef("000", "1"), dpc.outpatient_ef("0000000001")]),
        taken(ctx, "dpc-form1", form1),
        taken(ctx, "dpc-h", [dpc.h(data_id="0000000002")]),
    ]
    people, linked = ctx.vault.people(scope(ctx.source("dpc-ef")))
    found = pl.concat([heads(ctx, batch).select("alias") for batch in batches]).join(
        people, on="alias", how="left", maintain_order="left"
    )
    ef, form, h = found["person"][:3].to_list(), found["person"][3:5].to_list(), found["person"].to_list()[5]
    assert ef == [form[1], form[0], form[0]]
    assert h == form[1]
    assert form[0] != form[1]
    assert (linked.people, sum(linked.collisions.values())) == (2, 0)
    assert not in_clear(ctx.zones.home, "0000000001", "0000000002", dpc.BIRTH, dpc.ZIP, dpc.NAME, dpc.DOCTOR)


def test_a_facility_report_is_nobody(ctx: Context) -> None:
    batch = taken(ctx, "dpc-form3", dpc.form3())
    assert heads(ctx, batch)["alias"].to_list() == [None]


def test_a_k_file_is_quarantined(ctx: Context) -> None:
    with pytest.raises(Quarantined):
        taken(ctx, "dpc-k", dpc.k())
