"""提供の画面: the deliveries of an organisation, one of them with all that can be done with it, and the guide."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from provision.accesslog.visit import TOKYO
from provision.packaging.notice import statement
from provision.portal import (
    accepting,
    confirmations,
    entrance,
    letters,
    limits,
    logbook,
    members,
    previews,
    render,
    sessions,
    transfers,
)
from provision.portal.desk import Desk
from provision.portal.entrance import Visit
from provision.portal.shipments import Shipment, closed, require_fetchable, shipment, shipments, store_of
from provision.portal.signin import FormToken

router = APIRouter()

Order = Annotated[str, Path(max_length=160, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Done = Annotated[str, Query(max_length=20)]


@router.get("/", response_class=HTMLResponse)
def home(request: Request) -> Response:
    """Everything the organisation was given, newest first, and what to do next with each."""
    with entrance.visit(request) as visit:
        logbook.view(visit.desk, visit.member, f"recipient/{visit.recipient.id}")
        found = [_line(visit, made) for made in shipments(visit.ctx, visit.recipient)]
        return render.page(visit, request, "home.html", lines=found)


@router.get("/help", response_class=HTMLResponse)
def guide(request: Request) -> Response:
    """How to open and verify, for every system."""
    with entrance.visit(request) as visit:
        logbook.view(visit.desk, visit.member, "help")
        return render.page(visit, request, "help.html", log_key=_log_key(visit))


@router.get("/releases/{order}", response_class=HTMLResponse)
def release(request: Request, order: Order, done: Done = "") -> Response:
    """One delivery: terms, files, how to open and verify, confirming, contents."""
    with entrance.visit(request) as visit:
        made = _of(visit, order)
        logbook.view(visit.desk, visit.member, f"delivery/{made.order}")
        return render.page(visit, request, "release.html", done=done, **_values(visit, request, made))


@router.post("/releases/{order}/accept", response_class=HTMLResponse)
def accept(
    request: Request, order: Order, form: FormToken, terms: Annotated[str, Form(max_length=64)],
    read: Annotated[str, Form(max_length=3)] = "",
) -> Response:  # fmt: skip
    """承諾: accept notice and terms."""
    with entrance.visit(request) as visit:
        made = _form(visit, request, order, form)
        require_fetchable(visit.ctx, visit.recipient, made, visit.now)
        if read != "yes":
            raise members.refused("the box was not ticked", "portal.terms", "read the terms and tick the box")
        accepting.accept(visit.desk, visit.ctx, visit.member, visit.recipient, made, terms)
        logbook.action(visit.desk, visit.member, "accept", f"delivery/{made.order}")
        return _back(made, "accepted")


@router.post("/releases/{order}/pass", response_class=HTMLResponse)
def download_pass(request: Request, order: Order, form: FormToken) -> Response:
    """A download pass for curl, shown once."""
    with entrance.visit(request) as visit:
        made = _form(visit, request, order, form)
        require_accepted(visit, made)
        require_fetchable(visit.ctx, visit.recipient, made, visit.now)
        given = sessions.issue_pass(visit.desk, visit.session)
        logbook.action(visit.desk, visit.member, "pass", f"delivery/{made.order}")
        values = {**_values(visit, request, made), "given": given, "until": visit.session.expires}
        return render.page(visit, request, "pass.html", **values)


@router.post("/releases/{order}/confirm", response_class=HTMLResponse)
def confirm(request: Request, order: Order, form: FormToken, digest: Annotated[str, Form(max_length=100)]) -> Response:
    """受領確認."""
    with entrance.visit(request) as visit:
        made, desk = _form(visit, request, order, form), visit.desk
        limits.count(desk.database, desk.secrecy, limits.CONFIRMATIONS, f"{visit.member.id} {made.order}", desk.clock())
        elsewhere = made.channel != "bucket" or members.access_of(visit.recipient).store_access
        confirmations.confirm_receipt(desk, visit.ctx, visit.member, made, digest, elsewhere=elsewhere)
        logbook.action(desk, visit.member, "confirm", f"delivery/{made.order}")
        return _back(made, "received")


@router.post("/releases/{order}/report", response_class=HTMLResponse)
def report(
    request: Request, later: BackgroundTasks, order: Order, form: FormToken,
    kind: Annotated[str, Form(max_length=30)], words: Annotated[str, Form(max_length=4000)],
) -> Response:  # fmt: skip
    """問題の報告."""
    with entrance.visit(request) as visit:
        made, desk = _form(visit, request, order, form), visit.desk
        limits.count(desk.database, desk.secrecy, limits.REPORTS, visit.member.id, desk.clock())
        number = confirmations.report(desk, visit.ctx, visit.member, made, kind, words)
        logbook.action(desk, visit.member, "report", f"delivery/{made.order}")
        later.add_task(_tell_operator, desk, number, made.order, kind)
        return _back(made, "reported")


def _tell_operator(desk: Desk, number: str, order: str, kind: str) -> None:
    """After the answer."""
    with desk.context() as ctx:
        letters.tell_operator(ctx, number, order, kind)


@router.post("/releases/{order}/destroyed", response_class=HTMLResponse)
def destroyed(
    request: Request, order: Order, form: FormToken, way: Annotated[str, Form(max_length=30)],
    day: Annotated[date, Form()], copies: Annotated[str, Form(max_length=3)] = "",
) -> Response:  # fmt: skip
    """廃棄確認."""
    with entrance.visit(request) as visit:
        made = _form(visit, request, order, form)
        today = visit.now.astimezone(TOKYO).date()
        confirmations.confirm_destruction(
            visit.ctx, visit.member, made, way=way, day=day, copies=copies == "yes", today=today
        )
        logbook.action(visit.desk, visit.member, "destroy", f"delivery/{made.order}")
        return _back(made, "destroyed")


def require_accepted(visit: Visit, made: Shipment) -> None:
    """`Refused` before the terms of now were accepted."""
    terms = accepting.terms_digest(visit.ctx, visit.recipient)
    if not accepting.accepted(visit.desk, visit.member, made, terms):
        raise members.refused("the terms were not accepted yet", "portal.accept", "accept them on the delivery's page")


def _of(visit: Visit, order: str) -> Shipment:
    """One of the visitor's own shipments; asking for another one is written down."""
    return shipment(visit.ctx, visit.recipient, order)


def _form(visit: Visit, request: Request, order: str, form: str) -> Shipment:
    """The shipment a form is about, after the form was found to be ours."""
    entrance.require_form(request, visit.ctx, visit.desk, form)
    return _of(visit, order)


def _back(made: Shipment, done: str) -> Response:
    return RedirectResponse(f"/releases/{made.order}?done={done}", 303)


def _line(visit: Visit, made: Shipment) -> dict[str, Any]:
    """One line of the first page."""
    fetched = transfers.fetched(visit.desk, made)
    whole = bool(made.files) and transfers.all_fetched(visit.desk, made)
    reason = closed(visit.ctx, visit.recipient, made, visit.now)
    return {"made": made, "closed": reason, "fetched": whole, "begun": bool(fetched)}


def _values(visit: Visit, request: Request, made: Shipment) -> dict[str, Any]:
    """What the page of a delivery shows."""
    desk, ctx, language = visit.desk, visit.ctx, entrance.language_of(request, visit.ctx)
    terms = accepting.terms_digest(ctx, visit.recipient)
    accepted = accepting.accepted(desk, visit.member, made, terms)
    reason = closed(ctx, visit.recipient, made, visit.now)
    fetched = transfers.fetched(desk, made)
    return {
        "made": made,
        "closed": reason,
        "terms": terms,
        "notice": statement(ctx.platform, visit.recipient)[language],
        "accepted": accepted,
        "amended": accepting.amended(desk, visit.member, made, terms),
        "links": _links(visit, made) if accepted and not reason else {},
        "fetched": fetched,
        "mine": {one.file: one for one in fetched if one.member == visit.member.id},
        "whole": transfers.all_fetched(desk, made),
        "names": members.names(desk, visit.recipient.id),
        "tables": previews.preview(desk.zones, made.release, language),
        "store": store_of(visit.recipient) if made.channel == "bucket" and not reason else None,
        "endpoint": _endpoint(visit, made),
        "problems": confirmations.PROBLEMS,
        "destructions": confirmations.DESTRUCTIONS,
        "today": visit.now.astimezone(TOKYO).date().isoformat(),
        "base": letters.address(ctx),
        "scheme": visit.recipient.encryption,
    }


def _links(visit: Visit, made: Shipment) -> dict[str, str]:
    return {f.name: transfers.personal_link(visit.desk, visit.member, made, f.name) for f in made.files}


def _endpoint(visit: Visit, made: Shipment) -> str:
    """The store's address for `aws s3`, where the organisation has a key of its own."""
    if made.channel != "bucket" or not members.access_of(visit.recipient).store_access:
        return ""
    return str(visit.ctx.resolver.get(store_of(visit.recipient).connection).extra.get("endpoint_url") or "")


def _log_key(visit: Visit) -> str:
    """The provision log's public key as the recipient got it by another way; shown to compare, not to trust."""
    path = visit.ctx.zones.ledger().parent / "log.vkey"
    return path.read_text("utf-8").strip() if path.is_file() else ""
