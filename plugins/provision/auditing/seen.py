"""閲覧の記録: the one place that every page shown and every file taken passes, before it is sent.

The access log is registered here (`RECORDERS`); whoever is registered and raises keeps the page from being shown.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from fastapi import Request

from provision.auditing import guard

#: Called with moment, login, room (``auditors``), action and what was shown (ASCII, no spaces, ids only).
Recorder = Callable[[datetime, str, str, str, str], None]
RECORDERS: list[Recorder] = []


def seen(request: Request, action: Literal["view", "download"], subject: str) -> None:
    """Tell every recorder that the visitor of `request` is about to be shown `subject`, such as ``release/r-x``."""
    login = guard.visitor(request).login
    for record in RECORDERS:
        record(datetime.now(UTC), login, "auditors", action, subject)
