"""A partner with an OpenPGP key gets a file that gpg opens, with its key and with the operator's."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels_in_test import Letterbox

from provision import checking, releasing
from provision.releasing.making import made_folder
from tests.support.house import ACTOR, House
from tests.support.pgp import Keeper, keeper
from tests.support.publishing import approve_and_publish
from tests.support.verdicts import gate_without_engine

Put = Callable[..., Letterbox]
PLAN = "claims-for-university"
RECIPIENT = "recipients/tsukishima-university.yaml"


@pytest.fixture
def rings() -> Iterator[dict[str, Keeper]]:
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="tk-") as folder:
        made = {who: keeper(Path(folder) / who) for who in ("partner", "operator")}
        for who, ring in made.items():
            ring.gpg("--quick-gen-key", f"{who}@example.jp", "future-default", "default", "1y")
        yield made
        for ring in made.values():
            ring.close()


def _given(ring: Keeper, who: str) -> dict[str, Any]:
    return ring.key(f"{who}@example.jp").model_dump()


def test_gpg_opens_what_the_partner_gets(
    house: House, rings: dict[str, Keeper], letterbox: Put, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house.edit(RECIPIENT, lambda r: r.update(encryption=_given(rings["partner"], "partner")))
    house.edit("platform.yaml", lambda p: p.update(escrow_openpgp=_given(rings["operator"], "operator")))
    assert checking.check_all(house.config) == []
    release = approve_and_publish(house, gate_without_engine(house, PLAN, monkeypatch))
    box = letterbox(at_most_once=False)
    releasing.deliver(house.open(), release, actor=ACTOR)
    cipher = next(box.folder.rglob(f"{release}.zip.gpg"))
    bag = made_folder(house.open(), release) / "bag"
    for ring in rings.values():
        (tmp_path / "plain.zip").write_bytes(ring.gpg("--decrypt", str(cipher)))
        with zipfile.ZipFile(tmp_path / "plain.zip") as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        assert found == {
            f"{release}/{p.relative_to(bag).as_posix()}": p.read_bytes() for p in bag.rglob("*") if p.is_file()
        }
    entry = next(iter(house.open().ledger.entries(type="delivery.sealed")))
    assert entry.payload["keys"] == [ring.key(f"{who}@example.jp").fingerprint for who, ring in rings.items()]


def test_operator_without_openpgp_key_is_told_before_anything_runs(house: House, rings: dict[str, Keeper]) -> None:
    house.edit(RECIPIENT, lambda r: r.update(encryption=_given(rings["partner"], "partner")))
    named = [(p.file, p.key) for p in checking.check_all(house.config)]
    assert named == [(RECIPIENT, "encryption")]
