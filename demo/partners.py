"""The demonstration's partner servers beside a running Airflow: profile demo of docker-compose.yml.

``python -m demo.partners`` starts the servers that `config/recipients/` asks for, writes a connection for each into
Airflow and stays until a signal. ``--check`` asks whether they answer. Passwords and keys are made on the first start
and kept in the folder named by ``DEMO_FOLDER``.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from demo.servers.process import HOST, LocalServer
from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from provision.config import config_folder, load_recipients
from provision.model import BucketSettings, MailSettings, SftpSettings

FOLDER_VARIABLE = "DEMO_FOLDER"
READY = "ready.json"


def wanted(config: Path) -> tuple[dict[str, str], set[str], set[str]]:
    """Connection id -> server (``smtp``, ``s3``, ``sftp``), the buckets, and the SFTP folders of all recipients."""
    connections: dict[str, str] = {}
    buckets: set[str] = set()
    directories: set[str] = set()
    for recipient in load_recipients(config).items.values():
        for channel in recipient.channels:
            if isinstance(channel, MailSettings):
                connections[channel.connection] = "smtp"
            elif isinstance(channel, BucketSettings):
                connections |= {channel.connection: "s3", channel.mail_connection: "smtp"}
                buckets.add(channel.bucket)
            elif isinstance(channel, SftpSettings):
                connections[channel.connection] = "sftp"
                directories.add(channel.directory.strip("/") or ".")
    return connections, buckets, directories


def write_connections(connections: dict[str, LocalServer], folder: Path) -> None:
    """Put the connections into Airflow, over older ones. The file with the passwords is removed again."""
    path = folder / "connections.json"
    entries = {name: json.loads(server.connection_json()) for name, server in connections.items()}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(entries, file)
    try:
        subprocess.run([sys.executable, "-m", "airflow", "connections", "import", "--overwrite", str(path)], check=True)
    finally:
        path.unlink()


def serve(folder: Path) -> None:
    """Start everything, write the connections, say that it is ready, and wait for a signal."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / READY
    ready.unlink(missing_ok=True)
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    connections, buckets, directories = wanted(config_folder())
    makers: dict[str, LocalServer] = {
        "smtp": SmtpServer(folder / "smtp"),
        "s3": S3Server(folder / "s3", sorted(buckets)),
        "sftp": SftpServer(folder / "sftp", sorted(directories)),
    }
    with ExitStack() as stack:
        running = {name: stack.enter_context(server) for name, server in makers.items()}
        write_connections({name: running[kind] for name, kind in connections.items()}, folder)
        ready.write_text(json.dumps({name: server.port for name, server in running.items()}))
        print(f"partners ready: {', '.join(sorted(connections)) or 'no recipient asks for one'}", flush=True)
        end.wait()
        ready.unlink()


def check(folder: Path) -> bool:
    """Whether every server that is said to be ready takes a connection."""
    try:
        ports: dict[str, Any] = json.loads((folder / READY).read_text())
        for port in ports.values():
            socket.create_connection((HOST, int(port)), timeout=3).close()
    except (OSError, ValueError):
        return False
    return True


def main() -> int:
    """Exit status of ``--check``: 0 when all servers answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    folder = Path(os.environ[FOLDER_VARIABLE])
    if parser.parse_args().check:
        return 0 if check(folder) else 1
    serve(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
