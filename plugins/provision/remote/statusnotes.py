"""配信状況通知: what a delivery status note (RFC 3464) says about one message of ours, or that it is none.

A note names our message by the envelope id we gave it (RFC 3461, ENVID), by the Message-ID among the headers it returns
(RFC 6522), or by both. No address and no text of a server is taken from it: only ids, the action and the status code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message

#: RFC 3464, section 2.3.3.
ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_OURS = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,159})\.(\d{1,6})(\.recall)?")


@dataclass(frozen=True)
class StatusNote:
    """Which message of which order, and what became of it. `status` is a code of RFC 3463, or empty."""

    order: str
    attempt: int
    recall: bool
    action: str
    status: str


def parse(content: bytes) -> StatusNote | None:
    """The note in a message; None where it is none, names no message of ours, or contradicts itself."""
    message = message_from_bytes(content)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    blocks = [block for part in parts if part.get_content_type() == "message/delivery-status" for block in _of(part)]
    ids = {_text(block, "Original-Envelope-Id") for block in blocks[:1]} | {_returned_id(part) for part in parts}
    said = {(_text(block, "Action").lower(), _text(block, "Status").split(" ")[0]) for block in blocks[1:]}
    ours = _OURS.fullmatch(next(iter(ids - {""}), "")) if len(ids - {""}) == 1 else None
    if ours is None or len(said) != 1:
        return None
    action, status = said.pop()
    if action not in ACTIONS:
        return None
    code = status if _STATUS.fullmatch(status) else ""
    return StatusNote(ours.group(1), int(ours.group(2)), ours.group(3) is not None, action, code)


def _of(part: Message) -> list[Message]:
    """The blocks of header fields that the parser makes of a ``message/delivery-status`` part."""
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _text(block: Message, name: str) -> str:
    return str(block.get(name, "")).strip()


def _returned_id(part: Message) -> str:
    """The local part of the Message-ID of the returned message, empty where it is not returned."""
    returned: Message | None = None
    if part.get_content_type() == "text/rfc822-headers":
        payload = part.get_payload(decode=True)
        returned = message_from_string(payload.decode("ascii", "replace")) if isinstance(payload, bytes) else None
    elif part.get_content_type() == "message/rfc822":
        returned = next(iter(_of(part)), None)
    found = re.fullmatch(r"<([^<>@\s]+)@[^<>@\s]+>", _text(returned, "Message-ID") if returned is not None else "")
    return found.group(1) if found else ""
