"""Which SSH algorithms we offer: none that is broken or ageing, unless an operator named it for an old server.

Left out: CBC modes and 3DES (RFC 8758 and the plaintext recovery of CVE-2008-5161), SHA-1 and MD5 in message digests.
Key exchanges with SHA-1 and signatures ``ssh-rsa`` are unknown to the client library and cannot be named either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provision.connections import Credentials
from provision.errors import FixConfiguration

if TYPE_CHECKING:
    from paramiko import Transport

#: AES-GCM first: with it the processor encrypts and authenticates in one pass.
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
DIGESTS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
OLD_CIPHERS = ("aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc")
OLD_DIGESTS = ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96")


def named(credentials: Credentials, where: str) -> frozenset[str]:
    """The extra ``old_algorithms``, words between spaces. `FixConfiguration` where one is none of ours."""
    words = frozenset(str(credentials.extra.get("old_algorithms") or "").split())
    if not words <= {*OLD_CIPHERS, *OLD_DIGESTS}:
        raise FixConfiguration(
            "the extra old_algorithms names something that cannot be allowed",
            where=where,
            rule="sftp.algorithms",
            remedy=f"choose from: {' '.join((*OLD_CIPHERS, *OLD_DIGESTS))}",
        )
    return words


def offer(transport: Transport, old: frozenset[str]) -> None:
    """Set what we offer before the talk begins; the old ones come last, so they are used only where nothing else is."""
    options = transport.get_security_options()
    options.ciphers = (*CIPHERS, *(each for each in OLD_CIPHERS if each in old))
    options.digests = (*DIGESTS, *(each for each in OLD_DIGESTS if each in old))


def agreed(transport: Transport) -> dict[str, str | int]:
    """Evidence: the cipher, and a warning where old algorithms are in use."""
    used = [transport.local_cipher]
    if "gcm" not in transport.local_cipher:
        used.append(transport.local_mac or "")
    old = [name for name in used if name in {*OLD_CIPHERS, *OLD_DIGESTS}]
    warning: dict[str, str | int] = {"warning": f"old algorithms: {', '.join(old)}"} if old else {}
    return {"cipher": transport.local_cipher, **warning}
