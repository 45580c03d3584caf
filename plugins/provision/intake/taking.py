"""取込: a sealed batch -> the store, de-identified; then the batch's key is destroyed.

Decrypted, parsed and de-identified in memory, chunk by chunk. A file that cannot be taken whole goes to quarantine
with a report; the other files of the batch go on. The batch enters the store at once or not at all, and only the
ledger makes it visible to releases.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

import provision
from anonymization.receipt import Applied
from provision import formats
from provision.context import Context
from provision.errors import Quarantined, Refused
from provision.formats.base import BadFile, ColumnClass, Dataset, Format, Parcel, Problem, Report
from provision.identity import shared_cards
from provision.intake import quarantine
from provision.intake.deidentify import deidentify
from provision.intake.fingerprints import Fingerprints
from provision.intake.keying import with_keys
from provision.intake.sealed import SealedFile, opened, read_manifest
from provision.model import Source
from provision.store import Staging

_IDENTIFYING = frozenset({ColumnClass.DIRECT, ColumnClass.LINK})
_NOT_ANONYMISED = "the source says its data are anonymised, but identifying columns are filled; ask the sender"


@dataclass
class _Work:
    """One batch being taken in."""

    source: Source
    format: Format
    staging: Staging
    fingerprints: Fingerprints
    report: Report = field(default_factory=Report)
    applied: Applied = field(default_factory=Applied)
    problems: list[Problem] = field(default_factory=list)
    bad: list[SealedFile] = field(default_factory=list)
    claims: int = 0
    cards: int = 0


def take_in(ctx: Context, batch: str, *, actor: str) -> dict[str, int]:
    """Take in one received batch; gives its counts. Repeating it, also after dying in the middle, changes nothing.

    Raises `Quarantined` where no file of the batch could be taken, `Refused` where no such batch was received.
    """
    state = ctx.ledger.state("batch", batch)
    if not state:
        raise Refused("this batch was never received", where=batch, rule="intake.batch", remedy="receive it first")
    if state == "received":
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
    source_format = formats.get(source.format)
    folder = ctx.zones.landing() / batch
    work = _Work(
        source, source_format, ctx.store.stage(source_format.dataset, source.id, batch), Fingerprints(ctx, source)
    )
    files = read_manifest(folder, ctx.keys.identity(f"batch-{batch}"))
    for item in files:
        _take_file(ctx, batch, folder, item, work)
    if work.bad:
        quarantine.keep(ctx, batch, folder, work.bad, work.problems)
    if len(work.bad) == len(files):
        work.staging.discard()
        problems = [f"{p.file}: record {p.record} {p.rule}" for p in work.problems]
        ctx.ledger.transition(
            "batch", batch, "quarantined", actor=actor, subjects={"source": source.id}, key=f"taken:{batch}",
            payload={"problems": problems},
        )  # fmt: skip
        return
    work.fingerprints.write(batch)
    facts = _facts(work)
    work.staging.commit({**facts, "batch": batch, "source": source.id})
    ctx.ledger.transition(
        "batch", batch, "accepted", actor=actor, subjects={"source": source.id}, key=f"taken:{batch}", payload=facts
    )


def _take_file(ctx: Context, batch: str, folder: Path, item: SealedFile, work: _Work) -> None:
    mark = work.staging.mark()
    try:
        with opened(folder / item.sealed_name(), ctx.keys.identity(f"batch-{batch}")) as stream:
            report, applied = Report(), Applied()
            for parcel in work.format.read(stream, report, work.source.format_options):
                _take_parcel(ctx, parcel, work, report, applied)
    except BadFile as error:
        work.staging.rollback(mark)
        work.fingerprints.settle(taken=False)
        work.bad.append(item)
        work.problems.append(Problem(f"file {item.number}", error.record, error.field, error.rule, error.remedy))
        return
    work.fingerprints.settle(taken=True)
    _add(work, report, applied)


def _take_parcel(ctx: Context, parcel: Parcel, work: _Work, report: Report, applied: Applied) -> None:
    people = parcel.people
    report.totals["shared_cards"] = report.totals.get("shared_cards", 0) + shared_cards(people)
    work.fingerprints.add(people)
    if work.source.legal_status == "anonymised_received":
        _refuse_identifying(parcel, work.format.dataset)
    tables = deidentify(parcel, work.format.dataset, report, applied)
    head = work.format.dataset.head
    if head in tables:
        tables[head] = with_keys(ctx, work.source, work.format.dataset, parcel, tables[head])
    last = report.totals.get("last_claim", work.claims)
    for name, frame in tables.items():
        work.staging.write(name, frame.with_columns(pl.col("claim_no") + work.claims))
        last = max(last, work.claims + int(frame["claim_no"].max() or 0) + 1)  # type: ignore[arg-type]
    report.totals["last_claim"] = last


def _refuse_identifying(parcel: Parcel, dataset: Dataset) -> None:
    """Direct identifiers or insured numbers in data said to be anonymised. Running numbers of the file may stand."""
    for name, frame in parcel.tables.items():
        for column in dataset.table(name).columns:
            if column.cls in _IDENTIFYING and column.name in frame.columns and _filled(frame[column.name]):
                raise BadFile("not_anonymised", field=f"{name}.{column.name}", remedy=_NOT_ANONYMISED)


def _filled(values: pl.Series) -> bool:
    return bool((values.cast(pl.String).fill_null("").str.strip_chars() != "").any())


def _add(work: _Work, report: Report, applied: Applied) -> None:
    work.claims = report.totals.pop("last_claim", work.claims)
    work.cards += report.totals.pop("shared_cards", 0)
    work.report.records += report.records
    work.report.people += report.people
    for rule, count in report.warnings.items():
        work.report.warn(rule, count)
    for rule, count in applied.cells.items():
        work.applied.add(rule, count)


def _facts(work: _Work) -> dict[str, object]:
    return {
        "rows_in": work.report.records,
        "rows_out": sum(work.staging.rows.values()),
        "people": work.report.people,
        "tables": dict(work.staging.rows),
        "rules": dict(work.applied.cells),
        "warnings": dict(work.report.warnings),
        "shared_cards": work.cards,
        "files_quarantined": len(work.bad),
        "problems": [f"{p.file}: record {p.record} {p.rule}" for p in work.problems],
        "format": work.format.id,
        "edition": work.format.dataset.edition,
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
