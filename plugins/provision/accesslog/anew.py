"""滅失: an access log that is lost for good begins anew, and the provision log says from when to when nothing is known.

What is there is never declared lost: not a log of which every anchored day is there, nor one in which some visits were
changed, which is evidence. A file that cannot be opened is put aside, and destroyed when the youngest visit that may be
in it is over its time; page views that were recorded since the loss stay, and are anchored from then on.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from provision.accesslog.anchoring import LOST, Anchor, held, standing
from provision.accesslog.places import AccessLog, opened
from provision.accesslog.visit import moment
from provision.context import Context
from provision.errors import LedgerBroken, Refused
from provision.keys import erase
from provision.ledger.places import place_of
from provision.ledger.reading import LedgerReader

_ASIDE = ".lost"


def begin(ctx: Context, *, reason: str, actor: str) -> dict[str, object]:
    """Say what is lost, and begin anew; gives what the log says of it. Run it again where it died.

    `Refused` ``accesslog.readable`` where nothing is missing, ``accesslog.changed`` where visits are there that are not
    those that were anchored, ``accesslog.reason`` without a reason. What hinders for a moment only is raised as it is.
    """
    if not reason.strip():
        raise _refused("no reason was given", "accesslog.reason", "say why nothing can be restored; auditors read it")
    gone = _no_file(ctx)
    try:
        return _begin(ctx, reason, actor, gone)
    except LedgerBroken:
        if place_of(ctx.zones).url:
            raise
        _put_aside(ctx.zones.access())
    return _begin(ctx, reason, actor, gone=True)


def destroy_overdue(ctx: Context, days: int) -> None:
    """Destroy files that were put aside, as many days after that as visits are kept."""
    for path in ctx.zones.access().parent.glob(f"*{_ASIDE}*"):
        if path.stat().st_mtime < time.time() - days * 86_400:
            erase(path)


def _begin(ctx: Context, reason: str, actor: str, gone: bool) -> dict[str, object]:
    with opened(ctx.zones) as log:
        payload = {**_lost(ctx.ledger, log, gone), "reason": reason}
    ctx.ledger.append(LOST, actor=actor, subjects={}, payload=payload)
    ctx.ledger.checkpoint(ctx.signer)
    return payload


def _lost(ledger: LedgerReader, log: AccessLog, gone: bool) -> dict[str, object]:
    """From the day after the last visits that are there to the first visit that was recorded since. `kept`: the number
    up to which visits are those of before."""
    days = held(ledger, log)
    there = [day for day, whole in days if whole]
    missing = [day for day, whole in days if not whole]
    if not missing and not gone:
        raise _refused("every anchored day is there", "accesslog.readable", "nothing is lost; tokumei accesslog verify")
    if there and (_is_between(there, missing) or log.last_number() >= days[-1][0].last):
        raise _refused(
            "some anchored days are there and others were changed", "accesslog.changed",
            "keep it as it is, it is evidence; then put the newest backup in its place",
        )  # fmt: skip
    kept = there[-1].last if there else 0
    first = next(iter(log.visits(kept + 1, max(log.last_number(), kept + 1))), None)
    return {
        "since": _since(ledger, missing), "until": first.at if first else moment(datetime.now(UTC)),
        "visits": sum(day.visits for day in missing), "kept": kept,
    }  # fmt: skip


def _is_between(there: list[Anchor], missing: list[Anchor]) -> bool:
    """Whether a day is missing before one that is there: no copy lacks that."""
    return bool(missing) and missing[0].day < there[-1].day


def _since(ledger: LedgerReader, missing: list[Anchor]) -> str:
    """The first day of which nothing is known; the last anchored one where only later visits can be missing."""
    day = missing[0].day if missing else standing(ledger).day
    return day.isoformat() if day else ""


def _no_file(ctx: Context) -> bool:
    return not place_of(ctx.zones).url and not ctx.zones.access().exists()


def _put_aside(path: Path) -> None:
    """The file and what SQLite keeps beside it, under a name that nobody opens, its clock beginning now."""
    stamp = int(time.time())
    for one in sorted(path.parent.glob(f"{path.name}*")):
        if _ASIDE not in one.name:
            aside = one.with_name(f"{one.name.replace('.db', '')}{_ASIDE}-{stamp}")
            one.rename(aside)
            aside.touch()


def _refused(what: str, rule: str, remedy: str) -> Refused:
    return Refused(what, where="access log", rule=rule, remedy=remedy)
