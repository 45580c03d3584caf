"""警報: a message to the operators themselves, over `alert_connection` to `alert_address` of platform.yaml."""

from __future__ import annotations

from provision.channels._letter import check_address, plain, sender_of
from provision.channels._smtp import send
from provision.context import Context
from provision.errors import DeliveryUnknown, RetryLater


def alert(ctx: Context, identity: str, subject: str, text: str) -> None:
    """Send it. Raises as sending mail does; no clear answer is `RetryLater`, for a second alert does no harm."""
    connection = ctx.platform.alert_connection
    credentials = ctx.resolver.get(connection)
    to = check_address(ctx.platform.alert_address, "platform.yaml, alert_address")
    letter = plain(identity, sender_of(credentials, connection), to, f"[Tokumei] {subject}", text)
    try:
        send(letter, credentials, connection)
    except DeliveryUnknown:
        raise RetryLater(
            "the mail server gave no clear answer",
            where=f"connection {connection}",
            rule="alert.mail",
            remedy="the same is tried again: a second alert does no harm",
        ) from None
