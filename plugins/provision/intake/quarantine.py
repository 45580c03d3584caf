"""隔離: what could not be taken, sealed under a key of its own, with a report that says where and why, never what.

    quarantine/<batch>/0002.age            a file that could not be taken whole, as it was sealed on receipt
    quarantine/<batch>/0002.header         its header for the key of the quarantine, in place of its own
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
from functools import cached_property
from pathlib import Path

import pyrage

from provision import agefiles
from provision.context import Context
from provision.formats.base import Held, Problem
from provision.intake.problems import Problems
from provision.intake.sealed import SealedFile, manifest, reseal, write_manifest
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
        self.numbers: set[int] = set()
        self.problems = Problems(self.making / "report.json")
        shutil.rmtree(self.making, ignore_errors=True)

    @cached_property
    def identity(self) -> pyrage.x25519.Identity:
        """What opens the batch's files."""
        return self.ctx.keys.identity(f"batch-{self.batch}")

    def whole(self, item: SealedFile, problem: Problem) -> None:
        """Move a sealed file from the batch's landing key to its quarantine key, without opening it."""
        recipient, path = self._open(item), self.making / item.sealed_name()
        reseal(self.landing / item.sealed_name(), self.identity, path, recipient)
        self.problems.add(problem)

    def records(self, item: SealedFile, held: Sequence[Held]) -> None:
        """Seal the records that were left out of a file that was taken."""
        seal_records(self.making / records_name(item.number), held, self._open(item))
        for one in held:
            self.problems.add(Problem(f"file {item.number}", one.record, "", one.rule, LEFT_OUT))

    def done(self) -> None:
        """Put what was kept in its place. What a run that died had put there goes: it may have kept something else."""
        shutil.rmtree(self.target, ignore_errors=True)
        self.problems.close()
        if not self.numbers:
            self.ctx.keys.destroy(key_name(self.batch))
            return
        kept = (item for item in manifest(self.landing, self.identity) if item.number in self.numbers)
        write_manifest(self.making, kept, self._recipient)
        os.rename(self.making, self.target)
        flush(self.target.parent)

    @cached_property
    def _recipient(self) -> pyrage.x25519.Recipient:
        self.making.mkdir(mode=0o700, exist_ok=True)
        return self.ctx.keys.create_identity(key_name(self.batch))

    def _open(self, item: SealedFile) -> pyrage.x25519.Recipient:
        self.numbers.add(item.number)
        return self._recipient


def seal_records(path: Path, held: Sequence[Held], recipient: pyrage.x25519.Recipient) -> None:
    """Records with their places and rules, sealed and safe on the disk."""
    told = [{"record": h.record, "rule": h.rule, "raw": base64.b64encode(h.raw).decode()} for h in held]
    path.write_bytes(agefiles.encrypted(json.dumps(told).encode(), [recipient]))
    flush(path)


def records_name(number: int) -> str:
    """Name on disk of the records left out of file `number`."""
    return f"{number:04d}.records.age"
