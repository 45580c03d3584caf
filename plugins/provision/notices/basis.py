"""根拠条文: whether what goes out was made here (APPI art. 43) or received already anonymised (art. 44)."""

from __future__ import annotations

from enum import StrEnum

from provision.context import Context
from provision.model import Plan


class Basis(StrEnum):
    """The article under which a plan's releases are announced and handed over."""

    MADE = "43"
    RECEIVED = "44"


def basis_of(ctx: Context, plan: Plan) -> Basis:
    """`RECEIVED` where every source sends data that are anonymised already. Taking such data apart or together again is
    no making (PPC Q&A 15-9), providing them is announced all the same. Mixed plans are never drafted.
    `FixConfiguration` where a source's file does not hold."""
    received = all(ctx.source(name).legal_status == "anonymised_received" for name in plan.sources)
    return Basis.RECEIVED if received else Basis.MADE
