"""Handing one letter to a mail server: STARTTLS with a verified certificate, login, one recipient, no fallback.

The one question that matters afterwards is whether the server may have taken the message. Until DATA it cannot have;
from DATA on, anything but a clear answer is `DeliveryUnknown` (RFC 5321, sections 4.1.1.4 and 6.1).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from provision.channels._letter import Letter
from provision.connections import Credentials
from provision.errors import DeliveryUnknown, FixConfiguration, Refused, RetryLater, TokumeiError
from provision.remote.tls import verifying

#: What to do instead when a message is too large.
ALTERNATIVES = "deliver through bucket, partner_sftp or disc instead"

_NOT_LET_IN = frozenset({530, 534, 535, 538})  # RFC 4954, section 6
_TOO_LARGE = frozenset({523, 552})
_MAILBOX_FULL = b"5.2.2"  # RFC 3463: also comes with 552, and a smaller message would not help
_XTEXT = re.compile(rb"[^!-*,-<>-~]")  # RFC 3461, section 4: everything but printable ASCII without + and =


def send(letter: Letter, credentials: Credentials, connection: str) -> dict[str, str | int]:
    """Send and give evidence: ``server, tls, reply_code, queue_id, dsn_requested, wire_bytes, message_id``.

    Raises `RetryLater` (4xx, network, before DATA), `FixConfiguration` (credentials, certificate, no STARTTLS),
    `Refused` (5xx, too large), `DeliveryUnknown` (no clear answer after DATA). No text of the server is repeated.
    """
    where = f"connection {connection}"
    with _session(letter, credentials, where) as smtp:
        with _before_data(where):
            notified = _envelope(smtp, letter, where)
            code, text = smtp.docmd("DATA")
            if code != 354:
                _answered(code, text, "DATA", where)
        evidence = _transfer(smtp, letter, credentials, where)
        version = smtp.sock.version() if isinstance(smtp.sock, ssl.SSLSocket) else None
        with suppress(smtplib.SMTPException, OSError):  # the message is accepted: how the talk ends changes nothing
            smtp.quit()
    facts: dict[str, str | int] = {
        "message_id": letter.message_id,
        "wire_bytes": len(letter.content),
        "server": credentials.host,
    }
    return {**facts, "tls": version or "", "dsn_requested": "yes" if notified else "no", **evidence}


def rehearse(letter: Letter, credentials: Credentials, connection: str) -> dict[str, str | int]:
    """As far as `send` without DATA: certificate, login, sender, recipient and size are accepted, nothing is sent."""
    where = f"connection {connection}"
    with _session(letter, credentials, where) as smtp, _before_data(where):
        notified = _envelope(smtp, letter, where)
        limit = smtp.esmtp_features.get("size", "").strip()
        smtp.rset()
        smtp.quit()
    return {"server": credentials.host, "size_limit": limit or "none said", "dsn": "yes" if notified else "no"}


@contextmanager
def _session(letter: Letter, credentials: Credentials, where: str) -> Iterator[smtplib.SMTP]:
    if not (credentials.host and credentials.login and credentials.password):
        raise FixConfiguration(
            "host, login or password is missing", where=where, rule="mail.connection", remedy="complete the connection"
        )
    timeout = float(credentials.extra.get("timeout") or 60)
    ourselves = letter.sender.rpartition("@")[2]  # smtplib would ask the resolver for this machine's name
    with _before_data(where):
        smtp = smtplib.SMTP(credentials.host, credentials.port or 587, local_hostname=ourselves, timeout=timeout)
    try:
        with _before_data(where):
            _secure(smtp, credentials, where)
            smtp.login(credentials.login, credentials.password)
        yield smtp
    finally:
        smtp.close()


def _secure(smtp: smtplib.SMTP, credentials: Credentials, where: str) -> None:
    smtp.ehlo_or_helo_if_needed()
    smtp.starttls(context=verifying(credentials, where, "mail.tls"))
    smtp.ehlo()


def _envelope(smtp: smtplib.SMTP, letter: Letter, where: str) -> bool:
    """MAIL and RCPT. True where status notes were asked for (RFC 3461)."""
    limit = smtp.esmtp_features.get("size", "").strip()
    if limit.isdigit() and 0 < int(limit) < len(letter.content):
        raise too_large(len(letter.content), int(limit), where)
    notified = smtp.has_extn("dsn")
    options = [f"SIZE={len(letter.content)}"] if smtp.has_extn("size") else []
    options += [f"RET=HDRS ENVID={_xtext(letter.envelope_id)}"] if notified else []
    code, text = smtp.mail(letter.sender, options)
    if code != 250:
        _answered(code, text, "MAIL", where)
    code, text = smtp.rcpt(letter.recipient, [f"NOTIFY={letter.notify}"] if notified else [])
    if code not in (250, 251):
        _answered(code, text, "RCPT", where)
    return notified


def _transfer(smtp: smtplib.SMTP, letter: Letter, credentials: Credentials, where: str) -> dict[str, str | int]:
    try:
        if smtp.sock is not None:  # RFC 5321, section 4.5.3.2.6: ten minutes for the answer to the final dot
            smtp.sock.settimeout(float(credentials.extra.get("data_timeout") or 600))
        smtp.send(re.sub(rb"(?m)^\.", b"..", letter.content) + b".\r\n")
        code, text = smtp.getreply()
    except (smtplib.SMTPException, OSError):
        code, text = 0, b""
    if 200 <= code < 300:
        queued = re.search(rb"queued as ([A-Za-z0-9]{4,40})", text)
        return {"reply_code": code, "queue_id": queued.group(1).decode() if queued else ""}
    if 400 <= code < 600:
        _answered(code, text, "message", where)
    raise DeliveryUnknown(
        "the connection ended after the message was sent and before the server answered",
        where=where,
        rule="mail.unknown",
        remedy="ask the recipient whether it arrived, then record the delivery as handed over or failed",
    )


@contextmanager
def _before_data(where: str) -> Iterator[None]:
    """Say what a failure means while the server cannot yet have taken the message."""
    try:
        yield
    except TokumeiError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise FixConfiguration(
            f"the server's certificate is not trusted: {error.verify_message}",
            where=where,
            rule="mail.tls",
            remedy="name the issuing authority in the extra ca_file, or use the name the certificate is for as host",
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise FixConfiguration(
            "the server offers no STARTTLS, or no login we know",
            where=where,
            rule="mail.tls",
            remedy="use a server that requires STARTTLS and AUTH; nothing is ever sent in the clear",
        ) from None
    except smtplib.SMTPResponseException as error:  # greeting, EHLO, STARTTLS or login
        if error.smtp_code >= 500:
            raise FixConfiguration(
                f"the server does not let us in ({error.smtp_code})",
                where=where,
                rule="mail.login",
                remedy="correct login and password, or ask its operator",
            ) from None
        raise _later(f"the server is not ready ({error.smtp_code})", where) from None
    except (smtplib.SMTPException, OSError) as error:
        raise _later(f"no talk with the server ({type(error).__name__})", where) from None


def too_large(size: int, limit: int, where: str) -> Refused:
    """The refusal of a message of `size` bytes on the wire where at most `limit` are taken."""
    return Refused(
        f"the message has {size} bytes, the limit is {limit}", where=where, rule="mail.limit", remedy=ALTERNATIVES
    )


def _answered(code: int, text: bytes, stage: str, where: str) -> NoReturn:
    """Turn an unfavourable answer into what the operator can do. Only the codes are repeated."""
    found = re.match(rb"[245]\.\d{1,3}\.\d{1,3}\b", text)
    answer = f"{stage} was answered with {code}" + (f" {found.group().decode()}" if found else "")
    if code in _NOT_LET_IN:
        raise FixConfiguration(answer, where=where, rule="mail.login", remedy="correct login and password")
    if code in _TOO_LARGE and not text.startswith(_MAILBOX_FULL):
        raise Refused(f"{answer}: too large", where=where, rule="mail.limit", remedy=ALTERNATIVES)
    if 500 <= code < 600:
        raise Refused(answer, where=where, rule="mail.refused", remedy="correct the address with the recipient")
    raise _later(answer, where)


def _later(what: str, where: str) -> RetryLater:
    remedy = "nothing was taken and the same is tried again; check host and port if this goes on"
    return RetryLater(what, where=where, rule="mail.later", remedy=remedy)


def _xtext(text: str) -> str:
    return _XTEXT.sub(lambda found: b"+%02X" % found.group()[0], text.encode()).decode()
