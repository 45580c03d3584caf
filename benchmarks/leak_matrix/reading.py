"""Reads from a verdict what became of every planted case: which kinds were named at the place where it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from benchmarks.leak_matrix.places import Slot
from expectations.verdict import Verdict


class Broken(Exception):
    """The gate stopped for another reason than what was planted, so nothing can be said about the planted values."""


def kinds_found(
    verdict: Verdict, slots: Collection[Slot], planted: Mapping[str, int], unknown: Mapping[str, str]
) -> list[set[str]]:
    """Kinds the verdict names for every slot. `planted` says how many texts a column's place holds, `unknown` which
    number the verdict gives a file's path. Raises `Broken` where a clean row failed, or the gate could not look."""
    failed: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for finding in verdict.failures:
        if finding.note and finding.kind not in ("type", "format"):
            raise Broken(f"{finding.where}: {finding.kind}: {finding.note}")
        if finding.where in planted and finding.kind != "type" and finding.rows_failing >> planted[finding.where]:
            raise Broken(f"{finding.where}: {finding.kind}: clean rows fail")
        failed[finding.where][finding.kind] = finding.rows_failing
    return [_kinds(failed, slot, unknown) for slot in slots]


def _kinds(failed: Mapping[str, Mapping[str, int]], slot: Slot, unknown: Mapping[str, str]) -> set[str]:
    """Kinds found in every format of any of the alternatives."""
    found: set[str] = set()
    for wheres in slot.alternatives:
        named = [failed.get(unknown.get(where, where), {}) for where in wheres]
        found |= set.intersection(*({k for k, rows in one.items() if _shows(rows, slot.bit)} for one in named))
    return found


def _shows(rows: int, bit: int | None) -> bool:
    return bit is None or bool(rows >> bit & 1)
