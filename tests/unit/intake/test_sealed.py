"""Sealed files: a stream of the plain bytes or a refusal, never a short file and never a wait without end."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyrage
import pytest

from provision.errors import Refused
from provision.intake.sealed import BLOCK, SealedFile, opened, read_manifest, seal_stream, write_manifest

PLAIN = bytes(range(256)) * 2000


@pytest.fixture
def identity() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def sealed(tmp_path: Path, identity: pyrage.x25519.Identity) -> Path:
    seal_stream(io.BytesIO(PLAIN), tmp_path / "0001.age", identity.to_public())
    return tmp_path / "0001.age"


def test_what_was_sealed_comes_out_in_full_blocks(sealed: Path, identity: pyrage.x25519.Identity) -> None:
    with opened(sealed, identity) as stream:
        blocks = list(iter(lambda: stream.read(100_000), b""))
    assert b"".join(blocks) == PLAIN
    assert {len(block) for block in blocks[:-1]} == {100_000}


def test_a_reader_may_stop_early(sealed: Path, identity: pyrage.x25519.Identity) -> None:
    with opened(sealed, identity) as stream:
        assert stream.read(10) == PLAIN[:10]


@pytest.mark.parametrize("damage", ["cut", "changed", "other key", "gone", "empty"])
@pytest.mark.timeout(20)
def test_what_is_broken_is_refused_at_its_end_at_the_latest(
    sealed: Path, identity: pyrage.x25519.Identity, damage: str
) -> None:
    data = sealed.read_bytes()
    if damage == "cut":
        sealed.write_bytes(data[: len(data) // 2])
    elif damage == "changed":
        sealed.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "gone":
        sealed.unlink()
    elif damage == "empty":
        sealed.write_bytes(b"")
    else:
        identity = pyrage.x25519.Identity.generate()
    with pytest.raises(Refused, match="seal"):
        drained(sealed, identity)


def drained(path: Path, identity: pyrage.x25519.Identity) -> bytes:
    with opened(path, identity) as stream:
        return b"".join(iter(lambda: stream.read(1 << 20), b""))


@pytest.mark.parametrize("name", ["架空山花子.UKE", "sub/a.UKE", b"\x89\xcb.UKE".decode("utf-8", "surrogateescape")])
def test_the_manifest_keeps_every_name_inside_the_seal(
    tmp_path: Path, identity: pyrage.x25519.Identity, name: str
) -> None:
    item = SealedFile(1, name, "0" * 64, 5)
    write_manifest(tmp_path, [item], identity.to_public())
    assert read_manifest(tmp_path, identity) == [item]
    assert item.sealed_name() == "0001.age"
    with pytest.raises(Refused, match="seal"):
        read_manifest(tmp_path, pyrage.x25519.Identity.generate())
    with pytest.raises(Refused, match="seal"):
        read_manifest(tmp_path / "nowhere", identity)


def test_sealing_gives_digest_and_size_of_the_plain_bytes(tmp_path: Path, identity: pyrage.x25519.Identity) -> None:
    said = seal_stream(io.BytesIO(PLAIN), tmp_path / "0001.age", identity.to_public())
    assert said == (hashlib.sha256(PLAIN).hexdigest(), len(PLAIN))


class Breaking:
    """A stream that breaks after its first block."""

    def __init__(self) -> None:
        self.blocks = [b"x" * 1000]

    def read(self, size: int = -1) -> bytes:
        if not self.blocks:
            raise Refused("it breaks", rule="test.broken", remedy="none")
        return self.blocks.pop()


def test_what_a_stream_raises_is_raised_as_it_is_and_nothing_is_left(
    tmp_path: Path, identity: pyrage.x25519.Identity
) -> None:
    with pytest.raises(Refused, match=r"test\.broken") as caught:
        seal_stream(cast(BinaryIO, Breaking()), tmp_path / "0001.age", identity.to_public())
    assert caught.value.__context__ is None
    assert list(tmp_path.iterdir()) == []


def test_a_long_manifest_is_read_line_by_line(tmp_path: Path, identity: pyrage.x25519.Identity) -> None:
    """Longer than what is opened in memory, with lines across the pieces that it is read in."""
    files = [SealedFile(n, f"架空/{n}" + "x" * (n % 90), f"{n:064x}", n) for n in range(1, 9_000)]
    write_manifest(tmp_path, iter(files), identity.to_public())
    assert (tmp_path / "manifest.age").stat().st_size > BLOCK
    assert read_manifest(tmp_path, identity) == files
    cut = (tmp_path / "manifest.age").read_bytes()[:-10_000]
    (tmp_path / "manifest.age").write_bytes(cut)
    with pytest.raises(Refused, match="seal"):
        read_manifest(tmp_path, identity)


def test_a_manifest_of_an_earlier_program_is_read(tmp_path: Path, identity: pyrage.x25519.Identity) -> None:
    """A batch may wait while the platform is replaced: the list was one JSON array."""
    files = [SealedFile(n, f"{n}.UKE", f"{n:064x}", n) for n in (1, 2)]
    text = json.dumps([asdict(item) for item in files]).encode()
    (tmp_path / "manifest.age").write_bytes(pyrage.encrypt(text, [identity.to_public()]))
    assert read_manifest(tmp_path, identity) == files


@pytest.mark.parametrize("size", [0, 1, 3 * BLOCK])
def test_a_file_sealed_by_an_earlier_program_is_opened(
    tmp_path: Path, identity: pyrage.x25519.Identity, size: int
) -> None:
    """`pyrage` wrote them; they may wait in landing and quarantine while the platform is replaced."""
    path, data = tmp_path / "0001.age", PLAIN[:1] * size
    with path.open("wb") as cipher:
        pyrage.encrypt_io(io.BytesIO(data), cipher, [identity.to_public()])
    assert drained(path, identity) == data


class Unreadable(io.FileIO):
    """A file on a disk that fails."""

    def readinto(self, buffer: Any) -> int:
        raise OSError(5, "the disk fails")


def test_a_disk_that_fails_is_a_broken_file(
    sealed: Path, identity: pyrage.x25519.Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "open", lambda path, mode: io.BufferedReader(Unreadable(path)))
    with pytest.raises(Refused, match="seal"):
        drained(sealed, identity)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1_000, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_small_and_large_files_come_out_alike(tmp_path: Path, identity: pyrage.x25519.Identity, size: int) -> None:
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    seal_stream(io.BytesIO(data), tmp_path / "0002.age", identity.to_public())
    assert drained(tmp_path / "0002.age", identity) == data
