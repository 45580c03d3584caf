"""One unit, sealed and opened again: the same files, whatever they hold, and nothing else than what was sealed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.backup.sealing import Sealed, seal, seal_bytes, unseal
from provision.backup.units import Unit
from provision.errors import Refused, TokumeiError

KEY = pyrage.x25519.Identity.generate()
NAMES = st.lists(st.sampled_from(["a", "batch.json", "表", "part-00000.parquet", "x" * 120, "d/e", "d/f"]), unique=True)


@settings(max_examples=40, deadline=None)
@given(names=NAMES.filter(bool), sizes=st.lists(st.sampled_from([0, 1, 511, 512, 513, 70_000, 1 << 20]), min_size=7))
def test_what_is_sealed_comes_out(names: list[str], sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, files = Path(name), {}
        (folder / "sealed").mkdir()
        for place, size in zip(names, sizes, strict=False):
            path = folder / "plain" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(i % 251 for i in range(min(size, 600))) * (size // 600 + 1) if size else b"")
            files[f"store/{place}"] = path
        unit = Unit("store", tuple((path, place) for place, path in files.items()))
        sealed = seal(unit, folder / "sealed", "u.age", KEY.to_public())
        found = {place: stream.read() for place, stream in unseal(sealed, folder / "sealed", KEY)}
        assert found == {place: path.read_bytes() for place, path in files.items()}


@settings(max_examples=30, deadline=None)
@given(junk=st.binary(min_size=1, max_size=4000))
def test_what_is_no_unit_is_an_error_of_ours(junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        sealed = seal_bytes(iter([junk]), Path(name), "u.age", KEY.to_public())
        assert _rule(sealed, Path(name)) in {"nothing came out", "backup.damaged"}


def _rule(sealed: Sealed, folder: Path) -> str:
    """The rule of our own error; "nothing came out" where the bytes are an empty tar. Any other error is raised."""
    try:
        return "nothing came out" if list(unseal(sealed, folder, KEY)) == [] else "something came out"
    except TokumeiError as error:
        return error.rule


def test_a_medium_that_lies_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.backup.sealing.digest_of", lambda _: ("0" * 64, 1))
    with pytest.raises(TokumeiError, match="other bytes"):
        seal_bytes(iter([b"x"]), tmp_path, "u.age", KEY.to_public())
    assert not (tmp_path / "u.age").exists()


def test_another_identity_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    sealed = seal(Unit("store", ((tmp_path / "a", "store/a"),)), tmp_path, "u.age", KEY.to_public())
    with pytest.raises(Refused):
        list(unseal(sealed, tmp_path, pyrage.x25519.Identity.generate()))
