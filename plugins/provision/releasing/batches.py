"""Which batches are in force (有効な受領分) as of a moment: accepted, and replaced by no accepted batch.

Everything rests on what senders say, period and sequence, never on when a batch came: months received in any order end
in the same batches. What was accepted or received after the moment does not count, so a draft stays what it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from provision.context import Context
from provision.errors import Refused
from provision.ledger.entry import Entry
from provision.releasing.drafting import TOKYO

#: 保存期間の終了: the entry from which on a batch is in no release any more, whatever its moment: its rows go.
ENDED = "store.ended"


@dataclass(frozen=True)
class Moment:
    """基準時点: the first `entry` entries of the log, and of these what was written in Japan up to the end of `day`
    (None: no such bound)."""

    entry: int
    day: date | None = None

    def covers(self, entry: Entry) -> bool:
        """Whether an entry of the log belongs to it."""
        return entry.seq < self.entry and (self.day is None or entry.when.astimezone(TOKYO).date() <= self.day)


@dataclass(frozen=True)
class BatchInForce:
    """One dataset of an accepted batch. `place`, its period and sequence, says which of two batches is the later."""

    batch: str
    source: str
    dataset: str
    period: str
    sequence: int

    @property
    def place(self) -> tuple[str, int]:
        """Batches of one source in the order of what they say."""
        return self.period, self.sequence


def now(ctx: Context) -> Moment:
    """Everything that is in the log."""
    return Moment(ctx.ledger.size)


def batches_in_force(ctx: Context, sources: Sequence[str], moment: Moment | None = None) -> tuple[BatchInForce, ...]:
    """Batches of these sources in force at `moment` (now by default), by source, period and sequence.

    Raises `Refused` ``store.missing`` where the log knows a batch that the store does not hold.
    """
    at = moment or now(ctx)
    accepted = {e.subjects["batch"] for e in _entries(ctx, "batch.accepted", sources, at)}
    received = {e.subjects["batch"]: e for e in _entries(ctx, "batch.received", sources, at)}
    gone = superseded(received, accepted) | _ended(ctx)
    found = [part for batch in accepted - gone for part in parts(ctx, received[batch])]
    return tuple(sorted(found, key=lambda b: (b.source, b.place, b.dataset)))


def in_force_by_receipt(ctx: Context, sources: Sequence[str]) -> Iterator[Entry]:
    """The entries ``batch.received`` of the batches in force now; the store is not asked."""
    at = now(ctx)
    accepted = {e.subjects["batch"] for e in _entries(ctx, "batch.accepted", sources, at)}
    received = {e.subjects["batch"]: e for e in _entries(ctx, "batch.received", sources, at)}
    gone = superseded(received, accepted) | _ended(ctx)
    return (received[batch] for batch in sorted(accepted - gone))


def left_in_quarantine(ctx: Context, sources: Sequence[str], moment: Moment) -> dict[str, int]:
    """隔離中: what these sources sent that was not taken and no accepted batch stands for: whole batches, files and
    records of batches in force, in counts.

    A correction or a withdrawal among them has no effect: what it corrects is in force. Who approves must know.
    """
    accepted = {e.subjects["batch"]: e for e in _entries(ctx, "batch.accepted", sources, moment)}
    received = {e.subjects["batch"]: e for e in _entries(ctx, "batch.received", sources, moment)}
    whole = {e.subjects["batch"] for e in _entries(ctx, "batch.quarantined", sources, moment)}
    gone = superseded(received, accepted)
    standing = [entry.payload for batch, entry in accepted.items() if batch not in gone]
    counts = {
        name: sum(int(str(said.get(f"{name}_quarantined", 0))) for said in standing) for name in ("files", "records")
    }
    return {"batches": len(whole - gone), **counts}


def parts(ctx: Context, received: Entry) -> list[BatchInForce]:
    """The datasets of one accepted batch, by its entry ``batch.received``."""
    batch, source = received.subjects["batch"], received.subjects["source"]
    found = ctx.store.datasets(source, batch)
    if not found:
        raise Refused(
            "the log says this batch was accepted, but the store does not hold it",
            where=batch, rule="store.missing", remedy="restore the store from its backup",
        )  # fmt: skip
    period, sequence = str(received.payload["period"]), int(str(received.payload["sequence"]))
    return [BatchInForce(batch, source, dataset, period, sequence) for dataset in found]


def superseded(received: Mapping[str, Entry], accepted: Iterable[str]) -> set[str]:
    """差替え: all that the accepted batches replace, directly or through what these were to replace.

    A batch in the middle of a chain counts although it could not be taken itself: the next one stands for it.
    """
    by_place: dict[tuple[str, object, object], list[str]] = defaultdict(list)
    for batch, entry in received.items():
        by_place[entry.subjects["source"], entry.payload["period"], entry.payload["sequence"]].append(batch)
    gone: set[str] = set()
    open_ = list(accepted)
    while open_:
        entry = received[open_.pop()]
        place = entry.payload.get("supersedes")
        if place:
            older = set(by_place[entry.subjects["source"], place["period"], place["sequence"]]) - gone
            gone |= older
            open_ += older
    return gone


def _ended(ctx: Context) -> set[str]:
    return {entry.subjects["batch"] for entry in ctx.ledger.entries(type=ENDED)}


def _entries(ctx: Context, type: str, sources: Sequence[str], at: Moment) -> list[Entry]:
    return [e for e in ctx.ledger.entries(type=type) if e.subjects["source"] in sources and at.covers(e)]
