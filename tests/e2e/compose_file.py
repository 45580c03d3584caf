"""Reads docker-compose.yml as docker compose would: variables filled in, ``$$`` undone. For tests only."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.without_docker import VARIABLE
from scripts.without_docker import interpolate as interpolate

ROOT = Path(__file__).parent.parent.parent
COMPOSE = ROOT / "docker-compose.yml"


def read() -> dict[str, Any]:
    """The file with its anchors resolved and its variables as written."""
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return document


def texts(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every scalar below `node` as (dotted path, text)."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from texts(value, f"{path}.{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from texts(value, f"{path}.{index}")
    else:
        yield path.removeprefix("."), str(node)


def variables() -> dict[str, tuple[str, str]]:
    """Variable -> (``:?`` or ``:-``, what follows), for every variable the file uses."""
    return {
        match["name"]: (match["kind"], match["rest"])
        for _, text in texts(read())
        for match in VARIABLE.finditer(text)
        if match["name"]
    }


def fresh_secrets() -> dict[str, str]:
    """Values for a test's .env, made the way .env.example says, never the same twice."""
    return {
        "FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "JWT_SECRET": secrets.token_hex(64),
        "API_SECRET_KEY": secrets.token_hex(32),
        "POSTGRES_PASSWORD": f"{secrets.token_hex(8)} @:/%#",  # what an address could not hold unescaped
        "TOKUMEI_PORTAL_STORE": '{"conn_type": "aws", "login": "reader", "password": "fictitious"}',
        "TOKUMEI_PORTAL_MAIL": '{"conn_type": "smtp", "host": "127.0.0.1", "login": "x", "password": "fictitious"}',
        "TOKUMEI_ADMIN_USER": "fictitious.admin",
        "TOKUMEI_ADMIN_PASSWORD": secrets.token_urlsafe(18),
    }
