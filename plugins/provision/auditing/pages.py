"""The auditors' pages: overview, the log newest first, and the story of one release. Nothing here changes anything."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from provision.auditing import guard, log, render
from provision.errors import Refused
from provision.ledger.queries import rows

router = APIRouter()

PAGE = 50
LATEST = 8
#: Rule slug of what is answered with 404.
UNKNOWN = "pages.unknown"


@router.get("/", response_class=HTMLResponse)
def overview(request: Request) -> HTMLResponse:
    """Counts by state, what waits for approval, size and root of the log, the latest entries."""
    with log.opened() as ledger:
        tallies = log.tallies(ledger)
        values = {
            "tallies": tallies,
            "waiting": tallies["release"].get("gated", 0),
            "size": ledger.size,
            "root_hash": ledger.root().hex(),
            "entries": rows(ledger, limit=LATEST),
        }
    return _page(request, "overview.html", "overview", **values)


@router.get("/log", response_class=HTMLResponse)
def entries(request: Request, type: str = "", text: str = "", before: int | None = None) -> HTMLResponse:
    """Entries newest first, by type and text, `PAGE` at a time; `before` is the number above the first one shown."""
    text = text[:100]
    with log.opened() as ledger:
        found = rows(ledger, limit=PAGE + 1, before=before, type=type or None, text=text or None)
        values = {"size": ledger.size, "types": log.types(ledger)}
    filters: dict[str, str | int] = {name: value for name, value in (("type", type), ("text", text)) if value}
    older = urlencode({**filters, "before": found[PAGE - 1].seq}) if len(found) > PAGE else None
    newest = urlencode(filters) if before is not None else None
    ways = {"older": older, "newest": newest, "wanted_type": type, "wanted_text": text}
    return _page(request, "log.html", "log", entries=found[:PAGE], **values, **ways)


@router.get("/release/{release}", response_class=HTMLResponse)
def story(request: Request, release: str) -> HTMLResponse:
    """Everything the log says about one release, its deliveries included, oldest first."""
    with log.opened() as ledger:
        found = list(ledger.entries(kind="release", subject=release))
        state = ledger.state("release", release)
    if not found:
        raise Refused("the log has no such release", rule=UNKNOWN, remedy="look for it in the log")
    by_type: dict[str, dict[str, Any]] = {entry.type: entry.payload for entry in found}
    facts = {"drafted": by_type.get("release.drafted"), "digest": by_type.get("release.made", {}).get("digest")}
    return _page(request, "release.html", "", release=release, entries=found, state=state, **facts)


def _page(request: Request, template: str, current: str, **values: Any) -> HTMLResponse:
    return render.page(request, template, login=guard.visitor(request).login, current=current, **values)
