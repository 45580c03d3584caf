"""What ``gpg --with-colons --show-keys`` says of a key, and whether anybody should encrypt to it.

Fields as in GnuPG's doc/DETAILS: 1 record, 2 validity, 3 length, 4 algorithm (RFC 4880 §9.1), 7 expiry, 10 fingerprint,
12 capabilities, 17 curve.
"""

from __future__ import annotations

import time

#: RSA below this is refused: RSA of 2048 bits is not to be used beyond 2030 (NIST SP 800-131A), and data outlive that.
LEAST_RSA = 3072
_RSA, _ECDH = {"1", "2"}, {"18"}
_CURVES = {"cv25519", "cv448", *(f"nistp{n}" for n in (256, 384, 521)), *(f"brainpoolP{n}r1" for n in (256, 384, 512))}
_ENDED = {"e": "expired", "r": "revoked", "i": "invalid", "d": "disabled"}


def fault(shown: str, fingerprint: str) -> str:
    """Why a key is not used, in words; "" where it is fit. `shown` is gpg's list of one key."""
    records = [line.split(":") for line in shown.splitlines()]
    keys = [r for r in records if r[0] == "pub"]
    found = [r[9] for r in records if r[0] == "fpr"]
    if len(keys) != 1 or any(r[0] in {"sec", "ssb"} for r in records) or not found:
        return "it must hold one public key, and no secret one"
    if found[0] != fingerprint:
        return "its fingerprint is not the confirmed one"
    if why := _ended(keys[0]):
        return f"it is {why}"
    usable = [r for r in records if r[0] in {"pub", "sub"} and "e" in r[11] and not _ended(r)]
    if not usable:
        return "it has no subkey to encrypt to that is in force"
    weak = [r for r in usable if not _strong(r)]
    return (
        f"a subkey to encrypt to is weak: RSA from {LEAST_RSA} bits, or Curve25519, NIST or Brainpool" if weak else ""
    )


def end(shown: str) -> int:
    """When nobody can encrypt to a key any more, in seconds since 1970: the primary key's end, or that of the last
    subkey for it; 0 for never."""
    records = [line.split(":") for line in shown.splitlines()]
    primary = [int(r[6] or 0) for r in records if r[0] == "pub"]
    usable = [int(r[6] or 0) for r in records if r[0] in {"pub", "sub"} and "e" in r[11]]
    last = 0 if 0 in usable else max(usable, default=0)
    return min((moment for moment in (*primary, last) if moment), default=0)


def _ended(record: list[str]) -> str:
    if record[1] in _ENDED:
        return _ENDED[record[1]]
    return "expired" if record[6] and int(record[6]) <= time.time() else ""


def _strong(record: list[str]) -> bool:
    if record[3] in _RSA:
        return int(record[2]) >= LEAST_RSA
    return record[3] in _ECDH and len(record) > 16 and record[16] in _CURVES
