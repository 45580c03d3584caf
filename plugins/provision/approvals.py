"""承認: two officers, neither the requester, each bound to exactly this digest, recipient and notice.

An approval is a ledger entry and nothing else. Airflow's prompt only asks; what counts is read back from the ledger
and checked again by `deliver`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from provision.context import Context
from provision.errors import FixConfiguration, Refused
from provision.ledger.entry import Entry
from provision.model import Officer
from provision.notices.basis import basis_of
from provision.packaging.notice import notice_digest, statement
from provision.releasing.drafting import check, drafted_plan, today
from provision.releasing.verdicts import latest, require_in_force

NEEDED = 2
#: States of a release that went out: what was decided about it stays what it was.
_OPENED = frozenset({"open", "closed", "recalled"})


@dataclass(frozen=True)
class Approval:
    """One officer's decision on one digest."""

    officer: str
    at: str
    approved: bool
    reason: str


@dataclass(frozen=True)
class Standing:
    """Where a release stands: `complete` with two valid approvals, `rejected` with one rejection."""

    release: str
    digest: str
    approvals: tuple[Approval, ...]
    complete: bool
    rejected: bool


@dataclass(frozen=True)
class ApprovalRequest:
    """What an officer decides on. Counts and digests only."""

    release: str
    plan: str
    run_key: str
    title: Mapping[str, str]
    recipient: str
    recipient_name: Mapping[str, str]
    agreement: str
    purpose: str
    channel: str
    requester: str
    approvers: tuple[str, ...]
    digest: str
    verdict: Mapping[str, object]
    made: Mapping[str, object]
    notice: Mapping[str, str]
    state: str
    standing: Standing

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """Valid decisions so far."""
        return self.standing.approvals


def pending(ctx: Context) -> list[ApprovalRequest]:
    """Every release that waits for officers, oldest first."""
    return [asked for release in waiting(ctx) if (asked := _decidable(ctx, release)) is not None]


def waiting(ctx: Context) -> list[str]:
    """Ids of everything that waits for officers, whether or not it can be decided, oldest first."""
    found = [entry.subjects["release"] for entry in ctx.ledger.entries(type="release.gated")]
    return [release for release in found if ctx.ledger.state("release", release) == "gated"]


def _decidable(ctx: Context, release: str) -> ApprovalRequest | None:
    """None where the plan's or recipient's file does not hold: nobody can decide then, and the others go on."""
    try:
        return request(ctx, release)
    except FixConfiguration:
        return None


def request(ctx: Context, release: str) -> ApprovalRequest:
    """The request about a release. `Refused` where it was never gated."""
    drafted, made, gated = (_entry(ctx, release, step) for step in ("drafted", "made", "gated"))
    plan, recipient = ctx.plan(drafted.subjects["plan"]), ctx.recipient(drafted.subjects["recipient"])
    return ApprovalRequest(
        release=release,
        plan=plan.id,
        run_key=str(drafted.payload["run_key"]),
        title={"ja": plan.title.ja, "en": plan.title.en},
        recipient=recipient.id,
        recipient_name={"ja": recipient.name.ja, "en": recipient.name.en},
        agreement=str(drafted.payload["agreement"]),
        purpose=str(drafted.payload["purpose"]),
        channel=str(drafted.payload["channel"]),
        requester=str(drafted.payload["requester"]),
        approvers=tuple(drafted.payload["approvers"]),
        digest=str(gated.payload["digest"]),
        verdict=latest(ctx, release),
        made=made.payload,
        notice=statement(ctx.platform, recipient, basis_of(ctx, plan)),
        state=ctx.ledger.state("release", release),
        standing=standing(ctx, release),
    )


def decide(ctx: Context, release: str, *, login: str, digest: str, approve: bool, reason: str) -> Standing:
    """Record one officer's decision. Raises `Refused` with the reason where it may not count."""
    officer = _entitled(ctx, release, login)
    asked = request(ctx, release)
    _require(asked.state == "gated", release, "pending", "it does not wait for a decision")
    _require(digest == asked.digest, release, "digest", "the digest is not the one that was gated")
    _require(bool(reason.strip()) or approve, release, "reason", "a rejection needs a reason")
    check(ctx, drafted_plan(ctx, release), ctx.recipient(asked.recipient), today())
    require_in_force(ctx, release, "approval")
    if officer.id in {a.officer for a in asked.standing.approvals}:
        now = _conclude(ctx, asked, officer)  # a process may have died between the decision and what follows from it
        _require(now.complete or now.rejected, release, "twice", "you decided already")
        return now
    ctx.ledger.append(
        "release.approval" if approve else "release.rejection",
        actor=f"officer:{officer.id}", key=f"decision:{release}:{officer.id}:{_decided(ctx, release, officer)}",
        subjects={"release": release, "plan": asked.plan, "recipient": asked.recipient, "officer": officer.id},
        payload={"digest": digest, "notice": notice_digest(asked.notice), "recipient": asked.recipient,
                 "recipient_key": ctx.recipient(asked.recipient).encryption.identity, "agreement": asked.agreement,
                 "terms": ctx.recipient(asked.recipient).agreement.digest,
                 "known_values": str(asked.verdict["known_values"]),
                 "role": officer.role, "reason": reason.strip()},
    )  # fmt: skip
    return _conclude(ctx, asked, officer)


def _decided(ctx: Context, release: str, officer: Officer) -> int:
    """How often this officer decided on it before: what changed meanwhile may ask for a decision anew."""
    before = ctx.ledger.entries(kind="release", subject=release)
    return sum(entry.subjects.get("officer") == officer.id for entry in before)


def _conclude(ctx: Context, asked: ApprovalRequest, officer: Officer) -> Standing:
    now = standing(ctx, asked.release)
    subjects = {"plan": asked.plan, "recipient": asked.recipient}
    if now.rejected:
        ctx.ledger.transition(
            "release", asked.release, "rejected", actor=f"officer:{officer.id}", key=f"rejected:{asked.release}",
            subjects=subjects, payload={"reason": "an officer rejected it", "digest": now.digest},
        )  # fmt: skip
    elif now.complete:
        ctx.ledger.transition(
            "release", asked.release, "approved", actor="approvals", key=f"approved:{asked.release}", subjects=subjects,
            payload={"digest": now.digest, "approvals": sorted(a.officer for a in now.approvals),
                     "notice": notice_digest(asked.notice)},
        )  # fmt: skip
    return now


def standing(ctx: Context, release: str) -> Standing:
    """What the ledger's decisions add up to.

    Only those count that hold today: by an officer in office, named by the release and not its requester, about
    exactly the gated digest and today's recipient, key, agreement (with its terms) and notice, and made while known
    values could be looked up as far as in the verdict that counts now; and no approval older than `approval_days`.
    """
    drafted, gated = _entry(ctx, release, "drafted"), _entry(ctx, release, "gated")
    basis = basis_of(ctx, ctx.plan(drafted.subjects["plan"]))
    recipient = ctx.recipient(drafted.subjects["recipient"])
    expected = {
        "digest": gated.payload["digest"],
        "notice": notice_digest(statement(ctx.platform, recipient, basis)),
        "recipient": recipient.id,
        "recipient_key": recipient.encryption.identity,
        "agreement": recipient.agreement.id,
        "terms": recipient.agreement.digest,
        "known_values": latest(ctx, release)["known_values"],
    }
    valid: dict[str, Approval] = {}
    for entry in ctx.ledger.entries(kind="release", subject=release):
        if entry.type not in {"release.approval", "release.rejection"}:
            continue
        officer = entry.subjects["officer"]
        holds = all(entry.payload.get(name) == value for name, value in expected.items()) and not _stale(ctx, entry)
        if holds and _may_decide(ctx, drafted, officer) and entry.actor == f"officer:{officer}":
            valid[officer] = Approval(officer, entry.at, entry.type == "release.approval", str(entry.payload["reason"]))
    decisions = tuple(valid.values())
    rejected = any(not d.approved for d in decisions)
    complete = not rejected and len(decisions) >= NEEDED
    return Standing(release, str(expected["digest"]), decisions, complete, rejected)


def _stale(ctx: Context, entry: Entry) -> bool:
    """期限切れの承認: too old to stand for anything that has not been opened; a rejection stays."""
    if entry.type != "release.approval" or ctx.ledger.state("release", entry.subjects["release"]) in _OPENED:
        return False
    return _now() - entry.when > timedelta(days=ctx.platform.approval_days)


def _now() -> datetime:
    return datetime.now(UTC)


def _may_decide(ctx: Context, drafted: Entry, officer_id: str) -> bool:
    officer = next((o for o in ctx.platform.officers if o.id == officer_id), None)
    if officer is None or (officer.demo and ctx.platform.environment == "production"):
        return False
    return officer_id in drafted.payload["approvers"] and officer_id != drafted.payload["requester"]


def _entitled(ctx: Context, release: str, login: str) -> Officer:
    drafted = _entry(ctx, release, "drafted")
    officer = next((o for o in ctx.platform.officers if o.login == login), None)
    _require(officer is not None, release, "officer", "this account is no officer's")
    assert officer is not None
    _require(officer.id != drafted.payload["requester"], release, "own", "the requester cannot approve the own request")
    _require(_may_decide(ctx, drafted, officer.id), release, "officer", "this officer may not decide on this release")
    return officer


def _entry(ctx: Context, release: str, step: str) -> Entry:
    for entry in ctx.ledger.entries(type=f"release.{step}", kind="release", subject=release):
        return entry
    raise Refused(
        f"the release was never {step}", where=release, rule="approval.state", remedy="wait until it is gated"
    )


def _require(holds: bool, release: str, rule: str, what: str) -> None:
    if not holds:
        raise Refused(what, where=release, rule=f"approval.{rule}", remedy="nothing was recorded")
