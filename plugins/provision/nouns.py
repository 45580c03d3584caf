"""What all nouns of the configuration have in common: frozen, strict, no unknown keys; names in two languages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$", description="lower-case letters, digits, hyphens")]


class Noun(BaseModel):
    """Base of all configuration: no unknown keys, no silent conversion, no change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Words(Noun):
    """A text in Japanese and English."""

    ja: str
    en: str
