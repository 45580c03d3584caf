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
from provision.auditing.language import language_of, speaker
from provision.auditing.reviewing import gathered
from provision.auditing.seen import seen
from provision.context import open_context
from provision.errors import Refused

router = APIRouter()

#: Rule slugs of `approvals.decide` by what the caller can do about them; the others are about the release's state.
NOT_BY_THIS_PERSON = frozenset({"approval.officer", "approval.own"})
NOT_IN_THIS_FORM = frozenset({"approval.reason"})


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
    language, login = language_of(request), guard.visitor(request).login
    context = open_context()
    found = approvals.pending(context)
    shown = {one.release for one in found}
    undecidable = [release for release in approvals.waiting(context) if release not in shown]
    seen(request, "view", "approvals")
    return render.page(
        request, "approvals.html", login=login, current="approvals", waiting=found, undecidable=undecidable,
        needed=approvals.NEEDED, lang=language, say=speaker(language),
    )  # fmt: skip


@router.get("/approvals/{release}", response_class=HTMLResponse)
def review(request: Request, release: str) -> HTMLResponse:
    """Everything an officer decides on, and the form; for what is decided already an offer to wake the run."""
    values = gathered(open_context(), release, language_of(request))
    seen(request, "view", f"approvals/{release}")
    return render.page(request, "review.html", login=guard.visitor(request).login, current="approvals", **values)


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
