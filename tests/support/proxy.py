"""TCP proxies that cut the line, slow it down, refuse or speak TLS, as bad networks and stores do."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from demo.servers.tls import TlsFiles


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


class SlowProxy(CuttingProxy):
    """Lets `rate` bytes a second through towards the server, a little at a time: slow, but never silent."""

    def __init__(self, target: int, rate: int) -> None:
        super().__init__(target, None)
        self.rate = rate

    def _pump(self, source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        if source.getsockname()[1] != self.port:  # the way back
            return super()._pump(source, sink, limit)
        source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        with suppress(OSError):
            while data := source.recv(1 << 13):
                time.sleep(len(data) / self.rate)
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        return None


class TlsProxy(CuttingProxy):
    """TLS in front of a server that speaks none."""

    def __init__(self, target: int, files: TlsFiles) -> None:
        super().__init__(target, None)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(files.certificate, files.key)
        self._listener = _Accepting(self._listener, self._context)  # type: ignore[assignment]


class _Accepting:
    """A listener whose connections have made their handshake; those that fail are nobody's."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        self._listener, self._context = listener, context

    def accept(self) -> tuple[socket.socket, object]:
        while True:
            client, address = self._listener.accept()
            try:
                return self._context.wrap_socket(client, server_side=True), address
            except OSError:
                client.close()

    def close(self) -> None:
        self._listener.close()


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
