"""The message with the links: what it says, and until when links work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from provision.channels._consignment import notice_text
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


def text(consignment: Consignment, links: list[str], expires: datetime) -> str:
    names = consignment.recipient_name
    until = f"{expires.astimezone(_TOKYO):%Y-%m-%d %H:%M} JST ({expires:%Y-%m-%d %H:%M} UTC)"
    lines = [
        *(names.get("ja", ""), names.get("en", ""), ""),
        f"下記のリンクから {until} までにダウンロードしてください。リンクは転送しないでください。",
        f"Please download the files by {until}. Do not pass the links on.",
        "ファイルは事前に確認した鍵で暗号化されています。復号前に下記のSHA-256と照合してください。",
        "The files are encrypted with the key you confirmed. Compare their SHA-256 before decrypting.",
        *("", *(f"{file.name}\r\n{link}\r\n" for file, link in zip(consignment.files, links, strict=True))),
    ]
    return "\r\n".join(lines) + "\r\n" + notice_text(consignment)
