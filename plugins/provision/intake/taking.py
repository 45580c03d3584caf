"""取込: a sealed batch -> the store, de-identified; then the batch's key is destroyed.

Decrypted, parsed and de-identified in memory, chunk by chunk. A file that cannot be taken whole goes to quarantine
with a report, and so does a record with undecodable bytes; the rest of the batch goes on. The batch enters the store
at once or not at all, in every dataset it fills, and only the ledger makes it visible to releases.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import provision
from provision import formats
from provision.allocation import keep_freed_memory
from provision.context import Context
from provision.errors import Quarantined, Refused
from provision.intake.fingerprints import Fingerprints
from provision.intake.one_file import Work, take_file
from provision.intake.progress import Logged, Progress
from provision.intake.quarantine import Keeping
from provision.intake.sealed import SealedFile, read_manifest
from provision.intake.shelves import Shelves
from provision.model import Source

LOGGER = logging.getLogger(__name__)
#: Problems that are told in the log one by one.
_TOLD = 1_000


def take_in(ctx: Context, batch: str, *, actor: str) -> dict[str, int]:
    """Take in one received batch; gives its counts. Repeating it, also after dying in the middle, changes nothing.

    Raises `Quarantined` where no file of the batch could be taken, `Refused` where no such batch was received.
    """
    state = ctx.ledger.state("batch", batch)
    if not state:
        raise Refused("this batch was never received", where=batch, rule="intake.batch", remedy="receive it first")
    if state == "received":
        keep_freed_memory()
        _accept_or_quarantine(ctx, batch, actor)
        state = ctx.ledger.state("batch", batch)
    counts = _finish(ctx, batch, state, actor)
    if state == "quarantined":
        raise Quarantined(
            "no file of the batch could be taken", where=batch, rule="intake", remedy="see its quarantine report"
        )
    return counts


def _accept_or_quarantine(ctx: Context, batch: str, actor: str) -> None:
    received = next(iter(ctx.ledger.entries(type="batch.received", kind="batch", subject=batch)))
    source = ctx.source(str(received.payload["source"]))
    folder = ctx.zones.landing() / batch
    files = read_manifest(folder, ctx.keys.identity(f"batch-{batch}"))
    work = _work(ctx, source, batch, folder, files)
    for item in files:
        take_file(batch, folder, item, work)
    work.progress.end()
    work.keeping.done(work.problems)
    if work.bad == len(files):
        work.shelves.discard()
        ctx.ledger.transition(
            "batch", batch, "quarantined", actor=actor, subjects={"source": source.id}, key=f"taken:{batch}",
            payload={"problems": _problems(work)},
        )  # fmt: skip
        return
    work.fingerprints.write(batch)
    facts = _facts(work)
    work.shelves.commit(facts)
    ctx.ledger.transition(
        "batch", batch, "accepted", actor=actor, subjects={"source": source.id}, key=f"taken:{batch}", payload=facts
    )


def _work(ctx: Context, source: Source, batch: str, folder: Path, files: list[SealedFile]) -> Work:
    kinds = tuple(formats.get(name) for name in source.formats)
    return Work(
        ctx=ctx,
        source=source,
        formats=kinds,
        shelves=Shelves(ctx.store, kinds, source.id, batch),
        fingerprints=Fingerprints(ctx, source),
        keeping=Keeping(ctx, batch, folder),
        progress=Progress(len(files), sum(item.size for item in files), Logged(LOGGER)),
    )


def _problems(work: Work) -> list[str]:
    """One line each; the log takes 1 MiB an entry, the quarantine report has the rest."""
    lines = [f"{p.file}: record {p.record} {p.rule}" for p in work.problems[:_TOLD]]
    more = len(work.problems) - len(lines)
    return [*lines, f"{more} more in the quarantine report"] if more else lines


def _facts(work: Work) -> dict[str, object]:
    """What the log says of the batch; of a source with several formats also how many files of each were taken."""
    tables = work.shelves.rows()
    return {
        "rows_in": work.report.records,
        "rows_out": sum(tables.values()),
        "people": work.report.people,
        "tables": tables,
        "rules": dict(work.applied.cells),
        "warnings": dict(work.report.warnings),
        "shared_cards": work.cards,
        "files_quarantined": work.bad,
        "records_quarantined": work.held,
        "problems": _problems(work),
        "format": work.source.format_said,
        **({"files_taken": dict(sorted(work.files.items()))} if work.mixed else {}),
        "editions": sorted(work.editions),
        "code_version": provision.__version__,
    }


def _finish(ctx: Context, batch: str, state: str, actor: str) -> dict[str, int]:
    """Destroy the batch's key, then what it encrypted, and attest it. The key goes first: the rest is then noise."""
    if state in {"accepted", "quarantined"}:
        source = next(iter(ctx.ledger.entries(type="batch.received", kind="batch", subject=batch))).subjects["source"]
        ctx.keys.destroy(f"batch-{batch}")
        shutil.rmtree(ctx.zones.landing() / batch, ignore_errors=True)
        if state == "accepted":
            ctx.ledger.transition(
                "batch", batch, "destroyed", actor=actor, subjects={"source": source}, key=f"destroyed:{batch}",
                payload={"what": "landing key and files"},
            )  # fmt: skip
    counts: dict[str, int] = {}
    for entry in ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch):
        counts = {name: value for name, value in entry.payload.items() if isinstance(value, int)}
    return counts
