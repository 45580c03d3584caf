"""封緘の見出し: the header of a sealed file, made anew for another key without opening the file.

An age file is a header and a body. The body is encrypted under a file key of its own, which the header holds, wrapped
for who may open it; so a new header is all that another key needs. (Format: age-encryption.org/v1, C2SP age.md, the
X25519 recipient.) Errors are ValueError and say nothing of the file.
"""

from __future__ import annotations

import base64
import hmac
import re

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: Headers of ours have some hundred bytes.
HEADER_BYTES = 16 * 1024
_TEXT = rb"[A-Za-z0-9+/]"
_HEADER = re.compile(
    rb"(age-encryption\.org/v1\n(?:->[^\n]*\n(?:%b{64}\n)*%b{0,63}\n)+---) (%b{43})\n" % (_TEXT, _TEXT, _TEXT)
)
_STANZA = re.compile(rb"^-> X25519 (%b{43})\n(%b{43})\n" % (_TEXT, _TEXT), re.MULTILINE)
_WRAPPING, _MAC = b"age-encryption.org/v1/X25519", b"header"
#: A wrapping key is used once.
_NONCE = bytes(12)
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def length(start: bytes) -> int:
    """How many of a sealed file's first bytes are its header."""
    return _parsed(start).end()


def rewrapped(start: bytes, identity: pyrage.x25519.Identity, recipient: pyrage.x25519.Recipient) -> bytes:
    """A header for `recipient` in place of the one that a sealed file begins with, which `identity` must open."""
    header = _parsed(start)
    return _for(recipient, _file_key(header, identity))


def _parsed(start: bytes) -> re.Match[bytes]:
    found = _HEADER.match(start[:HEADER_BYTES])
    if found is None:
        raise ValueError("this is no header of a sealed file")
    return found


def _file_key(header: re.Match[bytes], identity: pyrage.x25519.Identity) -> bytes:
    secret = X25519PrivateKey.from_private_bytes(_raw(str(identity)))
    public = secret.public_key().public_bytes_raw()
    for stanza in _STANZA.finditer(header[1]):
        share, body = map(_bytes, stanza.groups())
        shared = secret.exchange(X25519PublicKey.from_public_bytes(share))
        try:
            key = ChaCha20Poly1305(_derived(shared, share + public, _WRAPPING)).decrypt(_NONCE, body, None)
        except InvalidTag:
            continue
        if hmac.compare_digest(_mac(key, header[1]), _bytes(header[2])):
            return key
    raise ValueError("the header was changed, or is for another key")


def _for(recipient: pyrage.x25519.Recipient, key: bytes) -> bytes:
    secret, public = X25519PrivateKey.generate(), _raw(str(recipient))
    share = secret.public_key().public_bytes_raw()
    shared = secret.exchange(X25519PublicKey.from_public_bytes(public))
    body = ChaCha20Poly1305(_derived(shared, share + public, _WRAPPING)).encrypt(_NONCE, key, None)
    header = b"age-encryption.org/v1\n-> X25519 %b\n%b\n---" % (_text(share), _text(body))
    return b"%b %b\n" % (header, _text(_mac(key, header)))


def _derived(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(secret)


def _mac(key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(key, b"", _MAC), header, "sha256")


def _bytes(text: bytes) -> bytes:
    """What unpadded Base64 says. `ValueError` where it is not canonical (age specification): bits of the last character
    that mean nothing would be bytes that somebody changed and nobody noticed."""
    data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    if _text(data) != text:
        raise ValueError("Base64 that is not canonical")
    return data


def _text(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _raw(key: str) -> bytes:
    """The 32 bytes of an identity or a recipient, which pyrage has checked (Bech32, BIP 173)."""
    number = 0
    for letter in key.lower().rpartition("1")[2][:-6]:  # without its checksum
        number = number * 32 + _BECH32.index(letter)
    return (number >> 4).to_bytes(32, "big")  # 52 letters hold four bits more
