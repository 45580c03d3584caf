"""paramiko's SFTP client, and what OpenSSH added to version 3 of the protocol: free space, flushing, limits.

Extensions are used only where the server names them when it is greeted (draft-ietf-secsh-filexfer-02, section 4;
OpenSSH, file PROTOCOL, sections 4.4 statvfs, 4.6 fsync, 4.8 limits).
"""

from __future__ import annotations

from typing import Any

from paramiko import Message, SFTPClient, SFTPFile
from paramiko.sftp import CMD_EXTENDED, CMD_INIT, CMD_VERSION, SFTPError

_STATVFS, _FSYNC, _LIMITS = "statvfs@openssh.com", "fsync@openssh.com", "limits@openssh.com"
_SURE = 1 << 15  # bytes: every server takes requests of this size (filexfer-02, section 3)
_MOST = 1 << 17  # beyond this requests cost more copying than they save answers


class Client(SFTPClient):
    """A client that knows which extensions its server offers."""

    extensions: frozenset[str] = frozenset()
    request_size: int = _SURE

    def _send_version(self) -> int:
        """As paramiko does it, but keeping the names of the extensions, which it throws away."""
        message, raw = Message(), _raw(self)
        message.add_int(3)
        raw._send_packet(CMD_INIT, message)
        kind, data = raw._read_packet()
        if kind != CMD_VERSION:
            raise SFTPError("Incompatible sftp protocol")
        answer = Message(data)
        version, names = answer.get_int(), set[str]()
        while answer.get_remainder():
            names.add(answer.get_binary().decode("ascii", "replace"))
            answer.get_binary()  # the extension's own version
        self.extensions = frozenset(names)
        return version

    def learn_limits(self) -> None:
        """Ask how large requests may be; where the server does not say, they stay at what every server takes."""
        if _LIMITS in self.extensions:
            _, reading, writing, _ = self._numbers(4, _LIMITS)
            allowed = [each for each in (reading, writing) if each]  # 0 means: not said
            self.request_size = max(_SURE, min([*allowed, _MOST])) if allowed else _SURE

    def room(self, path: str) -> int | None:
        """Free bytes for us on the disk that holds `path`; None where the server does not tell."""
        if _STATVFS not in self.extensions:
            return None
        found = self._numbers(11, _STATVFS, path)
        return found[1] * found[4]  # f_frsize, f_bavail

    def flush(self, file: SFTPFile) -> bool:
        """Have the server write the file to its disk. False where it does not offer that."""
        if _FSYNC not in self.extensions:
            return False
        _raw(self)._request(CMD_EXTENDED, _FSYNC, file.handle)
        return True

    def open_for_bulk(self, path: str, mode: str) -> SFTPFile:
        """A file whose requests are as large as the server allows."""
        file = self.open(path, mode)
        file.MAX_REQUEST_SIZE = self.request_size
        return file

    def _numbers(self, count: int, *question: str) -> list[int]:
        _, answer = _raw(self)._request(CMD_EXTENDED, *question)
        return [answer.get_int64() for _ in range(count)]


def _raw(client: SFTPClient) -> Any:
    """The client's protocol methods, which paramiko has for its own extensions and types do not show."""
    return client
