"""提供: finding a release by recipient, period, category, channel, state or purpose, and the story of one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from provision.auditing import asking, log, names, proving, story
from provision.auditing.pages import UNKNOWN, shown
from provision.auditing.seen import seen
from provision.auditing.story import Story
from provision.errors import Refused
from provision.ledger.reading import LedgerReader
from provision.lookup import counting, searching
from provision.lookup.searching import Wanted

router = APIRouter()

PAGE = 25


@router.get("/releases", response_class=HTMLResponse)
def releases(
    request: Request,
    text: str = "",
    recipient: str = "",
    purpose: str = "",
    category: str = "",
    channel: str = "",
    state: str = "",
    by: str = "drafted",
    since: str = "",
    until: str = "",
    before: int | None = None,
) -> HTMLResponse:
    """Releases newest first, `PAGE` at a time."""
    first, last = asking.days(since, until)
    by = "provided" if by == "provided" else "drafted"
    number, words = asking.category(category), asking.words(text)
    wanted = Wanted(recipient, purpose, channel, state, number, words, first, last, by)
    with log.indexed() as found:
        rows = searching.releases(found.index, found.ledger, wanted, limit=PAGE + 1, before=before)
        values: dict[str, Any] = {
            "count": searching.count(found.index, wanted),
            "choices": counting.choices(found.index),
            "progress": found.progress,
        }
    filters: dict[str, str | int | None] = {
        "text": words, "recipient": recipient, "purpose": purpose, "category": number, "channel": channel,
        "state": state, "since": first, "until": last, "by": by if first or last else "",
    }  # fmt: skip
    values |= {
        "filters": filters,
        "older": asking.address(filters, before=rows[PAGE - 1].drafted.seq) if len(rows) > PAGE else None,
        "newest": asking.address(filters) if before is not None else None,
        "recipients": names.recipients(),
        "categories": names.categories(),
    }
    seen(request, "view", "releases")
    return shown(request, "releases.html", "releases", rows=rows[:PAGE], **values)


@router.get("/release/{release}", response_class=HTMLResponse)
def one(request: Request, release: str) -> HTMLResponse:
    """Everything the log says about one release, its deliveries included, with the proof of every entry."""
    with log.opened() as ledger:
        told = found(ledger, release)
        proofs = proving.prove(ledger, [entry.seq for entry in told.entries])
    seen(request, "view", f"release/{told.release}")
    known = {"recipients": names.recipients(), "categories": names.categories()}
    return shown(request, "release.html", "releases", story=told, proofs=proofs, release=told.release, **known)


def found(ledger: LedgerReader, release: str) -> Story:
    """The story of a release; `Refused` (404) where the log has no such release."""
    told = story.of(release, ledger.state("release", release), ledger.entries(kind="release", subject=release))
    if told is None:
        raise Refused("the log has no such release", rule=UNKNOWN, remedy="look for it in the list of releases")
    return told
