"""表の形式: the agreement says which formats a recipient gets; a plan may use fewer, never others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from provision import cli, releasing
from provision.checking import check_all
from provision.config import load_plans, load_recipients
from provision.errors import FixConfiguration, Refused
from provision.packaging.bag import bag_digest
from provision.packaging.payload import build_payload
from provision.releasing.drafting import check, today
from provision.releasing.making import made_folder
from provision.releasing.tables import layout
from tests.support.house import ACTOR, House

PLAN, RECIPIENT = "care-for-institute", "hinode-institute"


def agree(house: House, formats: list[str], planned: list[str] | None) -> None:
    """What the agreement names, and what the plan asks for."""
    house.edit(f"recipients/{RECIPIENT}.yaml", lambda r: r["agreement"].update(formats=formats))

    def ask(plan: dict[str, Any]) -> None:
        plan.pop("formats", None)
        if planned is not None:
            plan["formats"] = planned

    house.edit(f"releases/{PLAN}.yaml", ask)


def made(house: House) -> Path:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    return made_folder(ctx, release) / "bag"


@pytest.mark.parametrize(
    ("agreed", "planned", "endings"),
    [
        (["csv", "xlsx"], None, {"csv", "xlsx"}),
        (["parquet", "csv", "xlsx"], ["csv", "xlsx"], {"csv", "xlsx"}),
        (["parquet", "csv", "xlsx"], ["parquet"], {"parquet"}),
        (["csv"], None, {"csv"}),
    ],
)
def test_the_recipient_gets_the_agreed_formats(
    house: House, agreed: list[str], planned: list[str] | None, endings: set[str]
) -> None:
    agree(house, agreed, planned)
    assert not [p.message for p in check_all(house.config) if PLAN in p.file or RECIPIENT in p.file]
    bag = made(house)
    assert {path.suffix[1:] for path in (bag / "data/tables").iterdir()} == endings
    start, codebook = (
        (bag / "data" / name).read_text("utf-8")
        for name in ("はじめにお読みください.html", "codebook/codebook.ja.html")
    )
    for ending in ("parquet", "csv", "xlsx"):
        assert (
            (f"tables/care_claim.{ending}" in start)
            == (f"tables/care_claim.{ending}" in codebook)
            == (ending in endings)
        )
    assert ("Excel (.xlsx)" in start) == ("xlsx" in endings)


def test_a_payload_with_workbooks_is_verified_counted_and_the_same_when_built_twice(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agree(house, ["parquet", "csv", "xlsx"], None)
    bag = made(house)
    assert cli.main(["package", "verify", str(bag)]) == 0
    said = capsys.readouterr().out
    assert said
    ctx = house.open()
    plan = ctx.plan(PLAN)
    import polars as pl

    shapes = layout(plan, ctx.catalogue)
    frames = {s.name: pl.read_parquet(bag / f"data/tables/{s.name}.parquet") for s in shapes}
    digests = {
        build_payload(ctx, "r-1", plan, ctx.profile(plan.profile), shapes, frames, tmp_path / name, "2026-11-23")
        for name in ("one", "other")
    }
    assert len(digests) == 1
    for shape in shapes:
        for ending in ("xlsx", "csv", "parquet"):
            one = (tmp_path / f"one/data/tables/{shape.name}.{ending}").read_bytes()
            assert one == (bag / f"data/tables/{shape.name}.{ending}").read_bytes()


def test_a_workbook_with_a_row_less_is_noticed(house: House, tmp_path: Path) -> None:
    from provision.packaging import workbook
    from provision.packaging.bag import close_bag

    agree(house, ["csv", "xlsx"], None)
    bag = shutil.copytree(made(house), tmp_path / "bag")
    table = next((bag / "data/tables").glob("*.xlsx"))
    import polars as pl

    workbook.write(pl.read_csv(table.with_suffix(".csv"), infer_schema=False).head(-1), table)
    close_bag(bag, {"External-Identifier": "r-1"})
    assert bag_digest(bag)
    assert cli.main(["package", "verify", str(bag)]) == 6


def test_a_format_outside_the_agreement_is_refused_by_check_and_draft(house: House) -> None:
    agree(house, ["csv"], ["csv", "xlsx"])
    (found,) = [p for p in check_all(house.config) if p.file.endswith(f"{PLAN}.yaml")]
    assert found.key.startswith("formats")
    ctx = house.open()
    with pytest.raises(Refused, match=r"release\.formats"):
        check(ctx, ctx.plan(PLAN), ctx.recipient(RECIPIENT), today())
    with pytest.raises((Refused, FixConfiguration)):
        releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)


def test_an_agreement_that_changes_after_the_draft_stops_the_release(house: House) -> None:
    agree(house, ["csv", "xlsx"], None)
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    agree(house, ["csv"], None)
    with pytest.raises(Refused, match=r"release\.plan"):
        releasing.make(house.open(), release, actor=ACTOR)


@pytest.mark.parametrize("formats", [["xlsx"], ["csv", "csv"], ["ods"], []])
def test_excel_never_goes_alone(house: House, formats: list[str]) -> None:
    agree(house, formats, None)
    assert RECIPIENT not in load_recipients(house.config).items
    if formats:
        agree(house, ["csv"], formats)
        assert PLAN not in load_plans(house.config).items


def test_a_table_too_large_for_excel_names_the_remedy(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from provision.packaging import workbook

    agree(house, ["csv", "xlsx"], None)
    monkeypatch.setattr(workbook, "ROWS", 3)
    with pytest.raises(Refused, match=r"release\.excel") as caught:
        made(house)
    assert "leave xlsx out" in caught.value.remedy
    assert not made_folder(house.open(), "r").exists()
