"""請求の受付: a person's request, from the operator who takes it to the second person who agrees to it.

The ledger has its state, what is asked, on which ground, and the number of the file it stands in. What was said of the
person lies sealed in the vault under a key of the request's own, which is destroyed when the request ends.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from provision.context import Context
from provision.errors import Refused
from provision.ledger.entry import Entry
from provision.persons.asked import Asked
from provision.persons.boxes import Boxes
from provision.persons.finding import find

#: On which ground: 利用停止・消去 (個人情報保護法35条), 同意の撤回, 契約・公表した方針による停止, 裁判所・委員会の命令.
BASES = ("appi-35", "consent-withdrawn", "policy", "order")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.-]{0,39}")


@dataclass(frozen=True)
class Wish:
    """What is asked. `household`: others use the card, telephone and address, and stay. `quarantine`: what lies there
    and may be theirs, or cannot be searched, goes at once, too."""

    erase: bool
    veto: bool
    basis: str
    reference: str
    household: bool = True
    quarantine: bool = False

    @property
    def asks(self) -> list[str]:
        """As the vault's register of withdrawals calls it."""
        return [name for name, wanted in (("deletion", self.erase), ("veto", self.veto)) if wanted]


def ask(ctx: Context, asked: Asked, wish: Wish, *, actor: str) -> tuple[str, dict[str, object]]:
    """Take a request; gives its id and what was found, in counts. Nothing of the person is changed yet.

    `Refused` where nothing is asked, the ground or the reference is none, or the numbers are two people's.
    """
    _check(wish)
    _drop_orphans(ctx)
    found = {name: {"identities": len(one.aliases), "doubtful": one.doubtful} for name, one in find(ctx, asked).items()}
    id = new_id()
    boxes(ctx).put(id, {"records": asked.as_json(), **asdict(wish)})
    payload: dict[str, object] = {
        "asks": wish.asks, "basis": wish.basis, "reference": wish.reference, "household": wish.household,
        "quarantine": wish.quarantine, "found": found,
    }  # fmt: skip
    ctx.ledger.transition("request", id, "asked", actor=actor, payload=payload)
    return id, payload


def agree(ctx: Context, id: str, *, actor: str) -> None:
    """A second person agrees. Twice is once.

    `Refused` ``request.four_eyes`` where it is the one who took the request, ``request.state`` where there is none.
    """
    asked = entry_of(ctx, id, "asked")
    if ctx.ledger.state("request", id) == "asked":
        if asked.actor == actor:
            raise Refused(
                "whoever took the request cannot agree to it", where=id, rule="request.four_eyes",
                remedy="another operator signs in with an account of their own and runs the same command",
            )  # fmt: skip
        ctx.ledger.transition("request", id, "agreed", actor=actor, payload={"asks": asked.payload["asks"]})
    entry_of(ctx, id, "agreed")


def reject(ctx: Context, id: str, *, basis: str, actor: str) -> None:
    """Nothing is done, and what was said of the person is destroyed. `basis`: ``not-entitled`` or ``withdrawn``."""
    if basis not in ("not-entitled", "withdrawn"):
        raise _refused("the ground is none", "request.basis", "not-entitled or withdrawn")
    entry_of(ctx, id, "asked")
    if ctx.ledger.state("request", id) != "rejected":
        ctx.ledger.transition("request", id, "rejected", actor=actor, payload={"basis": basis})
    forget(ctx, id)


def waiting(ctx: Context) -> list[dict[str, object]]:
    """Requests that are not over, oldest first: id, state, when, and what the log says of them."""
    found = []
    for entry in ctx.ledger.entries(type="request.asked"):
        id = entry.subjects["request"]
        state = ctx.ledger.state("request", id)
        if state in {"asked", "agreed"}:
            found.append({"request": id, "state": state, "at": entry.at, "actor": entry.actor, **entry.payload})
    return found


def entry_of(ctx: Context, id: str, state: str) -> Entry:
    """The entry of a state of a request. `Refused` where it never was in it."""
    for entry in ctx.ledger.entries(type=f"request.{state}", kind="request", subject=id, limit=1):
        return entry
    raise _refused(f"there is no request of this id that was {state}", "request.state", "tokumei person list")


def boxes(ctx: Context) -> Boxes:
    """Where the requests lie, sealed."""
    return Boxes(ctx.zones.vault() / "requests", ctx.keys, _key)


def forget(ctx: Context, id: str) -> None:
    """Destroy what was said of the person: key first."""
    ctx.keys.destroy(_key(id))
    boxes(ctx).remove(id)


def _key(id: str) -> str:
    return f"request-{id}"


def _drop_orphans(ctx: Context) -> None:
    """What runs left that died before the first entry, or after the last: nobody needs it."""
    for id in list(boxes(ctx).ids()):
        if ctx.ledger.state("request", id) in {"", "done", "rejected"}:
            forget(ctx, id)


def _check(wish: Wish) -> None:
    if not wish.asks:
        raise _refused("nothing is asked", "request.asks", "erase, veto, or both")
    check_ground(wish.basis, wish.reference, BASES)


def new_id() -> str:
    """The id of a request that says nothing of anybody."""
    return f"p-{secrets.token_hex(6)}"


def check_ground(basis: str, reference: str, bases: Sequence[str]) -> None:
    """`Refused` where the ground is none of these, or the reference could hold a name."""
    if basis not in bases:
        raise _refused("the ground is none", "request.basis", f"one of {', '.join(bases)}")
    check_reference(reference)


def check_reference(reference: str) -> None:
    """`Refused` where it is no number of a file: it goes into the log, and could be a name."""
    if not _REFERENCE.fullmatch(reference):
        raise _refused(
            "the reference is no number of a file", "request.reference", "ASCII letters, digits, / _ . - only: no name"
        )


def _refused(what: str, rule: str, remedy: str) -> Refused:
    return Refused(what, rule=rule, remedy=remedy)
