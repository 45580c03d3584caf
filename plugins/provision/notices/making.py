"""作成時の公表: items of what was made and waits long for officers are announced by themselves (APPI art. 43(3)).

After making, without delay (Rules art. 36(1)). Usually the announcement before provision says the same and comes in
time (PPC Q&A 15-27); where approval takes longer than `publication.making_after_hours` it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from provision.context import Context
from provision.ledger.entry import Entry
from provision.model import Plan
from provision.notices.announcement import announce
from provision.notices.basis import Basis
from provision.notices.contents import Contents, contents_of
from provision.notices.register import latest
from provision.releasing.recipes import recipe_of

#: States of a release that was made and is not announced with its provision yet.
_WAITING = frozenset({"made", "gated", "approved"})


def due(ctx: Context, at: datetime | None = None) -> Iterator[tuple[str, Contents]]:
    """Releases that wait too long `at` a moment (now), with what is to be announced of their making, oldest first."""
    late = (at or datetime.now(UTC)) - timedelta(hours=ctx.platform.publication.making_after_hours)
    for made in ctx.ledger.entries(type="release.made"):
        release = made.subjects["release"]
        if made.when > late or ctx.ledger.state("release", release) not in _WAITING:
            continue
        contents = _contents(ctx, made)
        if contents is not None and not _announced(ctx, contents):
            yield release, contents


def announce_makings(ctx: Context, *, actor: str, at: datetime | None = None) -> int:
    """Announce what is due; gives how many. Raises `RetryLater` where a page cannot be read back."""
    found = list(due(ctx, at))
    for release, contents in found:
        announce(ctx, contents, release=release, actor=actor)
    return len(found)


def _contents(ctx: Context, made: Entry) -> Contents | None:
    """By the plan as it was made from, whatever its file says by now; None where nothing was made here (art. 44)."""
    drafted = next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=made.subjects["release"])))
    recipe = recipe_of(drafted)
    plan: Plan = recipe.plan if recipe is not None else ctx.plan(drafted.subjects["plan"])
    contents = contents_of(ctx, plan, "making")
    return contents if contents.basis is Basis.MADE else None


def _announced(ctx: Context, contents: Contents) -> bool:
    """Whether every item stands in an announcement already, of a making or before a provision."""
    last = latest(ctx, contents.plan, "making")
    return last is not None and set(contents.lines) <= set(last["items"])
