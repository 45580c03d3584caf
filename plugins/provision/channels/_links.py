"""The message with the links: what it says, and until when links work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from provision.channels._consignment import arrived, notice_text
from provision.channels._templates import filled
from provision.channels.base import Consignment
from provision.errors import Refused
from provision.model import BucketSettings

_TOKYO = ZoneInfo("Asia/Tokyo")


def expiry(consignment: Consignment, settings: BucketSettings) -> datetime:
    """When links end: after `link_hours`, but never after the consignment expires (UTC, whole seconds)."""
    now = datetime.now(UTC).replace(microsecond=0)
    expires = min(now + timedelta(hours=settings.link_hours), consignment.expires.astimezone(UTC))
    if expires <= now:
        raise Refused(
            "the consignment has expired",
            where=consignment.order,
            rule="bucket.expired",
            remedy="no link is made for it; make a new delivery order under a valid agreement",
        )
    return expires.replace(microsecond=0)


def page_text(consignment: Consignment) -> str:
    """The message that leads to the order's page on the recipients' portal; it opens nothing by itself."""
    names = consignment.recipient_name
    return filled(
        "page", recipient_ja=names.get("ja", ""), recipient_en=names.get("en", ""), page=consignment.page,
        notice=notice_text(consignment),
    )  # fmt: skip


def text(consignment: Consignment, links: list[str], expires: datetime) -> str:
    """The message, with one link a file."""
    names = consignment.recipient_name
    listed = [f"{file.name}\n{link}\n" for file, link in zip(consignment.files, links, strict=True)]
    return filled(
        "links",
        recipient_ja=names.get("ja", ""),
        recipient_en=names.get("en", ""),
        until=f"{expires.astimezone(_TOKYO):%Y-%m-%d %H:%M} JST ({expires:%Y-%m-%d %H:%M} UTC)",
        arrived=arrived(consignment),
        links="\n".join(listed),
        notice=notice_text(consignment),
    )
