"""HL7 messages through intake: one person over storage, messages and claims; bad messages kept aside; anonymised data
with names in them refused."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from provision.context import Context
from provision.errors import Quarantined
from provision.intake import receive, take_in
from provision.intake.keying import scope
from provision.intake.quarantine import LEFT_OUT
from tests.support import hl7, uke
from tests.support.intake import ACTOR, drop, heads, hospital, in_clear, linkage, platform

SILENT = hl7.message("ADT^A08", facility="SEND")
BAD = hl7.message("ADT^A08", "NTE\x01", encoding="utf-8")
GOOD = hl7.message("ADT^A08", encoding="utf-8", profile="")


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    sources = [hospital(id=form, format=form, linkage=linkage()) for form in ("ssmix2", "hl7v2", "uke-medical")]
    options = {"facility": hl7.FACILITY}
    told = hospital(id="told", format="ssmix2", linkage=linkage(), format_options=options)
    anonymised = hospital(id="anonymised", format="hl7v2", legal_status="anonymised_received")
    return platform(tmp_path / "home", *sources, told, anonymised)


def taken(ctx: Context, source: str, *files: bytes) -> str:
    """The batch of these files, taken in."""
    drop(ctx, source, {f"{number}": data for number, data in enumerate(files)})
    (batch,) = receive(ctx, source, actor=ACTOR)
    take_in(ctx, batch, actor=ACTOR)
    return batch


def test_one_person_of_one_hospital_over_formats(ctx: Context) -> None:
    """By the chart number of the facility, which the header says or the source; without a facility by name and birth
    only within the source."""
    batches = [
        taken(ctx, "ssmix2", hl7.message("ADT^A08"), hl7.message("OUL^R22")),
        taken(ctx, "hl7v2", GOOD),
        taken(ctx, "told", SILENT),
    ]
    people, _ = ctx.vault.people(scope(ctx.source("ssmix2")))
    found = pl.concat([heads(ctx, batch).select("alias") for batch in batches]).join(people, on="alias", how="left")
    assert found["person"].n_unique() == 1
    assert found["person"].null_count() == 0
    assert not in_clear(ctx.zones.home, "0000004711", "架空山", "カクウヤマ", "19560203", "03-0000-1111", "架空１の１")


def test_a_storage_and_the_claims_of_its_hospital_meet(ctx: Context) -> None:
    claim = uke.Claim(chart="0000004711", name="架空山　花子", birth="19560203", sex="2")
    chart = taken(ctx, "uke-medical", uke.file(claim))
    facility = uke_facility(ctx, chart)
    storage = taken(ctx, "ssmix2", hl7.message("ADT^A08", facility=facility))
    people, _ = ctx.vault.people(scope(ctx.source("ssmix2")))
    found = pl.concat([heads(ctx, batch).select("alias") for batch in (chart, storage)]).join(
        people, on="alias", how="left"
    )
    assert found["person"].n_unique() == 1


def uke_facility(ctx: Context, batch: str) -> str:
    """Ten digits of the hospital of claims."""
    head = heads(ctx, batch).row(0, named=True)
    return f"{head['facility_prefecture']}{head['point_table']}{head['facility_code']}"


def test_a_bad_message_is_kept_aside(ctx: Context) -> None:
    batch = taken(ctx, "hl7v2", GOOD + BAD + GOOD)
    assert heads(ctx, batch).height == 2
    (problem,) = json.loads((ctx.zones.quarantine() / batch / "report.json").read_text("utf-8"))
    assert (problem["record"], problem["rule"], problem["remedy"]) == (2, "hl7.control", LEFT_OUT)


def test_names_in_data_that_should_be_anonymised_are_refused(ctx: Context) -> None:
    with pytest.raises(Quarantined):
        taken(ctx, "anonymised", GOOD)
