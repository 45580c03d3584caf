"""Puts the pages together: one application, one door before everything, plain JSON for every error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from provision.auditing import (
    approving,
    asking,
    entries,
    evidence,
    guard,
    pages,
    refusals,
    releases,
    render,
    reports,
    watching,
)
from provision.errors import Refused, TokumeiError

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create() -> FastAPI:
    """The application for ``/provision``. Airflow's door stands before every route, and unknown paths are a route."""
    app = FastAPI(
        title="Tokumei",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(guard.door())],
    )
    for room in (pages, releases, entries, evidence, reports, approving, watching):
        app.include_router(room.router)
    # Without this, unknown paths and methods would be answered before anybody is asked to sign in.
    app.add_api_route("/{path:path}", _nothing_here, methods=METHODS)
    app.middleware("http")(_headers)
    app.exception_handler(TokumeiError)(_told)
    app.exception_handler(StarletteHTTPException)(_http)
    app.exception_handler(Exception)(_unexpected)
    return app


def _nothing_here() -> Response:
    raise HTTPException(404, "there is no such page")


async def _headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return _with_headers(await call_next(request))


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def _told(request: Request, error: Exception) -> Response:
    """Our own errors carry what is wrong and what to do, and never a value."""
    assert isinstance(error, TokumeiError)
    what = f"{error.where}: {error.what}" if error.where else error.what
    answer = _answer(request, _status(error), what, error.remedy)
    answer.headers["Tokumei-Rule"] = error.rule  # a slug of ours: the approval page says it in the reader's language
    return answer


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    remedy = {401: "sign in to Airflow", 403: "ask an administrator for the right to read the provision log"}
    return _answer(request, error.status_code, str(error.detail), remedy.get(error.status_code, "go back"))


async def _unexpected(request: Request, error: Exception) -> Response:
    """An error nobody expected: its text may hold anything, so nothing of it is shown; the server's log has it."""
    # This answer is given outside of `_headers`.
    return _with_headers(_answer(request, 500, "an error nobody expected", "try again; tell the operators if it stays"))


def _status(error: TokumeiError) -> int:
    """403: not by this person. 409: not in this state. 422: not in this form. 503: not now."""
    if isinstance(error, approving.BadDecision) or error.rule in {*approving.NOT_IN_THIS_FORM, asking.FORM}:
        return 422
    if isinstance(error, guard.NotSignedIn) or error.rule in approving.NOT_BY_THIS_PERSON | watching.NOT_BY_THIS_PERSON:
        return 403
    if isinstance(error, Refused):
        return 404 if error.rule in {pages.UNKNOWN, "approval.state", "request.state"} else 409
    return 503


def _answer(request: Request, status: int, what: str, remedy: str) -> Response:
    """A page for people who read pages, without the menu where they did not pass the door; JSON for programs."""
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": what, "remedy": remedy}, status)
    found = getattr(request.state, "visitor", None)
    login = found.login if isinstance(found, guard.Visitor) else ""
    told: dict[str, Any] = {"error": what, "remedy": remedy, "reason": refusals.page_reason(status)}
    return render.page(request, "error.html", status=status, login=login, current="", **told)
