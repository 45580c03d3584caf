"""Which entries an export rests on: all of the period, one beside each end, and earlier ones of the same releases.

The neighbours show that the period's stretch of the log is whole: the one before is of an earlier day, the one after
of a later. Entries after the newest checkpoint are left out, because nobody has signed them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from provision.errors import Refused
from provision.exporting.signed import Signed, newest
from provision.ledger.entry import Entry
from provision.ledger.reading import LedgerReader

TOKYO = ZoneInfo("Asia/Tokyo")
#: Most entries of a period in one export: some 50 MB of proof.
MOST = 20_000


@dataclass(frozen=True)
class Period:
    """Days of Japan, both included. Raises `Refused` where it ends before it begins."""

    since: date
    until: date

    def __post_init__(self) -> None:
        """Check the order."""
        if self.until < self.since:
            raise Refused("the period ends before it begins", rule="export.period", remedy="give two days in order")

    def side(self, entry: Entry) -> int:
        """-1 where the entry is of a day before the period, 0 within, 1 after."""
        day = entry.when.astimezone(TOKYO).date()
        return (day > self.until) - (day < self.since)


@dataclass(frozen=True)
class Gathered:
    """The entries by number. The period's are `first` to `last`; where there are none, `last` is `first` - 1."""

    period: Period
    signed: Signed
    first: int
    last: int
    entries: dict[int, Entry]
    #: Entries of the log that no checkpoint covers yet, so that this export cannot hold them.
    unsigned: int

    @property
    def within(self) -> list[Entry]:
        """Those of the period, oldest first."""
        return [self.entries[seq] for seq in range(self.first, self.last + 1)]


def gather(ledger: LedgerReader, period: Period) -> Gathered:
    """What the log has of a period. Raises `Refused` where nothing was signed yet, or the period holds too much."""
    signed = newest(ledger)
    if signed is None or not signed.checkpoint.size:
        raise Refused(
            "no checkpoint was signed yet, so nothing could be proved",
            rule="export.unsigned",
            remedy="run `tokumei ledger checkpoint`, or wait for the next one",
        )
    size = signed.checkpoint.size
    first = bisect_left(range(size), 0, key=lambda seq: period.side(ledger.entry(seq)))
    last = bisect_left(range(size), 1, lo=first, key=lambda seq: period.side(ledger.entry(seq))) - 1
    if last - first >= MOST:
        raise Refused(f"the period has more than {MOST} entries", rule="export.size", remedy="choose a shorter period")
    entries = {entry.seq: entry for entry in ledger.entries(start=first, limit=last + 1 - first)}
    entries |= {entry.seq: entry for entry in _before(ledger, first, entries.values())}
    entries |= {seq: ledger.entry(seq) for seq in (first - 1, last + 1) if 0 <= seq < size}
    return Gathered(period, signed, first, last, dict(sorted(entries.items())), ledger.size - size)


def releases(entries: Iterable[Entry]) -> list[str]:
    """The releases that entries are about, in the order they come up."""
    return list(dict.fromkeys(entry.subjects["release"] for entry in entries if "release" in entry.subjects))


def _before(ledger: LedgerReader, first: int, within: Iterable[Entry]) -> Iterator[Entry]:
    for release in releases(within):
        for entry in ledger.entries(kind="release", subject=release):
            if entry.seq >= first:
                break
            yield entry
