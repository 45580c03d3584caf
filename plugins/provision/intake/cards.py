"""送付票: ``batch.yaml``, what a sender says about a drop; written last, it makes the drop complete."""

from __future__ import annotations

import yaml
from pydantic import BaseModel, ConfigDict, Field

from provision.config import StrictLoader
from provision.errors import Refused
from provision.intake.landing.base import CARD_BYTES, Drop
from provision.model import Month


class BatchCard(BaseModel):
    """The contents of ``batch.yaml``: period and running number of a batch, and the one of the period it replaces."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    period: Month
    sequence: int = Field(ge=1, le=999)
    supersedes: int | None = Field(default=None, ge=1, le=999)

    @property
    def place(self) -> tuple[str, int]:
        """Period and sequence: what orders the batches of a source."""
        return self.period, self.sequence


def read_card(drop: Drop) -> BatchCard:
    """The card of a drop; `Refused` where it does not hold."""
    with drop.open(drop.listing.marker) as stream:
        text = b"".join(iter(lambda: stream.read(CARD_BYTES), b"")) if _is_small(drop) else b""
    try:
        return BatchCard.model_validate(yaml.load(text.decode("utf-8"), Loader=StrictLoader))
    except (ValueError, RecursionError, yaml.YAMLError):  # also text that is no UTF-8, and dates that do not exist
        remedy = "it needs period (YYYY-MM) and sequence"
        raise Refused("batch.yaml does not hold", rule="receive.card", remedy=remedy) from None


def _is_small(drop: Drop) -> bool:
    return int(drop.listing.marker.stamp.partition(":")[0]) <= CARD_BYTES
