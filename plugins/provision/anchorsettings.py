"""Where signed checkpoints go besides our own disk: `anchors` of config/platform.yaml."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from provision.errors import FixConfiguration
from provision.ledger.cosignature import WitnessKey
from provision.nouns import Noun


class WitnessSettings(Noun):
    """証人: somebody else's `tokumei witness serve`, or any other witness of C2SP tlog-witness."""

    key: str = Field(description="public key of the witness, <name>+<id>+<base64>, got on a way of its own")
    url: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="submission prefix, without /add-checkpoint; none: a witness without network, asked by hand",
    )

    @property
    def verifier(self) -> WitnessKey:
        """The key."""
        return WitnessKey.from_public(self.key)

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            WitnessKey.from_public(self.key)
        except FixConfiguration:
            raise ValueError("the key is no public key of a witness") from None
        return self


class AnchorBucket(Noun):
    """A bucket with Object Lock, best of another administrator: what was put there nobody takes back."""

    connection: str = Field(description="Airflow connection with the access key; it needs put, get and list")
    bucket: str
    prefix: str = Field(default="", pattern=r"^([A-Za-z0-9._-]+/)*$", description="ends with a slash")
    retain_days: int = Field(default=3650, gt=0, description="days nobody can delete a checkpoint (COMPLIANCE)")


class Anchors(Noun):
    """All of them; none are needed, and each makes the log harder to rewrite."""

    witnesses: list[WitnessSettings] = Field(default_factory=list)
    auditors: list[str] = Field(default_factory=list, description="addresses that get every checkpoint by mail")
    bucket: AnchorBucket | None = None
