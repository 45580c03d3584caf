"""封緘の見出し: the header of an age file, which holds the key of the file, wrapped for everybody who may open it.

So a new header is all that another key needs: the payload stays as it is. (C2SP age.md, "Header" and "The X25519
recipient type".) Stanzas of other kinds are passed over, as the specification demands.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from provision.agefiles.payload import derived
from provision.errors import Refused

#: Headers of ours have some hundred bytes.
HEADER_BYTES = 16 * 1024
_VERSION, _KIND = b"age-encryption.org/v1\n", b"X25519"
_TEXT = rb"[A-Za-z0-9+/]"
_STANZA = rb"-> [!-~]+(?: [!-~]+)*\n(?:%b{64}\n)*%b{0,63}\n" % (_TEXT, _TEXT)
_STANZAS = re.compile(_STANZA)
_HEADER = re.compile(rb"(%b(?:%b)+---) (%b{43})\n" % (re.escape(_VERSION), _STANZA, _TEXT))
_WRAPPING, _MAC = b"age-encryption.org/v1/X25519", b"header"
#: A wrapping key is used once.
_NONCE = bytes(12)
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def broken() -> Refused:
    """What to raise for a sealed file that is not as it was sealed, or is for another key."""
    return Refused("a sealed file cannot be opened", rule="seal.broken", remedy="restore it or ask the sender")


def made(key: bytes, recipients: Sequence[pyrage.x25519.Recipient]) -> bytes:
    """The header of the file whose key is `key`, for `recipients`. `ValueError` where there are none, or where one is a
    point of low order, to which no private key belongs."""
    if not recipients:
        raise ValueError("an age file needs somebody who can open it")
    text = _VERSION + b"".join(_wrapped(key, _public(str(each))) for each in recipients) + b"---"
    return b"%b %b\n" % (text, _text(_mac(key, text)))


def length(start: bytes) -> int:
    """How many of an age file's first bytes are its header; `Refused` where it has none."""
    return _parsed(start).end()


def file_key(start: bytes, identity: pyrage.x25519.Identity) -> bytes:
    """The key of the file that begins with `start`. `Refused` where `identity` does not open it, or where anything of
    its header was changed."""
    header = _parsed(start)
    secret = X25519PrivateKey.from_private_bytes(_raw(str(identity)))
    for share, body in [*_stanzas(header[1])]:  # all of them are looked at before one is believed
        key = _unwrapped(secret, share, body)
        if key is not None and hmac.compare_digest(_mac(key, header[1]), _bytes(header[2])):
            return key
    raise broken()


def rewrapped(start: bytes, identity: pyrage.x25519.Identity, recipient: pyrage.x25519.Recipient) -> bytes:
    """A header for `recipient` in place of the one that an age file begins with. `Refused` as `file_key`."""
    return made(file_key(start, identity), [recipient])


def _parsed(start: bytes) -> re.Match[bytes]:
    found = _HEADER.match(start[:HEADER_BYTES])
    if found is None:
        raise broken()
    return found


def _stanzas(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Share and body of every X25519 stanza, 32 bytes each: other lengths are refused, since bodies of several lengths
    would tell keys apart. A passphrase (scrypt) has to stand alone, so that it is never beside one of ours."""
    for stanza in _STANZAS.findall(header):
        line, _, text = stanza.partition(b"\n")
        kind, *words = line.split(b" ")[1:]
        body = _bytes(text.replace(b"\n", b""))
        if kind == _KIND:
            share = _bytes(words[0]) if len(words) == 1 else b""
            if (len(share), len(body)) != (32, 32):
                raise broken()
            yield share, body
        elif kind == b"scrypt":
            raise broken()


def _wrapped(key: bytes, public: bytes) -> bytes:
    """The stanza that gives `key` to the owner of `public`."""
    secret = X25519PrivateKey.generate()
    share = secret.public_key().public_bytes_raw()
    shared = secret.exchange(X25519PublicKey.from_public_bytes(public))
    body = ChaCha20Poly1305(derived(shared, share + public, _WRAPPING)).encrypt(_NONCE, key, None)
    return b"-> %b %b\n%b\n" % (_KIND, _text(share), _text(body))


def _unwrapped(secret: X25519PrivateKey, share: bytes, body: bytes) -> bytes | None:
    """What a stanza holds; None where it is for another key."""
    try:
        shared = secret.exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError:  # a point of low order: the same secret for every key
        raise broken() from None
    wrapping = derived(shared, share + secret.public_key().public_bytes_raw(), _WRAPPING)
    try:
        return ChaCha20Poly1305(wrapping).decrypt(_NONCE, body, None)
    except InvalidTag:
        return None


def _mac(key: bytes, header: bytes) -> bytes:
    return hmac.digest(derived(key, b"", _MAC), header, "sha256")


def _bytes(text: bytes) -> bytes:
    """What unpadded Base64 says. `Refused` where it is not canonical: bits of the last character that mean nothing
    would be bytes that somebody changed and nobody noticed."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise broken() from None
    if _text(data) != text:
        raise broken()
    return data


def _text(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


@lru_cache
def _public(recipient: str) -> bytes:
    """As `_raw`: many files are for the same recipient."""
    return _raw(recipient)


def _raw(key: str) -> bytes:
    """The 32 bytes of an identity or a recipient, which pyrage has checked (Bech32, BIP 173)."""
    number = 0
    for letter in key.lower().rpartition("1")[2][:-6]:  # without its checksum
        number = number * 32 + _BECH32.index(letter)
    return (number >> 4).to_bytes(32, "big")  # 52 letters hold four bits more
