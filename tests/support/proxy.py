"""A TCP proxy that cuts the line after so many bytes, as a bad network does."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class CuttingProxy:
    """Forwards to a loopback port; each connection is reset once `limit` bytes went towards the server, or `back` bytes
    from it."""

    def __init__(self, target: int, limit: int | None, back: int | None = None, *, stall: bool = False) -> None:
        """`stall`: at the limit the line is not cut, it only goes silent, as with a slow server or a lost route."""
        self.stall, self._ended = stall, threading.Event()
        self.limit, self.back, self.cuts, self._target = limit, back, 0, target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.close()
        self._ended.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            for source, sink, limit in ((client, server, self.limit), (server, client, self.back)):
                threading.Thread(target=self._pump, args=(source, sink, limit), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        passed = 0
        try:
            while data := source.recv(65536):
                if limit is not None and passed + len(data) > limit:
                    sink.sendall(data[: limit - passed])
                    self.cuts += 1
                    if self.stall:
                        self._ended.wait()
                    break
                sink.sendall(data)
                passed += len(data)
        except OSError:
            pass
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


class BusyProxy(CuttingProxy):
    """Answers the first `count` connections as a store does that is asked too often, and forwards the others."""

    def __init__(self, target: int, count: int, status: str = "503 Slow Down", code: str = "SlowDown") -> None:
        super().__init__(target, None)
        self.left, self.refused = count, 0
        body = f"<Error><Code>{code}</Code><Message>Please reduce your request rate.</Message></Error>".encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
        self._answer = f"{head}Connection: close\r\n\r\n".encode() + body

    def _pump(self, source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        if self.left <= 0:
            return super()._pump(source, sink, limit)
        try:
            if source.getpeername()[1] == self._target:  # the way back: there is none
                return None
        except OSError:
            return None
        self.left -= 1
        self.refused += 1
        with suppress(OSError):
            source.recv(65536)
            source.sendall(self._answer)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        return None
