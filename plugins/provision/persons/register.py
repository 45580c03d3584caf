"""申出簿: who must not be received (veto), and who may not be taken in from batches that were there when they went.

Sealed under a key of its own, `veto-register`, which no accumulation period ends: what was said of the person makes
tokens under every later link key. Sealed for the operator's escrow key, too, because no backup may hold a key that
opens what it holds: a restored register is sealed anew with that. Tokens that are known to be theirs are kept beside
it, by scope: an erased person's other cards and charts lead to nothing else any more.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

import pyrage

from provision.context import Context
from provision.intake.keying import scope
from provision.persons.asked import Asked
from provision.persons.boxes import Boxes
from provision.persons.marks import Marks, marks

KEY = "veto-register"
#: The entry from which on records are known to be of somebody who was withdrawn before.
LEARNT = "request.learnt"
Kind = Literal["veto", "deletion"]
#: scope -> domain -> tokens
Tokens = Mapping[str, Mapping[str, frozenset[bytes]]]


@dataclass(frozen=True)
class Registered:
    """One person: a veto holds for every batch, a deletion for batches that were received before entry `entry`."""

    id: str
    kinds: tuple[Kind, ...]
    entry: int
    asked: Asked = field(repr=False)
    tokens: Tokens = field(default_factory=dict, repr=False)

    def concerns(self, received: int) -> bool:
        """Whether it holds for a batch that was received by this entry of the log."""
        return "veto" in self.kinds or received < self.entry


def everybody(ctx: Context) -> list[Registered]:
    """The whole register. `Refused` where anything of it cannot be opened: nobody is received then."""
    boxes = _boxes(ctx)
    return [_registered(id, boxes.get(id)) for id in boxes.ids()]


def enter(ctx: Context, person: Registered) -> None:
    """Enter somebody; twice is once, tokens of both times count."""
    with _alone(ctx):
        boxes, tokens = _boxes(ctx), person.tokens
        if person.id in boxes.ids():
            tokens = _joined(tokens, _registered(person.id, boxes.get(person.id)).tokens)
        boxes.put(person.id, _content(person, tokens))


def learn(ctx: Context, id: str, scope: str, tokens: Mapping[str, frozenset[bytes]]) -> None:
    """Further tokens of somebody: they stood on a record beside a known one."""
    found = next((one for one in everybody(ctx) if one.id == id), None)
    if found is not None:
        enter(ctx, Registered(id, found.kinds, found.entry, found.asked, {scope: tokens}))


def withdraw_late(
    ctx: Context, one: Registered, name: str, aliases: Iterable[str], kinds: Iterable[Kind], actor: str
) -> None:
    """Records of a scope that are known by now to be somebody's go into no release; the log says so first."""
    if late := sorted(aliases):
        about, payload = {"request": one.id, "scope": name}, {"identities": len(late)}
        entry = ctx.ledger.append(LEARNT, actor=actor, subjects=about, payload=payload)
        for kind in kinds:
            ctx.vault.withdraw(name, late, kind, entry.seq)


def marks_of(ctx: Context, one: Registered, name: str) -> Marks:
    """How somebody is found in a scope: by what was said, in each of its sources, and by all tokens known since."""
    sources = [each.id for each in ctx.sources.values() if scope(each) == name]
    return marks(one.asked, ctx.keys.symmetric(f"link-{name}"), sources, one.tokens.get(name, {}))


def end_veto(ctx: Context, id: str) -> None:
    """A veto does not hold any more. An erasure asked with it holds on for the batches that wait; twice is once."""
    with _alone(ctx):
        boxes = _boxes(ctx)
        if id not in boxes.ids():
            return
        found = _registered(id, boxes.get(id))
        left = replace(found, kinds=tuple(kind for kind in found.kinds if kind != "veto"))
        boxes.put(id, _content(left, left.tokens)) if left.kinds else boxes.remove(id)


def leave(ctx: Context, id: str) -> None:
    """Take somebody out."""
    _boxes(ctx).remove(id)


def reopen(ctx: Context, escrow: pyrage.x25519.Identity) -> int:
    """After a restore, which brings the register and not its key: seal everybody anew, under a new one; gives how many.
    `escrow` is the private half of the operator's own key. Twice is harmless."""
    boxes = _boxes(ctx)
    for id in list(boxes.ids()):
        boxes.put(id, boxes.get(id, escrow))
    return len(list(boxes.ids()))


def tidy(ctx: Context) -> int:
    """Take out erased people for whom no batch waits any more that was received before they went; gives how many."""
    received = (e for e in ctx.ledger.entries(type="batch.received"))
    waiting = [e.seq for e in received if ctx.ledger.state("batch", e.subjects["batch"]) == "received"]
    over = [one.id for one in everybody(ctx) if "veto" not in one.kinds and not any(map(one.concerns, waiting))]
    for id in over:
        leave(ctx, id)
    return len(over)


def _boxes(ctx: Context) -> Boxes:
    escrow = pyrage.x25519.Recipient.from_str(ctx.platform.escrow_key)
    return Boxes(ctx.zones.vault() / "register", ctx.keys, lambda _: KEY, [escrow])


def _registered(id: str, said: Mapping[str, object]) -> Registered:
    tokens: dict[str, dict[str, frozenset[bytes]]] = {
        scope: {domain: frozenset(map(bytes.fromhex, texts)) for domain, texts in domains.items()}
        for scope, domains in said["tokens"].items()  # type: ignore[attr-defined]
    }
    asked = Asked.of(said["records"])  # type: ignore[arg-type]
    return Registered(id, tuple(said["kinds"]), int(str(said["entry"])), asked, tokens)  # type: ignore[arg-type]


def _content(person: Registered, tokens: Tokens) -> dict[str, object]:
    told = {
        scope: {domain: sorted(token.hex() for token in found) for domain, found in domains.items()}
        for scope, domains in tokens.items()
    }
    return {"kinds": list(person.kinds), "entry": person.entry, "records": person.asked.as_json(), "tokens": told}


def _joined(one: Tokens, other: Tokens) -> Tokens:
    def of(scope: str, domain: str) -> frozenset[bytes]:
        nothing: frozenset[bytes] = frozenset()
        return one.get(scope, {}).get(domain, nothing) | other.get(scope, {}).get(domain, nothing)

    scopes = {*one, *other}
    return {s: {d: of(s, d) for d in {*one.get(s, {}), *other.get(s, {})}} for s in scopes}


@contextmanager
def _alone(ctx: Context) -> Iterator[None]:
    """Several batches may be taken in at once, and learn."""
    with (ctx.zones.vault() / "register.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
