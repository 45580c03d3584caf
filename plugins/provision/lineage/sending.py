"""来歴の送信: events of what is new in the log, in its order, to a file or a server; none is left out.

How far it got is kept beside the log. A run that died sends some again: run ids are made of what they are about, so a
receiver that knows them changes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import httpx

from provision.context import Context
from provision.errors import FixConfiguration, RetryLater
from provision.lineage.events import Event, event

_SECONDS = 10
_TYPE, _FILE = "OPENLINEAGE__TRANSPORT__TYPE", "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH"
Send = Callable[[Event], None]


def send_new(ctx: Context) -> int:
    """Send what is new; gives how many events. Nothing where no transport is named. `RetryLater` where the server does
    not take one: what went before it stays sent."""
    send = transport()
    if send is None:
        return 0
    namespace = os.environ.get("OPENLINEAGE_NAMESPACE") or "tokumei"
    sent, done, start = 0, -1, position(ctx)
    try:
        for entry in ctx.ledger.entries(start=start):
            made = event(ctx.ledger, entry, namespace)
            if made is not None:
                send(made)
                sent += 1
            done = entry.seq
    finally:
        if done >= start:
            _keep(ctx, done + 1)
    return sent


def position(ctx: Context) -> int:
    """The first entry that was not looked at; 0 where nobody can say."""
    try:
        return min(int(_path(ctx).read_text(encoding="ascii")), ctx.ledger.size)
    except (FileNotFoundError, ValueError):
        return 0


def transport() -> Send | None:
    """As the environment names it. `FixConfiguration` where it names one that is none of ours."""
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return None
    kind = os.environ.get(_TYPE) or ("http" if os.environ.get("OPENLINEAGE_URL") else "")
    if kind == "file" and os.environ.get(_FILE):
        path = Path(os.environ[_FILE])
        return lambda made: _append(path, made)
    if kind == "http" and (url := os.environ.get("OPENLINEAGE_URL") or os.environ.get("OPENLINEAGE__TRANSPORT__URL")):
        place = f"{url.rstrip('/')}/{os.environ.get('OPENLINEAGE_ENDPOINT', 'api/v1/lineage').lstrip('/')}"
        return lambda made: _post(place, made)
    if kind:
        raise FixConfiguration(
            "the transport of OpenLineage is none of ours, or says not where to", where=_TYPE, rule="lineage.transport",
            remedy=f"OPENLINEAGE_URL, or {_TYPE}=file with {_FILE}",
        )  # fmt: skip
    return None


def _append(path: Path, made: Event) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(made, ensure_ascii=False) + "\n")


def _post(place: str, made: Event) -> None:
    key = os.environ.get("OPENLINEAGE_API_KEY")
    try:
        answer = httpx.post(
            place, json=made, timeout=_SECONDS, headers={"Authorization": f"Bearer {key}"} if key else {}
        )
        taken = answer.is_success
    except httpx.HTTPError:
        taken = False
    if not taken:
        raise RetryLater(
            "the lineage server did not take an event", rule="lineage.server",
            remedy="look whether it runs; the next run goes on where this one stopped",
        ) from None  # fmt: skip


def _path(ctx: Context) -> Path:
    return ctx.zones.ledger().parent / "lineage.position"


def _keep(ctx: Context, number: int) -> None:
    making = _path(ctx).with_suffix(".tmp")
    making.write_text(str(number), encoding="ascii")
    os.replace(making, _path(ctx))
