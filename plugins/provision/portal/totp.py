"""認証コード: time-based one-time passwords, RFC 6238, as every authenticator app makes them.

Six digits, steps of 30 seconds, HMAC-SHA-1: what apps support without exception. A code counts once (RFC 6238,
section 5.2), and one step before or after is accepted for clocks that differ.
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
#: Bytes of a seed: as long as the output of SHA-1 (RFC 4226, section 4, requirement 6).
SEED_BYTES = 20
#: Steps that clocks may differ by (RFC 6238, section 5.2).
DRIFT = 1


def code(seed: bytes, step: int, *, digits: int = DIGITS, digest: str = "sha1") -> str:
    """The password of a counter: dynamic truncation of RFC 4226, section 5.3."""
    mac = hmac.digest(seed, step.to_bytes(8, "big"), digest)
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(seed: bytes, given: str, now: float, last: int) -> int | None:
    """The step whose code was given, later than `last`, which is the last one used; None where there is none."""
    current = int(now) // STEP_SECONDS
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):  # all of them: the time taken tells nothing
        if hmac.compare_digest(code(seed, step).encode(), given.encode()) and step > last:
            found = step
    return found


def base32(seed: bytes) -> str:
    """The seed as people type it, without padding."""
    return base64.b32encode(seed).decode().rstrip("=")


def address(seed: bytes, account: str, issuer: str) -> str:
    """The ``otpauth`` address an app reads from a QR code (Key URI Format of Google Authenticator)."""
    label = quote(f"{issuer}:{account}", safe="")
    said = {"secret": base32(seed), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{label}?{urlencode(said, quote_via=quote)}"
