"""The SQL of everything the platform keeps in a PostgreSQL database, in the order an administrator runs it."""

from __future__ import annotations

from provision.accesslog import postgres
from provision.ledger import postgrescatalogue


def scripts() -> list[str]:
    """Roles and provision log first; what follows uses its roles."""
    return [path.read_text(encoding="utf-8") for path in (postgrescatalogue.SCRIPT, postgres.SCRIPT)]
