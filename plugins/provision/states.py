"""The tables of legal transitions for batches, releases, deliveries, discs and requests, and the evidence each needs.

A state is never stored: it is what the ledger entries about a subject add up to. Appending the entry *is* the
transition, so nothing changes without being written. `EVIDENCE` names the payload fields an entry must carry.
"""

from __future__ import annotations

from collections.abc import Mapping

from provision.errors import IllegalTransition

#: subject kind -> state -> states that may follow. "" is "not there yet".
TRANSITIONS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "batch": {
        "": frozenset({"received"}),
        "received": frozenset({"accepted", "quarantined"}),
        "accepted": frozenset({"destroyed"}),
        "quarantined": frozenset({"destroyed"}),
        "destroyed": frozenset(),
    },
    "release": {
        "": frozenset({"drafted"}),
        "drafted": frozenset({"made", "failed"}),
        "made": frozenset({"gated", "rejected", "failed"}),
        "gated": frozenset({"approved", "rejected", "expired", "failed"}),
        "approved": frozenset({"published", "expired", "failed"}),
        "published": frozenset({"open", "expired", "failed"}),
        "open": frozenset({"closed", "recalled", "expired"}),
        "closed": frozenset({"recalled"}),
        "rejected": frozenset(),
        "failed": frozenset(),
        "expired": frozenset(),
        "recalled": frozenset(),
    },
    "delivery": {
        "": frozenset({"ordered"}),
        "ordered": frozenset({"attempting", "failed", "unknown"}),
        "attempting": frozenset({"handed_over", "failed", "unknown"}),
        "failed": frozenset({"attempting", "unknown"}),
        "unknown": frozenset({"handed_over", "failed"}),
        "handed_over": frozenset({"received", "bounced"}),
        "bounced": frozenset({"attempting", "unknown"}),
        "received": frozenset({"destroyed"}),
        "destroyed": frozenset(),
    },
    "disc": {
        "": frozenset({"burned"}),
        "burned": frozenset({"sent", "destroyed"}),
        "sent": frozenset({"received", "lost"}),
        "lost": frozenset({"received"}),
        "received": frozenset({"destroyed"}),
        "destroyed": frozenset(),
    },
    "request": {
        "": frozenset({"asked"}),
        "asked": frozenset({"agreed", "rejected"}),
        "agreed": frozenset({"done"}),
        "rejected": frozenset(),
        "done": frozenset(),
    },
}

#: (subject kind, state) -> payload fields without which the entry is refused.
EVIDENCE: Mapping[tuple[str, str], frozenset[str]] = {
    ("batch", "received"): frozenset({"source", "period", "sequence", "files", "digest"}),
    ("batch", "accepted"): frozenset({"rows_in", "rows_out", "tables"}),
    ("batch", "quarantined"): frozenset({"problems"}),
    ("batch", "destroyed"): frozenset({"what"}),
    ("release", "drafted"): frozenset({"plan", "recipient", "agreement", "purpose", "requester"}),
    ("release", "made"): frozenset({"digest", "tables", "risk", "batches", "profile"}),
    ("release", "gated"): frozenset({"digest", "verdict"}),
    ("release", "approved"): frozenset({"digest", "approvals"}),
    ("release", "published"): frozenset({"announcement"}),
    ("release", "rejected"): frozenset({"reason"}),
    ("release", "recalled"): frozenset({"reason"}),
    ("release", "failed"): frozenset({"reason"}),
    ("delivery", "ordered"): frozenset({"release", "recipient", "channel", "digest"}),
    ("delivery", "attempting"): frozenset({"attempt", "ciphertext_sha256"}),
    ("delivery", "handed_over"): frozenset({"receipt"}),
    ("delivery", "failed"): frozenset({"reason"}),
    ("delivery", "unknown"): frozenset({"reason"}),
    ("delivery", "received"): frozenset({"how"}),
    ("delivery", "bounced"): frozenset({"how"}),
    ("delivery", "destroyed"): frozenset({"how"}),
    ("disc", "burned"): frozenset({"volume", "image_sha256", "medium", "read_back"}),
    ("disc", "sent"): frozenset({"carrier", "tracking"}),
    ("disc", "received"): frozenset({"how"}),
    ("disc", "lost"): frozenset({"how"}),
    ("disc", "destroyed"): frozenset({"how"}),
    ("request", "asked"): frozenset({"asks", "basis", "reference"}),
    ("request", "agreed"): frozenset({"asks"}),
    ("request", "done"): frozenset({"asks", "rows", "releases"}),
    ("request", "rejected"): frozenset({"basis"}),
}


def check(kind: str, subject: str, current: str, wanted: str, payload: Mapping[str, object]) -> None:
    """Raise `IllegalTransition` unless `subject` may go from `current` to `wanted` with this evidence."""
    table = TRANSITIONS[kind]
    if wanted not in table.get(current, frozenset()):
        raise IllegalTransition(
            f"{kind} {subject} is {current or 'not there yet'} and cannot become {wanted}",
            rule=f"states.{kind}",
            remedy=f"allowed from here: {', '.join(sorted(table.get(current, ()))) or 'nothing, this is an end state'}",
        )
    missing = EVIDENCE.get((kind, wanted), frozenset()) - payload.keys()
    if missing:
        raise IllegalTransition(
            f"{kind} {subject} cannot become {wanted} without {', '.join(sorted(missing))}",
            rule=f"states.{kind}.evidence",
            remedy="this is a defect of the caller: every transition carries its evidence",
        )
