"""Credentials by connection id, from Airflow's connections or from the environment. No secret is ever in YAML.

The only module of `provision` outside `auditing/` that imports Airflow, and it does so inside a function.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from provision.errors import FixConfiguration


@dataclass(frozen=True)
class Credentials:
    """What a server needs to know us. Never printed: `repr` shows the host only."""

    host: str
    port: int | None
    login: str = field(repr=False)
    password: str = field(repr=False)
    extra: Mapping[str, Any] = field(repr=False)


class Resolver(Protocol):
    """Gives credentials for a connection id."""

    def get(self, connection_id: str) -> Credentials:
        """Credentials of `connection_id`; `FixConfiguration` where there are none."""


class EnvironmentResolver:
    """Reads ``AIRFLOW_CONN_<ID>`` (URI or JSON), the same variables Airflow itself reads."""

    def get(self, connection_id: str) -> Credentials:
        """Credentials of `connection_id`; `FixConfiguration` where the variable is missing or not readable."""
        variable = f"AIRFLOW_CONN_{connection_id.upper()}"
        text = os.environ.get(variable)
        if not text:
            raise _missing(connection_id, f"set {variable}")
        try:
            return _from_json(text) if text.lstrip().startswith("{") else _from_uri(text)
        except (ValueError, TypeError):
            raise _missing(connection_id, f"{variable} is neither a connection URI nor JSON") from None


class AirflowResolver:
    """Asks Airflow (metadata database, environment or secrets backend); for use inside a task."""

    def get(self, connection_id: str) -> Credentials:
        """Credentials of `connection_id`; `FixConfiguration` where Airflow knows none."""
        from airflow.sdk import Connection

        try:
            found = Connection.get(connection_id)
        except Exception:
            raise _missing(connection_id, "add it in Airflow under Admin > Connections") from None
        return Credentials(
            host=found.host or "",
            port=found.port,
            login=found.login or "",
            password=found.password or "",
            extra=json.loads(found.extra) if found.extra else {},
        )


class DatabaseResolver:
    """Asks Airflow's secrets backends and database directly; for commands beside a running Airflow, outside a task."""

    def get(self, connection_id: str) -> Credentials:
        """Credentials of `connection_id`; `FixConfiguration` where Airflow knows none."""
        try:
            from airflow.models.connection import Connection

            found = Connection.get_connection_from_secrets(connection_id)
            extra = json.loads(found.extra) if found.extra else {}
        except Exception:
            raise _missing(connection_id, "add it in Airflow under Admin > Connections") from None
        return Credentials(found.host or "", found.port, found.login or "", found.password or "", extra)


def resolver_here() -> Resolver:
    """Airflow's connections where its database is named in the environment, else those of the environment alone."""
    return DatabaseResolver() if os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN") else EnvironmentResolver()


def _missing(connection_id: str, remedy: str) -> FixConfiguration:
    return FixConfiguration(f"no connection {connection_id}", rule="connection.missing", remedy=remedy)


def _from_json(text: str) -> Credentials:
    data = json.loads(text)
    extra = data.get("extra") or {}
    return Credentials(
        host=str(data.get("host") or ""),
        port=int(data["port"]) if data.get("port") else None,
        login=str(data.get("login") or ""),
        password=str(data.get("password") or ""),
        extra=json.loads(extra) if isinstance(extra, str) else extra,
    )


def _from_uri(text: str) -> Credentials:
    parts = urlsplit(text)
    extra: dict[str, Any] = dict(parse_qsl(parts.query))
    if "__extra__" in extra:
        extra = json.loads(extra["__extra__"])
    return Credentials(
        host=unquote(parts.hostname or ""),
        port=parts.port,
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        extra=extra,
    )
