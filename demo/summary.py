"""What happened, gathered from the ledger: the content of summary.json and of the last screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from demo.recipients import Opened
from provision.context import Context
from provision.ledger.places import place_of
from provision.ledger.verify import verify


def gather(context: Context, opened: Sequence[Opened], seconds: int) -> dict[str, Any]:
    """Counts of intake, releases, receipts and ledger. Raises where ledger and recipients do not agree."""
    checked = verify(place_of(context.zones), public_key=context.signer.public)
    if not checked.ok:
        raise RuntimeError(f"the ledger does not verify: {checked.problems[0].what}")
    releases = [_release(context, entry.subjects["release"]) for entry in context.ledger.entries(type="release.open")]
    if {r["digest"] for r in releases} != {one.digest for one in opened} or len(releases) != len(opened):
        raise RuntimeError("what the recipients opened is not what the ledger says was delivered")
    return {
        "intake": _intake(context),
        "linkage": _linkage(context),
        "releases": releases,
        "deliveries": [
            {"recipient": o.recipient, "channel": o.channel, "files": o.files, "digest": o.digest} for o in opened
        ],
        "ledger": {
            "size": checked.size,
            "root": checked.root_hex,
            "verified": True,
            "public_key": context.signer.public,
        },
        "seconds": seconds,
        "open_next": [
            f"{context.zones.home.parent / 'recipients'}  the four deliveries as their recipients have them",
            f"{context.zones.home / 'published' / 'index.html'}  the public announcements",
            f"TOKUMEI_HOME={context.zones.home} .venv/bin/tokumei ledger show",
            "make up  the same world, left running with its pages",
        ],
    }


def _intake(context: Context) -> dict[str, Any]:
    accepted = [entry.payload for entry in context.ledger.entries(type="batch.accepted")]
    rules: Counter[str] = Counter()
    for payload in accepted:
        rules.update(payload["rules"])
    received = [entry.payload for entry in context.ledger.entries(type="batch.received")]
    return {
        "batches": len(accepted),
        "sources": len({payload["source"] for payload in received}),
        "records": sum(payload["rows_in"] for payload in accepted),
        "rows": sum(payload["rows_out"] for payload in accepted),
        "person_records": sum(payload["people"] for payload in accepted),
        "quarantined": sum(payload["files_quarantined"] for payload in accepted),
        "rules": dict(rules),
    }


def _linkage(context: Context) -> dict[str, Any]:
    _, found = context.vault.people("group-minato-2025")
    return {"people": found.people, "identities": found.identities, "collisions": sum(found.collisions.values())}


def _release(context: Context, release: str) -> dict[str, Any]:
    steps = {e.type.partition(".")[2]: e.payload for e in context.ledger.entries(kind="release", subject=release)}
    made, risk, drafted = steps["made"], steps["made"]["risk"], steps["drafted"]
    receipt = next(
        e.payload["receipt"]
        for e in context.ledger.entries(type="delivery.handed_over", kind="release", subject=release)
    )
    return {
        "release": release,
        "plan": drafted["plan"],
        "recipient": drafted["recipient"],
        "channel": drafted["channel"],
        "digest": made["digest"],
        "people_in": risk["people"],
        "people_out": made["people"],
        "suppressed_share": risk["suppressed"] / risk["people"],
        "smallest_group": risk["smallest_group_left"],
        "rows": sum(made["tables"].values()),
        "tables": made["tables"],
        "gate_passed": steps["gated"]["verdict"]["passed"],
        "expectations": steps["gated"]["verdict"]["expectations"],
        "approvals": steps["approved"]["approvals"],
        "handed_over_at": receipt["handed_over_at"],
        "receipt": receipt,
    }
