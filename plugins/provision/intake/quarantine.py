"""隔離: what could not be taken, sealed under a key of its own, with a report that says where and why, never what.

    quarantine/<batch>/0002.age            a file that could not be taken whole
    quarantine/<batch>/0003.records.age    records left out of a file that was taken, with their numbers and rules
    quarantine/<batch>/manifest.age        the sender's names of these files
    quarantine/<batch>/report.json         places, rules, remedies

The clock of the zone ends it: `stewardship` destroys the key after the configured days.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyrage

from provision.context import Context
from provision.formats.base import Held, Problem
from provision.intake.sealed import SealedFile, opened, write_manifest
from provision.store import flush

#: What a steward is told about a record that was left out.
LEFT_OUT = "the record was left out; look at it in quarantine and ask the sender to send it again"


def key_name(batch: str) -> str:
    """Name of the quarantine key of a batch."""
    return f"quarantine-{batch}"


class Keeping:
    """The quarantine of a batch that is being taken in. Invisible until `done`; the next run begins anew."""

    def __init__(self, ctx: Context, batch: str, landing: Path) -> None:
        self.ctx, self.batch, self.landing = ctx, batch, landing
        self.target, self.making = ctx.zones.quarantine() / batch, ctx.zones.quarantine() / f".{batch}.tmp"
        self.files: dict[int, SealedFile] = {}
        shutil.rmtree(self.making, ignore_errors=True)

    def whole(self, item: SealedFile) -> None:
        """Move a sealed file from the batch's landing key to its quarantine key, without touching the disk in clear."""
        recipient, path = self._open(item), self.making / item.sealed_name()
        identity = self.ctx.keys.identity(f"batch-{self.batch}")
        with opened(self.landing / item.sealed_name(), identity) as plain, path.open("wb") as cipher:
            pyrage.encrypt_io(plain, cipher, [recipient])
        flush(path)

    def records(self, item: SealedFile, held: Sequence[Held]) -> None:
        """Seal the records that were left out of a file that was taken."""
        recipient, path = self._open(item), self.making / records_name(item.number)
        told = [{"record": h.record, "rule": h.rule, "raw": base64.b64encode(h.raw).decode()} for h in held]
        path.write_bytes(pyrage.encrypt(json.dumps(told).encode(), [recipient]))
        flush(path)

    def done(self, problems: Sequence[Problem]) -> None:
        """Put what was kept in its place. What a run that died had put there goes: it may have kept something else."""
        shutil.rmtree(self.target, ignore_errors=True)
        if not self.files:
            self.ctx.keys.destroy(key_name(self.batch))
            return
        write_manifest(self.making, list(self.files.values()), self.ctx.keys.create_identity(key_name(self.batch)))
        report(self.making, problems)
        os.rename(self.making, self.target)
        flush(self.target.parent)

    def _open(self, item: SealedFile) -> pyrage.x25519.Recipient:
        self.making.mkdir(mode=0o700, exist_ok=True)
        self.files[item.number] = item
        return self.ctx.keys.create_identity(key_name(self.batch))


def records_name(number: int) -> str:
    """Name on disk of the records left out of file `number`."""
    return f"{number:04d}.records.age"


def report(folder: Path, problems: Sequence[Problem]) -> None:
    """Write what is wrong into a folder of the zone: places, rules, remedies."""
    text = json.dumps([asdict(p) for p in problems], ensure_ascii=False, indent=1)
    (folder / "report.json").write_text(text, encoding="utf-8")
