"""`tokumei package verify`: what a recipient checks, offline: folder or ZIP, with or without the envelope."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from provision import cli, releasing
from provision.packaging.bag import close_bag
from provision.packaging.sealing import write_zip
from provision.releasing.making import made_folder
from tests.support.house import ACTOR, House

PLAN = "linked-for-pharma"


@pytest.fixture
def received(house: House, tmp_path: Path) -> Path:
    """The payload as it lies at the recipient's."""
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    return shutil.copytree(made_folder(ctx, release) / "bag", tmp_path / "received" / release)


def verify(*words: object) -> int:
    return cli.main(["package", "verify", *map(str, words)])


def test_folder_and_zip_verify(received: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "p.zip").open("wb") as stream:
        write_zip(received, received.name, stream)
    said = []
    for path in (received, received.parent, tmp_path / "p.zip"):
        assert verify(path, "--json") == 0
        said.append(json.loads(capsys.readouterr().out))
    assert said[0] == said[1] == said[2]
    assert said[0]["release"] == received.name
    assert said[0]["tables"] == 8


def _rebag(bag: Path) -> None:
    close_bag(bag, {"External-Identifier": "r-1"})


def _row(bag: Path) -> None:
    table = bag / "data/tables/claim.csv"
    table.write_bytes(table.read_bytes().replace(b"\r\n", b"\r\n1,1\r\n", 1))
    _rebag(bag)


def _outside(bag: Path) -> None:
    path = bag / "data/datapackage.json"
    described = json.loads(path.read_text("utf-8"))
    described["resources"][0]["path"] = "../bagit.txt"
    path.write_text(json.dumps(described), "utf-8")
    _rebag(bag)


SPOILT: dict[str, Callable[[Path], object]] = {
    "a changed byte": lambda bag: (bag / "data/tables/claim.csv").write_bytes(b"x"),
    "a same-size change": lambda bag: (bag / "data/terms.html").write_bytes(
        (bag / "data/terms.html").read_bytes()[::-1]
    ),
    "a missing file": lambda bag: (bag / "data/tables/drug.parquet").unlink(),
    "one file more": lambda bag: (bag / "data/more.txt").write_text("x"),
    "no manifest": lambda bag: (bag / "manifest-sha256.txt").unlink(),
    "no tag manifest": lambda bag: (bag / "tagmanifest-sha256.txt").unlink(),
    "no bag": lambda bag: (bag / "bagit.txt").unlink(),
    "a row more, bagged anew": _row,
    "a table elsewhere, bagged anew": _outside,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_whatever_is_wrong_is_refused(
    received: Path, spoil: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(received)
    assert verify(received) == 6
    assert "package.verify" in capsys.readouterr().err


def test_ciphertext_and_broken_zip_are_refused(received: Path, tmp_path: Path) -> None:
    (tmp_path / "p.zip.age").write_bytes(b"age-encryption.org/v1\n")
    assert verify(tmp_path / "p.zip.age") == 6
    with (tmp_path / "p.zip").open("wb") as stream:
        write_zip(received, received.name, stream)
    content = (tmp_path / "p.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(content[: len(content) // 2] + content[-22:])
    assert verify(tmp_path / "cut.zip") == 6
