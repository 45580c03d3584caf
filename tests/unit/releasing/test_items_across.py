"""HbA1c across checkups, hospital records and bundles: one plan, one item, three formats, the same people."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from provision import intake, releasing
from provision.releasing import making
from provision.sampledata import write_world
from provision.sampledata.deliveries import senders
from tests.support.house import ACTOR, House

DATASETS = {"checkup-cda": "checkups", "ssmix2": "ssmix2", "fhir-bundle": "fhir-bundle"}
HEADS = {"checkup-cda": "checkup", "ssmix2": "message", "fhir-bundle": "patient_record"}
PLAN = "hba1c-for-foundation"


def source(form: str) -> dict[str, Any]:
    return {
        "id": senders()[form].source, "name": {"ja": "架空提供元", "en": "Fictitious sender"}, "kind": "hospital",
        "format": form, "legal_status": "personal", "linkage": {"document": "試験契約 第1条", "group": "minato-2025"},
    }  # fmt: skip


def tables(form: str) -> list[dict[str, Any]]:
    dataset = DATASETS[form]
    head = {"dataset": dataset, "table": HEADS[form], "columns": ["sex"]}
    values = {"dataset": dataset, "table": "test_value", "columns": ["observed", "item", "value_number", "unit"]}
    return [head, values | {"items": ["hba1c"]}]


@pytest.fixture
def house(house: House, tmp_path: Path) -> House:
    """With three more senders whose drops were taken in, and a plan over all of them."""
    for form in DATASETS:
        (house.config / f"sources/{source(form)['id']}.yaml").write_text(yaml.safe_dump(source(form)), "utf-8")
    plan = yaml.safe_load((house.config / "releases/checkups-for-foundation.yaml").read_text("utf-8"))
    plan |= {"id": PLAN, "sources": [source(form)["id"] for form in DATASETS], "schedule": {}, "k": 3}
    plan |= {"quasi_identifiers": ["sex"], "tables": [table for form in DATASETS for table in tables(form)]}
    (house.config / f"releases/{PLAN}.yaml").write_text(yaml.safe_dump(plan, allow_unicode=True), "utf-8")
    house.edit(
        "recipients/midori-foundation.yaml",
        lambda said: said["agreement"].update(datasets=["member-ledger", *DATASETS.values()]),
    )
    write_world(tmp_path / "world", seed=8, people=400, months=["2025-05"], also=list(DATASETS))
    return house


def test_one_item_of_three_formats_goes_out_in_one_shape(house: House, tmp_path: Path) -> None:
    ctx = house.open()
    for form in DATASETS:
        name = source(form)["id"]
        shutil.copytree(tmp_path / "world/senders" / name, ctx.zones.inbox(name), dirs_exist_ok=True)
        for batch in intake.receive(ctx, name, actor=ACTOR):
            intake.take_in(ctx, batch, actor=ACTOR)
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    releasing.gate(ctx, release, actor=ACTOR)
    assert ctx.ledger.state("release", release) == "gated"
    folder = making.made_folder(ctx, release) / "bag/data/tables"
    people: list[set[str]] = []
    for dataset in DATASETS.values():
        values = pl.read_csv(folder / f"{dataset.replace('-', '_')}_test_value.csv", infer_schema=False)
        assert set(values["item"]) == {"hba1c"}
        assert set(values["unit"]) == {"%"}
        assert values["value_number"].cast(pl.Float64).is_between(4, 15).all()
        people.append(set(values["person_number"]))
    assert all(people)
    assert len(people[1] & people[2]) > 10, "a hospital's records and bundles are about the same people"
