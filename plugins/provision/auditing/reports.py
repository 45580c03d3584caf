"""期間報告: what was provided in a period, to be taken away as CSV, JSON or PDF with its proof."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from provision.auditing import asking, log
from provision.auditing.language import language_of
from provision.auditing.pages import shown
from provision.auditing.seen import seen
from provision.auditing.words import TOKYO, Pair
from provision.errors import Refused
from provision.exporting.package import export
from provision.exporting.period import Period
from provision.exporting.signed import newest

router = APIRouter()


@router.get("/report", response_class=HTMLResponse)
def choose(request: Request) -> HTMLResponse:
    """The form, and up to where the log is signed."""
    with log.opened() as ledger:
        signed, size = newest(ledger), ledger.size
        last = ledger.entry(signed.checkpoint.size - 1).at if signed and signed.checkpoint.size else ""
    seen(request, "view", "report")
    periods = usual(datetime.now(TOKYO).date())
    return shown(request, "report.html", "report", signed=signed, size=size, last=last, periods=periods)


@router.get("/report/file")
def file(request: Request, since: str, until: str, form: str) -> Response:
    """The ZIP of report and proof."""
    first, last = asking.days(since, until)
    if not first or not last:
        raise Refused("a report needs its first and its last day", rule=asking.FORM, remedy="give both days")
    period = Period(date.fromisoformat(first), date.fromisoformat(last))
    with log.opened() as ledger:
        made = export(ledger, period, form, language_of(request))
    seen(request, "download", f"report/{made.name}")
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.content, media_type="application/zip", headers=headers)


def usual(today: date) -> list[tuple[Pair, date, date]]:
    """Periods people ask for: this month, the last one, this fiscal year (from April), the last one."""
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    year = date(today.year - (today.month < 4), 4, 1)
    return [
        (Pair("今月", "this month"), month, today),
        (Pair("先月", "last month"), before.replace(day=1), before),
        (Pair("今年度", "this fiscal year"), year, today),
        (Pair("昨年度", "last fiscal year"), year.replace(year=year.year - 1), year - timedelta(days=1)),
    ]
