"""The recipients' portal in a process of its own, as `tokumei portal` starts it."""

from __future__ import annotations

import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.servers.process import HOST, LocalServer, free_ports


class PortalServer(LocalServer):
    """Serves one configuration and home; the port is chosen once and written into the configuration's portal_url."""

    program = "provision.cli"

    def __init__(self, folder: Path, config: Path, home: Path, connections: Mapping[str, str]) -> None:
        super().__init__(folder)
        self.config, self.home, self.connections = config, home, dict(connections)
        (self.port,) = free_ports(1)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    def announce(self) -> None:
        """Write the address into platform.yaml: messages lead there."""
        path = self.config / "platform.yaml"
        text = re.sub(r"(?m)^portal_url: \S+", f"portal_url: {self.url}", path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")

    def prepare(self) -> Sequence[str]:
        """The command of a production start."""
        return [sys.executable, "-m", "provision.cli", "portal", f"--host={HOST}", f"--port={self.port}"]

    def environment(self) -> Mapping[str, str]:
        """Places and connections; nothing of Airflow but the names of the variables."""
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (f"{root}/plugins", root, os.environ.get("PYTHONPATH", ""))))
        places = {"TOKUMEI_CONFIG": str(self.config), "TOKUMEI_HOME": str(self.home), "PYTHONPATH": path}
        return places | {f"AIRFLOW_CONN_{name.upper()}": text for name, text in self.connections.items()}

    def answers(self) -> bool:
        """True once it says that it is well."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.read() == b"ok")
        except (OSError, urllib.error.HTTPError):
            return False

    def connection_json(self) -> str:
        """Nobody connects to it but people."""
        return "{}"
