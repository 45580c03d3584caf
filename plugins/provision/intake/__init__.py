"""Intake: receive what senders drop, take it in de-identified, destroy the raw files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from provision.errors import without_values

if TYPE_CHECKING:
    from provision.intake.receiving import receive
    from provision.intake.refusals import attention
    from provision.intake.taking import take_in

__all__ = ["attention", "receive", "take_in"]

_ROOMS = {"attention": "refusals", "receive": "receiving", "take_in": "taking"}


def __getattr__(name: str) -> Any:
    """Load a step by its name; taking in pulls in the engines."""
    if name not in _ROOMS:
        raise AttributeError(name)
    return without_values(getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name))
