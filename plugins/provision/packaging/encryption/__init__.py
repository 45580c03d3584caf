"""暗号方式: how a payload is encrypted to a recipient and to the operator, one scheme per module with a ``SCHEME``."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from provision.packaging.encryption.base import Scheme


@cache
def schemes() -> dict[str, Scheme]:
    """Every scheme by the `kind` of its keys."""
    found: dict[str, Scheme] = {}
    for info in iter_modules(__path__):
        candidate = getattr(import_module(f"{__name__}.{info.name}"), "SCHEME", None)
        if candidate is not None:
            found[candidate.kind] = candidate
    return found
