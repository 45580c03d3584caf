"""受領・不達・廃棄: what a recipient tells us of a delivery, recorded by the operator who was told."""

from __future__ import annotations

from typing import Literal

from provision.context import Context
from provision.errors import Refused
from provision.ledger.entry import Entry


def ordered(ctx: Context, order: str) -> Entry:
    """The entry that ordered a delivery. `Refused` where there is no such order."""
    for entry in ctx.ledger.entries(type="delivery.ordered", kind="delivery", subject=order):
        return entry
    raise Refused(
        "there is no such order", where=order, rule="delivery.order", remedy="tokumei ledger show --type delivery."
    )


def confirm(
    ctx: Context, order: str, state: Literal["received", "bounced", "destroyed"], *, how: str, actor: str
) -> str:
    """Record that a delivery was received, came back or was destroyed; gives the state. `how` we know is evidence.

    Raises `Refused` without `how`, `IllegalTransition` where that cannot be.
    """
    about = ordered(ctx, order)
    if not how.strip():
        raise Refused("a confirmation needs its evidence", where=order, rule="delivery.how", remedy="say how you know")
    subjects = {kind: value for kind, value in about.subjects.items() if kind != "delivery"}
    if ctx.ledger.state("delivery", order) != state:
        ctx.ledger.transition("delivery", order, state, actor=actor, subjects=subjects, payload={"how": how})
    return ctx.ledger.state("delivery", order)
