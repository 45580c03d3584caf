"""Keys wrapped by a key service: nothing on the disk opens anything, and without the service nothing does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from provision import doctor
from provision.cli import main
from provision.connections import EnvironmentResolver
from provision.context import Context, open_context
from provision.errors import FixConfiguration, Refused, RetryLater, TokumeiError
from provision.keys import FileKeys
from provision.keysettings import AwsKms
from provision.ledger.verify import verify
from provision.wrapping import MAGIC, KmsWrapping, wrapping_of
from tests.support.house import ACTOR, House, copy_of_house
from tests.support.kms import ACCESS, KEY_ID, SECRET, Kms, kms

SETTINGS = AwsKms(kind="aws_kms", key_id=KEY_ID, connection="key_service")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kms]:
    with kms() as server:
        monkeypatch.setenv("AIRFLOW_CONN_KEY_SERVICE", server.connection_json())
        yield server


@pytest.fixture
def keys(service: Kms, tmp_path: Path) -> FileKeys:
    return FileKeys(tmp_path / "keys", wrapping_of(SETTINGS, EnvironmentResolver()))


def again(keys: FileKeys) -> FileKeys:
    """Another process."""
    return FileKeys(keys.folder, keys.wrapping)


def test_wrapped_keys_do_what_plain_ones_do_and_are_asked_for_once(keys: FileKeys, service: Kms) -> None:
    link, recipient = keys.symmetric("link-a"), keys.create_identity("batch-1")
    secret = str(keys.identity("batch-1"))
    assert pyrage.decrypt(pyrage.encrypt(b"x", [recipient]), [again(keys).identity("batch-1")]) == b"x"
    assert again(keys).symmetric("link-a") == link
    before = service.asked["Decrypt"]
    for _ in range(20):
        keys.symmetric("link-a")
    assert service.asked["Decrypt"] == before
    for path in keys.folder.iterdir():
        assert path.read_bytes().startswith(MAGIC)
        assert link.hex().encode() not in path.read_bytes()
        assert secret.encode() not in path.read_bytes()
    assert keys.destroy("batch-1")
    with pytest.raises(Refused, match="destroyed"):
        keys.identity("batch-1")


def test_a_file_copied_under_another_name_does_not_open(keys: FileKeys) -> None:
    keys.symmetric("link-a")
    shutil.copy(keys.path("link-a"), keys.path("link-b"))
    with pytest.raises(Refused, match="another key or name"):
        again(keys).symmetric("link-b")


@pytest.mark.parametrize("content", [MAGIC + b"aws-kms\n!!!\n", MAGIC + b"aws-kms\nAAAA\n"])
def test_a_damaged_file_does_not_open(keys: FileKeys, content: bytes) -> None:
    keys.symmetric("link-a")
    keys.path("link-a").write_bytes(content)
    with pytest.raises(Refused):
        again(keys).symmetric("link-a")


def test_plain_and_wrapped_are_not_mixed(keys: FileKeys, tmp_path: Path) -> None:
    keys.symmetric("link-a")
    with pytest.raises(FixConfiguration, match="another service"):
        FileKeys(keys.folder).symmetric("link-a")
    plain = FileKeys(tmp_path / "plain")
    plain.symmetric("link-a")
    with pytest.raises(FixConfiguration, match="not wrapped"):
        FileKeys(plain.folder, keys.wrapping).symmetric("link-a")


def test_without_the_service_no_key_opens_and_no_secret_is_told(
    keys: FileKeys, service: Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.symmetric("link-a")
    service.enabled = False
    told: list[TokumeiError] = []
    for access, setting in (
        (ACCESS, SETTINGS),
        ("AKIAWRONG", SETTINGS),
        (ACCESS, SETTINGS.model_copy(update={"key_id": "no"})),
    ):
        monkeypatch.setenv("AIRFLOW_CONN_KEY_SERVICE", service.connection_json(access))
        with pytest.raises(FixConfiguration) as error:
            FileKeys(keys.folder, wrapping_of(setting, EnvironmentResolver())).symmetric("link-a")
        told.append(error.value)
    monkeypatch.setenv(
        "AIRFLOW_CONN_KEY_SERVICE", service.connection_json().replace(str(service.server_address[1]), "9")
    )
    with pytest.raises(RetryLater) as later:
        FileKeys(keys.folder, wrapping_of(SETTINGS, EnvironmentResolver())).symmetric("link-a")
    assert [e.what.rpartition(" ")[2] for e in told] == [
        "DisabledException",
        "UnrecognizedClientException",
        "NotFoundException",
    ]
    assert not [e for e in [*told, later.value] if SECRET in str(e) or e.__cause__]


def test_a_connection_without_keys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_KEY_SERVICE", '{"login": "", "password": ""}')
    with pytest.raises(FixConfiguration, match="access key"):
        wrapping_of(SETTINGS, EnvironmentResolver())
    assert wrapping_of(None, EnvironmentResolver()) is None
    assert KmsWrapping.id == "aws-kms"


def test_a_whole_platform_goes_over_to_a_service(
    tmp_path: Path, service: Kms, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house: House = copy_of_house(tmp_path / "house")
    public, link = house.open().signer.public, house.open().keys.symmetric("known-values")
    house.edit("platform.yaml", lambda said: said.update(key_wrapping=SETTINGS.model_dump()))

    def opened() -> Context:
        return open_context(EnvironmentResolver(), folder=house.config, home=house.home)

    with pytest.raises(FixConfiguration, match="not wrapped"):
        _ = opened().signer
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    monkeypatch.delenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", raising=False)
    assert main(["keys", "wrap"]) == 0
    assert main(["keys", "wrap"]) == 0
    assert "0 keys wrapped" in capsys.readouterr().out.splitlines()
    assert all(p.read_bytes().startswith(MAGIC) for p in (house.home / "vault/keys").glob("*.key"))
    ctx = opened()
    assert (ctx.signer.public, ctx.keys.symmetric("known-values")) == (public, link)
    ctx.ledger.append("test.more", actor=ACTOR, subjects={}, payload={})
    ctx.ledger.checkpoint(ctx.signer)
    assert verify(ctx.zones.ledger(), public_key=ctx.log_keys).ok
    assert main(["ledger", "verify"]) == 0
    assert main(["keys", "rotate", "ledger-signing"]) == 0
    assert main(["keys", "rotate", "known-values"]) == 0
    assert all(p.read_bytes().startswith(MAGIC) for p in (house.home / "vault/keys").glob("*.key"))
    assert verify(opened().zones.ledger(), public_key=opened().log_keys).ok
    assert [f for f in doctor.checks()["keys"](opened()) if f.level == "fail"] == []
    service.enabled = False
    assert {f.where for f in doctor.checks()["keys"](opened()) if f.level == "fail"} == {
        "key_wrapping",
        "ledger-signing",
    }
