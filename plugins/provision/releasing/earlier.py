"""過去の提供との比較: before a release is made, what its recipient could learn by comparing it with earlier ones.

Every earlier release of the recipient counts that was made and did not end before anybody had it. Differences are
reported to the approvers; people who were withdrawn since (veto, deletion) and could be found stop the release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from provision.context import Context
from provision.errors import Refused
from provision.intake.keying import scope
from provision.ledger.entry import Entry
from provision.releasing.comparing import Difference, compare
from provision.releasing.presence import KEY, NotComparable, Presence, one_person
from provision.releasing.remembered import evaluated, remember
from provision.releasing.withdrawn import withdrawn

_NEVER_LEFT = frozenset({"drafted", "rejected", "failed"})


def against_earlier(ctx: Context, release: str, recipient: str, later: Presence) -> list[dict[str, object]]:
    """One record per earlier release, counts only, oldest first.

    `Refused` ``release.difference`` where somebody withdrawn could be found, or where people were withdrawn since a
    release that cannot be evaluated any more.
    """
    found = []
    for made in earlier_releases(ctx, release, recipient):
        other = made.subjects["release"]
        try:
            difference = compare(ctx, evaluated(ctx, _drafted(ctx, other), made), later)
        except NotComparable as reason:
            _require_nobody_withdrawn(ctx, release, made, later, str(reason))
            found.append({"release": other, "compared": False, "reason": str(reason)})
            continue
        _require_not_exposed(release, other, difference)
        found.append({"release": other, "compared": True, **difference.figures()})
    return found


def earlier_releases(ctx: Context, release: str, recipient: str) -> Iterator[Entry]:
    """Entries ``release.made`` of what the recipient has or may yet get, oldest first, without `release` itself."""
    for made in ctx.ledger.entries(type="release.made"):
        other = made.subjects["release"]
        if made.subjects["recipient"] == recipient and other != release and _may_have_left(ctx, other):
            yield made


def remember_all(ctx: Context, sources: Iterable[str]) -> list[str]:
    """Before rows of these sources go from the store: keep who was in every release that somebody has or may yet get
    and that drew on them. Gives the releases of which nobody can say who was in them; twice is once."""
    names = set(sources)
    scopes, lost = _scopes(ctx, names), []
    for made in ctx.ledger.entries(type="release.made"):
        release = made.subjects["release"]
        drafted = _drafted(ctx, release)
        drew = set(drafted.payload["sources"])
        if (drew & names or _scopes(ctx, drew) & scopes) and _may_have_left(ctx, release):
            try:
                remember(ctx, drafted, made)
            except NotComparable:
                lost.append(release)
    return lost


def _scopes(ctx: Context, sources: Iterable[str]) -> set[str]:
    """Of those that the configuration still has."""
    return {scope(ctx.sources[source]) for source in sources if source in ctx.sources}


def _may_have_left(ctx: Context, release: str) -> bool:
    state = ctx.ledger.state("release", release)
    approved = any(True for _ in ctx.ledger.entries(type="release.approved", kind="release", subject=release, limit=1))
    return state not in _NEVER_LEFT and (state != "expired" or approved)


def compared(ctx: Context, earlier: str, later: str) -> Difference:
    """Two releases that were made. `Refused` where one was not, or cannot be evaluated any more."""
    found = []
    for release in (earlier, later):
        made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=release)), None)
        if made is None:
            raise Refused(
                "the release was never made", where=release, rule="release.state", remedy="tokumei releases lists them"
            )
        try:
            found.append(evaluated(ctx, _drafted(ctx, release), made))
        except NotComparable as reason:
            raise Refused(
                f"it cannot be compared: {reason}", where=release, rule="release.difference",
                remedy="restore the store from its backup, or compare with the version that made it",
            ) from None  # fmt: skip
    return compare(ctx, *found)


def require_all_still_in(ctx: Context, release: str, step: str) -> None:
    """`Refused` where somebody of a made release was withdrawn since: it may not be published or delivered any more."""
    drafted = _drafted(ctx, release)
    made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=release)))
    sources = sorted(drafted.payload["sources"])
    if not any(ctx.vault.withdrawn_since(scope(ctx.source(source)), made.seq) for source in sources):
        return  # no engine is started: delivering may run in a process that was forked
    since = withdrawn(ctx, sources).filter(pl.col("entry") > made.seq)
    try:
        kept = evaluated(ctx, drafted, made).kept
    except NotComparable as reason:
        raise _not_any_more(
            release, step, f"people were withdrawn since, and it cannot be looked into: {reason}"
        ) from None
    there, gone = one_person(ctx, sources, kept, since.select(pl.col("alias").alias(KEY)))
    people = there.join(gone, on=KEY, how="semi")[KEY].n_unique()
    if people:
        raise _not_any_more(release, step, f"{people} people of it were withdrawn since it was made")


def _not_any_more(release: str, step: str, what: str) -> Refused:
    return Refused(what, where=release, rule=f"{step}.withdrawn", remedy="release anew, without them")


def _require_not_exposed(release: str, other: str, difference: Difference) -> None:
    if difference.exposed:
        raise Refused(
            f"{difference.exposed} people withdrawn since {other} could be found by comparing both: they left in "
            f"groups of under {difference.k} people over {', '.join(difference.columns) or 'everybody'}",
            where=release, rule="release.difference",
            remedy="choose other months or sources so that more people leave with them, or fewer quasi-identifiers",
        )  # fmt: skip


def _require_nobody_withdrawn(ctx: Context, release: str, made: Entry, later: Presence, reason: str) -> None:
    """Nobody can say that those who were withdrawn since cannot be found."""
    since = withdrawn(ctx, later.recipe.plan.sources)
    if (since["entry"] > made.seq).any():
        raise Refused(
            f"people were withdrawn since {made.subjects['release']}, which cannot be compared: {reason}",
            where=release, rule="release.difference", remedy="restore the store from its backup, then release anew",
        )  # fmt: skip


def _drafted(ctx: Context, release: str) -> Entry:
    return next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=release)))
