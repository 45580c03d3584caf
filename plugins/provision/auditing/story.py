"""経過: what the log says about one release, put together for one page: steps, decisions, notices, deliveries.

Nothing is left out: `Story.entries` holds every entry, and the parts are only other views on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from provision.auditing.words import Pair
from provision.ledger.entry import Entry

#: The way of a release; what follows is what its deliveries tell.
COURSE = (
    ("release.drafted", Pair("起案", "Drafted")),
    ("release.made", Pair("作成", "Made")),
    ("release.gated", Pair("検査", "Gated")),
    ("release.approved", Pair("承認", "Approved")),
    ("release.published", Pair("公表", "Published")),
    ("delivery.handed_over", Pair("引渡し", "Handed over")),
    ("delivery.received", Pair("受領確認", "Received")),
)
#: States that end the way before its end, and the facts that say so.
ENDS = {
    "release.rejected": Pair("却下", "Rejected"),
    "release.failed": Pair("失敗", "Failed"),
    "release.expired": Pair("期限切れ", "Expired"),
    "release.recalled": Pair("回収", "Recalled"),
}


@dataclass(frozen=True)
class Step:
    """One step of the way. `how` is ``done``, ``now`` (the next one), ``later`` or ``bad``; `at` "" where not done."""

    name: Pair
    how: str
    at: str


@dataclass
class Delivery:
    """One order: its entries, the last receipt, and what was told afterwards."""

    order: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The state of the order."""
        from provision import states

        known = [entry.type.removeprefix("delivery.") for entry in self.entries]
        return next((state for state in reversed(known) if state in states.TRANSITIONS["delivery"]), "")

    @property
    def receipt(self) -> dict[str, Any]:
        """What the channel reported of the handing over, {} before."""
        return next((e.payload["receipt"] for e in reversed(self.entries) if e.type == "delivery.handed_over"), {})

    @property
    def ordered(self) -> dict[str, Any]:
        """Channel, recipient and digest as ordered."""
        return next((e.payload for e in self.entries if e.type == "delivery.ordered"), {})

    def at(self, event: str) -> str:
        """When it was last in a state, "" where never."""
        return next((e.at for e in reversed(self.entries) if e.type == f"delivery.{event}"), "")


@dataclass(frozen=True)
class Story:
    """One release: `entries` are all of it, oldest first, its deliveries' included; at least one."""

    release: str
    state: str
    entries: Sequence[Entry]

    def said(self, type: str) -> dict[str, Any]:
        """The contents of the last entry of a type, {} where there is none."""
        return next((entry.payload for entry in reversed(self.entries) if entry.type == type), {})

    @property
    def verdict(self) -> dict[str, Any]:
        """The gate's verdict that counts: the last one given, {} before."""
        gates = {"release.gated", "release.gated_again", "release.rejected"}
        found = (e.payload["verdict"] for e in reversed(self.entries) if e.type in gates and "verdict" in e.payload)
        return next(found, {})

    @property
    def decisions(self) -> list[Entry]:
        """Officers' approvals and rejections."""
        return [entry for entry in self.entries if entry.type in {"release.approval", "release.rejection"}]

    @property
    def evidence(self) -> dict[str, str]:
        """Names and SHA-256 of the evidence pack's files, as last written."""
        return dict(self.said("evidence.written").get("files", {}))

    @property
    def deliveries(self) -> list[Delivery]:
        """Every order, oldest first."""
        found: dict[str, Delivery] = {}
        for entry in self.entries:
            if "delivery" in entry.subjects:
                order = entry.subjects["delivery"]
                found.setdefault(order, Delivery(order)).entries.append(entry)
        return list(found.values())

    @property
    def steps(self) -> list[Step]:
        """The way of this release, as far as it came, and how it ended where it ended early."""
        return list(_steps({entry.type: entry.at for entry in self.entries}))


def _steps(at: dict[str, str]) -> Iterator[Step]:
    ended = [(at[type], name) for type, name in ENDS.items() if type in at]
    waiting = not ended
    for type, name in COURSE:
        if type in at:
            yield Step(name, "done", at[type])
        elif not ended:
            yield Step(name, "now" if waiting else "later", "")
            waiting = False
    for moment, name in ended:
        yield Step(name, "bad", moment)


def of(release: str, state: str, entries: Iterable[Entry]) -> Story | None:
    """The story of a release, None where the log has no such release."""
    found = list(entries)
    return Story(release, state, found) if found else None
