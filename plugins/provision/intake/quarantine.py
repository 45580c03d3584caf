"""隔離: what could not be taken, sealed under a key of its own, with a report that says where and why, never what.

The clock of the zone ends it: `stewardship` destroys the key after the configured days.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyrage

from provision.context import Context
from provision.errors import TokumeiError
from provision.formats.base import Problem
from provision.intake.inbox import take_away
from provision.intake.sealed import SealedFile, digest, opened, seal, write_manifest
from provision.model import Source


def key_name(batch: str) -> str:
    """Name of the quarantine key of a batch."""
    return f"quarantine-{batch}"


def keep(ctx: Context, batch: str, folder: Path, files: Sequence[SealedFile], problems: Sequence[Problem]) -> None:
    """Move sealed files of a batch from its landing key to its quarantine key, without touching the disk in clear."""
    target, making = ctx.zones.quarantine() / batch, ctx.zones.quarantine() / f".{batch}.tmp"
    if target.is_dir():
        return
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    recipient, identity = ctx.keys.create_identity(key_name(batch)), ctx.keys.identity(f"batch-{batch}")
    for item in files:
        with opened(folder / item.sealed_name(), identity) as plain, (making / item.sealed_name()).open("wb") as cipher:
            pyrage.encrypt_io(plain, cipher, [recipient])
            cipher.flush()
            os.fsync(cipher.fileno())
    write_manifest(making, list(files), recipient)
    _report(making, problems)
    os.rename(making, target)


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
