"""Every encryption scheme keeps the same promises: what it makes is opened by the program everybody has, with the
recipient's key and with the operator's, and with no other; a key that should not be used is refused in words.
"""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyrage
import pytest

from provision.errors import FixConfiguration
from provision.model import AgeKey, OpenPgpKey
from provision.packaging.encryption import schemes
from tests.support.pgp import Keeper, confirmed, keeper

SHORT = "/tmp"  # gpg's agent listens on a socket, whose path must be short


@dataclass
class Side:
    """Recipient, operator and a stranger of one scheme: their keys, and how each opens a file."""

    keys: dict[str, AgeKey | OpenPgpKey]
    opened: Callable[[str, Path], bytes]


@pytest.fixture(params=sorted(schemes()))
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Side]:
    yield from {"age": _age, "openpgp": _openpgp}[request.param](tmp_path)


def _age(folder: Path) -> Iterator[Side]:
    keys: dict[str, AgeKey | OpenPgpKey] = {}
    for who in ("recipient", "operator", "stranger"):
        identity = pyrage.x25519.Identity.generate()
        (folder / who).write_text(f"{identity}\n")
        keys[who] = AgeKey(
            kind="age", key=str(identity.to_public()), confirmed_on=date(2026, 4, 1), confirmed_by="data-team"
        )

    def opened(who: str, path: Path) -> bytes:
        return subprocess.run(["age", "-d", "-i", folder / who, path], capture_output=True, check=True).stdout

    yield Side(keys, opened)


def _openpgp(folder: Path) -> Iterator[Side]:
    import tempfile

    with tempfile.TemporaryDirectory(dir=SHORT, prefix="tk-") as rings:
        held: dict[str, Keeper] = {}
        for who in ("recipient", "operator", "stranger"):
            held[who] = keeper(Path(rings) / who)
            held[who].gpg("--quick-gen-key", f"架空 {who} <{who}@partner.example>", "future-default", "default", "1y")
        try:
            yield Side(
                {who: ring.key(f"{who}@partner.example") for who, ring in held.items()},
                lambda who, path: held[who].gpg("--decrypt", str(path)),
            )
        finally:
            for ring in held.values():
                ring.close()


def encrypted(kind: str, plain: bytes, target: Path, keys: list[AgeKey | OpenPgpKey]) -> None:
    reading, writing = os.pipe()

    def pour() -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(plain)

    thread = threading.Thread(target=pour, daemon=True)
    thread.start()
    with os.fdopen(reading, "rb") as stream, target.open("wb") as cipher:
        schemes()[kind].encrypt(stream, cipher, keys)
    thread.join()


def test_recipient_and_operator_open_it_and_nobody_else(side: Side, tmp_path: Path) -> None:
    recipient, operator = side.keys["recipient"], side.keys["operator"]
    scheme = schemes()[recipient.kind]
    scheme.check(recipient)
    plain, target = os.urandom(3_000_000), tmp_path / f"r-1.zip{scheme.ending}"
    encrypted(recipient.kind, plain, target, [recipient, operator])
    assert side.opened("recipient", target) == plain
    assert side.opened("operator", target) == plain
    with pytest.raises(subprocess.CalledProcessError):
        side.opened("stranger", target)


def test_a_changed_byte_does_not_open(side: Side, tmp_path: Path) -> None:
    recipient, target = side.keys["recipient"], tmp_path / "sealed"
    encrypted(recipient.kind, os.urandom(200_000), target, [recipient])
    content = bytearray(target.read_bytes())
    content[len(content) // 2] ^= 1
    target.write_bytes(content)
    with pytest.raises(subprocess.CalledProcessError):
        side.opened("recipient", target)


def test_a_key_that_is_none_is_refused_without_its_text(side: Side) -> None:
    key = side.keys["recipient"]
    half = key.model_copy(update={"key": key.key[: len(key.key) // 2]})
    with pytest.raises(FixConfiguration) as caught:
        schemes()[key.kind].check(half)
    assert caught.value.remedy
    assert key.key[20:40] not in str(caught.value)


class Full:
    """A disk without room after so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, block: bytes | memoryview, /) -> int:
        self.room -= len(block)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "no space")
        return len(block)


@pytest.mark.timeout(60)
def test_a_full_disk_is_told_as_it_is_and_ends_the_work(side: Side, tmp_path: Path) -> None:
    recipient, plain = side.keys["recipient"], tmp_path / "plain"
    plain.write_bytes(os.urandom(3_000_000))
    for room in (0, 1_000_000):
        with plain.open("rb") as stream, pytest.raises(OSError, match="no space"):
            schemes()[recipient.kind].encrypt(stream, Full(room), [recipient])


@pytest.mark.parametrize("point", ["age1qqqq" + "q" * 48 + "5cu47z", "age1qyqq" + "q" * 48 + "j7vrya"])
def test_an_age_key_that_no_private_key_belongs_to_is_refused(point: str) -> None:
    """The points 0 and 1 of Curve25519 (RFC 7748, section 6.1), with the checksum of a key: nobody could open it, or
    everybody."""
    assert str(pyrage.x25519.Recipient.from_str(point)) == point
    key = AgeKey(kind="age", key=point, confirmed_on=date(2026, 4, 1), confirmed_by="data-team")
    with pytest.raises(FixConfiguration) as caught:
        schemes()["age"].check(key)
    assert point not in str(caught.value)


def test_openpgp_fingerprint_must_be_the_confirmed_one(tmp_path: Path) -> None:
    for side in _openpgp(tmp_path):
        recipient, stranger = side.keys["recipient"], side.keys["stranger"]
        assert isinstance(recipient, OpenPgpKey)
        with pytest.raises(FixConfiguration, match="fingerprint is not the confirmed one"):
            schemes()["openpgp"].check(confirmed(stranger.key, recipient.fingerprint))
