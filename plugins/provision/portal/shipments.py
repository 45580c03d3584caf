"""提供一覧: what one organisation was given, from the provision log alone, and whether it may be fetched now.

Isolation: a shipment is found only through its recipient's entries, and a file of it is fetched only from below the
recipient's own prefix of the store. Everything is looked up anew with every request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from provision.accesslog.visit import TOKYO
from provision.context import Context
from provision.ledger.entry import Entry
from provision.model import BucketSettings, Recipient, Words
from provision.portal.members import access_of, refused

#: Release states in which what was handed over may be fetched.
STANDING = frozenset({"published", "open"})
FETCHED_FROM_HERE = "bucket"


@dataclass(frozen=True)
class File:
    """One file of a shipment; `key` and `etag` are the store's, empty where it is not fetched from here."""

    name: str
    sha256: str
    size: int
    key: str = ""
    etag: str = ""
    version: str = ""


@dataclass(frozen=True)
class Shipment:
    """One delivery as its recipient sees it. `digest` is D, what is known only to whoever opened it."""

    order: str
    release: str
    title: Words
    channel: str
    digest: str
    state: str
    release_state: str
    handed_over: datetime
    expires: datetime
    first_month: str
    cutoff_month: str
    files: tuple[File, ...]
    recall_reason: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def recalled(self) -> bool:
        """Whether the release was taken back."""
        return self.release_state == "recalled"


def shipments(ctx: Context, recipient: Recipient) -> list[Shipment]:
    """Everything that was handed over to a recipient, newest first."""
    found = ctx.ledger.entries(type="delivery.handed_over", kind="recipient", subject=recipient.id)
    orders = dict.fromkeys(entry.subjects["delivery"] for entry in found)
    return [_shipment(ctx, recipient, order) for order in reversed(orders)]


def shipment(ctx: Context, recipient: Recipient, order: str) -> Shipment:
    """One shipment of this recipient. `Refused` where there is none: another one's is as unknown as one that is not."""
    for entry in ctx.ledger.entries(type="delivery.handed_over", kind="delivery", subject=order):
        if entry.subjects.get("recipient") == recipient.id:
            return _shipment(ctx, recipient, order)
    raise refused("there is no such delivery", "portal.unknown", "look for it among your organisation's deliveries")


def file_of(made: Shipment, name: str) -> File:
    """One file of a shipment by its name."""
    for file in made.files:
        if file.name == name:
            return file
    raise refused("there is no such file", "portal.unknown", "look for it on the delivery's page")


def require_fetchable(ctx: Context, recipient: Recipient, made: Shipment, now: datetime) -> None:
    """`Refused` with the reason where nothing of this shipment may be fetched at this moment."""
    reason = closed(ctx, recipient, made, now)
    if reason:
        raise refused(REASONS[reason], f"portal.{reason}")


#: Why something cannot be fetched, in the order in which it is asked.
REASONS: Mapping[str, str] = {
    "recalled": "this release was recalled",
    "standing": "this release does not stand any more",
    "destroyed": "your organisation confirmed that it was destroyed",
    "agreement": "the agreement is not in force",
    "expired": "the time for downloading has ended",
    "channel": "this delivery went another way",
    "place": "these files lie outside your organisation's place",
}


def closed(ctx: Context, recipient: Recipient, made: Shipment, now: datetime) -> str:
    """The first of `REASONS` that holds, or ""."""
    agreement, day = recipient.agreement, now.astimezone(TOKYO).date()
    asked = {
        "recalled": made.recalled,
        "standing": made.release_state not in STANDING,
        "destroyed": made.state not in {"handed_over", "received"},
        "agreement": not agreement.starts <= day <= agreement.ends or not _agreed(ctx, made, recipient),
        "expired": now >= made.expires,
        "channel": made.channel != FETCHED_FROM_HERE or FETCHED_FROM_HERE not in agreement.channels,
        "place": not all(_in_place(recipient, made, file) for file in made.files),
    }
    return next((reason for reason, holds in asked.items() if holds), "")


def _agreed(ctx: Context, made: Shipment, recipient: Recipient) -> bool:
    """Whether the release was made under the agreement of now."""
    return _fact(ctx, "release.drafted", "release", made.release).get("agreement") == recipient.agreement.id


def store_of(recipient: Recipient) -> BucketSettings:
    """Where a recipient's files lie. `Refused` where it has no bucket any more."""
    found = recipient.channel(FETCHED_FROM_HERE)
    if not isinstance(found, BucketSettings):
        raise refused(REASONS["channel"], "portal.channel")
    return found


def _in_place(recipient: Recipient, made: Shipment, file: File) -> bool:
    """Whether a file's key is exactly where this order of this recipient is put (`channels.bucket`)."""
    settings = recipient.channel(FETCHED_FROM_HERE)
    if not isinstance(settings, BucketSettings):
        return False
    parts = (settings.prefix.strip("/"), made.release, made.order, file.name)
    return bool(file.key) and file.key == "/".join(filter(None, parts))


def _shipment(ctx: Context, recipient: Recipient, order: str) -> Shipment:
    handed = next(iter(ctx.ledger.entries(type="delivery.handed_over", kind="delivery", subject=order)))
    release = handed.subjects["release"]
    drafted = _fact(ctx, "release.drafted", "release", release)
    ordered = _fact(ctx, "delivery.ordered", "delivery", order)
    plan = ctx.plans.get(str(drafted.get("plan")))
    return Shipment(
        order=order,
        release=release,
        title=plan.title if plan else Words(ja=release, en=release),
        channel=str(ordered["channel"]),
        digest=str(ordered["digest"]),
        state=ctx.ledger.state("delivery", order),
        release_state=ctx.ledger.state("release", release),
        handed_over=handed.when,
        expires=_expires(recipient, handed),
        first_month=str(drafted.get("first_month", "")),
        cutoff_month=str(drafted.get("cutoff_month", "")),
        files=tuple(_files(ctx, handed, order)),
        recall_reason=str(_fact(ctx, "release.recalled", "release", release).get("reason", "")),
    )


def _expires(recipient: Recipient, handed: Entry) -> datetime:
    """The days of the portal after the handing-over, at most to the end of the agreement's last day in Japan."""
    ends = recipient.agreement.ends + timedelta(days=1)
    last = datetime(ends.year, ends.month, ends.day, tzinfo=TOKYO).astimezone(UTC)
    return min(last, handed.when + timedelta(days=access_of(recipient).download_days))


def _files(ctx: Context, handed: Entry, order: str) -> Iterator[File]:
    """Names, digests and sizes as sealed; where the store has them, as the receipt says."""
    sealed = _fact(ctx, "delivery.sealed", "delivery", order).get("files", [])
    evidence = handed.payload["receipt"]["evidence"]
    for index, file in enumerate(sealed):
        suffix = "" if index == 0 else f"_{index + 1}"
        if evidence.get(f"sha256{suffix}") == file["sha256"] and f"key{suffix}" in evidence:
            more = {name: str(evidence.get(f"{name}{suffix}", "")) for name in ("key", "etag", "version")}
            yield File(file["name"], file["sha256"], file["size"], **more)
        else:
            yield File(file["name"], file["sha256"], file["size"])


def _fact(ctx: Context, type: str, kind: str, subject: str) -> Mapping[str, Any]:
    """The payload of the last entry of this type about a subject; empty where there is none."""
    found: Mapping[str, Any] = {}
    for entry in ctx.ledger.entries(type=type, kind=kind, subject=subject):
        found = entry.payload
    return found
