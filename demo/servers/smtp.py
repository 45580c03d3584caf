"""A recipient's mail server: aiosmtpd in its own process, STARTTLS and AUTH required, a folder per recipient.

``python -m demo.servers.smtp`` is the process itself. Addresses decide what goes wrong: ``tempfail@`` 451, ``reject@``
550, ``slow@`` accepts and answers late, ``drop@`` takes the message and hangs up without an answer.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.servers.process import HOST, LocalServer, banner, free_ports
from demo.servers.tls import TlsFiles, make_tls

PASSWORD_VARIABLE = "DEMO_SMTP_PASSWORD"


class SmtpServer(LocalServer):
    """Messages are files below ``mail/<address>/new/``, put there whole by a rename."""

    program = "demo.servers.smtp"

    def __init__(self, folder: Path, *, limit: int = 10_240_000, starttls: bool = True, slow: float = 20.0) -> None:
        super().__init__(folder)
        self.limit, self.starttls, self.slow = limit, starttls, slow
        self.mail = self.folder / "mail"
        self.login, self.sender = "tokumei", "tokumei@operator.example"
        self.password = ""
        self.tls: TlsFiles | None = None

    def prepare(self) -> Sequence[str]:
        """Password and certificates are kept from start to start, the port is not."""
        self.mail.mkdir(exist_ok=True)
        self.tls = make_tls(self.folder / "tls")
        self.password = self._password()
        (self.port,) = free_ports(1)
        options = {"port": self.port, "folder": self.mail, "login": self.login, "limit": self.limit, "slow": self.slow}
        command = [sys.executable, "-m", "demo.servers.smtp", *(f"--{key}={value}" for key, value in options.items())]
        if self.starttls:
            command += [f"--certificate={self.tls.certificate}", f"--key={self.tls.key}"]
        return command

    def environment(self) -> Mapping[str, str]:
        """The password travels in the environment: a command line can be read by every user of the machine."""
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        return {PASSWORD_VARIABLE: self.password, "PYTHONPATH": path}

    def answers(self) -> bool:
        """True once it greets."""
        return banner(self.port, b"220 ")

    def connection_json(self) -> str:
        """The extra has ``from_email`` and, as ``ca_file``, the path of the throw-away authority."""
        extra = {"from_email": self.sender, "ca_file": str(self.tls.authority) if self.tls else ""}
        return json.dumps(
            {
                "conn_type": "smtp",
                "host": HOST,
                "port": self.port,
                "login": self.login,
                "password": self.password,
                "extra": extra,
            }
        )

    def messages(self, address: str) -> list[Path]:
        """Files of the messages delivered to `address`, oldest first."""
        return sorted((self.mail / address / "new").glob("*.eml"))

    def _password(self) -> str:
        path = self.folder / "password"
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
                stream.write(secrets.token_urlsafe(18))
        return path.read_text()


def main() -> None:
    """Serve until a signal ends the process."""
    from demo.servers.smtp_process import serve

    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "limit"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--slow", type=float, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--login", required=True)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    serve(parser.parse_args(), os.environ.pop(PASSWORD_VARIABLE))


if __name__ == "__main__":
    main()
