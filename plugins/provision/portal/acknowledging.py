"""受領確認リンクの画面: behind the link of a message, a button by which anybody who has the message says it arrived.

Programs open links before people do, so the page only shows what the link is for; the button records it. It is no
receipt with proof: that a delivery could be opened is confirmed on its page, after signing in.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from provision import acknowledging
from provision.portal import entrance, limits, logbook, render
from provision.portal.signin import FormToken

router = APIRouter()

Token = Annotated[str, Path(max_length=300)]


@router.get("/acknowledge/{token}", response_class=HTMLResponse)
def show(request: Request, token: Token) -> Response:
    """What the link is for."""
    with entrance.stranger(request) as (desk, ctx):
        order = acknowledging.read(ctx, token)
        return render.open_page(request, desk, ctx, "acknowledge.html", token=token, order=order, done="")


@router.post("/acknowledge/{token}", response_class=HTMLResponse)
def press(request: Request, token: Token, form: FormToken) -> Response:
    """Record that the message arrived."""
    with entrance.stranger(request) as (desk, ctx):
        entrance.require_form(request, ctx, desk, form)
        limits.count(desk.database, desk.secrecy, limits.LINKS_FROM_PLACE, entrance.place_of(request), desk.clock())
        order = acknowledging.read(ctx, token)
        state = acknowledging.acknowledge(ctx, token, actor="portal:acknowledge")
        desk.note(logbook.STRANGER, "acknowledge", f"delivery/{order}")
        return render.open_page(request, desk, ctx, "acknowledge.html", token=token, order=order, done=state)
