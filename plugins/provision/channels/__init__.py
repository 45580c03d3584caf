"""Delivery channels, one module each. A module with a `CHANNEL` is found by itself."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from provision.channels.base import Channel
from provision.errors import FixConfiguration


@cache
def channels() -> dict[str, Channel]:
    """Every channel by its kind."""
    found: dict[str, Channel] = {}
    for info in iter_modules(__path__):
        candidate = getattr(import_module(f"{__name__}.{info.name}"), "CHANNEL", None)
        if candidate is not None:
            found[candidate.kind] = candidate
    return found


def get(kind: str) -> Channel:
    """The channel of this kind; `FixConfiguration` names the known ones."""
    try:
        return channels()[kind]
    except KeyError:
        raise FixConfiguration(
            f"no channel is called {kind}", rule="channel.unknown", remedy=f"known: {', '.join(sorted(channels()))}"
        ) from None
