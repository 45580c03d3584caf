"""From a made-up table to a release: received, taken in, drafted, made and gated, and nothing direct on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
import yaml

from provision import intake, releasing
from provision.context import Context
from provision.errors import FixConfiguration, Quarantined, Refused
from provision.formats.base import Problem
from provision.intake import looking
from provision.layouthistory import shape
from provision.releasing import making
from tests.support.house import ACTOR, House
from tests.support.intake import in_clear
from tests.support.madeup import BASE, CLERK, FILES, HEADER, layout, parquet, text

SOURCE, DATASET, PLAN = "kakuu-institute", "kakuu-cohort", "cohort-for-foundation"
SURNAME, GIVEN = "架空沢", ("壱太郎", "弐太郎", "参太郎", "花一子", "花二子", "花三子")


def people(count: int = 48, month: int = 6) -> list[list[Any]]:
    """Rows of so many fictitious people: few groups of age, sex and prefecture."""
    return [
        [
            1000 + number, f"{SURNAME} {GIVEN[number % 6]}{number:03d}", f"カクウサワ ナンバー{number:03d}",
            date(1950 + 20 * (number % 2), 1 + number % 12, 1 + number % 28), "男女"[number % 2],
            f"1{number % 3}00001", 13, date(2025, month, 1 + number % 28), number % 30,
            f"連絡先 090-1111-{number:04d}", 5.0 + number % 7 / 10, "(-)", 1 + number % 3, "はい", CLERK,
        ]
        for number in range(count)
    ]  # fmt: skip


@pytest.fixture
def house(house: House) -> House:
    """With a source of a made-up table, and a plan that asks for it."""
    (house.config / "layouts").mkdir(exist_ok=True)
    (house.config / f"layouts/{DATASET}.yaml").write_text(BASE.lstrip(), "utf-8")
    source = (house.config / "examples/sources/musashino-institute.yaml").read_text("utf-8")
    source = source.replace("musashino-institute", SOURCE).replace("table:musashino-questionnaire", f"table:{DATASET}")
    (house.config / f"sources/{SOURCE}.yaml").write_text(source, "utf-8")
    plan = yaml.safe_load((house.config / "releases/checkups-for-foundation.yaml").read_text("utf-8"))
    plan |= {
        "id": PLAN, "sources": [SOURCE], "schedule": {}, "suppression_limit": 0.3, "k": 3,
        "tables": [
            {"dataset": DATASET, "table": "visit",
             "columns": ["age_band", "sex", "prefecture", "visited", "cigarettes"]},
            {"dataset": DATASET, "table": "test_value", "columns": ["observed", "item", "value_number", "unit"]},
            {"dataset": DATASET, "table": "answer", "columns": ["question", "answer_code"]},
        ],
    }  # fmt: skip
    (house.config / f"releases/{PLAN}.yaml").write_text(yaml.safe_dump(plan, allow_unicode=True), "utf-8")
    house.edit(
        "recipients/midori-foundation.yaml",
        lambda said: said["agreement"].update(datasets=["member-ledger", DATASET], categories=[1, 2, 3, 4, 5, 6, 7, 8]),
    )
    return house


def send(house: House, files: dict[str, bytes], sequence: int = 1) -> tuple[Context, str]:
    """One drop, received and taken in."""
    ctx = house.open()
    folder = ctx.zones.inbox(SOURCE) / f"drop-{sequence}"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "batch.yaml").write_text(f'period: "2025-06"\nsequence: {sequence}\n', "utf-8")
    (batch,) = intake.receive(ctx, SOURCE, actor=ACTOR)
    intake.take_in(ctx, batch, actor=ACTOR)
    return ctx, batch


def relayout(house: House, **changes: Any) -> None:
    """Change keys of the layout."""
    house.edit(f"layouts/{DATASET}.yaml", lambda said: said.update(changes))


@pytest.mark.parametrize("kind", ["delimited", "parquet"])
def test_from_the_drop_to_the_gate(house: House, kind: str) -> None:
    relayout(house, file={"kind": kind})
    ctx, batch = send(house, {f"{SURNAME}.dat": FILES[kind](people(), HEADER)})
    (accepted,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch)
    assert (accepted.payload["format"], accepted.payload["editions"]) == (f"table:{DATASET}", ["2026"])
    assert accepted.payload["tables"] == {"visit": 48, "test_value": 96, "answer": 96}
    assert accepted.payload["warnings"] == {"table.unknown_columns": 1}
    assert accepted.payload["layouts"] == {DATASET: shape(layout(file={"kind": kind}))}
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    facts = releasing.make(ctx, release, actor=ACTOR)
    assert facts["tables"]["visit"] == facts["people"] > 30
    releasing.gate(ctx, release, actor=ACTOR)
    assert ctx.ledger.state("release", release) == "gated"
    bag = making.made_folder(ctx, release) / "bag"
    values = pl.read_csv(bag / "data/tables/test_value.csv", infer_schema=False)
    assert set(values["item"]) == {"hba1c", "urine_protein"}
    assert {"person_number", "claim_number"} <= set(values.columns)
    needles = (SURNAME, CLERK, "カクウサワ", "090-1111", "ナンバー", "00001001")
    assert [path for path in in_clear(house.home, *needles) if "inbox" not in path] == []


def test_the_same_drop_again_changes_nothing(house: House) -> None:
    ctx, batch = send(house, {"a.csv": text(people(), HEADER)})
    before = list(ctx.ledger.entries(type="batch.accepted"))
    assert intake.take_in(ctx, batch, actor=ACTOR)["people"] == 48
    assert list(ctx.ledger.entries(type="batch.accepted")) == before
    folder = ctx.zones.inbox(SOURCE) / "again"
    folder.mkdir(parents=True)
    (folder / "b.csv").write_bytes(text(people(), HEADER))
    (folder / "batch.yaml").write_text('period: "2025-06"\nsequence: 1\n', "utf-8")
    assert intake.receive(ctx, SOURCE, actor=ACTOR) == []
    assert len(list(ctx.ledger.entries(type="batch.duplicate"))) == 1


def test_rows_of_one_research_id_are_one_person(house: House) -> None:
    ctx, _ = send(house, {"a.csv": text(people(), HEADER), "b.csv": text(people(month=7), HEADER)})
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    facts = releasing.make(ctx, release, actor=ACTOR)
    assert facts["risk"]["people"] == 48
    assert facts["tables"]["visit"] == 2 * facts["people"]


def test_my_numbers_and_undeclared_files_go_to_quarantine_and_the_others_are_taken(house: House) -> None:
    rows, header = people(), [*HEADER[:-1], "個人番号"]
    ctx, batch = send(house, {"a.csv": text(rows, header), "b.csv": text([["1", "2"]], ["何か", "別の"]),
                              "c.csv": text(rows, HEADER)})  # fmt: skip
    problems: list[Problem] = looking.problems(ctx, batch)
    assert [(p.file, p.rule) for p in problems] == [("file 1", "my_number"), ("file 2", "table.undeclared")]
    assert [CLERK in repr(p) or SURNAME in repr(p) for p in problems] == [False, False]
    (accepted,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch)
    assert accepted.payload["tables"]["visit"] == 48


def test_a_source_with_two_tables_fills_two_datasets(house: House) -> None:
    other = yaml.safe_load(BASE) | {"id": "kakuu-lab", "test_values": [], "answers": [], "observed": None,
                                    "unknown_columns": "refuse", "facility": ""}  # fmt: skip
    other["columns"] = [c for c in other["columns"] if c["name"] in {"sex", "prefecture"}]
    (house.config / "layouts/kakuu-lab.yaml").write_text(yaml.safe_dump(other, allow_unicode=True), "utf-8")
    house.edit(f"sources/{SOURCE}.yaml", lambda said: said.update(format=[f"table:{DATASET}", "table:kakuu-lab"]))
    small = text([["女", "13"], ["男", "1"]], ["性別", "都道府県"], encoding="utf-8")
    ctx, batch = send(house, {"a.csv": text(people(), HEADER), "b.csv": small})
    (accepted,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch)
    assert accepted.payload["files_taken"] == {f"table:{DATASET}": 1, "table:kakuu-lab": 1}
    assert accepted.payload["tables"]["kakuu-lab.visit"] == 2
    assert set(accepted.payload["layouts"]) == {DATASET, "kakuu-lab"}


# -- a layout that changes --------------------------------------------------------------------------------------------

COMPATIBLE: dict[str, Callable[[dict[str, Any]], object]] = {
    "a heading": lambda said: said["columns"][4]["headings"].append("せいべつ"),
    "a new column": lambda said: said["columns"].append(
        {"name": "weight", "headings": ["体重"], "ja": "体重", "en": "Weight", "class": "ordinary", "dtype": "integer",
         "domain": "range:1..400", "category": 4, "required": False}),
    "a word": lambda said: said["answers"][1]["values"].update(無回答="unknown"),
    "a column that goes": lambda said: said["columns"].pop(8),
    "words for people": lambda said: said["columns"][8].update(ja="本数（一日）"),
}  # fmt: skip
INCOMPATIBLE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a unit": (lambda said: said["columns"][8].update(unit="{times}"), "cigarettes"),
    "a domain": (lambda said: said["columns"][8].update(domain="range:0..999"), "cigarettes"),
    "a class": (lambda said: said["columns"][7].update({"class": "ordinary"}), "visited"),
    "another meaning of a word": (lambda said: said["answers"][1]["values"].update(はい="2"), "9N781000000000011"),
    "the unit of a test value": (lambda said: said["test_values"][0].update(unit="mg/dL"), "hba1c"),
    "the head table's name": (lambda said: said["head"].update(name="visits"), "the head table"),
}


@pytest.mark.parametrize("case", COMPATIBLE)
def test_a_layout_may_grow(house: House, case: str) -> None:
    send(house, {"a.csv": text(people(), HEADER)})
    house.edit(f"layouts/{DATASET}.yaml", COMPATIBLE[case])
    ctx, batch = send(house, {"b.csv": text(people(month=7), HEADER)}, sequence=2)
    assert ctx.ledger.state("batch", batch) == "destroyed"


@pytest.mark.parametrize("case", INCOMPATIBLE)
def test_a_stored_column_may_not_become_another(house: House, case: str) -> None:
    change, name = INCOMPATIBLE[case]
    ctx, _ = send(house, {"a.csv": text(people(), HEADER)})
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    house.edit(f"layouts/{DATASET}.yaml", change)
    with pytest.raises(FixConfiguration, match=name) as caught:
        send(house, {"b.csv": text(people(month=7), HEADER)}, sequence=2)
    assert caught.value.rule == "layout.changed"
    if case != "the head table's name":  # then the plan itself does not hold
        with pytest.raises(FixConfiguration, match=name):
            releasing.make(house.open(), release, actor=ACTOR)
    else:
        with pytest.raises((Refused, FixConfiguration)):
            releasing.make(house.open(), release, actor=ACTOR)


def test_under_a_new_id_it_is_a_dataset_of_its_own(house: House) -> None:
    ctx, _ = send(house, {"a.csv": text(people(), HEADER)})
    changed = yaml.safe_load(BASE)
    changed["columns"][8]["unit"], changed["id"] = "{times}", "kakuu-cohort-2"
    (house.config / "layouts/kakuu-cohort-2.yaml").write_text(yaml.safe_dump(changed, allow_unicode=True), "utf-8")
    house.edit(f"sources/{SOURCE}.yaml", lambda said: said.update(format="table:kakuu-cohort-2"))
    ctx, batch = send(house, {"b.csv": text(people(month=7), HEADER)}, sequence=2)
    assert ctx.store.datasets(SOURCE, batch) == ("kakuu-cohort-2",)


def test_data_received_anonymised_with_a_name_in_it_are_refused(house: House) -> None:
    house.edit(f"sources/{SOURCE}.yaml", lambda said: said.update(legal_status="anonymised_received"))
    with pytest.raises(Quarantined):
        send(house, {"a.csv": text(people(), HEADER)})


def test_a_parquet_file_beside_text_of_another_table(house: House) -> None:
    data = parquet(people(), HEADER)
    other = yaml.safe_load(BASE) | {"id": "kakuu-flat", "file": {"kind": "parquet"}}
    (house.config / "layouts/kakuu-flat.yaml").write_text(yaml.safe_dump(other, allow_unicode=True), "utf-8")
    house.edit(f"sources/{SOURCE}.yaml", lambda said: said.update(format=[f"table:{DATASET}", "table:kakuu-flat"]))
    ctx, batch = send(house, {"a.csv": text(people(), HEADER), "b.parquet": data})
    (accepted,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch)
    assert accepted.payload["tables"]["kakuu-flat.visit"] == accepted.payload["tables"]["kakuu-cohort.visit"] == 48
