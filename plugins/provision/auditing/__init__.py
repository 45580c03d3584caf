"""The auditors' and approvers' pages inside Airflow's interface.

Every Airflow process imports the plugin file, every task included, but only the API server shows pages. So the
pages are built with the first request, and importing this package costs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Entrance:
    """An ASGI application that becomes `provision.auditing.app.create()` when first asked for something."""

    def __init__(self) -> None:
        self._app: Asgi | None = None

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Pass the request on. Where the pages cannot be built nothing is shown: the error is a 500."""
        if self._app is None:
            from provision.auditing.app import create

            self._app = create()
        await self._app(scope, receive, send)
