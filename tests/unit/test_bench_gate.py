"""The benchmark of the gate measures what it says: three judges of the same columns who agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import gate_measured

ROWS = 60_000


@pytest.mark.parametrize("spoiled", [False, True])
def test_all_three_judge_the_same_columns(tmp_path: Path, spoiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_measured, "QUASI", ("sex", "age_band"))
    if spoiled:
        monkeypatch.setitem(gate_measured.RANGES, "points", (0, 100_000))
    digest = gate_measured.made(str(tmp_path / "bag"), str(ROWS))["digest"]
    monkeypatch.setitem(gate_measured.RANGES, "points", (0, 90_000 if spoiled else 99_999))
    for judge in (gate_measured.gate, gate_measured.plain, gate_measured.pandas):
        found = judge(str(tmp_path / "bag"), str(ROWS), digest)
        assert found["passed"] is not spoiled, judge.__name__
        assert min(found["seconds"], found["peak_mb"]) > 0


def test_there_are_25_columns_without_free_text() -> None:
    assert len(gate_measured.contract(10).tables[0].columns) == 25
