"""鍵を包む鍵: key files in the vault as ciphertext of a key service: a copied disk holds nothing that opens anything.

What is kept here are small secrets (at most 4 KB), so the service encrypts each itself (AWS KMS, API reference, Encrypt
and Decrypt); no data key lies between. The name of a key is its encryption context: a file copied under another name
does not open, and the service's own log shows which key was asked for when.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from provision.connections import Credentials, Resolver
from provision.errors import FixConfiguration, Refused, RetryLater, TokumeiError
from provision.keysettings import AwsKms

#: First word of a wrapped file.
MAGIC = b"tokumei-wrapped/1 "


class Wrapping(Protocol):
    """Turns a secret into something that only the service turns back."""

    @property
    def id(self) -> str:
        """Names the service in every file: a word."""

    def wrap(self, name: str, secret: bytes) -> bytes:
        """Ciphertext of the secret called `name`."""

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """The secret; `Refused` where this is no ciphertext of a secret of this name."""


def to_file(wrapping: Wrapping | None, name: str, secret: bytes) -> bytes:
    """The contents of a key file."""
    if wrapping is None:
        return secret
    return MAGIC + wrapping.id.encode() + b"\n" + base64.b64encode(wrapping.wrap(name, secret)) + b"\n"


def from_file(wrapping: Wrapping | None, name: str, content: bytes) -> bytes:
    """The secret in a key file. `FixConfiguration` where it is wrapped and nothing unwraps it, or the other way round:
    a plain file on a platform that wraps is a file that somebody else put there, or one not wrapped yet."""
    if not content.startswith(MAGIC):
        if wrapping is not None:
            raise _unfit("the key is not wrapped", name, "tokumei keys wrap")
        return content
    service, _, text = content.removeprefix(MAGIC).partition(b"\n")
    if wrapping is None or service != wrapping.id.encode():
        raise _unfit("the key is wrapped by another service", name, "set key_wrapping in platform.yaml as it was")
    try:
        return wrapping.unwrap(name, base64.b64decode(text.strip(), validate=True))
    except binascii.Error:
        raise _not_ours(name) from None


class KmsWrapping:
    """AWS KMS through boto3, or any server with its protocol."""

    id = "aws-kms"

    def __init__(self, settings: AwsKms, credentials: Credentials) -> None:
        self._key, self._where = settings.key_id, f"connection {settings.connection}"
        self._client: Any = _client(credentials, settings.connection)

    def wrap(self, name: str, secret: bytes) -> bytes:
        """See `Wrapping`."""
        with self._told(name):
            answer = self._client.encrypt(KeyId=self._key, Plaintext=secret, EncryptionContext={"tokumei-key": name})
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """See `Wrapping`. The key is named, so that a ciphertext of any other key is refused."""
        with self._told(name):
            answer = self._client.decrypt(
                KeyId=self._key, CiphertextBlob=wrapped, EncryptionContext={"tokumei-key": name}
            )
        return bytes(answer["Plaintext"])

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """What a failure means. Neither the service's text nor anything sent is repeated."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            raise self._meaning(str(error.response.get("Error", {}).get("Code", "")), name) from None
        except (BotoCoreError, OSError) as error:
            raise self._later(type(error).__name__) from None

    def _meaning(self, code: str, name: str) -> TokumeiError:
        if code in {"InvalidCiphertextException", "IncorrectKeyException"}:
            return _not_ours(name)
        if code in {"ThrottlingException", "KMSInternalException", "DependencyTimeoutException", "InternalFailure"}:
            return self._later(code)
        return FixConfiguration(
            f"the key service answered {code}", where=self._where, rule="keys.service",
            remedy="see that the key is enabled and that we may kms:Encrypt and kms:Decrypt with it",
        )  # fmt: skip

    def _later(self, what: str) -> RetryLater:
        return RetryLater(
            f"no answer from the key service ({what})", where=self._where, rule="keys.service",
            remedy="the same is tried again; without it no key opens",
        )  # fmt: skip


def wrapping_of(settings: AwsKms | None, resolver: Resolver) -> Wrapping | None:
    """The configured service, None where keys are plain files (development, single machines)."""
    return None if settings is None else KmsWrapping(settings, resolver.get(settings.connection))


def _client(credentials: Credentials, connection: str) -> Any:
    import boto3
    from botocore.config import Config

    if not (credentials.login and credentials.password):
        raise FixConfiguration(
            "access key or secret key is missing", where=f"connection {connection}", rule="keys.service",
            remedy="complete the connection: login is the access key, password the secret key",
        )  # fmt: skip
    extra = credentials.extra
    return boto3.session.Session().client(
        "kms",
        endpoint_url=str(extra.get("endpoint_url") or "") or None,
        region_name=str(extra.get("region_name") or "ap-northeast-1"),
        aws_access_key_id=credentials.login,
        aws_secret_access_key=credentials.password,
        verify=str(extra.get("ca_file") or "") or None,
        config=Config(connect_timeout=10, read_timeout=30, retries={"total_max_attempts": 3, "mode": "standard"}),
    )


def _unfit(what: str, name: str, remedy: str) -> FixConfiguration:
    return FixConfiguration(what, where=f"vault/keys/{name}.key", rule="keys.wrapping", remedy=remedy)


def _not_ours(name: str) -> Refused:
    return Refused(
        "the key service does not open this file: it is damaged, or of another key or name",
        where=f"vault/keys/{name}.key", rule="keys.wrapped", remedy="restore the file, or what it opened is lost",
    )  # fmt: skip
