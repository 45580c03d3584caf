"""隔離: what could not be taken, sealed under a key of its own, with a report that says where and why, never what.

    quarantine/<batch>/0002.age            a file that could not be taken whole
    quarantine/<batch>/0003.records.age    records left out of a file that was taken, with their numbers and rules
    quarantine/<batch>/manifest.age        the sender's names of these files
    quarantine/<batch>/report.json         places, rules, remedies

The clock of the zone ends it: `stewardship` destroys the key after the configured days.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyrage

from provision.context import Context
from provision.errors import Refused, TokumeiError
from provision.formats.base import Held, Problem
from provision.intake.inbox import take_away
from provision.intake.sealed import SealedFile, digest, opened, seal, write_manifest
from provision.model import Source
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
        _report(self.making, problems)
        os.rename(self.making, self.target)
        flush(self.target.parent)

    def _open(self, item: SealedFile) -> pyrage.x25519.Recipient:
        self.making.mkdir(mode=0o700, exist_ok=True)
        self.files[item.number] = item
        return self.ctx.keys.create_identity(key_name(self.batch))


def records_name(number: int) -> str:
    """Name on disk of the records left out of file `number`."""
    return f"{number:04d}.records.age"


def held_records(ctx: Context, batch: str, number: int) -> list[Held]:
    """The records that were left out of file `number` of a batch, in clear, for a steward.

    `Refused` where none are kept, or the key was destroyed.
    """
    path = ctx.zones.quarantine() / batch / records_name(number)
    if not path.is_file():
        raise Refused(
            "no records of this file are kept",
            where=f"{batch}, file {number}",
            rule="quarantine.none",
            remedy="report.json in quarantine says what is kept; after its days nothing is",
        )
    with opened(path, ctx.keys.identity(key_name(batch))) as stream:
        told = json.loads(stream.read())
    return [Held(one["record"], one["rule"], base64.b64decode(one["raw"])) for one in told]


def keep_drop(ctx: Context, source: Source, folder: Path, label: str, error: TokumeiError, actor: str) -> None:
    """Seal a drop that could not become a batch at all, record it, and take it out of the inbox."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    files = [SealedFile(n, str(p.relative_to(folder)), *digest(p)) for n, p in enumerate(paths, 1)]
    content = "\n".join(sorted(f.sha256 for f in files))
    batch = "Q" + hashlib.sha256(f"{source.id}\x1f{content}".encode()).hexdigest()[:16]
    target, making = ctx.zones.quarantine() / batch, ctx.zones.quarantine() / f".{batch}.tmp"
    if not target.is_dir():
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        recipient = ctx.keys.create_identity(key_name(batch))
        for item in files:
            seal(folder / item.name, making / item.sealed_name(), recipient, item.sha256)
        write_manifest(making, files, recipient)
        _report(making, [Problem(label, 0, "", error.rule, error.remedy)])
        os.rename(making, target)
    ctx.ledger.append(
        "drop.quarantined", actor=actor, subjects={"batch": batch, "source": source.id},
        payload={"rule": error.rule, "files": len(files)}, key=f"quarantined:{batch}:{error.rule}",
    )  # fmt: skip
    take_away(folder)


def _report(folder: Path, problems: Sequence[Problem]) -> None:
    text = json.dumps([asdict(p) for p in problems], ensure_ascii=False, indent=1)
    (folder / "report.json").write_text(text, encoding="utf-8")
