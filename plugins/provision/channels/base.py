"""The seam of a delivery channel: what it is given, what it must give back.

A channel is one module in this package with a module-level ``CHANNEL``. It never decides whether to deliver (the
releasing room does, from the ledger) and never sees plaintext: it hands over the files of the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from provision.connections import Resolver


@dataclass(frozen=True)
class OutboxFile:
    """One file to hand over: already encrypted (or the envelope), with its digest from the ledger."""

    path: Path
    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Consignment:
    """送付物: everything one delivery order hands to one recipient.

    `order` is ``<release>.<recipient>.<channel>.<number>``, the idempotency key. `settings` are the channel settings
    of the recipient's YAML. `notice` (keys ja, en) is the explicit statement that this is anonymously processed
    information (APPI art. 43(4)). `expires` ends links. `attempt` counts from 1. `acknowledge` is the link by which
    the recipient says that a message arrived, or empty; it is as secret as the message. `page` is the order's page on
    the recipients' portal where files are fetched there; then no link that opens by itself is sent.
    """

    order: str
    release: str
    recipient: str
    recipient_name: Mapping[str, str]
    title: Mapping[str, str]
    notice: Mapping[str, str]
    operator: Mapping[str, str]  # name_ja, name_en, contact
    files: tuple[OutboxFile, ...]
    settings: Mapping[str, object]
    expires: datetime
    attempt: int
    staging: Path  # folder for channels that hand over through a folder (disc)
    acknowledge: str = field(default="", repr=False)
    page: str = ""


@dataclass(frozen=True)
class Receipt:
    """受領証跡: what the channel can prove about the handing-over. `evidence` holds strings and whole numbers only,
    no credential and no signed link."""

    order: str
    channel: str
    handed_over_at: datetime
    already_there: bool
    evidence: Mapping[str, str | int]


#: What a channel can say for the log: strings and whole numbers only, no credential and no signed link.
Evidence = Mapping[str, str | int]

#: progress(bytes_done, bytes_total) is called at a bounded rate during long transfers.
Progress = Callable[[int, int], None]


class Channel(Protocol):
    """One way of handing over."""

    @property
    def kind(self) -> str:
        """Name in YAML: mail, disc, bucket, partner_sftp."""

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people and for the public announcement, keys ja and en."""

    @property
    def at_most_once(self) -> bool:
        """True where a repeated attempt could deliver twice (mail): an attempt without an end stays `unknown`."""

    def check(self, consignment: Consignment) -> None:
        """Refuse what cannot be delivered this way before anything is attempted (size limit, missing setting)."""

    def deliver(self, consignment: Consignment, resolver: Resolver, progress: Progress) -> Receipt:
        """Hand over. Finding the same consignment already there is success with `already_there`.

        Raises `RetryLater` (servers, network), `FixConfiguration` (credentials, host key), `Refused` (something
        else is already there)."""

    def rehearse(self, consignment: Consignment, resolver: Resolver) -> Evidence:
        """予行: everything up to the first byte of the files: settings, connection, credentials, target, room. Leaves
        nothing behind. Raises as `deliver` does; gives what was seen."""

    def recall(self, consignment: Consignment, resolver: Resolver, reason: str) -> Evidence:
        """回収: remove what we still can, and tell the recipient to stop and destroy. Repeating it does no harm.

        The outbox may be empty by now: only names, order and settings of `consignment` count. Gives what was done."""
