"""突合: what was counted in the payload is what the log and the payload's own manifest say."""

from __future__ import annotations

from expectations.classes.base import Example, Own

EXPECTATION = Own(
    name="ExpectCountsToReconcile",
    ja="件数が記録及び目録と一致すること",
    en="Expect the difference between what was counted and what the log or the manifest says to be nothing.",
    source="docs/ledger.md: release.made; the payload's manifest.json",
    test=lambda arguments: lambda difference: int(difference) == 0,
    examples=(Example({}, (0,), (1, -1)),),
)
