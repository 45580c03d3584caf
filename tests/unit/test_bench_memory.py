"""The benchmark of memory measures what it says: every document goes through, and what grows is marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import bench_memory


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench_memory, "FOLDER", tmp_path)


@pytest.mark.parametrize("name", ["checkup-claim", "hl7v2"])
def test_every_document_is_taken(name: str) -> None:
    found = bench_memory.measured(name, str(bench_memory.packed(name, 30)))
    assert found["peak_mb"] > 0
    assert found["records"] == 30 if name == "checkup-claim" else found["records"] > 0


def test_a_file_that_is_refused_is_no_measurement(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"<no")
    with pytest.raises(SystemExit):
        bench_memory.measured("checkup-claim", str(broken))


def test_what_grows_is_marked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench_memory, "packed", lambda name, number: Path(f"{number}"))
    grown = {"a": 2, "b": 1.2}
    monkeypatch.setattr(
        bench_memory, "_run", lambda name, path: {"peak_mb": 100 * grown[name] ** len(path.name), "records": 1}
    )
    bench_memory.table(["a", "b"], [1, 10])
    first, second = capsys.readouterr().out.splitlines()[1:]
    assert "grows" in first
    assert "grows" not in second
