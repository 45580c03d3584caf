"""Source formats, one module each. A module with a `FORMAT` is found by itself."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from provision.errors import FixConfiguration
from provision.formats.base import Format


@cache
def formats() -> dict[str, Format]:
    """Every format by its id."""
    found: dict[str, Format] = {}
    for info in iter_modules(__path__):
        candidate = getattr(import_module(f"{__name__}.{info.name}"), "FORMAT", None)
        if candidate is not None:
            found[candidate.id] = candidate
    return found


def get(format_id: str) -> Format:
    """The format called `format_id`; `FixConfiguration` names the known ones."""
    try:
        return formats()[format_id]
    except KeyError:
        raise FixConfiguration(
            f"no format is called {format_id}", rule="format.unknown", remedy=f"known: {', '.join(sorted(formats()))}"
        ) from None
