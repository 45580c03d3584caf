"""閲覧記録への記入: every page, transfer and refusal of the portal. Ids only, never what somebody typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from provision.errors import Refused
from provision.portal.desk import Desk
from provision.portal.members import Member

STRANGER = "stranger"


def view(desk: Desk, member: Member, subject: str) -> None:
    """A page was shown. Called before it is: what cannot be recorded is not shown."""
    desk.note(member.actor, "view", subject)


def action(desk: Desk, member: Member, what: str, subject: str) -> None:
    """Something was done: one lower-case word."""
    desk.note(member.actor, what, subject)


def refusal(desk: Desk, member: Member | None, rule: str, subject: str) -> None:
    """Something was refused, and by which rule (``portal.agreement``); `member` None for nobody we know."""
    desk.note(member.actor if member else STRANGER, f"refused-{rule.rpartition('.')[2]}", subject)


@contextmanager
def refusals(desk: Desk, member: Member, subject: str) -> Iterator[None]:
    """Write down whatever is refused inside."""
    try:
        yield
    except Refused as error:
        refusal(desk, member, error.rule, subject)
        raise
