"""Checking recipients: keys, agreement and channels, and where messages may go.

Used by `checking`. Every problem names the key as it is written and how to correct it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from provision import channels
from provision.catalogue import Catalogue
from provision.config import ConfigProblem, problem
from provision.errors import FixConfiguration
from provision.model import Agreement, BucketSettings, MailSettings, Platform, Recipient
from provision.packaging.encryption import schemes
from provision.releasing.quasi import DERIVED


def recipient_problems(path: Path, recipient: Recipient, on: date, known: Catalogue) -> Iterator[ConfigProblem]:
    """Whether the agreement is in force, and channels, datasets, addresses and categories are what there is."""
    agreement = recipient.agreement
    if on > agreement.ends:
        yield problem(
            path, ["agreement", "ends"], "the agreement has expired", "renew it, or remove recipient and plans"
        )
    kinds = [settings.kind for settings in recipient.channels]
    for kind in agreement.channels:
        if kind not in channels.channels():
            yield problem(
                path,
                ["agreement", "channels"],
                f"no channel {kind}",
                f"known: {', '.join(sorted(channels.channels()))}",
            )
        if kind not in kinds:
            yield problem(path, ["channels"], f"the agreed channel {kind} has no settings", "add its settings")
    for dataset in agreement.datasets:
        if dataset not in known.datasets():
            place = f"known: {', '.join(sorted(known.datasets()))}"
            yield problem(path, ["agreement", "datasets"], f"no format fills a dataset {dataset}", place)
    yield from _addresses(path, recipient)
    yield from _portal(path, recipient)
    yield from _items(path, agreement, known)
    yield from _trail(path, agreement, known)
    for category in agreement.categories:
        if not 1 <= category <= 8:
            yield problem(path, ["agreement", "categories"], "there are categories 1 to 8", "correct the category")


def _addresses(path: Path, recipient: Recipient) -> Iterator[ConfigProblem]:
    """Messages go nowhere but to the agreement's addresses; delivering asks the same again."""
    for number, settings in enumerate(recipient.channels):
        if isinstance(settings, MailSettings | BucketSettings) and not recipient.agreement.covers(settings.address):
            key: list[int | str] = ["channels", number, "address"]
            remedy = "add it, or its domain, to agreement.addresses"
            yield problem(path, key, "the agreement names no such address", remedy)


def _portal(path: Path, recipient: Recipient) -> Iterator[ConfigProblem]:
    """People of the portal get messages, so their addresses are the agreement's, too."""
    portal, agreement = recipient.portal, recipient.agreement
    if portal is None:
        return
    remedy = "add it, or its domain, to agreement.addresses"
    if not agreement.covers(portal.contact):
        yield problem(path, ["portal", "contact"], "the agreement names no such address", remedy)
    for number, domain in enumerate(portal.domains):
        if not agreement.covers(f"anybody@{domain}"):
            yield problem(path, ["portal", "domains", number], "the agreement names no such domain", remedy)


def _items(path: Path, agreement: Agreement, known: Catalogue) -> Iterator[ConfigProblem]:
    """Items are columns of agreed datasets: a slip of the keyboard must not look like an agreement."""
    tables = {
        f"{name}.{t.name}": {*DERIVED, *(c.name for c in t.columns)}
        for name in agreement.datasets
        if name in known.datasets()
        for t in known.dataset(name).tables
    }
    for place, columns in agreement.items.items():
        if not set(columns) <= tables.get(place, set()):
            key: list[int | str] = ["agreement", "items", place]
            yield problem(
                path, key, "no agreed dataset has such a table or column", "tokumei datasets lists tables and columns"
            )


def _trail(path: Path, agreement: Agreement, known: Catalogue) -> Iterator[ConfigProblem]:
    """Columns of events are columns of the agreed datasets: a slip of the keyboard would limit nothing."""
    tables = [t for name in agreement.datasets if name in known.datasets() for t in known.dataset(name).tables]
    places = {*DERIVED, *(c.name for t in tables for c in t.columns)}
    places |= {f"{t.name}.{c.name}" for t in tables for c in t.columns}
    for number, place in enumerate(agreement.trail.events if agreement.trail else ()):
        if place not in places:
            yield problem(
                path, ["agreement", "trail", "events", number], "no agreed dataset has such a column",
                "name a column, or table.column (tokumei datasets lists them)",
            )  # fmt: skip


def portal_problems(path: Path, recipient: Recipient, platform: Platform | None) -> Iterator[ConfigProblem]:
    """A recipient with people of the portal, and a platform without one: nobody could fetch anything."""
    if platform is not None and recipient.portal is not None and not platform.portal_url:
        yield problem(path, ["portal"], "the platform has no portal", "add portal_url to platform.yaml")


def key_problems(path: Path, recipient: Recipient, platform: Platform | None) -> Iterator[ConfigProblem]:
    """What would only show when the first release is sealed: a key that expired, or an operator without one."""
    scheme = schemes()[recipient.encryption.kind]
    try:
        scheme.check(recipient.encryption)
        if platform is not None:
            scheme.check(scheme.escrow(platform))
    except FixConfiguration as error:
        yield problem(path, ["encryption"], f"{error.what} ({error.where})", error.remedy)
