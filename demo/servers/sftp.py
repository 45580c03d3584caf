"""A partner's SFTP server: OpenSSH's sshd for the current user on a loopback port, keys of its own.

No system account is made: the user who runs it logs in with a key of this folder, is shut into ``internal-sftp`` and
starts in ``data/``. That is what a partner runs, except for the chroot, which would need root.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from demo.servers.process import HOST, LocalServer, ServerFailed, banner, free_ports

_SETTINGS = """\
Port {port}
ListenAddress {host}
HostKey "{folder}/host_key"
PidFile none
AuthorizedKeysFile "{folder}/authorized_keys"
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
UseDNS no
MaxStartups 50
AllowTcpForwarding no
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
Subsystem sftp internal-sftp
ForceCommand internal-sftp -l ERROR -u 0077 {options} -d {start}
{settings}
"""


class SftpServer(LocalServer):
    """`data` is the folder a partner sees; `directories` are made below it."""

    program = "sshd"

    def __init__(
        self, folder: Path, directories: Sequence[str] = ("incoming",), options: str = "", settings: str = ""
    ) -> None:
        """`options` of internal-sftp, such as ``-R`` (read only) or ``-P read`` (a drop box); more `settings` of sshd,
        lines such as ``Ciphers aes128-cbc``."""
        super().__init__(folder)
        self.settings = settings
        self.options = options
        self.directories = tuple(directories)
        self.data = self.folder / "data"
        self._link: Path | None = None

    def prepare(self) -> Sequence[str]:
        """Keys are kept from start to start, the port is not."""
        program = sshd_binary()
        if os.geteuid() == 0:  # sshd insists on its privilege separation folder, which only a boot makes
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for name in ("", *self.directories):
            (self.data / name).mkdir(parents=True, exist_ok=True)
        _key_pair(self.folder / "host_key")
        (self.folder / "authorized_keys").write_text(_key_pair(self.folder / "user_key") + "\n")
        (self.port,) = free_ports(1)
        start = str(self._start_folder()).replace("%", "%%")
        settings = self.folder / "sshd_config"
        settings.write_text(
            _SETTINGS.format(
                port=self.port, host=HOST, folder=self.folder, options=self.options, start=start, settings=self.settings
            )
        )
        return [program, "-D", "-e", "-f", str(settings)]

    def _start_folder(self) -> Path:
        """`data`, through a link where its path has a space: internal-sftp cuts its options at spaces."""
        if " " not in str(self.data):
            return self.data
        self._link = self._link or Path(tempfile.mkdtemp(prefix="sftp-")) / "data"
        if not self._link.is_symlink():
            self._link.symlink_to(self.data)
        return self._link

    def stop(self) -> None:
        """End the process and remove the link."""
        super().stop()
        if self._link is not None:
            shutil.rmtree(self._link.parent, ignore_errors=True)
            self._link = None

    def leftovers(self) -> list[Path]:
        """The link's folder."""
        return [self._link.parent] if self._link is not None else []

    def answers(self) -> bool:
        """True once it introduces itself as an SSH server."""
        return banner(self.port, b"SSH-2.0-")

    @property
    def host_key(self) -> str:
        """The public host key as in a known_hosts file: type and base64."""
        return _key_pair(self.folder / "host_key")

    def connection_json(self) -> str:
        """The extra has ``host_key`` (pinned) and ``private_key`` (text)."""
        extra = {"host_key": self.host_key, "private_key": (self.folder / "user_key").read_text()}
        login = getpass.getuser()
        return json.dumps({"conn_type": "sftp", "host": HOST, "port": self.port, "login": login, "extra": extra})


def sshd_binary() -> str:
    """Absolute path of sshd, which refuses to start by a relative one. Raises `ServerFailed`."""
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise ServerFailed("the program sshd is missing; install the Debian package openssh-server")
    return found


def _key_pair(path: Path) -> str:
    """The public line of the key at `path`, which is made when it is not there."""
    if not path.exists():
        fresh = ed25519.Ed25519PrivateKey.generate()
        text = fresh.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as stream:
            stream.write(text)
    key = serialization.load_ssh_private_key(path.read_bytes(), password=None)
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
