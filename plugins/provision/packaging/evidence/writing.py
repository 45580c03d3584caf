"""証拠書類の作成: evidence.json, and a page in each language as HTML and PDF, beside the payload. Twice is once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from provision.context import Context
from provision.errors import without_values
from provision.packaging.evidence.gathering import evidence
from provision.packaging.evidence.pages import page
from provision.paper import pdf

RECORD = "evidence.json"


def folder(ctx: Context, release: str) -> Path:
    """Where the evidence of a release lies."""
    return ctx.zones.release(release) / "evidence"


def record_text(record: object) -> str:
    """The record as it is written; what the log's digest is of."""
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@without_values
def write(ctx: Context, release: str, *, actor: str) -> dict[str, object]:
    """Write the evidence of a made release and log the digests of its files, which are given back.

    Written anew each time, complete or not there. After the gate it says what the gate found.
    """
    record = evidence(ctx, release)
    files = {RECORD: record_text(record).encode()}
    for language in ("ja", "en"):
        html = page(record, language)
        files |= {f"evidence.{language}.html": html.encode(), f"evidence.{language}.pdf": pdf(html)}
    target = folder(ctx, release)
    _put(target, files)
    digests: dict[str, object] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    ctx.ledger.append(
        "evidence.written", actor=actor, key=f"evidence:{release}:{digests[RECORD]}",
        subjects={"release": release, "plan": record["plan"], "recipient": record["recipient"]},
        payload={"digest": record["digest"], "files": digests},
    )  # fmt: skip
    return digests


def _put(target: Path, files: dict[str, bytes]) -> None:
    """Replace the folder by one that holds these files."""
    making, old = target.with_name(".evidence"), target.with_name(".evidence.old")
    for left in (making, old):
        shutil.rmtree(left, ignore_errors=True)
    making.mkdir(mode=0o700)
    for name, content in files.items():
        (making / name).write_bytes(content)
    if target.exists():
        os.rename(target, old)
    os.rename(making, target)
    shutil.rmtree(old, ignore_errors=True)
