"""見張り: the page of what somebody has to look at, and the request by which an officer agrees to a person's request.

The page asks the log and the configuration only; the API server sees neither store nor vault. Agreeing is an entry of
the log: `tokumei person agree` carries out what it says, whoever runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from provision import health
from provision.auditing import guard, render
from provision.auditing.seen import seen
from provision.auditing.words import Pair
from provision.context import open_context
from provision.errors import Refused
from provision.persons import requests

router = APIRouter()

#: Kinds of signs, as people call them.
KINDS: Mapping[str, Pair] = {
    "source_late": Pair("送付の遅れ", "late sender"),
    "landing": Pair("取込み待ち", "waits to be taken in"),
    "quarantine": Pair("隔離", "quarantine"),
    "release_waiting": Pair("提供の待ち", "release"),
    "delivery": Pair("引渡し", "delivery"),
    "request": Pair("本人の請求", "request of a person"),
    "period": Pair("蓄積期間", "accumulation period"),
    "ending": Pair("契約・鍵の期限", "agreement or key"),
    "unsigned": Pair("記録の署名", "signature of the log"),
    "unwitnessed": Pair("署名の外部への固定", "witnesses of the log"),
}

#: Rule slugs of what this person may not do.
NOT_BY_THIS_PERSON = frozenset({"request.officer", "request.four_eyes"})


@router.get("/health", response_class=HTMLResponse)
def signs(request: Request) -> HTMLResponse:
    """Everything somebody has to look at, the most urgent first; requests of persons that wait for an officer."""
    context = open_context()
    asked = [one for one in requests.waiting(context) if one["state"] == "asked"]
    found, login = health.signs(context), guard.visitor(request).login
    seen(request, "view", "health")
    return render.page(request, "health.html", login=login, current="health", signs=found, requests=asked, kinds=KINDS)


@router.post("/api/requests/{id}/agree")
def agree(id: str, officer: Annotated[guard.Visitor, Depends(guard.fresh_sign_in)]) -> dict[str, str]:
    """Record that an officer agrees to a person's request; answers its state."""
    context = open_context()
    entitled = [one for one in context.platform.officers if one.login == officer.login]
    if not entitled or (entitled[0].demo and context.platform.environment == "production"):
        raise Refused("this account is no officer's", rule="request.officer", remedy="an officer signs in and agrees")
    requests.agree(context, id, actor=f"officer:{entitled[0].id}")
    return {"request": id, "state": context.ledger.state("request", id)}
