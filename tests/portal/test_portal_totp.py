"""Codes of authenticator apps against the published vectors: RFC 4226, appendix D; RFC 6238, appendix B."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.portal import totp

LENGTHS = {"sha1": 20, "sha256": 32, "sha512": 64}
SEEDS = {digest: (b"1234567890" * 7)[:length] for digest, length in LENGTHS.items()}
TIMES = (59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000)
TOTP = {
    "sha1": ("94287082", "07081804", "14050471", "89005924", "69279037", "65353130"),
    "sha256": ("46119246", "68084774", "67062674", "91819424", "90698825", "77737706"),
    "sha512": ("90693936", "25091201", "99943326", "93441116", "38618901", "47863826"),
}
HOTP = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


def test_rfc_4226() -> None:
    assert [totp.code(SEEDS["sha1"], counter) for counter in range(10)] == HOTP


@pytest.mark.parametrize("digest", SEEDS)
def test_rfc_6238(digest: str) -> None:
    found = [totp.code(SEEDS[digest], at // totp.STEP_SECONDS, digits=8, digest=digest) for at in TIMES]
    assert tuple(found) == TOTP[digest]


@given(now=st.integers(10**9, 2 * 10**9), away=st.integers(-5, 5), last=st.integers(-5, 5))
def test_a_code_is_taken_one_step_around_now_and_never_twice(now: int, away: int, last: int) -> None:
    seed, current = SEEDS["sha1"], now // totp.STEP_SECONDS
    step = current + away
    given_code = totp.code(seed, step)
    around = {totp.code(seed, current + d): current + d for d in (-1, 0, 1) if current + d > current + last}
    assert totp.matching_step(seed, given_code, now, current + last) == around.get(given_code)


def test_the_address_of_the_qr_code() -> None:
    address = totp.address(SEEDS["sha1"], "kanri@aozora-pharma.example", "Kakuu Health Data K.K.")
    parts, said = urlsplit(address), parse_qs(urlsplit(address).query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert said["secret"] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
    assert said["issuer"] == ["Kakuu Health Data K.K."]
    assert "+" not in address.replace("%2B", "")


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "94287082"])
def test_what_is_no_code(typed: str) -> None:
    assert totp.matching_step(SEEDS["sha1"], typed, 59, 0) is None
