"""公表の台帳: what was announced, when and where, read from the provision log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provision.context import Context
from provision.notices.contents import Contents, Stage

#: Entry of every new announcement. Not a change of state: one announcement serves many releases.
PUBLISHED = "notice.published"


@dataclass(frozen=True)
class Difference:
    """What the public would be told anew: items added and removed, and whether method, operator or words changed."""

    needed: bool
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    method: bool = False
    current: str = ""


def announcements(ctx: Context, plan: str | None = None) -> Iterator[Mapping[str, Any]]:
    """Every announcement, of one plan where it is named, oldest first."""
    found = ctx.ledger.entries(type=PUBLISHED, kind="plan" if plan else None, subject=plan)
    return ({"plan": entry.subjects["plan"], **entry.payload} for entry in found)


def latest(ctx: Context, plan: str, stage: Stage) -> Mapping[str, Any] | None:
    """The announcement of a plan that stands now; None where there is none. One before a provision tells the items,
    too, so it stands for that of a making."""
    stages = ("making", "provision") if stage == "making" else ("provision",)
    found = [one for one in announcements(ctx, plan) if one["stage"] in stages]
    return found[-1] if found else None


def difference(ctx: Context, contents: Contents) -> Difference:
    """Whether a new announcement is needed, against what stands now."""
    last = latest(ctx, contents.plan, contents.stage)
    if last is None:
        return Difference(True, added=tuple(contents.lines), method=bool(contents.method))
    before, now = list(last["items"]), contents.lines
    return Difference(
        last["content"] != contents.digest,
        tuple(item for item in now if item not in before),
        tuple(item for item in before if item not in now),
        last["method"] != contents.method_line,
        str(last["url"]),
    )
