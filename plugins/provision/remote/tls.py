"""TLS to servers that talk mail: a verified certificate or nothing."""

from __future__ import annotations

import ssl

from provision.connections import Credentials
from provision.errors import FixConfiguration


def verifying(credentials: Credentials, where: str, rule: str) -> ssl.SSLContext:
    """A context that trusts the authorities of the extra ``ca_file``, else those of the system."""
    try:
        return ssl.create_default_context(cafile=str(credentials.extra.get("ca_file") or "") or None)
    except OSError:
        raise FixConfiguration(
            "the file named by ca_file holds no certificates", where=where, rule=rule, remedy="correct the extra"
        ) from None
