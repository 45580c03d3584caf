"""Code systems by module; `SYSTEMS` are found by themselves. A module without them, or an id twice, is an error."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from anonymization.hierarchies.base import CodeSystem
from anonymization.risk.unfit import Unfit

#: Modules beside the systems.
_NO_SYSTEMS = frozenset({"base", "building"})


@cache
def systems() -> dict[str, CodeSystem]:
    """Every code system by its id."""
    found: dict[str, CodeSystem] = {}
    for info in iter_modules(__path__):
        if info.name in _NO_SYSTEMS:
            continue
        for made in import_module(f"{__name__}.{info.name}").SYSTEMS:
            if made.id in found:
                raise ValueError(f"two code systems are called {made.id}")
            found[made.id] = made
    return found


def system(name: str) -> CodeSystem:
    """The code system called `name`; Unfit where there is none."""
    if name not in systems():
        raise Unfit(f"there is no such code system; there are {', '.join(sorted(systems()))}")
    return systems()[name]
