"""paramiko's SFTP client, and what OpenSSH added to version 3 of the protocol: free space, flushing, limits.

Extensions are used only where the server names them when it is greeted (draft-ietf-secsh-filexfer-02, section 4;
OpenSSH, file PROTOCOL, sections 4.4 statvfs, 4.6 fsync, 4.8 limits).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from paramiko import Message, SFTPClient, SFTPFile
from paramiko.sftp import CMD_EXTENDED, CMD_INIT, CMD_READ, CMD_STATUS, CMD_VERSION, SFTPError, int64

_STATVFS, _FSYNC, _LIMITS = "statvfs@openssh.com", "fsync@openssh.com", "limits@openssh.com"
_SURE = 1 << 15  # bytes: every server takes requests of this size (filexfer-02, section 3)
_MOST = 1 << 17  # beyond this requests cost more copying than they save answers
_AHEAD = 1 << 22  # bytes asked for before they are needed: twice what a channel lets through without an answer


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

    def read_ahead(
        self, file: SFTPFile, size: int, before: Callable[[int], None] = lambda count: None
    ) -> Iterator[bytes]:
        """The first `size` bytes of a file in order, or what there is of them; `before` is called before so many are
        asked for.

        paramiko's own prefetch reads twice what it believes not to be asked for, whenever an answer overtakes its
        questions, and keeps what nobody reads any more: on a busy machine the memory of the whole file.
        """
        early, asked, place = _Early(self), deque[tuple[int, int, int]](), 0
        while place < size or asked:
            while place < size and len(asked) * self.request_size < _AHEAD:
                length = min(self.request_size, size - place)
                before(length)
                asked.append((early.ask(file, place, length), place, length))
                place += length
            number, begin, length = asked.popleft()
            while length:
                piece = early.answer(number)
                if not piece:
                    return  # the file has become shorter
                yield piece
                begin, length = begin + len(piece), length - len(piece)
                if length:  # a server may give less than it was asked for (filexfer-02, section 6.4)
                    number = early.ask(file, begin, length)

    def _numbers(self, count: int, *question: str) -> list[int]:
        _, answer = _raw(self)._request(CMD_EXTENDED, *question)
        return [answer.get_int64() for _ in range(count)]


class _Early:
    """Questions for bytes, and answers that came before the one that was waited for: paramiko hands them over."""

    def __init__(self, client: SFTPClient) -> None:
        self._client, self._answers = _raw(client), dict[int, tuple[int, Message]]()

    def ask(self, file: SFTPFile, begin: int, length: int) -> int:
        """Ask without waiting; gives the question's number."""
        return int(self._client._async_request(self, CMD_READ, file.handle, int64(begin), length))

    def answer(self, number: int) -> bytes:
        """The bytes; none where the file has ended. Raises as paramiko does."""
        try:
            kind, message = self._answers.pop(number, None) or self._client._read_response(number)
            if kind == CMD_STATUS:
                self._client._convert_status(message)
        except EOFError:
            return b""
        return bytes(message.get_string())

    def _async_response(self, kind: int, message: Message, number: int) -> None:
        self._answers[number] = kind, message


def _raw(client: SFTPClient) -> Any:
    """The client's protocol methods, which paramiko has for its own extensions and types do not show."""
    return client
