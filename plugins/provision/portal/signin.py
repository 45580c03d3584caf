"""サインインの画面: ask for a link, use it with a code, sign out."""

from __future__ import annotations

import io
import re
import unicodedata
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, BackgroundTasks, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from provision.context import Context
from provision.errors import TokumeiError
from provision.portal import entrance, letters, limits, logbook, members, render, sessions, totp
from provision.portal.desk import Desk
from provision.portal.sessions import BadCode

router = APIRouter()

#: Pages somebody may be led on to after signing in; anything else is the first page.
_ONWARD = re.compile(r"/(?:releases/[A-Za-z0-9][A-Za-z0-9._-]{0,159}|d/[0-9a-f]{40}|members|help)?")
Token = Annotated[str, Path(max_length=100)]
FormToken = Annotated[str, Form(max_length=100)]


def onward(path: str) -> str:
    """A page of ours to go on to; never another site's address (ASVS 5.1.5)."""
    return path if _ONWARD.fullmatch(path) else "/"


@router.get("/signin", response_class=HTMLResponse)
def ask(request: Request, to: str = "/") -> Response:
    """The form for the address."""
    with entrance.stranger(request) as (desk, ctx):
        return render.open_page(request, desk, ctx, "signin.html", onward=onward(to), sent=False)


@router.post("/signin", response_class=HTMLResponse)
def send(
    request: Request, later: BackgroundTasks, form: FormToken,
    address: Annotated[str, Form(max_length=320)], to: Annotated[str, Form(max_length=300)] = "/",
) -> Response:  # fmt: skip
    """Send a link where the address has an account. The answer is the same in any case, and so is its time."""
    with entrance.stranger(request) as (desk, ctx):
        entrance.require_form(request, ctx, desk, form)
        limits.count(desk.database, desk.secrecy, limits.LINKS_FROM_PLACE, entrance.place_of(request), desk.clock())
        limits.count(desk.database, desk.secrecy, limits.LINKS_TO_ADDRESS, address.strip().lower(), desk.clock())
        later.add_task(_send_links, desk, address, onward(to))
        return render.open_page(request, desk, ctx, "signin.html", onward="/", sent=True)


def _send_links(desk: Desk, address: str, to: str) -> None:
    """After the answer: one letter for every organisation the address has an account with."""
    with desk.context() as ctx:
        found = members.of_address(desk, ctx, address)
        if not found:
            logbook.refusal(desk, None, "portal.unknown", "signin")
        for member in found:
            token = sessions.issue_link(desk, member, onward=to)
            logbook.action(desk, member, "link", "signin")
            letters.send_link(ctx, ctx.recipients[member.recipient], member, token, invitation=False)


@router.get("/enter/{token}", response_class=HTMLResponse)
def enter(request: Request, token: Token) -> Response:
    """Behind a one-time link: the form for the code, with the QR code where the app is still to be set up."""
    with entrance.stranger(request) as (desk, ctx):
        return _code_page(request, desk, ctx, token, "")


@router.post("/enter/{token}", response_class=HTMLResponse)
def use(
    request: Request, later: BackgroundTasks, token: Token, form: FormToken, code: Annotated[str, Form(max_length=20)]
) -> Response:
    """Use the link with the code. The holder of the account is told of what they should know."""
    with entrance.stranger(request) as (desk, ctx):
        entrance.require_form(request, ctx, desk, form)
        limits.count(desk.database, desk.secrecy, limits.CODES_FROM_PLACE, entrance.place_of(request), desk.clock())
        link = sessions.ticket(desk, token)
        recipient = members.admitted(ctx, link.member)
        try:
            session, member = sessions.enter(desk, token, "".join(unicodedata.normalize("NFKC", code).split()))
        except TokumeiError as error:
            logbook.refusal(desk, link.member, error.rule, "signin")
            if not isinstance(error, BadCode):
                raise
            if error.rule != "portal.code":
                _notify(desk, link.member, error.rule.rpartition(".")[2])
            return _code_page(request, desk, ctx, token, "code", status=422)
        logbook.action(desk, member, "signin", f"recipient/{recipient.id}")
        if link.seed is not None:
            later.add_task(_notify, desk, member, "enrolled")
        answer = RedirectResponse(link.onward, 303)
        entrance.set_session(answer, ctx, session)
        return answer


def _notify(desk: Desk, member: members.Member, what: str) -> None:
    with desk.context() as ctx:
        letters.notify(ctx, members.admitted(ctx, member), member, what)


@router.post("/signout/all", response_class=HTMLResponse)
def leave_everywhere(request: Request, form: FormToken) -> Response:
    """Sign out on every device: for whoever left one somewhere."""
    with entrance.visit(request) as visit:
        entrance.require_form(request, visit.ctx, visit.desk, form)
        sessions.end_all(visit.desk, visit.member)
        return _left(visit)


@router.post("/signout", response_class=HTMLResponse)
def leave(request: Request, form: FormToken) -> Response:
    """Sign out: the session and its download passes end."""
    with entrance.visit(request) as visit:
        entrance.require_form(request, visit.ctx, visit.desk, form)
        sessions.end(visit.desk, visit.session)
        return _left(visit)


def _left(visit: entrance.Visit) -> Response:
    """Back to signing in, with nothing kept in the browser (ASVS 8.2.3)."""
    logbook.action(visit.desk, visit.member, "signout", f"recipient/{visit.recipient.id}")
    answer = RedirectResponse("/signin", 303, headers={"Clear-Site-Data": '"cache", "storage"'})
    entrance.set_session(answer, visit.ctx, "")
    return answer


def to_sign_in(request: Request) -> Response:
    """Where somebody not signed in is sent; they come back to the page they asked for."""
    path = onward(request.url.path)
    return RedirectResponse("/signin" + (f"?to={quote(path, safe='/')}" if path != "/" else ""), 303)


def _code_page(request: Request, desk: Desk, ctx: Context, token: str, problem: str, status: int = 200) -> HTMLResponse:
    link = sessions.ticket(desk, token)
    recipient = members.admitted(ctx, link.member)
    setup = None
    if link.seed is not None:
        address = totp.address(link.seed, link.member.address, ctx.platform.operator.name.en)
        grouped = " ".join(re.findall(".{1,4}", totp.base32(link.seed)))
        setup = {"picture": picture(address), "secret": grouped}
    values = {"token": token, "whose": recipient, "setup": setup, "problem": problem, "address": link.member.address}
    return render.open_page(request, desk, ctx, "enter.html", status=status, **values)


def picture(text: str) -> str:
    """A QR code as SVG, drawn here: nobody else sees the secret in it."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, border=2, svgclass=None, lineclass=None, omitsize=True
    )
    return out.getvalue().decode()
