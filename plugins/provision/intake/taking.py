"""取込: a sealed batch -> the store, de-identified; then the batch's key is destroyed.

Decrypted, parsed and de-identified in memory, chunk by chunk. A file that cannot be taken whole goes to quarantine
with a report, and so does a record with undecodable bytes; the rest of the batch goes on. A file that holds nothing to
take (an index, a deleted version) is counted. A batch of which no file was taken is quarantined as a whole. The batch
enters the store at once or not at all, in every dataset it fills, and only the ledger makes it visible to releases.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import ExitStack

import provision
from provision.allocation import keep_freed_memory, pass_over_loaded_objects
from provision.atrest import shared
from provision.context import Context
from provision.errors import Quarantined, Refused
from provision.formats.base import Problem
from provision.formats.documents import DocumentFormat
from provision.intake.documents import Documents
from provision.intake.fingerprints import Fingerprints
from provision.intake.handed import Handed
from provision.intake.hands.pool import Hands, hands_for
from provision.intake.one_file import take_file
from provision.intake.progress import Logged, Progress
from provision.intake.quarantine import Keeping
from provision.intake.sealed import manifest
from provision.intake.shelves import Shelves
from provision.intake.vetoes import LEFT_OUT, Vetoes
from provision.intake.work import Work
from provision.layouthistory import check_layouts, shapes_of
from provision.ledger.entry import Entry
from provision.model import Source
from provision.recovery import require_vault

LOGGER = logging.getLogger(__name__)
_NOTHING = "every file of the batch was passed over or refused; ask the sender for the data"


def take_in(ctx: Context, batch: str, *, actor: str) -> dict[str, int]:
    """Take in one received batch; gives its counts. Repeating it, also after dying in the middle, changes nothing.

    Raises `Quarantined` where no file of the batch could be taken, `Refused` where no such batch was received.
    """
    state = ctx.ledger.state("batch", batch)
    if not state:
        raise Refused("this batch was never received", where=batch, rule="intake.batch", remedy="receive it first")
    if state == "received":
        require_vault(ctx)
        keep_freed_memory()
        pass_over_loaded_objects()
        with shared(ctx):
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
    work = _work(ctx, source, batch, received)
    with ExitStack() as task:
        hands = hands_for(work.progress.size, ctx.platform.intake_processes)
        _take_files(work, task.enter_context(hands) if hands else None)
    if not work.taken:
        _keep_the_rest(work)
        work.keeping.done()
        work.shelves.discard()
        ctx.ledger.transition(
            "batch", batch, "quarantined", actor=actor, subjects={"source": source.id}, key=f"taken:{batch}",
            payload={"problems": work.keeping.problems.lines()} | _passed(work),
        )  # fmt: skip
        return
    work.keeping.done()
    work.fingerprints.write(batch)
    work.vetoes.settle(actor)
    facts = _facts(work)
    work.shelves.commit(facts)
    ctx.ledger.transition(
        "batch", batch, "accepted", actor=actor, subjects={"source": source.id}, key=f"taken:{batch}", payload=facts
    )


def _work(ctx: Context, source: Source, batch: str, received: Entry) -> Work:
    kinds = ctx.catalogue.of_source(source)
    check_layouts(ctx, [kind.dataset.id for kind in kinds])
    folder = ctx.zones.landing() / batch
    files, size = (int(str(received.payload[name])) for name in ("files", "bytes"))
    return Work(
        ctx=ctx,
        source=source,
        formats=kinds,
        landing=folder,
        identity=ctx.keys.identity(f"batch-{batch}"),
        shelves=Shelves(ctx.store, kinds, source.id, batch),
        fingerprints=Fingerprints(ctx, source),
        keeping=Keeping(ctx, batch, folder),
        progress=Progress(files, size, Logged(LOGGER)),
        vetoes=Vetoes(ctx, source, received.seq),
    )


def _take_files(work: Work, hands: Hands | None) -> None:
    documents = Documents(work)
    handed = Handed(hands, documents) if hands else None
    for item in manifest(work.landing, work.identity):
        take_file(item, work, documents, handed)
    if handed:
        handed.flush()
    documents.flush()
    work.progress.end()


def _keep_the_rest(work: Work) -> None:
    """What was passed over of a batch that holds nothing else: somebody has to look at it."""
    for item in manifest(work.landing, work.identity):
        if item.number not in work.keeping.numbers:
            work.keeping.whole(item, Problem(f"file {item.number}", 0, "", "batch.nothing", _NOTHING))


def _passed(work: Work) -> dict[str, object]:
    """How many files held nothing to take, by rule, where there were any."""
    return {"files_passed_over": dict(sorted(work.passed.items()))} if work.passed else {}


def _vetoed(work: Work) -> dict[str, int]:
    """How many records of files that were taken are of people who must not be received, where there were any."""
    count = sum(count for rule, count in work.report.warnings.items() if rule.endswith(LEFT_OUT))
    return {"records_vetoed": count} if count else {}


def _facts(work: Work) -> dict[str, object]:
    """What the log says of the batch; of a source with several formats, or whose files are single documents, also how
    many files of each were taken."""
    counted = work.mixed or isinstance(work.formats[0], DocumentFormat)
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
        **_vetoed(work),
        "problems": work.keeping.problems.lines(),
        "format": work.source.format_said,
        **({"files_taken": dict(sorted(work.files.items()))} if counted else {}),
        **_passed(work),
        "editions": sorted(work.editions),
        **({"layouts": shapes} if (shapes := shapes_of(work.ctx, work.shelves.filled())) else {}),
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
