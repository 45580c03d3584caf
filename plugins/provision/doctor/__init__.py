"""診断: everything that must hold before anything runs, looked at without changing or delivering anything.

One kind of question per file: a module with ``CHECK`` is found by itself. A question that cannot be answered is a
finding, never a crash that hides the others, and no finding repeats a value, a password or the text of a strange error.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from provision import config
from provision.connections import Resolver
from provision.context import Context, open_context
from provision.doctor.finding import Check, Finding, failed
from provision.errors import TokumeiError, without_values


@cache
def checks() -> dict[str, Check]:
    """Every kind of question by its name, in order of name."""
    found = {}
    for info in sorted(iter_modules(__path__), key=lambda info: info.name):
        check = getattr(import_module(f"{__name__}.{info.name}"), "CHECK", None)
        if check is not None:
            found[info.name] = check
    return found


def examine(resolver: Resolver | None = None) -> list[Finding]:
    """Ask everything. Where platform.yaml does not hold there is no platform to look at: only that is said."""
    platform, problems = config.load_platform(config.config_folder())
    if platform is None:
        return [Finding("fail", "configuration", f"{p.file}:{p.line}", p.what, p.remedy) for p in problems]
    context = open_context(resolver)
    return [finding for name, check in checks().items() for finding in _answers(name, check, context)]


def _answers(name: str, check: Check, context: Context) -> Iterator[Finding]:
    try:
        yield from without_values(lambda: list(check(context)))()
    except TokumeiError as error:
        yield failed(name, error)
