"""Keys in files: made once, for the owner only, destroyed for good."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyrage
import pytest

from provision.errors import Refused
from provision.keys import FileKeys


@pytest.fixture
def keys(tmp_path: Path) -> FileKeys:
    return FileKeys(tmp_path / "keys")


def test_a_symmetric_key_is_made_once(keys: FileKeys) -> None:
    first = keys.symmetric("link-a")
    assert len(first) == 32
    assert FileKeys(keys.folder).symmetric("link-a") == first != keys.symmetric("link-b")


def test_an_identity_opens_what_its_public_part_sealed(keys: FileKeys) -> None:
    recipient = keys.create_identity("batch-1")
    assert str(keys.create_identity("batch-1")) == str(recipient)
    assert pyrage.decrypt(pyrage.encrypt(b"x", [recipient]), [keys.identity("batch-1")]) == b"x"


def test_a_destroyed_key_is_gone_and_destroying_twice_is_harmless(keys: FileKeys) -> None:
    keys.create_identity("batch-1")
    assert keys.exists("batch-1")
    assert [keys.destroy("batch-1"), keys.destroy("batch-1")] == [True, False]
    assert not keys.exists("batch-1")
    with pytest.raises(Refused, match="destroyed"):
        keys.identity("batch-1")


def test_what_was_overwritten_but_not_removed_is_destroyed_by_the_next_attempt(
    keys: FileKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.create_identity("batch-1")
    text = keys.path("batch-1").read_text()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda self, **_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            keys.destroy("batch-1")
    assert text not in keys.path("batch-1").read_text()
    assert keys.destroy("batch-1")


def test_many_at_once_get_one_key(keys: FileKeys) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: keys.symmetric("link-a"), range(40)))) == 1
    assert [p.name for p in keys.folder.iterdir()] == ["link-a.key"]


def test_keys_are_for_the_owner_only(keys: FileKeys) -> None:
    keys.symmetric("link-a")
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(keys.path("link-a").stat().st_mode) == 0o600


def test_an_identity_of_memory_is_adopted_instead_of_what_was_there(keys: FileKeys) -> None:
    old, fresh = keys.create_identity("batch-1"), pyrage.x25519.Identity.generate()
    keys.adopt_identity("batch-1", fresh)
    assert str(keys.identity("batch-1")) == str(fresh)
    assert pyrage.decrypt(pyrage.encrypt(b"x", [fresh.to_public()]), [keys.identity("batch-1")]) == b"x"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(pyrage.encrypt(b"x", [old]), [keys.identity("batch-1")])


def test_a_copy_left_by_a_process_that_died_is_destroyed_with_its_key(
    keys: FileKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Died between giving the key its name and removing the other name: both are the same secret."""

    class Killed(BaseException):
        pass

    def dying(path: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("provision.keys.os.unlink", dying)
        with pytest.raises(Killed):
            keys.create_identity("batch-1")
    keys.create_identity("batch-10")
    assert len(list(keys.folder.iterdir())) == 3
    assert keys.destroy("batch-1")
    assert [path.name for path in keys.folder.iterdir()] == ["batch-10.key"]
