"""日次の要約: a digest of every day's visits in the provision log, and the end of visits that are over their time.

A day's entry ``access.anchored`` holds the numbers it covers, how many visits there are and the Merkle root (RFC 6962)
over them, so later nobody can change, add or remove one, and one visit can be proved without showing the others.
Ranges follow each other without gaps. Whole ranges expire: entry first, rows after, so what remains still verifies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby

from provision.accesslog.places import AccessLog
from provision.accesslog.visit import TOKYO, Visit, moment
from provision.errors import LedgerBroken, Refused, RetryLater
from provision.ledger.merkle import Tree, leaf_hash
from provision.ledger.reading import LedgerReader
from provision.ledger.store import Ledger

ANCHORED = "access.anchored"
EXPIRED = "access.expired"
LOST = "access.lost"


@dataclass(frozen=True)
class Anchor:
    """What the provision log says about one day: visits `first` to `last` by number, how many, and their root."""

    day: date
    first: int
    last: int
    visits: int
    root: str


@dataclass(frozen=True)
class Standing:
    """What the provision log says by now: the anchored days whose visits must be there unless they are over, oldest
    first; the number up to which visits are over and destroyed; the last day that was ever anchored. What was lost for
    good is none of it: numbers begin behind what is left."""

    anchors: tuple[Anchor, ...] = ()
    expired: int = 0
    day: date | None = None


def standing(ledger: LedgerReader) -> Standing:
    """All entries about the access log, added up."""
    found = Standing()
    for entry in ledger.entries(type="access."):
        p = entry.payload
        if entry.type == ANCHORED:
            new = Anchor(date.fromisoformat(p["day"]), p["first"], p["last"], p["visits"], p["root"])
            found = replace(found, anchors=(*found.anchors, new), day=new.day)
        elif entry.type == EXPIRED:
            found = replace(found, expired=max(found.expired, p["upto"]))
        elif entry.type == LOST:
            left = tuple(one for one in found.anchors if one.last <= p["kept"])
            found = replace(found, anchors=left, expired=min(found.expired, p["kept"]))
    return found


def anchors(ledger: LedgerReader) -> list[Anchor]:
    """Every anchored day but those that were lost for good, oldest first."""
    return list(standing(ledger).anchors)


def expired_upto(ledger: LedgerReader) -> int:
    """The number up to which visits are over and destroyed."""
    return standing(ledger).expired


def anchor(ledger: Ledger, log: AccessLog, *, actor: str, today: date) -> list[Anchor]:
    """Anchor every day before `today` (in Japan) that is not anchored yet; gives those that are new.

    A visit written late counts to the first day that is still open. Raises `LedgerBroken` where the access log is
    shorter than what is anchored: it is lost or an old copy. `RetryLater` where another run was a moment faster.
    """
    before = standing(ledger)
    done = before.anchors[-1].last if before.anchors else 0
    _check_not_older(log, done)
    start = before.day + timedelta(days=1) if before.day else date.min
    end = log.last_before(moment(datetime.combine(today, time(), TOKYO)))
    made = []
    for day, visits in _by_day(log.visits(done + 1, end), start, today - timedelta(days=1)):
        made.append(_write(ledger, _anchor(day, done + 1, list(visits)), actor))
        done = made[-1].last
    return made


def expire(ledger: Ledger, log: AccessLog, *, actor: str, days: int, today: date) -> int:
    """Destroy the visits of days more than `days` before `today`, as far as they are anchored; gives how many went.

    What a dead run declared over and did not destroy is destroyed by the next one.
    """
    over = [found for found in anchors(ledger) if found.day < today - timedelta(days=days)]
    known = expired_upto(ledger)
    if over and over[-1].last > known:
        gone = [found for found in over if found.last > known]
        payload = {"upto": over[-1].last, "until": over[-1].day.isoformat(), "visits": sum(a.visits for a in gone)}
        ledger.append(EXPIRED, actor=actor, subjects={}, payload=payload, key=f"access-expired:{over[-1].day}")
        known = over[-1].last
    return log.expire(known) if known else 0


def problems(ledger: LedgerReader, log: AccessLog) -> list[str]:
    """What does not agree with the anchored digests, oldest first; nothing where all is well."""
    gone = expired_upto(ledger)
    wrong = [
        f"{found.day}: the {found.visits} visits {found.first} to {found.last} are not those that were anchored"
        for found, there in held(ledger, log)
        if not there
    ]
    left = sum(1 for _ in log.visits(1, gone))
    return [*wrong, *([f"{left} visits that are over are still there"] if left else [])]


def held(ledger: LedgerReader, log: AccessLog) -> list[tuple[Anchor, bool]]:
    """Every anchored day that is not over, oldest first, and whether its visits are there as they were anchored."""
    found = standing(ledger)
    return [
        (one, _anchor(one.day, one.first, list(log.visits(one.first, one.last)), one.last) == one)
        for one in found.anchors
        if one.last > found.expired
    ]


def _by_day(visits: Iterator[Visit], start: date, end: date) -> Iterator[tuple[date, Iterator[Visit]]]:
    """Neighbouring visits by day. Days only grow, whatever the clocks said, and lie between `start` and `end`."""
    latest = start

    def day(visit: Visit) -> date:
        nonlocal latest
        latest = max(latest, min(visit.day, end))
        return latest

    return groupby(visits, key=day) if start <= end else iter(())


def _anchor(day: date, first: int, visits: list[Visit], last: int | None = None) -> Anchor:
    tree = Tree(leaf_hash(visit.canonical()) for visit in visits)
    return Anchor(day, first, visits[-1].number if last is None else last, tree.size, tree.root(tree.size).hex())


def _write(ledger: Ledger, made: Anchor, actor: str) -> Anchor:
    payload = {
        "day": made.day.isoformat(), "first": made.first, "last": made.last,
        "visits": made.visits, "root": made.root,
    }  # fmt: skip
    try:
        ledger.append(ANCHORED, actor=actor, subjects={}, payload=payload, key=f"access:{made.day.isoformat()}")
    except Refused as error:
        if error.rule != "ledger.key":
            raise
        raise RetryLater(
            "the day was anchored by another run meanwhile", rule="accesslog.anchor", remedy="run it again"
        ) from None
    return made


def _check_not_older(log: AccessLog, anchored: int) -> None:
    if log.last_number() < anchored:
        raise LedgerBroken(
            f"the access log ends before visit {anchored}, which is anchored: it is lost or an old copy",
            rule="accesslog.rollback",
            remedy="restore the newest backup of it; where there is none, tokumei accesslog begin-anew",
        )
