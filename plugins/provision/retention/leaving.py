"""提供側の時計: payloads of releases that are over, the outbox, disc images."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

from provision.context import Context
from provision.ledger.entry import Entry
from provision.retention.base import Due, attested, midnight

#: States in which nothing of a release will be handed over any more.
_ENDED = ("rejected", "failed", "expired", "recalled")


class Payloads:
    """Made tables and payload of a release that ended, or whose agreement did. Evidence and verdict stay."""

    count = "releases_emptied"

    def due(self, ctx: Context) -> Iterator[Due]:
        """Releases that were made. Without a day in `retention.releases_days`, or with an agreement nobody can look up,
        they have no clock."""
        gone, days = attested(ctx, "release.emptied", "release"), ctx.platform.retention.releases_days
        for made in ctx.ledger.entries(type="release.made"):
            release = made.subjects["release"]
            if release not in gone:
                ended = _ended(ctx, made)
                at = ended + timedelta(days=days) if ended and days is not None else None
                yield Due("releases", release, "", made.when, at, "stewardship" if at else "nobody")

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """The folder of what was made; what a dead run left of making goes too."""
        for name in ("made", ".making"):
            shutil.rmtree(ctx.zones.release(due.subject) / name, ignore_errors=True)
        made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=due.subject)))
        ctx.ledger.append(
            "release.emptied", actor=actor, key=f"release-emptied:{due.subject}", subjects=dict(made.subjects),
            payload={"what": "made tables and payload"},
        )  # fmt: skip


def _ended(ctx: Context, made: Entry) -> datetime | None:
    release, recipient = made.subjects["release"], ctx.recipients.get(made.subjects["recipient"])
    for state in _ENDED:
        for entry in ctx.ledger.entries(type=f"release.{state}", kind="release", subject=release, limit=1):
            return entry.when
    drafted = next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=release)))
    if recipient is None or recipient.agreement.id != drafted.payload["agreement"]:
        return None
    return midnight(recipient.agreement.ends) + timedelta(days=1)


class Outbox:
    """Ciphertext and envelope of what was handed over."""

    count = "outbox_emptied"

    def due(self, ctx: Context) -> Iterator[Due]:
        """Orders that were handed over, the last time counting."""
        span, gone = timedelta(days=ctx.platform.retention.outbox_days), attested(ctx, "outbox.emptied", "delivery")
        last = {entry.subjects["delivery"]: entry for entry in ctx.ledger.entries(type="delivery.handed_over")}
        for order, entry in last.items():
            if order not in gone:
                yield Due("outbox", order, "", entry.when, entry.when + span)

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """The order's folder."""
        shutil.rmtree(ctx.zones.home / "outbox" / due.subject, ignore_errors=True)
        ctx.ledger.append(
            "outbox.emptied", actor=actor, key=f"outbox:{due.subject}", subjects={"delivery": due.subject},
            payload={"what": "ciphertext and envelope"},
        )  # fmt: skip


class Staging:
    """Disc images that were burned, carried and received."""

    count = "staging_emptied"

    def due(self, ctx: Context) -> Iterator[Due]:
        """Orders on disc that the recipient confirmed. Until then somebody may have to burn them again."""
        span, gone = timedelta(days=ctx.platform.retention.staging_days), attested(ctx, "staging.emptied", "delivery")
        for ordered in ctx.ledger.entries(type="delivery.ordered"):
            order = ordered.subjects["delivery"]
            if ordered.payload["channel"] != "disc" or order in gone:
                continue
            for entry in ctx.ledger.entries(type="delivery.received", kind="delivery", subject=order, limit=1):
                yield Due("staging", order, "", entry.when, entry.when + span)

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """The order's folder: images, label, cover sheet. The log has what was handed over."""
        shutil.rmtree(ctx.zones.staging() / due.subject, ignore_errors=True)
        ctx.ledger.append(
            "staging.emptied", actor=actor, key=f"staging:{due.subject}", subjects={"delivery": due.subject},
            payload={"what": "disc images, label and cover sheet"},
        )  # fmt: skip
