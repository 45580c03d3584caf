"""受領: drops of a source's inbox -> sealed batches in landing, each recorded once.

A drop is a folder with the sender's files and ``batch.yaml``, written last: ``period``, ``sequence`` and, for a batch
that replaces an earlier one of the same period, ``supersedes`` (its sequence). The same content twice is one batch.
Every step can be repeated: a task that died leaves either the drop or the sealed batch, never half of one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from provision.context import Context
from provision.errors import Quarantined, Refused
from provision.intake import quarantine
from provision.intake.inbox import MARKER, finish_removals, take_away
from provision.intake.sealed import SealedFile, digest, seal, write_manifest
from provision.ledger.entry import Entry
from provision.model import Month, Source
from provision.store import flush


class BatchCard(BaseModel):
    """The contents of ``batch.yaml``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    period: Month
    sequence: int = Field(ge=1, le=999)
    supersedes: int | None = Field(default=None, ge=1, le=999)


@dataclass(frozen=True)
class Drop:
    """One drop with its digests; `label` names it without using the sender's words."""

    folder: Path
    label: str
    card: BatchCard
    files: list[SealedFile]

    @property
    def digest(self) -> str:
        """SHA-256 over the sorted digests of the files: the same files are the same content, whatever their names."""
        return hashlib.sha256("\n".join(sorted(f.sha256 for f in self.files)).encode()).hexdigest()

    def batch(self, source: Source) -> str:
        """Batch identity: source, kind, period, sequence and content."""
        parts = (source.id, source.format, self.card.period, str(self.card.sequence), self.digest)
        return "B" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def receive(ctx: Context, source_id: str, *, actor: str) -> list[str]:
    """Receive every complete drop of a source. Gives all batches that wait to be taken in, also those of dead tasks.

    A drop that cannot be a batch goes to quarantine; the others go on. Raises `Quarantined` at the end only where
    nothing at all could be received.
    """
    source = ctx.source(source_id)
    finish_removals(ctx.zones.inbox(source_id))
    problems: list[str] = []
    drops: list[Drop] = []
    for number, folder in enumerate(_complete(ctx.zones.inbox(source_id)), 1):
        try:
            drops.append(_read_drop(folder, number))
        except Refused as error:
            problems.append(_keep(ctx, source, folder, f"drop {number}", error, actor))
    # by period and sequence, not by the sender's folder names
    for drop in sorted(drops, key=lambda d: (d.card.period, d.card.sequence)):
        try:
            _receive_drop(ctx, source, drop, actor)
        except Refused as error:
            problems.append(_keep(ctx, source, drop.folder, drop.label, error, actor))
    waiting = [e.subjects["batch"] for e in ctx.ledger.entries(type="batch.received", kind="source", subject=source_id)]
    waiting = [batch for batch in waiting if _unfinished(ctx, batch)]
    if problems and not waiting:
        raise Quarantined(problems[0], where=source_id, rule="receive", remedy="see the quarantine report") from None
    return waiting


def _keep(ctx: Context, source: Source, folder: Path, label: str, error: Refused, actor: str) -> str:
    quarantine.keep_drop(ctx, source, folder, label, error, actor)
    return str(error)


def _unfinished(ctx: Context, batch: str) -> bool:
    """Whether taking in has work left: also where a task died between its ledger entry and the destroying."""
    state = ctx.ledger.state("batch", batch)
    return state in {"received", "accepted"} or (state == "quarantined" and (ctx.zones.landing() / batch).is_dir())


def _complete(inbox: Path) -> list[Path]:
    found = [f for f in sorted(inbox.iterdir()) if f.is_dir() and not f.is_symlink()]
    return [folder for folder in found if (folder / MARKER).is_file()]


def _read_drop(folder: Path, number: int) -> Drop:
    label = f"drop {number}"
    try:
        card = BatchCard.model_validate(yaml.safe_load((folder / MARKER).read_text(encoding="utf-8")))
    except (ValueError, RecursionError, yaml.YAMLError):  # also text that is no UTF-8, and dates that do not exist
        raise Refused(
            "batch.yaml does not hold",
            where=label,
            rule="receive.card",
            remedy="it needs period (YYYY-MM) and sequence",
        ) from None
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink() and p != folder / MARKER)
    if not paths:
        raise Refused("the drop holds no files", where=label, rule="receive.empty", remedy="ask the sender")
    files = [SealedFile(n, str(p.relative_to(folder)), *digest(p)) for n, p in enumerate(paths, 1)]
    return Drop(folder, label, card, files)


def _receive_drop(ctx: Context, source: Source, drop: Drop, actor: str) -> None:
    batch = drop.batch(source)
    if not _known(ctx, source, drop, batch, actor):
        superseded = _superseded(ctx, source, drop)
        _seal_batch(ctx, drop, batch)
        ctx.ledger.transition(
            "batch", batch, "received", actor=actor, subjects={"source": source.id}, key=f"received:{batch}",
            payload={
                "source": source.id, "format": source.format, "legal_status": source.legal_status,
                "period": drop.card.period, "sequence": drop.card.sequence, "supersedes": superseded,
                "files": len(drop.files), "bytes": sum(f.size for f in drop.files), "digest": drop.digest,
            },
        )  # fmt: skip
    take_away(drop.folder)


def _known(ctx: Context, source: Source, drop: Drop, batch: str, actor: str) -> bool:
    """Whether this content was received before. Another content under the same period and sequence is refused."""
    state = ctx.ledger.state("batch", batch)
    if state and (state != "received" or (ctx.zones.landing() / batch).is_dir()):
        ctx.ledger.append(
            "batch.duplicate", actor=actor, subjects={"batch": batch, "source": source.id},
            payload={"digest": drop.digest}, key=f"duplicate:{batch}:{ctx.ledger.size}",
        )  # fmt: skip
        return True
    for entry in _received(ctx, source):
        if _place(entry) == (drop.card.period, drop.card.sequence) and entry.subjects["batch"] != batch:
            raise Refused(
                "this period and sequence were received with other content",
                where=drop.label, rule="receive.sequence",
                remedy="give it the next sequence and say what it supersedes",
            )  # fmt: skip
        if entry.payload["digest"] == drop.digest and entry.subjects["batch"] != batch:
            raise Refused(
                "the same files were received as another batch",
                where=drop.label, rule="receive.duplicate",
                remedy="nothing to do, or ask the sender for the right files",
            )  # fmt: skip
    return False


def _superseded(ctx: Context, source: Source, drop: Drop) -> dict[str, object]:
    """Period and sequence of the batch that this one replaces (差替え), empty for none; it may come after this one.

    `Refused` where it is not an earlier one, or where another batch that was not quarantined replaces it, too: which
    of the two is in force would be a guess.
    """
    if drop.card.supersedes is None:
        return {}
    place: dict[str, object] = {"period": drop.card.period, "sequence": drop.card.supersedes}
    out = {drop.batch(source), *(e.subjects["batch"] for e in ctx.ledger.entries(type="batch.quarantined"))}
    rivals = [e for e in _received(ctx, source) if e.payload["supersedes"] == place]
    if drop.card.supersedes >= drop.card.sequence or any(e.subjects["batch"] not in out for e in rivals):
        raise Refused(
            "it supersedes a batch that is not an earlier one, or that another batch supersedes already",
            where=drop.label, rule="receive.supersedes", remedy="ask the sender which batch is to stand",
        )  # fmt: skip
    return place


def _received(ctx: Context, source: Source) -> list[Entry]:
    return list(ctx.ledger.entries(type="batch.received", kind="source", subject=source.id))


def _place(entry: Entry) -> tuple[object, object]:
    return entry.payload["period"], entry.payload["sequence"]


def _seal_batch(ctx: Context, drop: Drop, batch: str) -> None:
    folder, making = ctx.zones.landing() / batch, ctx.zones.landing() / f".{batch}.tmp"
    if folder.is_dir():
        return
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    recipient = ctx.keys.create_identity(f"batch-{batch}")
    try:
        for item in drop.files:
            seal(drop.folder / item.name, making / item.sealed_name(), recipient, item.sha256)
    except Refused:
        ctx.keys.destroy(f"batch-{batch}")
        shutil.rmtree(making)
        raise
    write_manifest(making, drop.files, recipient)
    os.rename(making, folder)
    flush(folder.parent)
