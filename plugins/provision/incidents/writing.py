"""報告資料の作成: the record, and its pages in both languages as HTML and PDF, in a folder of its own; twice is once.

incidents/<incident>/incident.json, report.ja.html, report.ja.pdf, notice.ja.html, …
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from provision.context import Context
from provision.errors import Refused, TokumeiError
from provision.incidents.gathering import STANDING, Question, gather
from provision.incidents.pages import pages
from provision.paper import pdf
from provision.releasing.recalling import recall


def write(ctx: Context, question: Question, *, actor: str) -> tuple[str, Path, dict[str, Any]]:
    """Gather and write; gives the incident's id, its folder and the record. Raises as `gather` does."""
    record = gather(ctx, question)
    incident = f"i-{_digest(record['asked'])[:10]}"
    folder = ctx.zones.incident(incident)
    files = {"incident.json": json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode()}
    for language in ("ja", "en"):
        for name, html in pages(record, language).items():
            files |= {f"{name}.html": html.encode(), f"{name}.pdf": pdf(html)}
    for name, content in files.items():
        _put(folder / name, content)
    said = {name: value for name, value in record.items() if name != "log"}
    ctx.ledger.append(
        "incident.gathered", actor=actor, key=f"incident:{incident}:{_digest(said)}",
        subjects={"incident": incident},
        payload={"asked": record["asked"], "counts": record["counts"], "deadlines": record["deadlines"],
                 "releases": [one["release"] for one in record["releases"]]},
    )  # fmt: skip
    ctx.ledger.checkpoint(ctx.signer)
    return incident, folder, record


def recall_all(ctx: Context, record: dict[str, Any], *, reason: str, actor: str) -> dict[str, str]:
    """Recall every release of an incident that is open; gives what became of each delivery. All are tried; `Refused`
    at the end where one could not be: run it again to go on."""
    done: dict[str, str] = {}
    failed: list[str] = []
    for release in (one["release"] for one in record["releases"]):
        if ctx.ledger.state("release", release) not in {*STANDING, "recalled"}:
            continue
        try:
            done |= recall(ctx, release, reason=reason, actor=actor)
        except TokumeiError as error:
            failed.append(f"{release} ({error.rule})")
    if failed:
        raise Refused(
            f"{len(done)} deliveries are recalled, but not all of {', '.join(failed)}", rule="incident.recall",
            remedy="tokumei releases recall RELEASE says what is wrong with one; then run the same again",
        )  # fmt: skip
    return done


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _put(path: Path, content: bytes) -> None:
    """Complete or as it was."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)
