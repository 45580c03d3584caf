"""Runs the portal: one process, one port, behind a proxy that terminates TLS."""

from __future__ import annotations

import os


def serve(host: str, port: int) -> None:
    """Serve until a signal ends the process. No access log of the server: addresses in it would hold one-time links.

    ``$FORWARDED_ALLOW_IPS`` names the proxy whose ``X-Forwarded-For`` is believed; nobody else's is.
    """
    import uvicorn

    from provision.portal.app import create
    from provision.portal.desk import open_desk

    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
    uvicorn.run(
        create(open_desk()), host=host, port=port, access_log=False, server_header=False, log_level="info",
        proxy_headers=True, forwarded_allow_ips=trusted, timeout_keep_alive=30, limit_concurrency=500,
    )  # fmt: skip
