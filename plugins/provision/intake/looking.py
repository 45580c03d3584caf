"""隔離の閲覧: what quarantine holds, for a steward who has to look at it. Whoever looks is in the provision log first.

The report holds no value and may be read by everybody who may read the zone.
"""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import BinaryIO

from provision.context import Context
from provision.errors import Refused
from provision.formats.base import Held, Problem
from provision.intake.quarantine import key_name, records_name
from provision.intake.sealed import opened


def batches(ctx: Context) -> list[str]:
    """Batches and drops that quarantine holds something of."""
    return sorted(p.name for p in ctx.zones.quarantine().iterdir() if p.is_dir() and not p.name.startswith("."))


def problems(ctx: Context, batch: str) -> list[Problem]:
    """The report of a batch: places, rules, remedies. `Refused` where quarantine holds nothing of it."""
    path = _folder(ctx, batch) / "report.json"
    return [Problem(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def held_records(ctx: Context, batch: str, number: int) -> list[Held]:
    """The records that were left out of file `number`, in clear.

    `Refused` where none are kept, or the key was destroyed.
    """
    path = _folder(ctx, batch) / records_name(number)
    if not path.is_file():
        raise nothing(f"{batch}, file {number}")
    with opened(path, ctx.keys.identity(key_name(batch))) as stream:
        told = json.loads(stream.read())
    return [Held(one["record"], one["rule"], base64.b64decode(one["raw"])) for one in told]


def show_file(ctx: Context, batch: str, number: int, screen: BinaryIO, *, actor: str) -> None:
    """Write what is kept of file `number`, byte for byte: the whole file, or the records that were left out of it.

    First comes the entry ``quarantine.opened``: who looked at what. `Refused` where nothing is kept of the file.
    """
    whole = _folder(ctx, batch) / f"{number:04d}.age"
    if whole.is_file():
        with opened(whole, ctx.keys.identity(key_name(batch))) as stream:
            _record(ctx, batch, {"file": number, "records": 0}, actor)
            shutil.copyfileobj(stream, screen)
        return
    held = held_records(ctx, batch, number)
    _record(ctx, batch, {"file": number, "records": len(held)}, actor)
    for one in held:
        screen.write(one.raw if one.raw.endswith(b"\n") else one.raw + b"\n")


def _record(ctx: Context, batch: str, what: dict[str, object], actor: str) -> None:
    kept = [*ctx.ledger.entries(kind="batch", subject=batch)]
    source = next(entry.subjects["source"] for entry in kept if "source" in entry.subjects)
    ctx.ledger.append("quarantine.opened", actor=actor, subjects={"batch": batch, "source": source}, payload=what)


def _folder(ctx: Context, batch: str) -> Path:
    if batch not in batches(ctx):
        raise nothing(batch)
    return ctx.zones.quarantine() / batch


def nothing(where: str) -> Refused:
    """What to raise where quarantine has nothing."""
    remedy = "tokumei quarantine report lists what is kept; after retention.quarantine_days nothing is"
    return Refused("nothing of it is kept in quarantine", where=where, rule="quarantine.none", remedy=remedy)
