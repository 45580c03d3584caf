"""docs/security.md stays true: every item once, met or open, and every test it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([\d., to]+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", re.MULTILINE)
NAMED = re.compile(r"`((?:tests/[\w/]+/)?test_\w+\.py)(?:::(\w+))?`")


def test_every_item_is_met_or_open_and_shown_by_a_test_that_is_there() -> None:
    rows = ROW.findall((ROOT / "docs" / "security.md").read_text("utf-8"))
    assert len(rows) > 50
    items = [item for ids, *_ in rows for item in re.findall(r"\d+\.\d+\.\d+", ids)]
    assert len(items) == len(set(items))
    for ids, _, state, shown in rows:
        assert state.split()[0].strip(":;,") in {"met", "open", "in"}, ids
        named = NAMED.findall(shown)
        assert named or state.startswith("open"), ids
        for file, name in named:
            path = ROOT / file if "/" in file else ROOT / "tests" / "portal" / file
            assert path.is_file(), file
            assert not name or re.search(rf"^def {name}\(", path.read_text("utf-8"), re.MULTILINE), name
