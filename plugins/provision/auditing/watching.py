"""見張り: the page of what somebody has to look at, and the request by which an officer agrees to a person's request.

The page asks the log and the configuration only; the API server sees neither store nor vault. Agreeing is an entry of
the log: `tokumei person agree` carries out what it says, whoever runs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from provision import health
from provision.auditing import guard, refusals, render
from provision.auditing.language import language_of
from provision.auditing.seen import seen
from provision.auditing.words import Pair
from provision.context import open_context
from provision.errors import Refused
from provision.health.sign import Level, Sign
from provision.persons import requests

router = APIRouter()

#: Kinds of signs, as people call them.
KINDS: Mapping[str, Pair] = {
    "source_late": Pair("送付の遅れ", "Late senders"),
    "landing": Pair("取込み待ち", "Waiting to be taken in"),
    "quarantine": Pair("隔離", "Quarantine"),
    "release_waiting": Pair("進行中の提供", "Releases under way"),
    "delivery": Pair("引渡し", "Deliveries"),
    "request": Pair("本人の請求", "Requests of persons"),
    "period": Pair("蓄積期間", "Accumulation periods"),
    "ending": Pair("契約・鍵の期限", "Agreements and keys"),
    "unsigned": Pair("記録の署名", "Signatures of the log"),
    "unwitnessed": Pair("署名の外部への固定", "Witnesses of the log"),
}

#: How urgent, the most urgent first: its look, its name, what it asks for.
LEVELS: Mapping[Level, tuple[str, Pair, Pair]] = {
    "act": ("bad", Pair("対応", "act"), Pair("対応が必要です", "Somebody has to act")),
    "look": ("wait", Pair("確認", "look"), Pair("確認してください", "Somebody should look")),
    "wait": ("", Pair("待ち", "waits"), Pair("そのまま進みます", "It goes on, or somebody has it")),
}
#: Signs of one kind that stand open on the page; more are folded.
SHOWN = 8


@dataclass(frozen=True)
class Group:
    """Signs of one kind and level; `remedy` where it is the same for all of them."""

    name: Pair
    signs: list[Sign]
    remedy: Pair | None


@dataclass(frozen=True)
class Urgency:
    """All signs of one level."""

    level: Level
    groups: list[Group]

    @property
    def tone(self) -> str:
        """Look of its mark."""
        return LEVELS[self.level][0]

    @property
    def name(self) -> Pair:
        """One word for it."""
        return LEVELS[self.level][1]

    @property
    def means(self) -> Pair:
        """What it asks for."""
        return LEVELS[self.level][2]

    @property
    def count(self) -> int:
        """How many signs."""
        return sum(len(group.signs) for group in self.groups)


#: Rule slugs of what this person may not do.
NOT_BY_THIS_PERSON = frozenset({"request.officer", "request.four_eyes"})


@router.get("/health", response_class=HTMLResponse)
def signs(request: Request) -> HTMLResponse:
    """Everything somebody has to look at, the most urgent first; requests of persons that wait for an officer."""
    context = open_context()
    asked = [one for one in requests.waiting(context) if one["state"] == "asked"]
    levels, login = list(by_level(health.signs(context))), guard.visitor(request).login
    seen(request, "view", "health")
    return render.page(
        request, "health.html", login=login, current="health", levels=levels, requests=asked, kinds=KINDS, shown=SHOWN,
        refusals=refusals.told_in(language_of(request)),
    )  # fmt: skip


def by_level(found: Iterable[Sign]) -> Iterator[Urgency]:
    """Signs as the page shows them: by level, then by kind; levels without any are left out."""
    mine = list(found)
    for level in LEVELS:
        groups = [_group(kind, [s for s in mine if (s.level, s.kind) == (level, kind)]) for kind in KINDS]
        if any(group.signs for group in groups):
            yield Urgency(level, [group for group in groups if group.signs])


def _group(kind: str, signs: list[Sign]) -> Group:
    remedies = {Pair(sign.remedy_ja, sign.remedy_en) for sign in signs}
    return Group(KINDS[kind], signs, remedies.pop() if len(remedies) == 1 else None)


@router.post("/api/requests/{id}/agree")
def agree(id: str, officer: Annotated[guard.Visitor, Depends(guard.fresh_sign_in)]) -> dict[str, str]:
    """Record that an officer agrees to a person's request; answers its state."""
    context = open_context()
    entitled = [one for one in context.platform.officers if one.login == officer.login]
    if not entitled or (entitled[0].demo and context.platform.environment == "production"):
        raise Refused("this account is no officer's", rule="request.officer", remedy="an officer signs in and agrees")
    requests.agree(context, id, actor=f"officer:{entitled[0].id}")
    return {"request": id, "state": context.ledger.state("request", id)}
