"""The door of the pages: the only room of ours that touches Airflow's sign-in, and it fails closed.

Airflow leaves the routes of plugins open to anybody. `door` gives the dependency that stands before every route.
It uses functions Airflow does not promise to keep; where they cannot be imported every request is answered 503.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import Depends, HTTPException, Request

from provision.errors import Refused

#: Signing in counts as "just now" this many seconds.
FRESH_SECONDS = 300
#: Clocks of one machine and its own token issuer; more than rounding is suspicious.
CLOCK_SKEW_SECONDS = 5
#: Who may read Airflow's own audit log may read ours. FAB: the permission ``can_read`` on ``Audit Logs``; embedded
#: sign-in: every account.
RESOURCE = "Audit Logs"


@dataclass(frozen=True)
class Visitor:
    """Who asks: the login name, and the bearer token where the request carried one (never the cookie's)."""

    login: str
    bearer: str = field(repr=False, default="")


class NotSignedIn(Refused):
    """A decision came without a fresh sign-in."""


def door() -> Callable[..., Awaitable[Visitor]]:
    """The dependency for every route: 401 without a valid sign-in, 403 without the right to read, 503 when in doubt."""
    try:
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.core_api.security import get_user
        from airflow.configuration import conf
    except Exception:
        return closed

    whoever = Depends(get_user)

    async def enter(request: Request, user: Any = whoever) -> Visitor:
        if conf.getboolean("core", "simple_auth_manager_all_admins", fallback=False):
            raise HTTPException(503, "everybody is an administrator here, so nobody is known by name")
        login = str(user.get_name() or "") if user is not None else ""
        if not login:
            raise HTTPException(401, "not signed in")
        if not get_auth_manager().is_authorized_custom_view(method="GET", resource_name=RESOURCE, user=user):
            raise HTTPException(403, "this account may not read the provision log")
        request.state.visitor = Visitor(login, _bearer(request))
        return request.state.visitor  # type: ignore[no-any-return]

    return enter


async def closed() -> Visitor:
    """The door while Airflow's sign-in cannot be asked: 503 to everybody."""
    raise HTTPException(503, "the sign-in of Airflow cannot be asked, so the pages are closed")


def visitor(request: Request) -> Visitor:
    """Who passed the door. 401 where nobody did, which cannot happen while the door stands before every route."""
    found = getattr(request.state, "visitor", None)
    if not isinstance(found, Visitor):
        raise HTTPException(401, "not signed in")
    return found


def fresh_sign_in(request: Request) -> Visitor:
    """Who signed in within the last five minutes, shown by a bearer token.

    The cookie is never enough: a browser sends it along with requests other sites make. The signature of the token
    was checked at the door; Airflow's two sign-ins (embedded, FAB) issue tokens for a password only, so the time of
    issue is the time of signing in. Raises `NotSignedIn`.
    """
    found = visitor(request)
    if not found.bearer:
        raise _stale("this request carries no bearer token", "approval.no-token")
    age = time.time() - _issued_at(found.bearer)
    if not -CLOCK_SKEW_SECONDS <= age <= FRESH_SECONDS:
        raise _stale("the sign-in is more than five minutes old", "approval.stale-token")
    return found


def own_api() -> httpx.Client:
    """A client of this Airflow's own REST API, at the address workers use. Never taken from the request: a forged
    Host header would otherwise be sent an officer's token."""
    from airflow.configuration import conf

    internal = str(conf.get("core", "execution_api_server_url", fallback="") or "")
    public = str(conf.get("api", "base_url", fallback="") or "")
    port = conf.getint("api", "port", fallback=8080)
    root = internal.rstrip("/").removesuffix("/execution") or public or f"http://localhost:{port}"
    return httpx.Client(base_url=root.rstrip("/"), timeout=30, follow_redirects=False)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _issued_at(token: str) -> float:
    import jwt

    try:
        issued = jwt.decode(token, options={"verify_signature": False}).get("iat")
    except jwt.InvalidTokenError:
        issued = None
    return float(issued) if isinstance(issued, int | float) else 0.0


def _stale(what: str, rule: str) -> NotSignedIn:
    return NotSignedIn(what, rule=rule, remedy="sign in again on the approval page and decide then")
