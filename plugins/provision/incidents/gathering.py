"""事実の集約: releases and deliveries of an incident as the log has them. Never a value, a name of a person, a path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from provision.context import Context
from provision.errors import Refused, TokumeiError
from provision.incidents.deadlines import deadlines
from provision.ledger.entry import Entry
from provision.model import Plan, Words
from provision.packaging.evidence.gathering import plan_of
from provision.releasing.drafting import TOKYO
from provision.releasing.recalling import OUT
from provision.releasing.shapes import layout
from provision.releasing.verdicts import told

#: States of a release in which somebody has it or may yet get it, so that it can be recalled.
STANDING = frozenset({"open", "closed"})


@dataclass(frozen=True)
class Question:
    """Which releases: named ones, or all of a recipient, or all; handed over from `since` on. `known`: the day in
    Japan on which the incident was known. `wrong_purpose`: whether a wrong purpose may be behind it (規則7条3号)."""

    releases: tuple[str, ...] = ()
    recipient: str = ""
    since: date | None = None
    known: date | None = None
    wrong_purpose: bool = False

    def facts(self) -> dict[str, object]:
        """JSON-ready."""
        return {"releases": list(self.releases), "recipient": self.recipient, "since": str(self.since or ""),
                "known": str(self.known or ""), "wrong_purpose": self.wrong_purpose}  # fmt: skip


def gather(ctx: Context, question: Question) -> dict[str, Any]:
    """Everything the log says of it. `Refused` where a release is unknown, nothing is asked, or nothing matches."""
    if not (question.releases or question.recipient or question.since) or question.known is None:
        raise _refused("nothing is asked", "name releases, a recipient or a day, and the day it was known")
    found = [_release(ctx, drafted, question) for drafted in _asked(ctx, question)]
    found = [one for one in found if one["deliveries"] or one["release"] in question.releases]
    if not found:
        raise _refused("nothing was ordered for delivery in this selection", "tokumei releases lists them")
    counts = {
        "releases": len(found),
        "recipients": len({one["recipient"] for one in found}),
        "deliveries": sum(len(one["deliveries"]) for one in found),
        "people_at_most": sum(one["people"] for one in found),
        "open_to_recall": sum(one["state"] in STANDING for one in found),
    }
    operator = ctx.platform.operator
    return {
        "asked": question.facts(),
        "deadlines": deadlines(question.known, wrong_purpose=question.wrong_purpose).facts(),
        "operator": {"ja": operator.name.ja, "en": operator.name.en, "contact": operator.contact},
        "counts": counts, "releases": found, "log": {"size": ctx.ledger.size, "root": ctx.ledger.root().hex()},
    }  # fmt: skip


def _asked(ctx: Context, question: Question) -> Iterator[Entry]:
    drafted = {entry.subjects["release"]: entry for entry in ctx.ledger.entries(type="release.drafted")}
    if unknown := [release for release in question.releases if release not in drafted]:
        raise Refused(
            "there is no such release", where=unknown[0], rule="incident.release", remedy="tokumei releases lists them"
        )
    for release, entry in drafted.items():
        named = not question.releases or release in question.releases
        if named and question.recipient in ("", entry.subjects["recipient"]):
            yield entry


def _release(ctx: Context, drafted: Entry, question: Question) -> dict[str, Any]:
    release, said, plan = drafted.subjects["release"], drafted.payload, _plan(ctx, drafted)
    made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=release)), None)
    facts: Mapping[str, Any] = made.payload if made else {}
    recipient = ctx.recipients.get(drafted.subjects["recipient"])
    name = _both(recipient.name if recipient else None, said["recipient"])
    title = _both(plan.title if plan else None, said["plan"])
    return {
        "release": release, "state": ctx.ledger.state("release", release), "plan": said["plan"], "title": title,
        "recipient": said["recipient"], "recipient_name": name, "agreement": said["agreement"],
        "purpose": said["purpose"], "made_at": made.at if made else "", "digest": facts.get("digest", ""),
        "people": int(facts.get("people", 0)), "claims": int(facts.get("claims", 0)),
        "tables": facts.get("tables", {}), "items": _items(ctx, plan), "batches": len(facts.get("batches", [])),
        "measures": _measures(ctx, release, made, facts), "deliveries": list(_deliveries(ctx, release, question)),
    }  # fmt: skip


def _plan(ctx: Context, drafted: Entry) -> Plan | None:
    """The plan as it was drafted; None where neither log nor files have it any more: the rest is said all the same."""
    try:
        return plan_of(ctx, drafted)
    except TokumeiError:
        return None


def _both(words: Words | None, id: str) -> dict[str, str]:
    return {"ja": words.ja, "en": words.en} if words else {"ja": id, "en": id}


def _items(ctx: Context, plan: Plan | None) -> list[dict[str, str]]:
    """個人に関する情報の項目: the columns that went out; none where the plan or a dataset is not known any more."""
    try:
        shapes = layout(plan, ctx.catalogue) if plan else []
    except TokumeiError:
        return []
    return [
        {"table": shape.name, "table_ja": shape.ja, "table_en": shape.en, "ja": column.ja, "en": column.en}
        for shape in shapes for column in shape.columns
    ]  # fmt: skip


def _measures(ctx: Context, release: str, made: Entry | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """加工と安全管理: profile, group sizes, the gate's verdict, who approved."""
    risk, verdict = facts.get("risk", {}), told(ctx, release, since=made.seq) if made else {}
    approvals = ctx.ledger.entries(type="release.approval", kind="release", subject=release)
    return {
        "profile": facts.get("profile", {}),
        "k": risk.get("k", 0),
        "smallest_group": risk.get("smallest_group_left", 0),
        "quasi_identifiers": list(risk.get("quasi_identifiers", [])),
        "gate_passed": verdict.get("passed") is True,
        "known_values": str(verdict.get("known_values", "")),
        "officers": sorted({entry.actor.removeprefix("officer:") for entry in approvals}),
    }


def _deliveries(ctx: Context, release: str, question: Question) -> Iterator[dict[str, Any]]:
    for ordered in ctx.ledger.entries(type="delivery.ordered", kind="release", subject=release):
        order = ordered.subjects["delivery"]
        story = list(ctx.ledger.entries(kind="delivery", subject=order))
        handed = [entry.at for entry in story if entry.type == "delivery.handed_over"]
        day = max((entry.when for entry in story), default=ordered.when).astimezone(TOKYO).date()
        if question.since is not None and day < question.since:
            continue
        sealed = [entry.payload for entry in story if entry.type == "delivery.sealed"]
        state = ctx.ledger.state("delivery", order)
        yield {
            "order": order, "channel": ordered.payload["channel"], "state": state, "may_have_left": state in OUT,
            "attempts": sum(entry.type == "delivery.attempting" for entry in story),
            "handed_over_at": handed, "received_at": _first(story, "delivery.received"),
            "destroyed_at": _first(story, "delivery.destroyed"), "recalled_at": _first(story, "delivery.recalled"),
            "encrypted_to": sealed[-1]["keys"] if sealed else [], "discs": list(_discs(ctx, order)),
        }  # fmt: skip


def _first(story: Sequence[Entry], type: str) -> str:
    return next((entry.at for entry in story if entry.type == type), "")


def _discs(ctx: Context, order: str) -> Iterator[dict[str, str]]:
    for entry in ctx.ledger.entries(type="disc.burned", kind="delivery", subject=order):
        serial = entry.subjects["disc"]
        yield {"serial": serial, "state": ctx.ledger.state("disc", serial)}


def _refused(what: str, remedy: str) -> Refused:
    return Refused(what, rule="incident.asked", remedy=remedy)
