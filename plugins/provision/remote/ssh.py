"""Opening an SFTP session with a pinned host key, and saying what its failures mean.

The host key is compared before anything of ours is shown to the server (RFC 4251, section 4.1; RFC 4253, section 8).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provision.connections import Credentials
from provision.errors import FixConfiguration, RetryLater, TokumeiError
from provision.remote import algorithms

if TYPE_CHECKING:
    from paramiko import PKey, Transport

    from provision.remote.sftp import Client

_PIN = re.compile(r"(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9-]+)\s+(AAAA[A-Za-z0-9+/=]+)")
_BANNER_SECONDS = 30
_KEEPALIVE_SECONDS = 30


def pinned_keys(credentials: Credentials, where: str) -> list[tuple[str, bytes]]:
    """Type and blob of each line of the extra ``host_key`` (two lines while a partner changes keys)."""
    try:
        lines = [line for line in str(credentials.extra.get("host_key") or "").splitlines() if line.strip()]
        found = [_PIN.search(line) for line in lines]
        pins = [(pin.group(1), base64.b64decode(pin.group(2), validate=True)) for pin in found if pin]
    except binascii.Error:
        pins, lines = [], [""]
    if not pins or len(pins) != len(lines):
        raise FixConfiguration(
            "the extra host_key is missing or no public key",
            where=where,
            rule="sftp.host_key",
            remedy="ask the partner for the host key by another way and write it as: ssh-ed25519 AAAA...",
        )
    return pins


def fingerprint(blob: bytes) -> str:
    """The fingerprint of a key as OpenSSH shows it: SHA256 and base64 without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


@dataclass(frozen=True)
class Session:
    """One login on one line: the SFTP client, the fingerprint of the server's key, and what was agreed on."""

    client: Client
    host_key: str
    agreed: dict[str, str | int]
    transport: Transport
    timeout: float

    def another(self) -> Client:
        """One more client over the same login, for a file beside another."""
        return _client(self.transport, self.timeout)


@contextmanager
def session(credentials: Credentials, connection: str) -> Iterator[Session]:
    """An open session, closed afterwards. Failures are translated.

    Extras: ``host_key`` (required), ``private_key``, ``timeout`` (60 s), ``keepalive`` (30 s), ``old_algorithms``.
    """
    import paramiko

    where = f"connection {connection}"
    pins = pinned_keys(credentials, where)
    key, old = _private_key(credentials, where), algorithms.named(credentials, where)
    timeout, keepalive = _seconds(credentials, "timeout", 60, where), _seconds(credentials, "keepalive", 30, where)
    with translated(where):
        transport = paramiko.Transport(_connect(credentials, timeout))
        try:
            algorithms.offer(transport, old)
            shown = _handshake(transport, pins, where)
            _log_in(transport, credentials, key, where)
            transport.set_keepalive(int(keepalive))
            client = _client(transport, timeout)
            yield Session(client, shown, algorithms.agreed(transport), transport, timeout)
        finally:
            transport.close()


def _client(transport: Transport, timeout: float) -> Client:
    from paramiko import SSHException

    from provision.remote.sftp import Client

    client = Client.from_transport(transport)
    if client is None:
        raise SSHException("no session")
    client.sock.settimeout(timeout)
    client.learn_limits()
    return client


def _seconds(credentials: Credentials, name: str, usual: int, where: str) -> float:
    try:
        seconds = float(credentials.extra.get(name) or usual)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 1 <= seconds <= 86_400:
        raise FixConfiguration(
            f"the extra {name} is no time", where=where, rule="sftp.connection", remedy="write seconds, 1 to 86400"
        )
    return seconds


def _connect(credentials: Credentials, timeout: float) -> socket.socket:
    wire = socket.create_connection((credentials.host, credentials.port or 22), timeout=timeout)
    # Without this each small write waits for the answer to the one before: 1 MB/s instead of 100.
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def _handshake(transport: Transport, pins: list[tuple[str, bytes]], where: str) -> str:
    """Agree on keys and compare the server's with the pinned ones, before any authentication."""
    transport.banner_timeout = transport.auth_timeout = _BANNER_SECONDS
    options = transport.get_security_options()
    kinds = {kind for kind, _ in pins} | ({"rsa-sha2-512", "rsa-sha2-256"} if ("ssh-rsa" in dict(pins)) else set())
    options.key_types = sorted(options.key_types, key=lambda kind: kind not in kinds)  # what is pinned comes first
    transport.start_client(timeout=_BANNER_SECONDS)
    blob = transport.get_remote_server_key().asbytes()
    if blob not in [pin for _, pin in pins]:
        expected = ", ".join(fingerprint(pin) for _, pin in pins)
        raise FixConfiguration(
            f"the server shows the host key {fingerprint(blob)}, pinned is {expected}",
            where=where,
            rule="sftp.host_key",
            remedy="nothing was exchanged; ask by another way whether the key was changed, then pin the new one",
        )
    return fingerprint(blob)


def _log_in(transport: Transport, credentials: Credentials, key: PKey | None, where: str) -> None:
    from paramiko import AuthenticationException

    try:
        if key is not None:
            transport.auth_publickey(credentials.login, key)
        else:
            transport.auth_password(credentials.login, credentials.password, fallback=False)
        let_in = transport.is_authenticated()
    except AuthenticationException:
        let_in = False
    if not let_in:
        raise FixConfiguration(
            "the server does not let us in",
            where=where,
            rule="sftp.login",
            remedy="correct login, private key or password, or ask the partner to add our public key",
        )


def _private_key(credentials: Credentials, where: str) -> PKey | None:
    """The key in the extra ``private_key``, or None where there is a password instead."""
    from paramiko import ECDSAKey, Ed25519Key, RSAKey, SSHException

    text = str(credentials.extra.get("private_key") or "")
    if not text and credentials.login and credentials.password:
        return None
    phrase = str(credentials.extra.get("private_key_passphrase") or "") or None
    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), password=phrase)
        except (SSHException, ValueError, TypeError, IndexError):
            continue
    raise FixConfiguration(
        "there is neither a readable private_key nor a password",
        where=where,
        rule="sftp.login",
        remedy="write the private key as text into the extra (Ed25519, ECDSA or RSA), or give login and password",
    )


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Say what a failure means. No text of the server and no path is repeated."""
    from paramiko import SSHException
    from paramiko.ssh_exception import IncompatiblePeer

    try:
        yield
    except TokumeiError:
        raise
    except PermissionError:
        remedy = "ask whoever runs the server for the right to read, write and rename in the agreed directory"
        what = "the server denies access to the directory"
        raise FixConfiguration(what, where=where, rule="sftp.permission", remedy=remedy) from None
    except FileNotFoundError:
        remedy = "correct the directory in the configuration, or ask whoever runs the server to make it"
        raise FixConfiguration(
            "there is no such directory", where=where, rule="sftp.directory", remedy=remedy
        ) from None
    except IncompatiblePeer:
        what = "the server and we have no algorithm in common"
        remedy = "ask the partner to renew the server; until then name what it needs in the extra old_algorithms"
        raise FixConfiguration(what, where=where, rule="sftp.algorithms", remedy=remedy) from None
    except (EOFError, SSHException, ConnectionError, TimeoutError, socket.gaierror) as error:
        raise _dropped(where, type(error).__name__) from None
    except OSError as error:
        if error.errno is not None or "closed" in str(error):
            raise _dropped(where, type(error).__name__) from None
        what = "the server reports a failure without a reason, as it does when its disk is full"
        remedy = "the same is tried again and goes on where it can; ask about free space or quota if this persists"
        raise RetryLater(what, where=where, rule="sftp.failure", remedy=remedy) from None


def _dropped(where: str, kind: str) -> RetryLater:
    what = f"the connection could not be made, or was cut ({kind})"
    remedy = "the same is tried again and goes on where it can; check host and port if this goes on"
    return RetryLater(what, where=where, rule="sftp.network", remedy=remedy)
