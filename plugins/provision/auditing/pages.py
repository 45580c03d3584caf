"""The first two pages: the overview with its charts, and the log newest first. Nothing here changes anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from provision.auditing import asking, drawing, guard, log, names, render
from provision.auditing.seen import seen
from provision.auditing.words import TOKYO
from provision.exporting import signed
from provision.lookup import counting, searching
from provision.lookup.searching import Entries

router = APIRouter()

PAGE = 50
LATEST = 8
#: Rule slug of what is answered with 404.
UNKNOWN = "pages.unknown"


@router.get("/", response_class=HTMLResponse)
def overview(request: Request) -> HTMLResponse:
    """Counts by state, what waits for approval, what was provided and to whom, the latest entries."""
    today = datetime.now(TOKYO).date()
    with log.indexed() as found:
        tallies = counting.tallies(found.index)
        months = counting.months(found.index, today)
        since = f"{months[0][0]}-01"
        values = {
            "tallies": tallies,
            "waiting": tallies["release"].get("gated", 0),
            "size": found.ledger.size,
            "root_hash": found.ledger.root().hex(),
            "signed": signed.newest(found.ledger),
            "months": drawing.months(months),
            "recipients": drawing.recipients(counting.recipients(found.index, since), names.recipients()),
            "categories": drawing.categories(counting.categories(found.index, since), names.categories()),
            "entries": searching.entries(found.index, found.ledger, Entries(), limit=LATEST),
            "progress": found.progress,
        }
    seen(request, "view", "overview")
    return shown(request, "overview.html", "overview", **values)


@router.get("/log", response_class=HTMLResponse)
def entries(
    request: Request,
    type: str = "",
    text: str = "",
    subject: str = "",
    since: str = "",
    until: str = "",
    before: int | None = None,
) -> HTMLResponse:
    """Entries newest first, `PAGE` at a time; `before` is the number above the first one shown."""
    first, last = asking.days(since, until)
    wanted = Entries(type, asking.words(subject), asking.words(text), first, last)
    with log.indexed() as found:
        rows = searching.entries(found.index, found.ledger, wanted, limit=PAGE + 1, before=before)
        values = {"size": found.ledger.size, "types": counting.types(found.index), "progress": found.progress}
    filters: dict[str, str | int | None] = {
        "type": type, "text": wanted.text, "subject": wanted.subject, "since": first, "until": last,
    }  # fmt: skip
    ways = {
        "older": asking.address(filters, before=rows[PAGE - 1].seq) if len(rows) > PAGE else None,
        "newest": asking.address(filters) if before is not None else None,
        "filters": filters,
    }
    seen(request, "view", "log")
    return shown(request, "log.html", "log", entries=rows[:PAGE], **values, **ways)


def shown(request: Request, template: str, current: str, **values: Any) -> HTMLResponse:
    """A page for the visitor; `current` is its place in the menu."""
    return render.page(request, template, login=guard.visitor(request).login, current=current, **values)
