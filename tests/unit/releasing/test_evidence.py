"""The evidence pack: five sections, no small cell, pages in two languages, and a verification that notices changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision import cli
from provision.errors import Refused
from provision.packaging.evidence import verifying, writing
from provision.packaging.evidence.charts import bars
from provision.packaging.evidence.items import served
from provision.packaging.utility import OTHERS, association, marginal
from provision.releasing.making import made_folder
from provision.releasing.shapes import PERSON
from tests.support.house import ACTOR, House
from tests.support.verdicts import gate_without_engine

PLAN = "claims-for-university"
FILES = {"evidence.json", *(f"evidence.{language}.{kind}" for language in ("ja", "en") for kind in ("html", "pdf"))}


@pytest.fixture
def quick_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are printed by `provision.paper`, which has tests of its own; here a page stands for its print."""
    monkeypatch.setattr(writing, "pdf", lambda html: html.encode())


def test_the_pack_of_a_release(
    house: House, monkeypatch: pytest.MonkeyPatch, quick_paper: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Written twice, verified, then a file, a table and a figure are changed behind its back."""
    release = gate_without_engine(house, PLAN, monkeypatch)
    ctx = house.open()
    first = writing.write(ctx, release, actor=ACTOR)
    assert writing.write(ctx, release, actor=ACTOR) == first
    folder = writing.folder(ctx, release)
    assert {path.name for path in folder.iterdir()} == set(first) == FILES
    assert len(list(ctx.ledger.entries(type="evidence.written"))) == 1

    record = json.loads((folder / "evidence.json").read_text("utf-8"))
    assert [section["item"] for section in record["rule_34"]] == [1, 2, 3, 4, 5]
    assert all(section["tests"] for section in record["rule_34"])
    assert {"direct", "birth", "zip"} <= {done["class"] for done in record["rule_34"][0]["on_receipt"]}
    assert record["gate"]["passed"]
    for column in record["utility"]["marginals"]:
        assert all(cell["count"] >= record["utility"]["least"] for cell in column["values"])
    for language, words in (("ja", "規則第34条第5号"), ("en", "Rules art. 34 item 5")):
        page = (folder / f"evidence.{language}.html").read_text("utf-8")
        assert words in page
        assert "<svg" in page
        assert "<script" not in page
    bag = made_folder(ctx, release) / "bag"
    assert not [path for path in bag.rglob("*") if "evidence" in path.name]

    checks = verifying.verify(ctx, release)
    assert all(check.holds for check in checks), [check for check in checks if not check.holds]
    assert {"smallest group of claim", "rows of diagnosis"} <= {check.what for check in checks}
    assert any(check.what.startswith("unique by one known event") for check in checks)
    monkeypatch.setattr("provision.context.open_context", house.open)
    assert cli.main(["evidence", "verify", release]) == 0
    assert "NO " not in capsys.readouterr().out

    house.edit(f"releases/{PLAN}.yaml", lambda said: said.update(k=4))  # the next release's, not this one's
    assert all(check.holds for check in verifying.verify(house.open(), release))

    record["made"]["people"] += 1
    (folder / "evidence.json").write_text(writing.record_text(record), encoding="utf-8")
    assert cli.main(["evidence", "verify", release, "--json"]) == 1
    failed = {check["what"] for check in json.loads(capsys.readouterr().out) if not check["holds"]}
    assert failed == {"SHA-256 of evidence.json, as the log has it", "the record is what log and payload give now"}
    next((bag / "data/tables").iterdir()).write_bytes(b"other")
    with pytest.raises(Refused, match="the payload is not what was made"):
        verifying.verify(ctx, release)


def test_what_is_not_there_has_no_evidence(house: House, quick_paper: None) -> None:
    ctx = house.open()
    with pytest.raises(Refused, match="not made"):
        writing.write(ctx, "r-nothing", actor=ACTOR)
    with pytest.raises(Refused, match="not written"):
        verifying.verify(ctx, "r-nothing")


@pytest.mark.parametrize(
    ("law", "items"),
    [("施行規則第34条第4号・第5号", {4, 5}), ("規則34条1号", {1}), ("個人情報保護法第43条第1項", set()), ("", set())],
)
def test_which_items_a_reference_names(law: str, items: set[int]) -> None:
    assert served(law) == items


def table(*rows: tuple[str | None, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=[PERSON, "a", "b"], orient="row")


def cells(found: dict[str, Any]) -> list[tuple[str, int]]:
    return [(cell["value"], cell["count"]) for cell in found["values"]]


def people(value: str, number: int, start: int = 0, other: str = "x") -> Sequence[tuple[str | None, ...]]:
    return [(str(p), value, other) for p in range(start, start + number)]


def test_values_of_few_people_are_counted_together_or_not_at_all() -> None:
    many = people("many", 12)
    found = marginal(table(*many, *many, *people("few", 9), *people("some", 9, 50)), "a")
    assert (found["rows"], found["filled"], found["different"]) == (42, 42, 3)
    assert cells(found) == [("many", 12), (OTHERS, 18)]  # people, not rows
    assert cells(marginal(table(*many, *people("few", 9)), "a")) == [("many", 12)]
    without_numbers = table(*many, *many).drop(PERSON)
    assert cells(marginal(without_numbers, "a")) == [("many", 24)]


def test_association_is_that_of_cramer() -> None:
    """Two columns that say the same have 1, two that say nothing of each other 0."""
    same = table(*people("m", 20), *people("f", 20, 20, "y"))
    assert association(same, "a", "b") == "1.0000"
    apart = table(*people("m", 20), *people("f", 20, 20), *people("m", 20, 40, "y"), *people("f", 20, 60, "y"))
    assert association(apart, "a", "b") == "0.0000"
    assert association(table(*people("m", 20)), "a", "b") is None
    assert association(table(*people("m", 3), *people("f", 3, 3, "y")), "a", "b") is None


def test_a_chart_is_text_and_escapes_what_it_shows() -> None:
    made = str(bars("a < b", [("<k>", [0.5, 2.0])], ["before", "after"]))
    assert made.startswith("<svg")
    assert "&lt;k&gt;" in made
    assert "50.0%" in made
    assert "<k>" not in made


@pytest.mark.slow
def test_pages_can_be_printed(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    release = gate_without_engine(house, PLAN, monkeypatch)
    ctx = house.open()
    writing.write(ctx, release, actor=ACTOR)
    for language in ("ja", "en"):
        assert (writing.folder(ctx, release) / f"evidence.{language}.pdf").read_bytes().startswith(b"%PDF-")
