"""提供: seal once, hand over once, record before and after. Believes only what the ledger proves.

Before any byte leaves: the whole log verifies, two approvals hold for exactly this digest, recipient and notice, the
agreement is in force today, the gate's verdict has not expired, the public can read of these items and this method, and
the payload on disk still has the digest. An
attempt without a recorded end is tried again where the channel can tell what is already there; for mail it stays
`unknown` until an operator resolves it.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

from provision import approvals, channels
from provision.approvals import ApprovalRequest
from provision.channels.base import Channel, Consignment, OutboxFile, Progress, Receipt
from provision.context import Context
from provision.errors import DeliveryUnknown, LedgerBroken, Refused, RetryLater, TokumeiError
from provision.ledger.places import place_of
from provision.ledger.verify import verify
from provision.notices.announcement import require_announced
from provision.packaging.bag import bag_digest
from provision.packaging.encryption import schemes
from provision.packaging.envelope import envelope
from provision.packaging.sealing import seal_bag
from provision.recovery import doubtful
from provision.releasing.consigning import consignment
from provision.releasing.drafting import check, drafted_plan, today
from provision.releasing.earlier import require_all_still_in
from provision.releasing.making import made_folder
from provision.releasing.previewing import lay_out
from provision.releasing.verdicts import require_in_force

LOGGER = logging.getLogger(__name__)


def deliver(ctx: Context, release: str, *, actor: str) -> dict[str, object]:
    """Deliver a published release; gives the receipt. Running it again gives the same one, not a second delivery."""
    asked = approvals.request(ctx, release)
    order = f"{release}.{asked.recipient}.{asked.channel}.1"
    handed = _handed_over(ctx, order)
    if handed is not None:
        _open(ctx, asked, actor)
        return handed
    _believe(ctx, asked)
    channel = channels.get(asked.channel)
    with _alone(ctx.zones.outbox(order)):
        handed = _handed_over(ctx, order)  # by a task that ended while this one looked
        if handed is None:
            handed = _hand_over(ctx, asked, order, channel, actor)
    _open(ctx, asked, actor)
    return handed


def _hand_over(ctx: Context, asked: ApprovalRequest, order: str, channel: Channel, actor: str) -> dict[str, object]:
    """One attempt of an order, sealed before, recorded before and after."""
    _order(ctx, asked, order, actor)
    made = _consign(ctx, asked, order, actor)
    if ctx.recipient(asked.recipient).portal is not None:
        lay_out(ctx, asked.release)
    return _attempt(ctx, asked, channel, made, actor)


def _believe(ctx: Context, asked: ApprovalRequest) -> None:
    """Everything that must hold before a byte leaves; `Refused` or `LedgerBroken` names what does not."""
    checked = verify(place_of(ctx.zones), public_key=ctx.log_keys)
    if not checked.ok:
        problem = checked.problems[0]
        raise LedgerBroken(
            f"the provision log does not verify: {problem.what}", rule="ledger.verify", remedy=problem.remedy
        )
    if asked.state in {"made", "gated", "approved"}:
        early = "nothing was sent; deliver when it is approved and published"
        raise Refused(f"it is {asked.state}, not published", where=asked.release, rule="deliver.state", remedy=early)
    _require(asked.state in {"published", "open"}, asked, "state", f"it is {asked.state}, not published")
    check(ctx, drafted_plan(ctx, asked.release), ctx.recipient(asked.recipient), today())
    _require(asked.standing.complete, asked, "approval", "the log does not hold two valid approvals for it")
    require_in_force(ctx, asked.release, "deliver")
    require_announced(ctx, asked.release)
    require_all_still_in(ctx, asked.release, "deliver")
    digest = bag_digest(made_folder(ctx, asked.release) / "bag")
    _require(digest == asked.digest, asked, "digest", "the payload on disk is not the approved one")


def _require(holds: bool, asked: ApprovalRequest, rule: str, what: str) -> None:
    if not holds:
        raise Refused(what, where=asked.release, rule=f"deliver.{rule}", remedy="nothing was sent; release anew")


@contextmanager
def _alone(outbox: Path) -> Iterator[None]:
    """Only one process works on an order; the lock dies with its process."""
    with (outbox / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RetryLater(
                "another task delivers this order now", rule="deliver.busy", remedy="wait for it"
            ) from None
        yield


def _order(ctx: Context, asked: ApprovalRequest, order: str, actor: str) -> None:
    if not ctx.ledger.state("delivery", order):
        ctx.ledger.transition(
            "delivery", order, "ordered", actor=actor, key=f"ordered:{order}", subjects=_subjects(asked),
            payload={"release": asked.release, "recipient": asked.recipient, "channel": asked.channel,
                     "digest": asked.digest},
        )  # fmt: skip


def _subjects(asked: ApprovalRequest) -> dict[str, str]:
    return {"release": asked.release, "recipient": asked.recipient, "plan": asked.plan}


def _consign(ctx: Context, asked: ApprovalRequest, order: str, actor: str) -> Consignment:
    """The outbox files of an order: sealed now, or those whose digests the ledger already holds."""
    files = _sealed(ctx, asked, order, actor)
    attempt = sum(1 for _ in ctx.ledger.entries(type="delivery.attempting", kind="delivery", subject=order)) + 1
    return consignment(ctx, asked, order, files, attempt)


def _sealed(ctx: Context, asked: ApprovalRequest, order: str, actor: str) -> tuple[OutboxFile, ...]:
    outbox, theirs = ctx.zones.outbox(order), ctx.recipient(asked.recipient).encryption
    scheme = schemes()[theirs.kind]
    cipher, beside = outbox / f"{asked.release}.zip{scheme.ending}", outbox / f"{asked.release}.envelope.json"
    for entry in ctx.ledger.entries(type="delivery.sealed", kind="delivery", subject=order):
        files = tuple(OutboxFile(outbox / f["name"], f["name"], f["sha256"], f["size"]) for f in entry.payload["files"])
        if all(_is_whole(file) for file in files):
            return files
    keys = [theirs, scheme.escrow(ctx.platform)]
    digest, size = seal_bag(made_folder(ctx, asked.release) / "bag", asked.release, cipher, scheme, keys)
    _write(beside, envelope(ctx, asked, order, digest, size))
    files = (OutboxFile(cipher, cipher.name, digest, size), _described(beside))
    ctx.ledger.append(
        "delivery.sealed",
        actor=actor,
        key=f"sealed:{order}:{digest[:16]}",
        subjects={"delivery": order, **_subjects(asked)},
        payload={
            "files": [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in files],
            "keys": [key.identity for key in keys],
        },
    )
    return files


def _is_whole(file: OutboxFile) -> bool:
    return file.path.is_file() and _described(file.path).sha256 == file.sha256


def _described(path: Path) -> OutboxFile:
    with path.open("rb") as file:
        return OutboxFile(path, path.name, hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def _attempt(
    ctx: Context, asked: ApprovalRequest, channel: Channel, consignment: Consignment, actor: str
) -> dict[str, object]:
    _settle_dead_attempt(ctx, asked, channel, consignment.order, actor)
    order, subjects = consignment.order, _subjects(asked)
    channel.check(consignment)
    ctx.ledger.transition(
        "delivery", order, "attempting", actor=actor, subjects=subjects,
        payload={"attempt": consignment.attempt, "ciphertext_sha256": consignment.files[0].sha256},
    )  # fmt: skip
    try:
        receipt = channel.deliver(consignment, ctx.resolver, _progress(consignment))
    except DeliveryUnknown as error:
        ctx.ledger.transition(
            "delivery", order, "unknown", actor=actor, subjects=subjects, payload={"reason": error.rule or "unknown"}
        )
        raise
    except TokumeiError as error:
        ctx.ledger.transition(
            "delivery", order, "failed", actor=actor, subjects=subjects,
            payload={"reason": error.rule or type(error).__name__, "retry": isinstance(error, RetryLater)},
        )  # fmt: skip
        raise
    handed = _plain(receipt)
    ctx.ledger.transition("delivery", order, "handed_over", actor=actor, subjects=subjects, payload={"receipt": handed})
    return handed


def _settle_dead_attempt(ctx: Context, asked: ApprovalRequest, channel: Channel, order: str, actor: str) -> None:
    """An attempt whose process died: repeatable channels look for themselves, mail cannot know. Of an order that is
    older than a restore nobody knows what became of it."""
    state, reason, after = ctx.ledger.state("delivery", order), "", ""
    if state != "unknown" and doubtful(ctx, asked.release, order):
        after, reason = "unknown", "the platform was restored from a backup that is older than this moment"
    elif state == "attempting":
        after, reason = "unknown" if channel.at_most_once else "failed", "the attempt has no recorded end"
    if after:
        state = after
        ctx.ledger.transition(
            "delivery", order, state, actor=actor, subjects=_subjects(asked), payload={"reason": reason}
        )
    if state == "unknown":
        raise DeliveryUnknown(
            "an attempt may or may not have been sent", where=order, rule="delivery.unknown",
            remedy="ask the recipient, then tokumei delivery resolve ORDER --sent or --not-sent",
        )  # fmt: skip


def _progress(consignment: Consignment) -> Progress:
    def report(done: int, total: int) -> None:
        LOGGER.info("%s: %d of %d bytes", consignment.order, done, total)

    return report


def _plain(receipt: Receipt) -> dict[str, object]:
    return {
        "order": receipt.order,
        "channel": receipt.channel,
        "handed_over_at": receipt.handed_over_at.astimezone(UTC).isoformat(),
        "already_there": receipt.already_there,
        "evidence": dict(receipt.evidence),
    }


def _handed_over(ctx: Context, order: str) -> dict[str, object] | None:
    for entry in ctx.ledger.entries(type="delivery.handed_over", kind="delivery", subject=order):
        return dict(entry.payload["receipt"])
    return None


def _open(ctx: Context, asked: ApprovalRequest, actor: str) -> None:
    """提供中: the first handed-over delivery opens the release; a checkpoint pins down that it happened."""
    ctx.ledger.transition(
        "release", asked.release, "open", actor=actor, key=f"open:{asked.release}",
        subjects={"plan": asked.plan, "recipient": asked.recipient}, payload={},
    )  # fmt: skip
    ctx.ledger.checkpoint(ctx.signer)
