"""電子メール: the ciphertext and its envelope as attachments of one message to one recipient, at most once."""

from __future__ import annotations

from collections.abc import Mapping

from provision.channels._consignment import (
    arrived,
    check_consignment,
    check_digests,
    notice_text,
    numbered,
    receipt,
    settings_of,
    total_bytes,
)
from provision.channels._letter import Letter, build, check_address, encoded_size, sender_of
from provision.channels._progress import Meter
from provision.channels._recall import send_recall
from provision.channels._smtp import rehearse, send, too_large
from provision.channels._templates import filled
from provision.channels.base import Consignment, Evidence, Progress, Receipt
from provision.connections import Resolver
from provision.model import MailSettings

_SHORTEST_SENDER = "a@b"


class MailChannel:
    """A message has no place to look whether it is already there: an attempt without an end stays `unknown`."""

    kind = "mail"
    title: Mapping[str, str] = {"ja": "電子メール(暗号化添付)", "en": "E-mail with an encrypted attachment"}
    at_most_once = True

    def check(self, consignment: Consignment) -> None:
        """Raises `FixConfiguration` (settings, address) and `Refused` (files, larger than ``limit_bytes``).

        The sender is known only to `deliver`, so the shortest possible one is counted here.
        """
        settings = settings_of(consignment, MailSettings)
        check_consignment(consignment)
        check_address(settings.address, f"recipient {consignment.recipient}, channel mail")
        _letter(consignment, settings, _SHORTEST_SENDER)

    def deliver(self, consignment: Consignment, resolver: Resolver, progress: Progress) -> Receipt:
        """Send once. The receipt proves that our server accepted the message, not that it was read."""
        settings = settings_of(consignment, MailSettings)
        check_consignment(consignment)
        check_digests(consignment)
        credentials = resolver.get(settings.connection)
        letter = _letter(consignment, settings, sender_of(credentials, settings.connection))
        evidence = send(letter, credentials, settings.connection)
        Meter(progress, total_bytes(consignment)).finish()
        for index, file in enumerate(consignment.files):
            evidence |= numbered(index, {"sha256": file.sha256, "size": file.size})
        return receipt(consignment, self.kind, evidence)

    def rehearse(self, consignment: Consignment, resolver: Resolver) -> Evidence:
        """Log in and offer the message: the server takes sender, recipient and size, and gets nothing."""
        self.check(consignment)
        settings = settings_of(consignment, MailSettings)
        credentials = resolver.get(settings.connection)
        letter = _letter(consignment, settings, sender_of(credentials, settings.connection))
        return rehearse(letter, credentials, settings.connection)

    def recall(self, consignment: Consignment, resolver: Resolver, reason: str) -> Evidence:
        """A message cannot be taken back: another one asks the recipient to destroy it."""
        settings = settings_of(consignment, MailSettings)
        return send_recall(consignment, resolver, settings.connection, settings.address, reason)


def _letter(consignment: Consignment, settings: MailSettings, sender: str) -> Letter:
    """The message, never larger than the limit; what is hopeless by its files alone is not even read."""
    where = f"recipient {consignment.recipient}, channel mail"
    least = sum(encoded_size(file.size) for file in consignment.files)
    if least > settings.limit_bytes:
        raise too_large(least, settings.limit_bytes, where)
    letter = build(consignment, sender, settings.address, _text(consignment), consignment.files)
    if len(letter.content) > settings.limit_bytes:
        raise too_large(len(letter.content), settings.limit_bytes, where)
    return letter


def _text(consignment: Consignment) -> str:
    names = consignment.recipient_name
    return filled(
        "mail", recipient_ja=names.get("ja", ""), recipient_en=names.get("en", ""),
        arrived=arrived(consignment), notice=notice_text(consignment),
    )  # fmt: skip


CHANNEL = MailChannel()
