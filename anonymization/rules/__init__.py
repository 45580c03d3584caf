"""Rules, one module each. A module with a `RULE` is found by itself; one without, or an id twice, is an error."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from anonymization.risk.unfit import Unfit
from anonymization.rules.base import Rule

#: Modules beside the rules.
_NO_RULES = frozenset({"base", "applying"})


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its id."""
    found: dict[str, Rule] = {}
    for info in iter_modules(__path__):
        if info.ispkg or info.name in _NO_RULES:
            continue
        made = import_module(f"{__name__}.{info.name}").RULE
        if made.id in found:
            raise ValueError(f"two rules are called {made.id}")
        found[made.id] = made
    return found


def rule(name: str) -> Rule:
    """The rule called `name`; Unfit where there is none."""
    if name not in rules():
        raise Unfit(f"there is no such rule; there are {', '.join(sorted(rules()))}")
    return rules()[name]
