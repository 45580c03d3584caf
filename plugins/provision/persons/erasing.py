"""請求の実施: a person leaves: withdrawn first, then the register, then the rows, and last what leads to them.

The order is the safety. From the withdrawal on nobody makes, publishes or delivers a release with the person, and
earlier releases were remembered before a row goes, so that later ones can be held against them. What was found is kept
with the request until all is done: whatever moment a run dies at, the next one finishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from provision.atrest import alone, shared
from provision.context import Context
from provision.formats.base import PEOPLE_COLUMNS
from provision.intake import fingerprints
from provision.intake.keying import scope
from provision.ledger.entry import Entry
from provision.persons import quarantined, register, requests
from provision.persons.asked import Asked
from provision.persons.finding import Found, find
from provision.recovery import RESTORED
from provision.releasing import remembered
from provision.releasing.earlier import remember_all
from provision.retention import removing

#: The entry that says that rows of erased people were looked for again.
AGAIN = "store.erased_again"
#: The entry from which on a person is withdrawn.
BEGUN = "request.begun"
#: Kinds of known values that are one person's, whoever lives with them; and those of a household.
_OWN, _HOUSEHOLD = frozenset({"care", "chart", "own_chart"}), frozenset({"insured", "phone", "address"})


def carry_out(ctx: Context, id: str, *, actor: str) -> dict[str, object]:
    """A second person agrees, and all is done; gives what the log says of it. Run it again where it died.

    Earlier releases are worked out while others may still read the store: that can take long. `Refused` as
    `requests.agree` says. `RetryLater` while a batch is taken in or a release is made.
    """
    if ctx.ledger.state("request", id) != "done":
        requests.agree(ctx, id, actor=actor)
        asked = Asked.of(requests.boxes(ctx).get(id)["records"])
        with shared(ctx):
            remember_all(ctx, _sources(ctx, find(ctx, asked)))
        with alone(ctx):
            if ctx.ledger.state("request", id) != "done":  # by a run that was a moment faster
                _do(ctx, id, asked, actor)
    requests.forget(ctx, id)
    return dict(requests.entry_of(ctx, id, "done").payload)


def catch_up(ctx: Context, *, actor: str) -> int:
    """Rows of erased people that are there all the same: learnt since to be theirs, or back from a backup. Gives how
    many went."""
    done = max((entry.seq for entry in ctx.ledger.entries(type=AGAIN)), default=-1)
    types = (register.LEARNT, RESTORED)
    news = (entry for type in types for entry in ctx.ledger.entries(type=type, start=done + 1, limit=1))
    return erase_again(ctx, actor=actor) if any(True for _ in news) else 0


def erase_again(ctx: Context, *, actor: str) -> int:
    """After the store came back from a backup: rows of everybody who was erased go again. Gives how many."""
    with alone(ctx):
        scopes = ctx.vault.withdrawn_scopes()
        every = [ctx.vault.withdrawn(name).filter(pl.col("cause") == "deletion")["alias"] for name in scopes]
        aliases = {alias for found in every for alias in found}
        rows = sum(ctx.store.rows_of(aliases).values())
        remember_all(ctx, ctx.sources)
        ctx.store.without(aliases)
        ctx.vault.forget(sorted(aliases))
        ctx.ledger.append(AGAIN, actor=actor, subjects={"zone": "store"}, payload={"rows": rows})
    return rows


def _do(ctx: Context, id: str, asked: Asked, actor: str) -> None:
    """Each run has an entry of its own, from which on whoever it withdraws is withdrawn: a release that was made after
    the second person agreed, or after a run that died, had the person."""
    said = requests.boxes(ctx).get(id)
    asks = requests.entry_of(ctx, id, "asked").payload["asks"]
    begun = ctx.ledger.append(BEGUN, actor=actor, subjects={"request": id}, payload={"asks": asks})
    found = _remembered(ctx, id, said, find(ctx, asked))
    for name, one in found.items():
        for cause in asks:
            ctx.vault.withdraw(name, one.aliases, cause, begun.seq)
    _register(ctx, id, asked, begun, found)
    facts = _looked_up(ctx, id, found)
    removed = _erase(ctx, id, said, asked, found, facts["rows"], actor) if said["erase"] else {}
    payload: dict[str, object] = {
        "asks": asks, "scopes": len(found),
        "identities": sum(len(one.aliases) for one in found.values()),
        "doubtful": sum(one.doubtful for one in found.values()),
        "rows": 0, "batches": 0, "known_values": 0, "from_quarantine": {}, "in_quarantine": {},
        **removed, "releases": facts["releases"], "not_comparable": facts["lost"],
    }  # fmt: skip
    ctx.ledger.transition("request", id, "done", actor=actor, payload=payload, key=f"done:{id}")
    ctx.ledger.checkpoint(ctx.signer)


def _remembered(ctx: Context, id: str, said: Mapping[str, Any], now: Mapping[str, Found]) -> dict[str, Found]:
    """What is found now, and what a run found that died: the tokens that lead to it may be gone."""
    before = {name: Found.of(one) for name, one in said.get("found", {}).items()}
    found = {name: now.get(name, Found()) | before.get(name, Found()) for name in sorted({*now, *before})}
    kept = {name: one.as_json() for name, one in found.items()}
    requests.boxes(ctx).put(id, {**said, "found": kept})
    return found


def _register(ctx: Context, id: str, asked: Asked, begun: Entry, found: Mapping[str, Found]) -> None:
    """A veto is for good; an erasure for batches that wait, and is taken out when they are taken in."""
    tokens = {name: one.tokens for name, one in found.items()}
    register.enter(ctx, register.Registered(id, tuple(begun.payload["asks"]), begun.seq, asked, tokens))


def _sources(ctx: Context, found: Mapping[str, Found]) -> list[str]:
    return [source.id for source in ctx.sources.values() if scope(source) in found]


def _looked_up(ctx: Context, id: str, found: Mapping[str, Found]) -> dict[str, Any]:
    """Before a row goes: which releases had the person, and which batches have how many rows."""
    said = requests.boxes(ctx).get(id)
    if "facts" not in said:
        aliases = {alias for one in found.values() for alias in one.aliases}
        lost = remember_all(ctx, _sources(ctx, found))
        rows = [[*place, count] for place, count in ctx.store.rows_of(aliases).items()]
        said["facts"] = {"lost": lost, "releases": remembered.had(ctx, aliases), "rows": rows}
        requests.boxes(ctx).put(id, said)
    return dict(said["facts"])


def _erase(
    ctx: Context, id: str, said: Mapping[str, Any], asked: Asked, found: Mapping[str, Found], rows: list[list[Any]],
    actor: str,
) -> dict[str, object]:  # fmt: skip
    """Rows, known values, who was in releases under which aliases, and last the tokens."""
    aliases = {alias for one in found.values() for alias in one.aliases}
    ctx.store.without(aliases)
    kinds = _OWN if said["household"] else _OWN | _HOUSEHOLD
    marks = sum(_known_values(ctx, batch, source, kinds, asked, found) for source, batch, _ in rows)
    for one in found.values():
        if one.aliases:
            remembered.forget(ctx, one.aliases)
    ctx.vault.forget(sorted(aliases))
    return {
        "rows": sum(count for _, _, count in rows), "batches": len(rows), "known_values": marks,
        **_quarantine(ctx, id, asked, found, actor),
    }  # fmt: skip


def _known_values(
    ctx: Context, batch: str, source: str, kinds: frozenset[str], asked: Asked, found: Mapping[str, Found]
) -> int:
    """Of one batch: these kinds, and the names that are nobody else's. The others have to be found by the gate."""
    where = ctx.sources.get(source)
    names = found[scope(where)].own_names if where and scope(where) in found else frozenset[str]()
    people = pl.DataFrame(
        [{name: one[name] for name in PEOPLE_COLUMNS[1:]} for one in asked.records],
        schema=dict.fromkeys(PEOPLE_COLUMNS[1:], pl.String),
    )
    return fingerprints.forget(ctx, batch, people, kinds | names)


def _quarantine(ctx: Context, id: str, asked: Asked, found: Mapping[str, Found], actor: str) -> dict[str, object]:
    """What is theirs goes; what may be, or cannot be searched, is named for a person to decide, or goes where that was
    asked. What was found is kept with the request: a run that died may have removed it."""
    said = requests.boxes(ctx).get(id)
    if "lies" not in said:
        tokens = {name: one.tokens for name, one in found.items()}
        said["lies"] = {batch: theirs.as_json() for batch, theirs in quarantined.search(ctx, asked, tokens)}
        requests.boxes(ctx).put(id, said)
    removed, left = dict[str, object](), dict[str, object]()
    for batch, theirs in ((batch, quarantined.Theirs.of(one)) for batch, one in said["lies"].items()):
        doubtful = {"perhaps": theirs.perhaps, "unread": theirs.unread}
        files = theirs.files + (theirs.perhaps + theirs.unread if said["quarantine"] else [])
        if files or theirs.records:
            removing.remove(ctx, batch, files, theirs.records, reference=id, actor=actor, key=f"removed:{id}:{batch}")
            records = sum(map(len, theirs.records.values()))
            removed[batch] = {"files": removing.ranges(files), "records": records}
        if any(doubtful.values()) and not said["quarantine"]:
            left[batch] = {name: removing.ranges(numbers) for name, numbers in doubtful.items()}
    return {"from_quarantine": removed, "in_quarantine": left}
