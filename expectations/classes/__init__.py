"""Expectations of our own by class name: one per file, and one per kind of identifier. Found by themselves."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from expectations.classes.base import Own
from expectations.classes.identifiers import of_kind
from expectations.identifiers import all_kinds

__all__ = ["Own", "own"]

_NO_EXPECTATION = frozenset({"base", "building", "identifiers"})


@cache
def own() -> Mapping[str, Own]:
    """Every expectation of ours by name. A module without ``EXPECTATION`` is an error: none may go missing silently."""
    modules = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in _NO_EXPECTATION)
    found = [importlib.import_module(f"{__name__}.{name}").EXPECTATION for name in modules]
    found += [of_kind(kind) for kind in all_kinds()]
    named = {one.name: one for one in found}
    if len(named) < len(found):
        raise ImportError("two expectations share a name")
    return named
