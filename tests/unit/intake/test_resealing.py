"""A sealed file under another key: only that key opens it, and nobody had to open it."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any

import pyrage
import pytest

from provision import agefiles
from provision.errors import Refused
from provision.intake.sealed import BLOCK, OWN_HEADER, opened, reseal, seal_stream

OLD, NEW, OTHER = (pyrage.x25519.Identity.generate() for _ in range(3))
SIZES = (0, 1, 65_536, BLOCK - 1, 3 * BLOCK + 7)


def sealed(tmp_path: Path, data: bytes = b"x") -> Path:
    path = tmp_path / "landing.age"
    seal_stream(io.BytesIO(data), path, OLD.to_public())
    return path


def drained(path: Path, identity: pyrage.x25519.Identity) -> bytes:
    with opened(path, identity) as stream:
        return b"".join(iter(lambda: stream.read(70_000), b""))


@pytest.fixture(params=["the same file", "a copy"])
def linking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the new place is on the same file system."""

    def elsewhere(*_: Any) -> None:
        raise OSError(errno.EXDEV, "another file system")

    if request.param == "a copy":
        monkeypatch.setattr(os, "link", elsewhere)
    return bool(request.param == "the same file")


@pytest.mark.parametrize("size", SIZES)
def test_only_the_new_key_opens_it(tmp_path: Path, linking: bool, size: int) -> None:
    data = os.urandom(size)
    landing, target = sealed(tmp_path, data), tmp_path / "0001.age"
    reseal(landing, OLD, target, NEW.to_public())
    assert drained(target, NEW) == data
    assert drained(landing, OLD) == data
    assert target.with_suffix(OWN_HEADER).exists() == linking
    for identity in (OLD, OTHER):
        with pytest.raises(Refused):
            drained(target, identity)
    landing.unlink()
    assert drained(target, NEW) == data


def test_a_sealed_file_that_lies_here_already_is_no_other_one(tmp_path: Path) -> None:
    """Twice, as a task that died before it had said so does it, in a folder made anew."""
    landing = sealed(tmp_path, b"data")
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        reseal(landing, OLD, tmp_path / run / "0001.age", NEW.to_public())
        assert drained(tmp_path / run / "0001.age", NEW) == b"data"


def test_a_header_for_several_keys(tmp_path: Path) -> None:
    for identity in (OLD, OTHER):
        path = tmp_path / "several.age"
        path.write_bytes(pyrage.encrypt(b"data", [OTHER.to_public(), OLD.to_public()]))
        target = tmp_path / f"{identity is OLD}.age"
        reseal(path, identity, target, NEW.to_public())
        assert drained(target, NEW) == b"data"


def test_a_header_that_was_changed_anywhere(tmp_path: Path) -> None:
    good = sealed(tmp_path).read_bytes()
    for at in range(agefiles.header.length(good)):
        path = tmp_path / "changed.age"
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises(Refused):
            reseal(path, OLD, tmp_path / f"{at}.age", NEW.to_public())


def test_what_cannot_be_put_under_another_key(tmp_path: Path) -> None:
    good = sealed(tmp_path)
    cases = {"gone": None, "empty": b"", "cut": good.read_bytes()[:100], "text": b"x" * 1000}
    for name, data in cases.items():
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(Refused) as refused:
            reseal(path, OLD, tmp_path / f"{name}.age", NEW.to_public())
        assert refused.value.rule == "seal.broken"
    with pytest.raises(Refused):
        reseal(good, OTHER, tmp_path / "other.age", NEW.to_public())


def test_what_was_changed_afterwards_is_found_when_it_is_opened(tmp_path: Path, linking: bool) -> None:
    data = os.urandom(2 * BLOCK)
    landing, target = sealed(tmp_path, data), tmp_path / "0001.age"
    reseal(landing, OLD, target, NEW.to_public())
    whole = target.read_bytes()
    for changed in (whole[:-1], whole[:BLOCK] + bytes([whole[BLOCK] ^ 1]) + whole[BLOCK + 1 :], b""):
        target.write_bytes(changed)
        with pytest.raises(Refused):
            drained(target, NEW)


def test_a_header_beside_it_that_was_changed(tmp_path: Path) -> None:
    target = tmp_path / "0001.age"
    reseal(sealed(tmp_path), OLD, target, NEW.to_public())
    header = target.with_suffix(OWN_HEADER)
    good = header.read_bytes()
    for changed in (b"", good[:-1], good[:40] + b"A" * 40 + good[80:]):
        header.write_bytes(changed)
        with pytest.raises(Refused):
            drained(target, NEW)
