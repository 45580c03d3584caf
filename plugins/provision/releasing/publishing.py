"""公表: before anything is provided, the public is told items and method; the log holds the announcement's digest."""

from __future__ import annotations

from provision.approvals import standing
from provision.context import Context
from provision.errors import Refused
from provision.notices.announcement import announce
from provision.notices.contents import contents_of
from provision.releasing.drafting import check, drafted_plan, today
from provision.releasing.earlier import require_all_still_in


def publish(ctx: Context, release: str, *, actor: str) -> dict[str, object]:
    """Announce an approved release; gives name, digest and address. Raises `Refused` where it is not approved, or does
    not rest on what it needs today, `RetryLater` where the public cannot read the announcement yet."""
    state = ctx.ledger.state("release", release)
    if state == "approved":
        plan = drafted_plan(ctx, release)
        check(ctx, plan, ctx.recipient(plan.recipient), today())
        _require_approval(ctx, release)
        require_all_still_in(ctx, release, "release")
        made = announce(ctx, contents_of(ctx, plan), release=release, actor=actor)
        ctx.ledger.transition(
            "release", release, "published", actor=actor, key=f"published:{release}",
            subjects={"plan": plan.id, "recipient": plan.recipient}, payload={"announcement": made},
        )  # fmt: skip
    for entry in ctx.ledger.entries(type="release.published", kind="release", subject=release):
        return dict(entry.payload["announcement"])
    raise Refused(
        f"the release is {state or 'not there'}, not approved", where=release, rule="release.approval",
        remedy="two officers decide on the approvals page",
    )  # fmt: skip


def _require_approval(ctx: Context, release: str) -> None:
    if not standing(ctx, release).complete:
        raise Refused(
            "the log does not hold two valid approvals for this digest, recipient and notice",
            where=release, rule="release.approval", remedy="release anew and have it approved",
        )  # fmt: skip
