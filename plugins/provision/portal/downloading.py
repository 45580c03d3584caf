"""ダウンロード: ``/d/<token>``, one link per person and file; the link alone opens nothing.

Whoever follows it must be signed in as the person it was made for, with a browser or with a download pass. Agreement,
expiry, recall and accepted terms are looked at with every request, and while bytes go out. Ranges are served, so
browsers and curl go on where they were cut, however long ago.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from provision.portal import entrance, fetching, logbook, ranges, sessions, transfers
from provision.portal.desk import Desk
from provision.portal.fetching import Place
from provision.portal.members import Member, refused
from provision.portal.pages import require_accepted
from provision.portal.shipments import File, file_of, require_fetchable, shipment, store_of
from provision.portal.transfers import Link

router = APIRouter()

Token = Annotated[str, Path(pattern=r"^[0-9a-f]{40}$")]
OWN = "open the delivery's page for your own link"


@router.head("/d/{token}", response_class=Response, include_in_schema=False)
@router.get("/d/{token}", response_class=Response)
async def download(request: Request, token: Token) -> Response:
    """The file, or the part of it that is asked for."""
    allowed = await run_in_threadpool(_allowed, request, token)
    file = allowed.place.file
    headers = _headers(file)
    try:
        part = ranges.asked(_range(request, file), file.size)
    except ranges.Unsatisfiable:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{file.size}"})
    first, past = part or (0, file.size)
    headers["Content-Length"] = str(past - first)
    if part:
        headers["Content-Range"] = f"bytes {first}-{past - 1}/{file.size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(await _bytes(request, allowed, first, past), status, headers)


@dataclass(frozen=True)
class Allowed:
    """What somebody may fetch: whose link it is, to where, who they are, and the sign-in that opens it."""

    link: Link
    place: Place
    member: Member
    session: str = field(repr=False)


async def _bytes(request: Request, allowed: Allowed, first: int, past: int) -> AsyncIterator[bytes]:
    """The bytes, looked after while they go out and counted when they went."""
    desk, link, started = entrance.desk_of(request), allowed.link, entrance.desk_of(request).clock()
    answer = await fetching.opened(request.app.state.store, allowed.place, first, past)

    def sent(count: int) -> None:
        transfers.record(desk, link, first, first + count, started)
        what = "download" if count == past - first else "partial"
        logbook.action(desk, allowed.member, what, f"delivery/{link.delivery}")

    return fetching.passed_on(answer, past - first, lambda: _still(desk, allowed.session, link), sent)


def _allowed(request: Request, token: str) -> Allowed:
    """What this request may fetch. Raises the first thing that is wrong."""
    with entrance.stranger(request) as (desk, ctx):
        link = transfers.link(desk, token)
        if link is None:
            raise refused("there is no such link", "portal.unknown", OWN)
        visit = entrance.with_pass(desk, ctx, request)
        with logbook.refusals(desk, visit.member, f"delivery/{link.delivery}"):
            if visit.member.id != link.member:
                raise refused("this link was made for somebody else", "portal.forwarded", OWN)
            place = _place(visit, link)
        if request.method == "GET":
            logbook.action(desk, visit.member, "start", f"delivery/{link.delivery}")
        return Allowed(link, place, visit.member, visit.session.hash)


def _place(visit: entrance.Visit, link: Link) -> Place:
    """Where the file of a link lies, if it may be fetched at this moment."""
    made = shipment(visit.ctx, visit.recipient, link.delivery)
    require_fetchable(visit.ctx, visit.recipient, made, visit.now)
    require_accepted(visit, made)
    return Place(store_of(visit.recipient), file_of(made, link.file), int((made.expires - visit.now).total_seconds()))


def _still(desk: Desk, session: str, link: Link) -> None:
    """Everything that was asked at the beginning, once more."""
    with desk.context() as ctx:
        try:
            found = sessions.alive(desk, session)
        except sessions.NotSignedIn:
            found = sessions.alive(desk, session, sessions.PASS)
        _place(entrance.entered(desk, ctx, found), link)


def _range(request: Request, file: File) -> str | None:
    """The range asked for, unless ``If-Range`` says that the other end has another file (RFC 9110, section 13.1.5)."""
    condition = request.headers.get("if-range")
    return request.headers.get("range") if condition in (None, _etag(file)) else None


def _etag(file: File) -> str:
    return f'"{file.sha256}"'


def _headers(file: File) -> dict[str, str]:
    """Name, digest (RFC 9530) and what makes resuming possible."""
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Accept-Ranges": "bytes",
        "ETag": _etag(file),
        "Repr-Digest": f"sha-256=:{digest}:",
    }
