"""The same arguments give the same bytes; drops are marked last; nothing half-written looks complete."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
import yaml
from sampledata_reading import Written

from provision.sampledata import write_world
from provision.sampledata.cli import main

ROOT = Path(__file__).parents[3]


def digest(out: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        total.update(str(path.relative_to(out)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def test_two_processes_with_other_hash_seeds_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("1", "2"):
        command = [sys.executable, "-m", "provision.sampledata", "--people", "300", "--seed", "5"]
        command += ["--months", "2025-04..2025-05", "--out", str(tmp_path / name)]
        environment = os.environ | {"PYTHONHASHSEED": name, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}"}
        subprocess.run(command, check=True, env=environment, cwd=tmp_path, capture_output=True)
    write_world(tmp_path / "3", seed=6, people=300, months=["2025-04", "2025-05"])
    assert digest(tmp_path / "1") == digest(tmp_path / "2") != digest(tmp_path / "3")


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    write_world(tmp_path, seed=5, people=200, months=["2025-04"])
    before = digest(tmp_path)
    write_world(tmp_path, seed=5, people=200, months=["2025-04"])
    assert digest(tmp_path) == before


def test_every_drop_has_its_marker(world: Written) -> None:
    drops = sorted(path for path in (world.out / "senders").glob("*/*"))
    assert {path.parent.name for path in drops} == {"kita-hospital", "sakura-care", "minato-city"}
    for drop in drops:
        marker = yaml.safe_load((drop / "batch.yaml").read_text("utf-8"))
        assert f"{marker['period']}-{marker['sequence']}" == drop.name
        assert set(marker) == {"period", "sequence", "supersedes"}
        assert not list(drop.glob("*.part"))


def test_an_interrupted_world_has_no_marker(tmp_path: Path) -> None:
    write_world(tmp_path, seed=5, people=200, months=["2025-04"])

    def stop(done: int) -> None:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_world(tmp_path, seed=5, people=200, months=["2025-04"], progress=stop)
    assert not list(tmp_path.rglob("batch.yaml"))


def test_the_command_shows_progress(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--people", "50", "--months", "2025-04", "--out", str(tmp_path)]) == 0
    assert "50 of 50 people" in capsys.readouterr().err
    for wrong in (["--people", "0"], ["--months", "2025-09..2025-01"]):
        with pytest.raises(SystemExit) as ended:
            main([*wrong, "--out", str(tmp_path)])
        assert ended.value.code == 2


def test_a_world_needs_people_and_months(tmp_path: Path) -> None:
    for people, months in ((0, ["2025-04"]), (10, [])):
        with pytest.raises(ValueError, match="people and months"):
            write_world(tmp_path, seed=1, people=people, months=months)


def test_memory_does_not_grow_with_the_people(tmp_path: Path) -> None:
    write_world(tmp_path, seed=1, people=3600, months=["2025-04"])  # fills the bounded look-up tables
    tracemalloc.start()
    try:
        small, large = (_peak(tmp_path, people) for people in (1200, 3600))
    finally:
        tracemalloc.stop()
    assert large < small + 2_000_000


def _peak(out: Path, people: int) -> int:
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    write_world(out, seed=1, people=people, months=["2025-04"])
    return tracemalloc.get_traced_memory()[1] - before
