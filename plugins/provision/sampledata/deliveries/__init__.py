"""Formats of single documents as deliveries of the fictitious world: one module a format, found by its `SENDER`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import count, islice
from pkgutil import iter_modules

from provision.sampledata.blocks import World, make_block
from provision.sampledata.deliveries.base import Delivery, DocumentSender, Written

__all__ = ["Delivery", "DocumentSender", "Written", "document_stream", "senders"]
_MONTHS = tuple(f"2025-{month:02d}" for month in range(4, 10))


@cache
def senders() -> dict[str, DocumentSender]:
    """Every sender of documents by the id of its format."""
    found: dict[str, DocumentSender] = {}
    for info in iter_modules(__path__):
        sender = getattr(import_module(f"{__name__}.{info.name}"), "SENDER", None)
        if sender is not None:
            found[sender.format] = sender
    return found


def document_stream(format_id: str, seed: int, documents: int, style: int = 0) -> Iterator[Written]:
    """So many documents of a format, each with its path in the delivery, one after another: for measuring and
    spoiling. The same arguments give the same bytes. KeyError for a format without a sender of documents."""
    sender = senders()[format_id]
    world = World.of(seed, 1, _MONTHS)

    def written() -> Iterator[Written]:
        for index in count():
            block = make_block(world, index)
            for month in world.months:
                delivery = sender.delivery(month, style)
                for visit in sender.occasion(world, block, month, True):
                    yield from delivery.documents(visit)

    return islice(written(), documents)
