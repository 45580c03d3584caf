"""Makers of values, found by themselves: every module here has a tuple ``MAKERS``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from benchmarks.leak_matrix.values import Maker

__all__ = ["all_makers"]


@cache
def all_makers() -> tuple[Maker, ...]:
    """Every maker, by kind and group. A kind's group stands once."""
    modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    makers = [maker for module in modules for maker in getattr(module, "MAKERS", ())]
    if len({(maker.kind, maker.group) for maker in makers}) != len(makers):
        raise ImportError("two makers share kind and group")
    return tuple(sorted(makers, key=lambda maker: (maker.kind, maker.group)))
