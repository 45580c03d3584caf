"""回収の通知: the message that asks a recipient to stop and destroy, for every channel with an address."""

from __future__ import annotations

from provision.channels._consignment import recall_text
from provision.channels._letter import RECALL, build, check_address, sender_of
from provision.channels._smtp import send
from provision.channels.base import Consignment
from provision.connections import Resolver
from provision.errors import DeliveryUnknown, RetryLater


def send_recall(
    consignment: Consignment, resolver: Resolver, connection: str, address: str, reason: str
) -> dict[str, str | int]:
    """Send it; gives the evidence. A second one does no harm, so no clear answer means `RetryLater`."""
    credentials = resolver.get(connection)
    to = check_address(address, f"recipient {consignment.recipient}")
    text = recall_text(consignment, reason)
    letter = build(consignment, sender_of(credentials, connection), to, text, about=RECALL)
    try:
        sent = send(letter, credentials, connection)
    except DeliveryUnknown:
        raise RetryLater(
            "the mail server gave no clear answer",
            where=f"connection {connection}",
            rule="recall.mail",
            remedy="run the recall again: a second message does no harm",
        ) from None
    return {"told": "mail", "message_id": sent["message_id"], "reply_code": sent["reply_code"]}
