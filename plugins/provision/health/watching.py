"""見回り: what is new among the signs goes to the operators by mail, once each, and all of them go out as metrics.

Deliveries have an alert of their own (`releasing/chasing.py`). What only waits is not said: somebody has it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from provision import health
from provision.alerts import alert
from provision.channels._templates import filled
from provision.context import Context
from provision.health import Sign, metrics

ALERTED = "health.alerted"


def watch(ctx: Context, *, actor: str) -> dict[str, int]:
    """Alert and export; gives counts. Raises as sending mail does, and then nothing is noted, so the next run alerts;
    metrics go out all the same."""
    found = health.signs(ctx)
    try:
        new = _tell(ctx, found, actor)
    finally:
        sent = metrics.export(health.counts(found), ctx.ledger.size)
    levels = {f"signs_{level}": sum(sign.level == level for sign in found) for level in ("wait", "look", "act")}
    return {**levels, "alerted": new, "metrics": int(sent)}


def _tell(ctx: Context, found: list[Sign], actor: str) -> int:
    told = {entry.key for entry in ctx.ledger.entries(type=ALERTED)}
    new = [sign for sign in found if sign.level != "wait" and sign.kind != "delivery" and _key(sign) not in told]
    if new:
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        text = filled("health", signs="\n".join(map(_lines, new)))
        alert(ctx, f"health.{stamp}", f"要確認 To look at: {len(new)}", text)
    for sign in new:
        ctx.ledger.append(
            ALERTED, actor=actor, key=_key(sign), subjects={},
            payload={"kind": sign.kind, "level": sign.level, "subject": sign.subject, "since": sign.since},
        )  # fmt: skip
    return len(new)


def _lines(sign: Sign) -> str:
    said = (f"{sign.kind} {sign.subject} ({sign.since})", f"{sign.ja} {sign.en}", sign.remedy_ja, sign.remedy_en)
    return "\n    ".join(said)


def _key(sign: Sign) -> str:
    return f"health:{sign.kind}:{sign.level}:{sign.subject}:{sign.since}"
