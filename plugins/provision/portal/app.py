"""Puts the portal together: routes, headers on every answer, and what every error looks like."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from provision.errors import IllegalTransition, Refused, RetryLater, TokumeiError
from provision.portal import acknowledging, downloading, entrance, pages, peoplepages, render, sessions, signin
from provision.portal.desk import Desk, is_https
from provision.portal.fetching import Store

#: Bytes a form may have: the longest holds a report of 2,000 characters.
LONGEST_FORM = 65_536
#: What anybody is told of trouble that is the operator's: what it is stands in the log of the server.
CLOSED = "the portal cannot answer at this moment", "try again in some minutes; tell the contact if it stays"
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
TRANSPORT = "max-age=31536000; includeSubDomains"

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


def create(desk: Desk, *, schema: bool = False) -> FastAPI:
    """The application. `schema`: serve OpenAPI, for tests; production serves none."""

    @asynccontextmanager
    async def lifetime(app: FastAPI) -> AsyncIterator[None]:
        tidying = asyncio.create_task(_tidying(desk))
        yield
        tidying.cancel()
        await app.state.store.close()

    app = FastAPI(
        title="Tokumei recipients' portal", docs_url=None, redoc_url=None,
        openapi_url="/openapi.json" if schema else None, redirect_slashes=False, lifespan=lifetime,
    )  # fmt: skip
    app.state.desk, app.state.store = desk, Store(desk.resolver)
    for room in (signin, pages, peoplepages, downloading, acknowledging):
        app.include_router(room.router)
    app.add_api_route("/health", _health, methods=["GET"], response_class=PlainTextResponse)
    app.add_api_route("/icon.svg", _icon, methods=["GET"], response_class=Response)
    app.add_middleware(Guard, desk=desk)
    app.exception_handler(TokumeiError)(_told)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(Exception)(_unexpected)
    return app


async def _tidying(desk: Desk) -> None:
    """Remove what is over, every hour; a database that is busy is tidied the next time."""
    while True:
        with suppress(TokumeiError):
            await asyncio.to_thread(desk.database.tidy, desk.clock())
        await asyncio.sleep(3600)


class Guard:
    """Headers on every answer, and no body longer than a form. Plain ASGI: files pass through untouched."""

    def __init__(self, app: Asgi, desk: Desk) -> None:
        self._app, self._desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a body that grows too long ends as if the other side had gone."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = 0

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            return message if seen <= LONGEST_FORM else {"type": "http.disconnect"}

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                more = [(n.encode(), v.encode()) for n, v in self._headers().items() if n.encode() not in given]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self._app(scope, bounded, headed)

    def _headers(self) -> dict[str, str]:
        try:
            secure = is_https(self._desk.portal_url)
        except TokumeiError:
            secure = True  # without configuration every answer is an error
        return {**HEADERS, "strict-transport-security": TRANSPORT} if secure else HEADERS


def _health(request: Request) -> PlainTextResponse:
    """Whether configuration, database and provision log can be read. For the container's health check."""
    with entrance.stranger(request) as (desk, ctx), desk.database.opened():
        return PlainTextResponse("ok" if ctx.ledger.size >= 0 else "")


def _icon() -> Response:
    """The sign in the browser's tab."""
    drawn = (render.FOLDER / "icon.svg").read_text("utf-8")
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


async def _told(request: Request, error: Exception) -> Response:
    """Our own errors carry what is wrong and what to do, and never a value."""
    assert isinstance(error, TokumeiError)
    if isinstance(error, sessions.NotSignedIn) and request.method == "GET" and _reads_pages(request):
        return signin.to_sign_in(request)
    status = _status(error)
    if status == 503 and error.rule != "portal.store":
        logging.getLogger(__name__).error("%s", error)  # place, rule and remedy; errors of ours carry no value
        return _page(request, status, "portal.closed", *CLOSED)
    return _page(request, status, error.rule, error.what, error.remedy)


async def _malformed(request: Request, error: Exception) -> Response:
    """A form or address not of its form; what was sent is not repeated."""
    return _page(request, 422, "portal.malformed", "the request is not of its form", "open the page again")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code if error.status_code in (404, 405) else 400
    return _page(request, status, "portal.unknown", "there is no such page", "go back to the first page")


async def _unexpected(request: Request, error: Exception) -> Response:
    """An error nobody expected: its text may hold anything, so nothing of it is shown."""
    return _page(request, 500, "defect", "an error nobody expected", "try again; tell the contact if it stays")


def _status(error: TokumeiError) -> int:
    """401 not signed in, 403 not this person, 404 not there, 409 not in this state, 410 over, 422, 429, 503."""
    if isinstance(error, sessions.NotSignedIn):
        return 401
    if isinstance(error, sessions.DeadLink):
        return 410
    if isinstance(error, RetryLater):
        return 429 if error.rule in ("portal.limit", "portal.locked") else 503
    by_rule = {
        "unknown": 404, "token": 404, "recalled": 410, "expired": 410, "destroyed": 410, "digest": 422, "day": 422,
        "report": 422, "destruction": 422, "incomplete": 409, "terms": 409, "accept": 409, "full": 409,
    }  # fmt: skip
    if isinstance(error, IllegalTransition):
        return 409
    return by_rule.get(error.rule.rpartition(".")[2], 403) if isinstance(error, Refused) else 503


def _reads_pages(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _page(request: Request, status: int, rule: str, what: str, remedy: str) -> Response:
    """A page for people, JSON for programs."""
    if _reads_pages(request):
        try:
            with entrance.stranger(request) as (desk, ctx):
                values = {"status": status, "rule": rule.rpartition(".")[2], "what": what, "remedy": remedy}
                back = entrance.came_from(request, ctx)
                return render.open_page(request, desk, ctx, "message.html", status=status, problem=values, back=back)
        except TokumeiError:
            return render.closed_page(status)
    return JSONResponse({"error": what, "remedy": remedy}, status)
