"""The witness over HTTP: ``POST /add-checkpoint``, C2SP tlog-witness. TLS is the business of a proxy in front."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from provision.witness.cosigning import LIMIT, NotCosigned, Witness

PATH = "/add-checkpoint"
_SIZE = "text/x.tlog.size"
_TEXT = "text/plain; charset=utf-8"


def server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """A server that is bound and not yet serving; port 0 takes a free one."""

    class Handler(_Handler):
        asked = witness

    return ThreadingHTTPServer((host, port), Handler)


class _Handler(BaseHTTPRequestHandler):
    """One request. What was sent is never repeated, neither to the client nor to the screen."""

    asked: Witness
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        """Cosign, or say why not."""
        body = self._body()
        if body is None:
            return
        if self.path != PATH:
            return self._answer(404, "there is no such call\n")
        try:
            self._answer(200, self.asked.add_checkpoint(body))
        except NotCosigned as refused:
            conflict = refused.status == 409
            text = f"{refused.known}\n" if conflict else f"{refused.what}\n"
            self._answer(refused.status, text, _SIZE if conflict else _TEXT)

    def _body(self) -> str | None:
        """The text sent; None where it is too long or none, which is answered and ends the connection."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LIMIT:
            self.close_connection = True
            self._answer(413 if length.isdecimal() else 411, "a request has a length, and a short one\n")
            return None
        try:
            return self.rfile.read(int(length)).decode()
        except UnicodeDecodeError:
            self._answer(400, "the request is not UTF-8\n")
            return None

    def _answer(self, status: int, text: str, kind: str = _TEXT) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        """Time and status; the path is the client's own words."""
        status = arguments[1] if len(arguments) > 1 else "-"
        print(f"witness: {self.log_date_time_string()} {status}", file=sys.stderr)
