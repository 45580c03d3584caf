"""入口: who asks, in which language, and whether the form they send is one of ours.

Every page works inside `visit` (somebody is signed in, their recipient's configuration still admits them) or
`stranger` (nobody need be). Both fail closed. Forms carry a token bound to the browser and the sign-in (ASVS 4.2.2),
and a form that says it comes from elsewhere is refused whatever it carries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

from fastapi import Request, Response

from provision.context import Context
from provision.errors import Refused
from provision.model import Recipient
from provision.portal import sessions
from provision.portal.desk import Desk, is_https, origin
from provision.portal.logbook import refusal, refusals
from provision.portal.members import Member, admitted, refused
from provision.portal.secrecy import new_token, same
from provision.portal.sessions import Session

Language = Literal["ja", "en"]
_SESSION, _FORM, _LANGUAGE = "tokumei", "tokumei-form", "tokumei-language"
YEAR = 31_536_000


@dataclass(frozen=True)
class Visit:
    """A request of somebody who is signed in."""

    desk: Desk
    ctx: Context
    session: Session
    recipient: Recipient

    @property
    def member(self) -> Member:
        """Who asks."""
        return self.session.member

    @property
    def now(self) -> datetime:
        """The moment, UTC."""
        return datetime.fromtimestamp(self.desk.clock(), UTC)


def desk_of(request: Request) -> Desk:
    """The desk of this application."""
    desk: Desk = request.app.state.desk
    return desk


@contextmanager
def stranger(request: Request) -> Iterator[tuple[Desk, Context]]:
    """A request anybody may make."""
    desk = desk_of(request)
    with desk.context() as ctx:
        yield desk, ctx


@contextmanager
def visit(request: Request) -> Iterator[Visit]:
    """A request of somebody signed in; what is refused to them is written down. `NotSignedIn` where nobody is."""
    desk = desk_of(request)
    with desk.context() as ctx:
        token = request.cookies.get(cookie_name(ctx, _SESSION), "")
        made = entered(desk, ctx, sessions.current(desk, token))
        with refusals(desk, made.member, _subject(ctx, request)):
            yield made


def _subject(ctx: Context, request: Request) -> str:
    """What a refusal is about: a delivery there is, whoever's it is, else only that it was a page."""
    order = str(request.path_params.get("order", ""))
    return f"delivery/{order}" if order and ctx.ledger.state("delivery", order) else "page"


def entered(desk: Desk, ctx: Context, session: Session) -> Visit:
    """The visit of a session, its member held against configuration once more; whoever is refused is signed out."""
    try:
        return Visit(desk, ctx, session, admitted(ctx, session.member))
    except Refused as error:
        sessions.end(desk, session)
        refusal(desk, session.member, error.rule, "session")
        raise


def with_pass(desk: Desk, ctx: Context, request: Request) -> Visit:
    """The same for curl, which shows a download pass as ``Authorization: Bearer`` (RFC 6750), or for a browser."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return entered(desk, ctx, sessions.current(desk, given.strip(), sessions.PASS))
    token = request.cookies.get(cookie_name(ctx, _SESSION), "")
    return entered(desk, ctx, sessions.current(desk, token))


def require_form(request: Request, ctx: Context, desk: Desk, token: str) -> None:
    """`Refused` for a form that is not ours: from another site, or without the token of this browser and sign-in."""
    ours, said = origin(ctx.platform.portal_url), request.headers.get("origin")
    elsewhere = said is not None and said.lower() != ours
    if elsewhere or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise refused("this form came from another site", "portal.form", "open the page again")
    expected = form_token(request, ctx, desk)
    if not expected or not same(token, expected):
        raise refused("this form is too old", "portal.form", "open the page again and send it once more")


def came_from(request: Request, ctx: Context) -> str:
    """Path of the page of ours that a refused request came from, to go back to; "" where there is none."""
    parts = urlsplit(request.headers.get("referer", ""))
    ours = f"{parts.scheme}://{parts.netloc}".lower() == origin(ctx.platform.portal_url)
    leads_elsewhere = parts.path.startswith("//")  # a browser reads that as another host
    again = request.method == "GET" and parts.path == request.url.path
    return parts.path if ours and not leads_elsewhere and not again else ""


def form_token(request: Request, ctx: Context, desk: Desk) -> str:
    """The token forms of this browser and sign-in carry; "" where the browser has no form cookie yet."""
    browser = request.cookies.get(cookie_name(ctx, _FORM), "")
    session = request.cookies.get(cookie_name(ctx, _SESSION), "")
    return desk.secrecy.mac("form", browser, session) if browser else ""


def cookie_name(ctx: Context, name: str) -> str:
    """Over TLS with the prefix that ties a cookie to this host alone (RFC 6265bis, section 4.1.3.2)."""
    return f"__Host-{name}" if is_https(ctx.platform.portal_url) else name


def set_session(response: Response, ctx: Context, token: str) -> None:
    """Hand the browser its session, or take it away where `token` is empty."""
    _cookie(response, ctx, _SESSION, token, None if token else 0)


def new_form_cookie(request: Request, ctx: Context) -> str:
    """A value for a browser that has none; "" for one that has."""
    return "" if request.cookies.get(cookie_name(ctx, _FORM)) else new_token()


def set_form(response: Response, ctx: Context, value: str) -> None:
    """Give the browser what its forms are bound to."""
    _cookie(response, ctx, _FORM, value, None)


def set_language(response: Response, ctx: Context, language: Language) -> None:
    """Remember the language for a year."""
    _cookie(response, ctx, _LANGUAGE, language, YEAR)


def _cookie(response: Response, ctx: Context, name: str, value: str, lives: int | None) -> None:
    response.set_cookie(
        cookie_name(ctx, name), value, max_age=lives, path="/", httponly=True, samesite="lax",
        secure=is_https(ctx.platform.portal_url),
    )  # fmt: skip


def language_of(request: Request, ctx: Context) -> Language:
    """As chosen, else as the browser asks, else Japanese."""
    chosen = request.query_params.get("lang") or request.cookies.get(cookie_name(ctx, _LANGUAGE), "")
    if chosen in ("ja", "en"):
        return "ja" if chosen == "ja" else "en"
    wanted = request.headers.get("accept-language", "ja").lower()
    return "en" if wanted.startswith("en") else "ja"


def place_of(request: Request) -> str:
    """Where a request comes from, for counting tries: the address of the other end, or of the proxy's other end."""
    return request.client.host if request.client else "nowhere"
