"""Rules, one module each. A module with a `RULE` is found by itself."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from anonymization.rules.base import Rule


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its id."""
    found: dict[str, Rule] = {}
    for info in iter_modules(__path__):
        candidate = getattr(import_module(f"{__name__}.{info.name}"), "RULE", None)
        if candidate is not None:
            found[candidate.id] = candidate
    return found
