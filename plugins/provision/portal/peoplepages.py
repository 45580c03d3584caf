"""メンバーの画面: who of the organisation may sign in. The contact invites, removes and resets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from provision.portal import entrance, letters, limits, logbook, members, render, sessions
from provision.portal.desk import Desk
from provision.portal.entrance import Visit
from provision.portal.members import Member, refused
from provision.portal.signin import FormToken

router = APIRouter()

MemberId = Annotated[str, Path(pattern=r"^m-[0-9a-f]{16}$")]


@router.get("/members", response_class=HTMLResponse)
def people(request: Request, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Everybody with an account."""
    with entrance.visit(request) as visit:
        logbook.view(visit.desk, visit.member, "members")
        found = members.of_recipient(visit.desk, visit.recipient.id)
        access = members.access_of(visit.recipient)
        signed_in = sessions.count(visit.desk, visit.member)
        return render.page(
            visit, request, "members.html", people=found, access=access, done=done, signed_in=signed_in
        )  # fmt: skip


@router.post("/members", response_class=HTMLResponse)
def invite(
    request: Request, later: BackgroundTasks, form: FormToken, address: Annotated[str, Form(max_length=320)]
) -> Response:
    """Invite a colleague."""
    with entrance.visit(request) as visit:
        entrance.require_form(request, visit.ctx, visit.desk, form)
        limits.count(visit.desk.database, visit.desk.secrecy, limits.INVITATIONS, visit.member.id, visit.desk.clock())
        made = members.invite(visit.desk, visit.ctx, visit.member, address)
        logbook.action(visit.desk, visit.member, "invite", f"member/{made.id}")
        later.add_task(_send_invitation, visit.desk, made)
        return RedirectResponse("/members?done=invited", 303)


@router.post("/members/{member}/remove", response_class=HTMLResponse)
def remove(request: Request, member: MemberId, form: FormToken) -> Response:
    """Remove somebody who left: at once."""
    with entrance.visit(request) as visit:
        theirs = _colleague(visit, request, member, form)
        members.remove(visit.desk, visit.ctx, theirs, actor=visit.member.actor)
        logbook.action(visit.desk, visit.member, "remove", f"member/{theirs.id}")
        return RedirectResponse("/members?done=removed", 303)


@router.post("/members/{member}/reset", response_class=HTMLResponse)
def reset(request: Request, member: MemberId, form: FormToken, later: BackgroundTasks) -> Response:
    """Somebody lost the authenticator app: a new invitation sets up another one."""
    with entrance.visit(request) as visit:
        theirs = _colleague(visit, request, member, form)
        members.reset(visit.desk, visit.ctx, theirs, actor=visit.member.actor)
        logbook.action(visit.desk, visit.member, "reset", f"member/{theirs.id}")
        later.add_task(_send_invitation, visit.desk, theirs)
        return RedirectResponse("/members?done=reset", 303)


def _colleague(visit: Visit, request: Request, member: str, form: str) -> Member:
    """The one a form is about: of the same organisation, and not the contact whom the agreement names now."""
    entrance.require_form(request, visit.ctx, visit.desk, form)
    found = next((one for one in members.of_recipient(visit.desk, visit.recipient.id) if one.id == member), None)
    if not visit.member.is_contact:
        raise refused("only the agreement's contact manages people", "portal.invite")
    if found is None or found.address == members.access_of(visit.recipient).contact:
        raise refused("there is nobody like this", "portal.unknown", "open the list of people again")
    return found


def _send_invitation(desk: Desk, member: Member) -> None:
    """After the answer."""
    with desk.context() as ctx:
        recipient = members.admitted(ctx, member)
        token = sessions.issue_link(desk, member, invitation=True)
        letters.send_link(ctx, recipient, member, token, invitation=True)
