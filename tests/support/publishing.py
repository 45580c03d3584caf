"""What officers do: both approve, and the release is announced."""

from __future__ import annotations

from provision import approvals, releasing
from tests.support.house import ACTOR, House


def approve_and_publish(house: House, release: str) -> str:
    """Both officers approve, and it is announced; gives the release."""
    for login in ("officer1", "officer2"):
        ctx = house.open()
        digest = approvals.request(ctx, release).digest
        approvals.decide(ctx, release, login=login, digest=digest, approve=True, reason="")
    releasing.publish(house.open(), release, actor=ACTOR)
    return release
