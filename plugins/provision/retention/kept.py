"""蓄積の時計: batches of the store, accumulation periods of the vault, page views, and the provision log itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from provision.accesslog.anchoring import anchors, expired_upto
from provision.atrest import alone
from provision.context import Context
from provision.intake.keying import scope
from provision.releasing.drafting import TOKYO
from provision.retention.base import Due, attested, midnight, months_after
from provision.retention.ending import DESTROYED, end_batch
from provision.retention.periods import PERIOD_ENDED


class Batches:
    """De-identified tables of a batch, so many months after the month that it is about."""

    count = "store_ended"

    def due(self, ctx: Context) -> Iterator[Due]:
        """Accepted batches whose rows were not destroyed."""
        received = {e.subjects["batch"]: e for e in ctx.ledger.entries(type="batch.received")}
        gone, months = attested(ctx, DESTROYED, "batch"), ctx.platform.retention.store_months
        for entry in ctx.ledger.entries(type="batch.accepted"):
            batch, source = entry.subjects["batch"], entry.subjects["source"]
            if batch not in gone:
                month = date.fromisoformat(f"{received[batch].payload['period']}-01")
                at = None if months is None else months_after(month, months + 1)
                yield Due("store", batch, source, entry.when, at, "stewardship" if at else "nobody")

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """See `ending`. `RetryLater` while a batch is taken in or a release made."""
        with alone(ctx):
            end_batch(ctx, due.subject, due.source, actor)


class Periods:
    """Accumulation periods (蓄積期間): tokens, link keys and known values of a linkage scope. A person ends them."""

    count = "vault_periods_over"

    def due(self, ctx: Context) -> Iterator[Due]:
        """One for each scope that took in anything since its last period ended."""
        months = ctx.platform.retention.vault_months
        last = {entry.subjects["scope"]: entry.seq for entry in ctx.ledger.entries(type=PERIOD_ENDED)}
        began: set[str] = set()
        for entry in ctx.ledger.entries(type="batch.accepted"):
            source = ctx.sources.get(entry.subjects["source"])
            if source is None or source.legal_status == "anonymised_received":
                continue
            name = scope(source)
            if name not in began and entry.seq > last.get(name, -1):
                began.add(name)
                at = None if months is None else months_after(entry.when.astimezone(TOKYO).date(), months)
                yield Due("vault", name, "", entry.when, at, "a person" if at else "nobody")

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """``tokumei retention end-period``: a person decides."""


class Visits:
    """閲覧記録: page views and downloads, the oldest day of them. `accesslog.nightly` ends them, day by day."""

    count = ""

    def due(self, ctx: Context) -> Iterator[Due]:
        """The oldest day that is anchored and not destroyed."""
        gone, days = expired_upto(ctx.ledger), ctx.platform.retention.access_days
        for anchor in anchors(ctx.ledger):
            if anchor.last > gone:
                since = midnight(anchor.day)
                yield Due("access", f"visits of {anchor.day} and after", "", since, since + timedelta(days=days + 1))
                return

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """Its own nightly task."""


class Log:
    """The provision log: kept at least so many years (規則21条 as the yardstick); nothing of ours ever removes it."""

    count = ""

    def due(self, ctx: Context) -> Iterator[Due]:
        """Its first entry."""
        for first in ctx.ledger.entries(limit=1):
            at = months_after(first.when.astimezone(TOKYO).date(), 12 * ctx.platform.retention.ledger_years)
            yield Due("ledger", "the log from its first entry on", "", first.when, at, "nobody before that day")

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """Never."""
