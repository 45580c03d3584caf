"""戻り: status notes about our messages, matched to their orders and recorded; a bounce becomes the delivery's state.

A note is evidence, not proof: whoever knows an order's name could write one. So it never says that something was
received, and never settles an order that is `unknown`: it is recorded, and an operator looks. What cannot be matched
stays in the mailbox, unread, for a person.
"""

from __future__ import annotations

import hashlib
from collections import Counter

from provision.context import Context
from provision.releasing.confirming import confirm, ordered
from provision.remote.mailbox import opened
from provision.remote.statusnotes import StatusNote, parse

#: What is counted for each action of a note.
_COUNTED = {"failed": "bounced", "delayed": "delayed"}


def read_returns(ctx: Context, *, actor: str) -> dict[str, int]:
    """Read the mailbox of platform.yaml; gives how many notes said what. Raises as `remote.mailbox` does."""
    counts = Counter({f"notes_{each}": 0 for each in ("bounced", "delayed", "arrived", "unmatched")})
    if ctx.platform.returns is None:
        return dict(counts)
    with opened(ctx.platform.returns, ctx.resolver) as mailbox:
        for name, content in mailbox.messages():
            note = parse(content) if content is not None else None
            if note is None or content is None or not ctx.ledger.state("delivery", note.order):
                counts["notes_unmatched"] += 1
                continue
            _record(ctx, note, hashlib.sha256(content).hexdigest(), actor)
            mailbox.put_aside(name)
            counts[f"notes_{_COUNTED.get(note.action, 'arrived')}"] += 1
    return dict(counts)


def _record(ctx: Context, note: StatusNote, digest: str, actor: str) -> None:
    """One entry a note, however often it is read; then the state, where the note is about the attempt that counts."""
    about = {**ordered(ctx, note.order).subjects, "delivery": note.order}
    payload = {
        "attempt": note.attempt,
        "about": "recall" if note.recall else "delivery",
        "action": note.action,
        "status": note.status,
        "note_sha256": digest,
    }
    ctx.ledger.append(
        "delivery.status_note", actor=actor, key=f"note:{digest[:32]}", subjects=about, payload=payload
    )  # fmt: skip
    attempts = sum(1 for _ in ctx.ledger.entries(type="delivery.attempting", kind="delivery", subject=note.order))
    counts = note.action == "failed" and not note.recall and note.attempt == attempts
    if counts and ctx.ledger.state("delivery", note.order) == "handed_over":
        how = f"delivery status note {note.status or 'without a code'}, SHA-256 {digest}"
        confirm(ctx, note.order, "bounced", how=how, actor=actor)
