"""Identifier kinds, one per module with a module-level ``KIND``; they are found by themselves."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from functools import cache
from pathlib import Path

from expectations.identifiers.base import Example, Identifier, Strength
from expectations.text import normal

__all__ = ["Example", "Identifier", "Strength", "all_kinds", "detectors_version", "find_all"]


@cache
def all_kinds() -> tuple[Identifier, ...]:
    """Every kind, by id. A module here without ``KIND`` is an error: a detector must not go missing silently."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base" and not m.name.startswith("_"))
    kinds = tuple(importlib.import_module(f"{__name__}.{name}").KIND for name in names)
    if len({kind.id for kind in kinds}) != len(kinds):
        raise ImportError("two identifier kinds share an id")
    return kinds


@cache
def detectors_version() -> str:
    """Hash over the sources of all detectors, their lists and the normal form: equal versions find the same things."""
    folder = Path(__file__).parent
    total = hashlib.sha256()
    for path in [*sorted(folder.glob("*.py")), *sorted(folder.glob("data/*")), folder.parent / "text.py"]:
        total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def find_all(text: str, context: str = "") -> dict[str, Strength]:
    """Kinds found in `text` with their strength; the text is brought into normal form once."""
    plain, label = normal(text), normal(context).lower()
    found = {kind.id: kind.find_normal(plain, label) for kind in all_kinds()}
    return {kind: strength for kind, strength in found.items() if strength is not None}
