"""閲覧の記録: the one place that every page shown and every file taken passes, before it is sent.

What cannot be written into the access log is not shown.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from fastapi import Request

from provision import accesslog
from provision.auditing import guard


def seen(request: Request, action: Literal["view", "download"], subject: str) -> None:
    """Record that the visitor of `request` is shown `subject`, an id such as ``release/r-x``; never what was typed.

    Raises as `accesslog.record` does; the page is then not shown.
    """
    accesslog.record(datetime.now(UTC), guard.visitor(request).login, "auditors", action, subject)
