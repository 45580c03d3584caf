"""停止の解除: a veto ends: the person withdrew the objection, it was entered for somebody else, or it was ordered.

Who it is need not be said again: the veto is called by its request. What was erased stays erased, and records that were
left out of batches meanwhile are nowhere: they come when their sender sends them again. Rows that the store has from
before the veto are in releases from then on; a release that was made meanwhile stays one without them.
"""

from __future__ import annotations

from dataclasses import dataclass

from provision.atrest import alone
from provision.context import Context
from provision.errors import Refused
from provision.persons import register, requests

#: On which ground: 本人による申出の撤回, 別人に対する登録, 裁判所・委員会の命令.
BASES = ("objection-withdrawn", "wrong-person", "order")
#: What such a request asks.
LIFT = "lift"
#: The entry from which on a veto does not hold any more.
LIFTED = "request.lifted"


@dataclass(frozen=True)
class Veto:
    """One that stands: its request, since when, and what the log says of the ground and the file."""

    request: str
    since: str
    basis: str
    reference: str


def standing(ctx: Context) -> list[Veto]:
    """Every veto that holds, oldest first. `Refused` where the register cannot be opened."""
    found = []
    for one in register.everybody(ctx):
        if "veto" in one.kinds:
            asked, begun = requests.entry_of(ctx, one.id, "asked"), requests.entry_of(ctx, one.id, "begun")
            found.append(Veto(one.id, begun.at, str(asked.payload["basis"]), str(asked.payload["reference"])))
    return sorted(found, key=lambda veto: veto.since)


def ask(ctx: Context, veto: str, *, basis: str, reference: str, actor: str) -> tuple[str, dict[str, object]]:
    """Take a request to lift a veto; gives its id and what the log says of it. Nothing is changed yet.

    `Refused` where the veto does not stand, somebody asked already, or ground or reference is none.
    """
    requests.check_ground(basis, reference, BASES)
    if veto not in {one.request for one in standing(ctx)}:
        raise Refused(
            "no veto stands under this request", where=veto, rule="request.no_veto", remedy="tokumei person vetoes"
        )
    if any(one.get("lifts") == veto for one in requests.waiting(ctx)):
        raise Refused(
            "somebody asked to lift it already", where=veto, rule="request.twice", remedy="tokumei person list"
        )
    found = {name: {"identities": len(of)} for name, of in ctx.vault.vetoed(_entries(ctx, veto)).items()}
    payload: dict[str, object] = {
        "asks": [LIFT], "lifts": veto, "basis": basis, "reference": reference, "found": found,
    }  # fmt: skip
    id = requests.new_id()
    ctx.ledger.transition("request", id, "asked", actor=actor, payload=payload)
    return id, payload


def is_lifting(ctx: Context, id: str) -> bool:
    """Whether a request asks to lift a veto. `Refused` where there is no such request."""
    return LIFT in requests.entry_of(ctx, id, "asked").payload["asks"]


def carry_out(ctx: Context, id: str, *, actor: str) -> dict[str, object]:
    """A second person agrees, and the veto is lifted; gives what the log says of it. Run it again where it died.

    `Refused` as `requests.agree` says; `RetryLater` while a batch is taken in or a release is made.
    """
    if ctx.ledger.state("request", id) != "done":
        requests.agree(ctx, id, actor=actor)
        with alone(ctx):
            if ctx.ledger.state("request", id) != "done":  # by a run that was a moment faster
                _do(ctx, id, actor)
    return dict(requests.entry_of(ctx, id, "done").payload)


def _do(ctx: Context, id: str, actor: str) -> None:
    """Each run has an entry of its own, from which on the veto does not hold: a release that was made after a run that
    died was made without the person. Intake asks the register, so that is first: nobody is in releases whose records
    intake still leaves out."""
    veto = str(requests.entry_of(ctx, id, "asked").payload["lifts"])
    _keep_other_vetoes(ctx, veto, actor)
    lifted = ctx.ledger.append(LIFTED, actor=actor, subjects={"request": veto}, payload={"by": id})
    register.end_veto(ctx, veto)
    entries = _entries(ctx, veto)
    ctx.vault.lift(entries, lifted.seq)
    identities = sum(map(len, ctx.vault.vetoed(entries).values()))
    payload = {"asks": [LIFT], "lifts": veto, "identities": identities, "rows": 0, "releases": list[str]()}
    ctx.ledger.transition("request", id, "done", actor=actor, payload=payload, key=f"done:{id}")
    ctx.ledger.checkpoint(ctx.signer)


def _entries(ctx: Context, veto: str) -> list[int]:
    """Numbers of the entries by which a veto withdrew records."""
    types = ("request.begun", register.LEARNT)
    return [e.seq for type in types for e in ctx.ledger.entries(type=type, kind="request", subject=veto)]


def _keep_other_vetoes(ctx: Context, veto: str, actor: str) -> None:
    """Somebody objected twice: what was withdrawn before the other veto could, becomes its own before the first ends.
    So does what is another person's by a number that both were said to have."""
    others = [one for one in register.everybody(ctx) if one.id != veto and "veto" in one.kinds]
    theirs = ctx.vault.vetoed(_entries(ctx, veto))
    for name in sorted(theirs.keys() & set(ctx.vault.scopes())) if others else ():
        records = ctx.vault.records(name)
        for one in others:
            known = set(records.filter(register.marks_of(ctx, one, name).mine())["alias"])
            own = ctx.vault.vetoed(_entries(ctx, one.id)).get(name, set())
            register.withdraw_late(ctx, one, name, known & theirs[name] - own, ("veto",), actor)
