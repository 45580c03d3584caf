"""蓄積期間の終了: everything that links records of a scope is forgotten; what comes later begins a new period.

Tokens, the keys they were made under, and the known values of the scope's batches go. Vetoes stay, under their own key.
The store keeps its rows unless they are to go as well: rows of one alias are still one person's.
"""

from __future__ import annotations

from provision.atrest import alone
from provision.context import Context
from provision.errors import Refused
from provision.intake.fingerprints import index_path
from provision.intake.keying import scope
from provision.ledger.entry import Entry
from provision.releasing.earlier import remember_all
from provision.retention.ending import end_batch
from provision.store import flush

PERIOD_ENDED = "vault.period_ended"


def end_period(ctx: Context, name: str, *, reason: str, with_store: bool, actor: str) -> dict[str, object]:
    """End the accumulation period of a scope; gives what the log says of it. A run that died is finished by the next.

    `Refused` where the reason is empty, no source has this scope, or it took in nothing since its last period ended.
    `RetryLater` while a batch is taken in or a release made.
    """
    sources = sorted(source.id for source in ctx.sources.values() if scope(source) == name)
    if not sources or not reason.strip():
        raise Refused(
            "no source has this linkage scope, or no reason was given", where=name, rule="retention.scope",
            remedy="tokumei retention lists the scopes; say why the period ends",
        )  # fmt: skip
    with alone(ctx):
        ended = [e for e in ctx.ledger.entries(type=PERIOD_ENDED) if e.subjects["scope"] == name]
        accepted = [e for e in _accepted(ctx, sources) if e.seq > (ended[-1].seq if ended else -1)]
        if not accepted:
            raise Refused(
                "nothing was taken in since the last period ended", where=name, rule="retention.period",
                remedy="there is nothing to end",
            )  # fmt: skip
        payload = _forget(ctx, name, sources, with_store=with_store, actor=actor)
        entry = ctx.ledger.append(
            PERIOD_ENDED, actor=actor, key=f"period-ended:{name}:{len(ended) + 1}", subjects={"scope": name},
            payload={**payload, "reason": reason},
        )  # fmt: skip
        ctx.ledger.checkpoint(ctx.signer)
    return dict(entry.payload)


def _accepted(ctx: Context, sources: list[str]) -> list[Entry]:
    return [e for e in ctx.ledger.entries(type="batch.accepted") if e.subjects["source"] in sources]


def _forget(ctx: Context, name: str, sources: list[str], *, with_store: bool, actor: str) -> dict[str, object]:
    """Who was in releases is remembered while it can be said. Keys go first: without them tokens say nothing."""
    lost = remember_all(ctx, sources)
    for key in (f"link-{name}", f"claim-{name}"):
        ctx.keys.destroy(key)
    forgotten = ctx.vault.end_period(name)
    batches = [(e.subjects["batch"], e.subjects["source"]) for e in _accepted(ctx, sources)]
    for batch, source in batches:
        if with_store:
            end_batch(ctx, batch, source, actor)
        index_path(ctx, batch).unlink(missing_ok=True)
    flush(ctx.zones.vault() / "known_values")
    return {"identities": forgotten, "batches": len(batches), "store": with_store, "not_comparable": lost}
