"""期間報告の内容: one line for each release that something happened to in the period, made of entries alone.

The same entries give the same report, here and offline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from provision import states
from provision.exporting.period import TOKYO, Gathered, releases
from provision.ledger.entry import Entry


@dataclass(frozen=True)
class Line:
    """One release as it stood when the period ended. Times are ISO 8601 in Japan's, "" where it has not happened."""

    release: str
    plan: str
    recipient: str
    agreement: str
    purpose: str
    categories: str
    channel: str
    requester: str
    state: str
    people: int
    rows: int
    digest: str
    drafted_at: str
    approved_at: str
    approved_by: str
    published_at: str
    announcement: str
    handed_over_at: str
    received_at: str
    destroyed_at: str
    rejected_at: str
    recalled_at: str
    entries: str


COLUMNS = tuple(Line.__dataclass_fields__)


@dataclass(frozen=True)
class Report:
    """The lines, and what they add up to. `provisions` are deliveries handed over within the period."""

    since: str
    until: str
    first: int
    last: int
    size: int
    root: str
    lines: tuple[Line, ...]
    provisions: int
    by_month: tuple[tuple[str, int], ...]
    by_recipient: tuple[tuple[str, int], ...]
    by_category: tuple[tuple[str, int], ...]

    def as_json(self) -> dict[str, object]:
        """Plain lists and objects."""
        return asdict(self)


def report(found: Gathered) -> Report:
    """The report of a period. Releases come in the order in which something first happened to them."""
    known = [entry for seq, entry in found.entries.items() if seq <= found.last]
    lines = tuple(_line([entry for entry in known if entry.subjects.get("release") == name], name)
                  for name in releases(found.within))  # fmt: skip
    handed = [entry for entry in found.within if entry.type == "delivery.handed_over"]
    categories = {line.release: line.categories.split() for line in lines}
    return Report(
        found.period.since.isoformat(), found.period.until.isoformat(), found.first, found.last,
        found.signed.checkpoint.size, found.signed.checkpoint.root.hex(), lines, len(handed),
        _counts(_at(entry)[:7] for entry in handed),
        _counts(entry.subjects.get("recipient", "") for entry in handed),
        _counts(name for entry in handed for name in categories.get(entry.subjects.get("release", ""), [])),
    )  # fmt: skip


def _line(entries: Sequence[Entry], release: str) -> Line:
    drafted, made = _first(entries, "release.drafted"), _first(entries, "release.made")
    approved, published = _first(entries, "release.approved"), _first(entries, "release.published")
    tables, announced = made.get("tables", {}), published.get("announcement", {})

    def said(name: str) -> str:
        return str(drafted.get(name, ""))

    return Line(
        release, said("plan"), said("recipient"), said("agreement"), said("purpose"),
        " ".join(map(str, drafted.get("categories", []))), said("channel"), said("requester"), _state(entries),
        int(made.get("people", 0)), sum(tables.values()), str(made.get("digest", "")),
        _when(entries, "release.drafted"), _when(entries, "release.approved"),
        " ".join(map(str, approved.get("approvals", []))), _when(entries, "release.published"),
        str(announced.get("name", "")), _when(entries, "delivery.handed_over"), _when(entries, "delivery.received"),
        _when(entries, "delivery.destroyed"), _when(entries, "release.rejected"), _when(entries, "release.recalled"),
        " ".join(str(entry.seq) for entry in entries),
    )  # fmt: skip


def _first(entries: Iterable[Entry], type: str) -> dict[str, Any]:
    return next((entry.payload for entry in entries if entry.type == type), {})


def _when(entries: Sequence[Entry], type: str) -> str:
    return next((_at(entry) for entry in reversed(entries) if entry.type == type), "")


def _at(entry: Entry) -> str:
    return entry.when.astimezone(TOKYO).isoformat(timespec="seconds")


def _state(entries: Iterable[Entry]) -> str:
    known = [e.type.removeprefix("release.") for e in entries if e.type.startswith("release.")]
    return next((state for state in reversed(known) if state in states.TRANSITIONS["release"]), "")


def _counts(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items()))
