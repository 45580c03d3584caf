"""What runs inside the mail server's process: aiosmtpd with STARTTLS, AUTH, SIZE and delivery status options."""

from __future__ import annotations

import argparse
import asyncio
import hmac
import re
import ssl
import time
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from demo.servers.process import HOST

_NOTIFICATION = re.compile(r"\s(?:ENVID|RET|NOTIFY|ORCPT)=\S+", re.IGNORECASE)  # RFC 3461, section 4
_ENVELOPE_ID = re.compile(r"\sENVID=(\S+)", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")

SCRIPTED = {
    "tempfail": "451 4.7.1 Greylisted, come back later",
    "reject": "550 5.1.1 No such mailbox",
    "full": "552 5.2.2 Mailbox full",
}


class Server(SMTP):
    """aiosmtpd that also offers DSN: it notes ENVID and accepts the other options without sending reports."""

    envelope_id = ""

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Note the envelope id and leave the rest to aiosmtpd, which knows no DSN options."""
        found = _ENVELOPE_ID.search(arg or "")
        self.envelope_id = found.group(1) if found else ""
        await super().smtp_MAIL(_NOTIFICATION.sub("", arg) if arg else arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        """As for MAIL."""
        await super().smtp_RCPT(_NOTIFICATION.sub("", arg) if arg else arg)


class Handler:
    """Stores a message per recipient as a file, or misbehaves as the address asks."""

    def __init__(self, folder: Path, slow: float) -> None:
        self.folder, self.slow, self.count = folder, slow, 0

    async def handle_EHLO(
        self, server: Server, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer DSN besides what aiosmtpd offers."""
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_RCPT(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse scripted addresses and those that are no folder name."""
        if not _ADDRESS.fullmatch(address):
            return "553 5.1.3 Bad address"
        if refusal := SCRIPTED.get(address.partition("@")[0]):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        """Store for each recipient, then answer (late, or not at all, where the address asks for it)."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        for address in envelope.rcpt_tos:
            await asyncio.to_thread(self._store, address, str(envelope.mail_from), server.envelope_id, content)
        names = {address.partition("@")[0] for address in envelope.rcpt_tos}
        if "slow" in names:
            await asyncio.sleep(self.slow)
        if "drop" in names and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return f"250 2.0.0 OK: queued as {self.count:08X}"

    def _store(self, address: str, sender: str, envelope_id: str, content: bytes) -> None:
        self.count += 1
        name = f"{time.time_ns()}.{self.count:06d}.eml"
        trace = f"Return-Path: <{sender}>\r\nDelivered-To: {address}\r\n"
        trace += f"X-Original-Envelope-Id: {envelope_id}\r\n" if envelope_id else ""
        for part in ("tmp", "new"):
            (self.folder / address / part).mkdir(parents=True, exist_ok=True)
        temporary = self.folder / address / "tmp" / name
        temporary.write_bytes(trace.encode() + content)
        temporary.rename(self.folder / address / "new" / name)


def serve(options: argparse.Namespace, password: str) -> None:
    """Listen on loopback until a signal ends the process."""
    context = None
    if options.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        given = data if isinstance(data, LoginPassword) else LoginPassword(b"", b"")
        known = hmac.compare_digest(given.login, options.login.encode())
        return AuthResult(success=known and hmac.compare_digest(given.password, password.encode()), handled=False)

    def session() -> Server:
        return Server(
            Handler(options.folder, options.slow),
            data_size_limit=options.limit,
            tls_context=context,
            require_starttls=context is not None,
            auth_required=True,
            auth_require_tls=context is not None,
            authenticator=authenticate,
            hostname="mail.recipient.example",
        )

    asyncio.run(_listen(session, options.port))


async def _listen(factory: Any, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(factory, HOST, port)
    async with server:
        await server.serve_forever()
