"""Releasing: draft, make, gate, publish, deliver. Each step reads the ledger, does its part, and appends to it.

The steps are loaded when first used: DAG files import this room, and making pulls in the engines.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from provision.errors import without_values

if TYPE_CHECKING:
    from provision.releasing.delivering import deliver
    from provision.releasing.drafting import draft
    from provision.releasing.gating import gate
    from provision.releasing.making import make
    from provision.releasing.publishing import publish

__all__ = ["deliver", "draft", "gate", "make", "publish"]

_ROOMS = {"draft": "drafting", "make": "making", "gate": "gating", "publish": "publishing", "deliver": "delivering"}


def __getattr__(name: str) -> Any:
    """Load a step by its name."""
    if name not in _ROOMS:
        raise AttributeError(name)
    return without_values(getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name))
