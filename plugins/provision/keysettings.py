"""The nouns of our own keys: which service wraps those in the vault, and which ones backups are sealed to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provision.nouns import Noun


class AwsKms(Noun):
    """AWS Key Management Service, or a server that speaks its protocol."""

    kind: Literal["aws_kms"]
    key_id: str = Field(pattern=r"^\S{1,2048}$", description="id, ARN or alias of a symmetric encryption key")
    connection: str = Field(description="login: access key, password: secret key; extra: region_name, endpoint_url")


class OwnKeys(Noun):
    """What config/platform.yaml says of keys beside the escrow keys."""

    key_wrapping: AwsKms | None = Field(
        default=None, description="鍵を包む鍵: the service that wraps the keys in the vault; none: plain files"
    )
    backup_key: str | None = Field(
        default=None, pattern=r"^age1[a-z0-9]{50,}$", description="age key that tokumei backup seals to; kept elsewhere"
    )
    vault_backup_key: str | None = Field(
        default=None, pattern=r"^age1[a-z0-9]{50,}$", description="the same for the vault: another key, another keeper"
    )
