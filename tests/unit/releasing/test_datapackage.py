"""The description for programs, held to readers by others: bagit validates the bag, frictionless every row of it."""

from __future__ import annotations

import json
from pathlib import Path

import bagit
import frictionless
import pytest

from provision import releasing
from provision.packaging.datapackage import ENUMERATED
from provision.releasing.making import made_folder
from tests.support.house import ACTOR, House

PLAN = "linked-for-pharma"


@pytest.fixture
def bag(house: House) -> Path:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    return made_folder(ctx, release) / "bag"


def test_bagit_validates_it_in_full(bag: Path) -> None:
    bagit.Bag(str(bag)).validate(completeness_only=False)


def test_frictionless_validates_every_row(bag: Path) -> None:
    package = frictionless.Package(str(bag / "data/datapackage.json"))
    found = package.validate()
    assert found.valid, found.flatten(["name", "title"])
    assert len(package.resources) == 2 * len({r.path.rpartition(".")[0] for r in package.resources})


def test_a_changed_table_is_seen_by_frictionless(bag: Path) -> None:
    table = next((bag / "data/tables").glob("claim.csv"))
    table.write_bytes(table.read_bytes().replace(b"\r\n1", b"\r\n9", 1))
    assert not frictionless.Package(str(bag / "data/datapackage.json")).validate().valid


def test_types_and_values_are_said(bag: Path) -> None:
    described = json.loads((bag / "data/datapackage.json").read_text("utf-8"))
    claim = next(r for r in described["resources"] if r["name"] == "claim-csv")
    fields = {f["name"]: f for f in claim["schema"]["fields"]}
    assert fields["service_month"]["type"] == "yearmonth"
    assert fields["sex"]["constraints"]["enum"] == ["1", "2"]
    assert fields["claim_number"]["type"] == "integer"
    assert claim["schema"]["primaryKey"] == ["claim_number"]
    assert all(len(f.get("constraints", {}).get("enum", ())) <= ENUMERATED for f in fields.values())
    drug = next(r for r in described["resources"] if r["name"] == "drug-parquet")
    assert drug["schema"]["foreignKeys"][0]["reference"]["resource"] == "claim-parquet"


def test_it_says_nothing_of_the_method(bag: Path) -> None:
    """APPI art. 45: suppression, k and profile parameters are information on the method of processing."""
    text = "".join(path.read_text("utf-8") for path in (bag / "data").glob("*.*") if path.suffix in {".json", ".html"})
    assert not any(word in text for word in ("suppress", "quasi", "alias", "minimum_k", "operator-policy"))
