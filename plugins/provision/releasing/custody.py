"""媒体管理簿: where every disc is: burned, handed to a carrier, received, lost, destroyed. Each step is in the log.

A disc is known by the serial number on it. A second copy of a volume is a disc of its own; a disc to replace one that
was lost is a new delivery order.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from provision.context import Context
from provision.errors import Refused
from provision.ledger.entry import Entry
from provision.releasing.confirming import confirm, ordered

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Disc:
    """A disc and its state."""

    serial: str
    order: str
    volume: int
    state: str


def burned(ctx: Context, order: str, *, volume: int, serial: str, disc: Path | None, actor: str) -> Disc:
    """A disc was burned. `disc`: the drive (or file) to read it back from and compare. `Refused` where it differs."""
    receipt = _receipt(ctx, order)
    evidence = receipt["evidence"]
    suffix = "" if volume == 1 else f"_{volume}"
    if f"image_sha256{suffix}" not in evidence:
        raise _refused(f"the order has no volume {volume}", order, f"it has 1 to {evidence.get('discs', 1)}")
    digest, size = str(evidence[f"image_sha256{suffix}"]), int(evidence[f"image_size{suffix}"])
    if disc is not None and _read_back(disc, size) != digest:
        raise _refused("the disc is not the image", serial, "destroy the disc, burn the image again, read it back")
    subjects = {"delivery": order, **_about(ctx, order)}
    ctx.ledger.transition(
        "disc", serial, "burned", actor=actor, subjects=subjects,
        payload={"volume": volume, "image_sha256": digest, "medium": evidence["medium"], "read_back": disc is not None},
    )  # fmt: skip
    return disc_of(ctx, serial)


def sent(ctx: Context, serial: str, *, carrier: str, tracking: str, actor: str) -> Disc:
    """A disc was handed to a carrier (or to the recipient: carrier ``by hand``)."""
    return _step(ctx, serial, "sent", {"carrier": carrier, "tracking": tracking}, actor)


def received(ctx: Context, serial: str, *, how: str, actor: str) -> Disc:
    """The recipient has a disc; `how` we know is evidence. With the last volume the whole order is received."""
    disc = _step(ctx, serial, "received", {"how": how}, actor)
    total = int(_receipt(ctx, disc.order)["evidence"].get("discs", 1))
    there = {one.volume for one in register(ctx, disc.order) if one.state == "received"}
    if there == set(range(1, total + 1)) and ctx.ledger.state("delivery", disc.order) == "handed_over":
        confirm(ctx, disc.order, "received", how=how, actor=actor)
    return disc


def lost(ctx: Context, serial: str, *, how: str, actor: str) -> Disc:
    """A disc did not arrive. What is on it is encrypted; an incident it is all the same."""
    return _step(ctx, serial, "lost", {"how": how}, actor)


def destroyed(ctx: Context, serial: str, *, how: str, actor: str) -> Disc:
    """A disc was made unreadable: a bad copy by us, a received one by the recipient."""
    return _step(ctx, serial, "destroyed", {"how": how}, actor)


def register(ctx: Context, order: str | None = None) -> list[Disc]:
    """Every disc, or those of one order, in the order they were burned."""
    entries = ctx.ledger.entries(type="disc.burned")
    return [_disc(ctx, e) for e in entries if order is None or e.subjects["delivery"] == order]


def disc_of(ctx: Context, serial: str) -> Disc:
    """The disc with this serial number. `Refused` where there is none."""
    for entry in ctx.ledger.entries(type="disc.burned", kind="disc", subject=serial):
        return _disc(ctx, entry)
    raise _refused("no disc has this serial number", "disc", "tokumei disc list shows them")


def _disc(ctx: Context, entry: Entry) -> Disc:
    serial = entry.subjects["disc"]
    return Disc(serial, entry.subjects["delivery"], int(entry.payload["volume"]), ctx.ledger.state("disc", serial))


def _step(
    ctx: Context,
    serial: str,
    state: Literal["sent", "received", "lost", "destroyed"],
    payload: dict[str, object],
    actor: str,
) -> Disc:
    disc = disc_of(ctx, serial)
    if not all(str(value).strip() for value in payload.values()):
        raise _refused("a step needs its evidence", serial, "say how you know")
    subjects = {"delivery": disc.order, **_about(ctx, disc.order)}
    ctx.ledger.transition("disc", serial, state, actor=actor, subjects=subjects, payload=payload)
    return disc_of(ctx, serial)


def _about(ctx: Context, order: str) -> dict[str, str]:
    return {kind: value for kind, value in ordered(ctx, order).subjects.items() if kind != "delivery"}


def _receipt(ctx: Context, order: str) -> dict[str, dict[str, str | int]]:
    """The receipt of a disc order that was handed over."""
    if ordered(ctx, order).payload["channel"] != "disc":
        raise _refused("this order goes by another channel", order, "name an order of the channel disc")
    for entry in ctx.ledger.entries(type="delivery.handed_over", kind="delivery", subject=order):
        return dict(entry.payload["receipt"])
    raise _refused("the images of this order are not ready", order, "run the release's task deliver")


def _read_back(disc: Path, size: int) -> str:
    """SHA-256 of the first `size` bytes: a drive gives more, padded to whole blocks."""
    try:
        with disc.open("rb") as stream:
            return _digest(stream, size)
    except OSError as error:
        raise _refused(
            f"the disc cannot be read (error {error.errno})", "disc", "name the drive, such as /dev/sr0"
        ) from None


def _digest(stream: BinaryIO, size: int) -> str:
    seen = hashlib.sha256()
    while size and (block := stream.read(min(_BLOCK, size))):
        seen.update(block)
        size -= len(block)
    return seen.hexdigest() if not size else ""


def _refused(what: str, where: str, remedy: str) -> Refused:
    return Refused(what, where=where, rule="disc.custody", remedy=remedy)
