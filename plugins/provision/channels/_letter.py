"""Building one e-mail to one recipient: subject and text in Japanese and English, stable identity, exact size."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from provision.channels._consignment import words
from provision.channels.base import Consignment, OutboxFile
from provision.connections import Credentials
from provision.errors import FixConfiguration

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Letter:
    """One message, ready for the wire. `envelope_id` comes back in delivery status notes (RFC 3461, ENVID), which are
    asked for in the cases of `notify`."""

    sender: str
    recipient: str
    message_id: str
    envelope_id: str
    content: bytes  # CRLF line ends, before dot stuffing: what SIZE counts (RFC 1870, section 6)
    notify: str = "SUCCESS,FAILURE,DELAY"


def check_address(address: str, where: str) -> str:
    """One plain ASCII address. Raises `FixConfiguration` without repeating it."""
    if not _ADDRESS.fullmatch(address):
        raise FixConfiguration(
            "this is not exactly one e-mail address",
            where=where,
            rule="mail.address",
            remedy="write one address such as data@example.jp; each recipient gets a message of its own",
        )
    return address


def sender_of(credentials: Credentials, connection: str) -> str:
    """Our own address: the connection's extra ``from_email``, or a login that is one; else `FixConfiguration`."""
    return check_address(str(credentials.extra.get("from_email") or credentials.login), f"connection {connection}")


def encoded_size(size: int) -> int:
    """Bytes that `size` bytes take as base64 in lines of 76 characters with CRLF (RFC 2045, section 6.8)."""
    characters = 4 * -(-size // 3)
    return characters + 2 * -(-characters // 76)


#: What a message is about, before the title: a delivery, or its recall.
DELIVERY, RECALL = "匿名加工情報 / Anonymously processed information", "回収 / Recall"


def build(
    consignment: Consignment,
    sender: str,
    recipient: str,
    text: str,
    attachments: Sequence[OutboxFile] = (),
    about: str = DELIVERY,
) -> Letter:
    """Build the message. The Message-ID depends on order, attempt and `about` only, the size on nothing random."""
    identity = f"{consignment.order}.{consignment.attempt}" + ("" if about is DELIVERY else ".recall")
    addresses = (
        _named(consignment.operator.get("name_ja", ""), sender),
        _named(consignment.recipient_name.get("ja", ""), recipient),
    )
    message = _message(identity, *addresses, f"【{about}】{words(consignment.title)}", text)
    for file in attachments:
        content = file.path.read_bytes()
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=file.name)
    if attachments:
        message.set_boundary(f"=_{hashlib.sha256(identity.encode()).hexdigest()[:32]}")
    return Letter(sender, recipient, message["Message-ID"], identity, message.as_bytes())


def plain(
    identity: str, sender: str, recipient: str, subject: str, text: str, files: Mapping[str, bytes] | None = None
) -> Letter:
    """A message that is no delivery, such as an alert to ourselves; `files` are attached by their names."""
    message = _message(identity, _named("", sender), _named("", recipient), subject, text)
    for name, content in (files or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return Letter(sender, recipient, message["Message-ID"], identity, message.as_bytes(), notify="FAILURE,DELAY")


def _message(identity: str, sender: Address, recipient: Address, subject: str, text: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{identity}@{sender.domain}>"
    message["Content-Language"] = "ja, en"
    message.set_content(text, charset="utf-8", cte="base64")
    return message


def _named(name: str, address: str) -> Address:
    return Address(display_name=" ".join(name.split()), addr_spec=address)
