"""The noun of key wrapping: which service the keys in the vault are wrapped by."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provision.nouns import Noun


class AwsKms(Noun):
    """AWS Key Management Service, or a server that speaks its protocol."""

    kind: Literal["aws_kms"]
    key_id: str = Field(pattern=r"^\S{1,2048}$", description="id, ARN or alias of a symmetric encryption key")
    connection: str = Field(description="login: access key, password: secret key; extra: region_name, endpoint_url")
