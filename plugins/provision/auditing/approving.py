"""承認: the page an officer decides on, and the two requests it makes.

A decision needs a sign-in within the last five minutes, carried as a bearer token, never the browser's cookie. The
decision goes to the log first; when it completes or rejects the release, Airflow's waiting run is woken.
"""

from __future__ import annotations

from json import JSONDecodeError
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provision import approvals
from provision.auditing import guard, log, prompt, render
from provision.context import open_context
from provision.errors import Refused, TokumeiError
from provision.releasing.verdicts import expired

router = APIRouter()

#: Rule slugs of `approvals.decide` by what the caller can do about them; the others are about the release's state.
NOT_BY_THIS_PERSON = frozenset({"approval.officer", "approval.own"})
NOT_IN_THIS_FORM = frozenset({"approval.reason"})
#: Facts of a making that are about risk, shown before the rest.
RISK = ("risk", "trails", "attacks", "earlier_releases")


class BadDecision(Refused):
    """The request does not say digest, decision and reason as it must."""


class Decision(BaseModel):
    """What an officer sends. `digest` is D as the page showed it: the decision is about those bytes only."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    decision: Literal["approve", "reject"]
    reason: str = Field(max_length=500)


async def sent(request: Request) -> Decision:
    """The decision in the request's body, read only after the sign-in was checked. Raises `BadDecision`."""
    try:
        return Decision.model_validate(await request.json())
    except (JSONDecodeError, UnicodeDecodeError, ValidationError):
        raise BadDecision(
            "the request is not a decision",
            rule="approval.form",
            remedy='send {"digest": D as shown, "decision": "approve" or "reject", "reason": at most 500 letters}',
        ) from None


@router.get("/approvals", response_class=HTMLResponse)
def waiting(request: Request) -> HTMLResponse:
    """Releases that wait for officers."""
    found = approvals.pending(open_context())
    login = guard.visitor(request).login
    return render.page(request, "approvals.html", login=login, current="approvals", waiting=found)


@router.get("/approvals/{release}", response_class=HTMLResponse)
def review(request: Request, release: str) -> HTMLResponse:
    """Everything an officer decides on, and the form; for what is decided already an offer to wake the run."""
    found = approvals.request(open_context(), release)
    login = guard.visitor(request).login
    risk = {name: found.made[name] for name in RISK if name in found.made}
    contents = {name: value for name, value in found.made.items() if name not in {*RISK, "digest"}}
    return render.page(
        request,
        "review.html",
        login=login,
        current="approvals",
        one=found,
        risk=risk,
        contents=contents,
        expired=_expired(release),
    )


def _expired(release: str) -> str:
    """Why the verdict shown does not hold any more; also where a file it rests on does not."""
    try:
        return expired(open_context(), release)
    except TokumeiError as error:
        return error.what


@router.post("/api/approvals/{release}")
def decide(
    release: str,
    officer: Annotated[guard.Visitor, Depends(guard.fresh_sign_in)],
    decision: Annotated[Decision, Depends(sent)],
) -> dict[str, Any]:
    """Record one officer's decision. Answers how many approvals there are and, once decided, whether the run woke."""
    context = open_context()
    standing = approvals.decide(
        context,
        release,
        login=officer.login,
        digest=decision.digest,
        approve=decision.decision == "approve",
        reason=decision.reason,
    )
    woken = _wake(release, officer, approve=not standing.rejected) if standing.complete or standing.rejected else None
    return {
        "approvals": len(standing.approvals),
        "complete": standing.complete,
        "rejected": standing.rejected,
        "prompt": woken,
    }


@router.post("/api/approvals/{release}/prompt")
def wake(release: str, officer: Annotated[guard.Visitor, Depends(guard.fresh_sign_in)]) -> dict[str, Any]:
    """Answer Airflow's prompt again, as the log has it. Refused while the log holds no complete decision."""
    with log.opened() as ledger:
        state = ledger.state("release", release)
    if state not in {"approved", "rejected"}:
        raise Refused(
            "this release is not waiting to be woken", rule="approval.prompt", remedy="two officers decide first"
        )
    return {"prompt": _wake(release, officer, approve=state == "approved")}


def _wake(release: str, officer: guard.Visitor, *, approve: bool) -> dict[str, Any]:
    with log.opened() as ledger:
        drafted = next(iter(ledger.entries(type="release.drafted", kind="release", subject=release))).payload
    with guard.own_api() as client:
        answer = prompt.answer(client, drafted["plan"], drafted["run_key"], officer.bearer, approve=approve)
    return {"answered": answer.answered, "message": answer.message, "remedy": answer.remedy}
