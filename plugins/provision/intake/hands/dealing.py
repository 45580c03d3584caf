"""配り分け: one job dealt out to several hands in parts, and what these made of it put together.

At the end some hands would wait for the last one: there a job goes to all of them. What comes of it is what one hand
would have made of the whole, or nothing, and then the job is done once more: so nothing depends on how it was dealt.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, chain, pairwise

import polars as pl

from anonymization.receipt import Applied
from provision.formats import get
from provision.formats.base import BadFile, Dataset, Parcel, Report, Table
from provision.formats.pieces import InPieces, line_ends
from provision.intake.domains import OUTSIDE, check_share
from provision.intake.hands.job import Job, Made

#: A job of fewer bytes is not worth dealing out: what each costs whatever is in it would be much of it.
_WORTH = 4 * 1024 * 1024


def dealt(job: Job, count: int) -> list[Job]:
    """The job in up to `count` parts of about as many bytes, in order; a small one whole."""
    if count < 2 or sum(map(len, job.parts)) <= _WORTH:
        return [job]
    return list(_of_lines(job, count) if isinstance(get(job.kind), InPieces) else _of_documents(job, count))


def _of_lines(job: Job, count: int) -> Iterator[Job]:
    """Cut behind line ends. Nothing is copied."""
    block, before = bytes(job.parts[0]), job.before
    cuts = {block.find(b"\n", len(block) * part // count) + 1 for part in range(1, count)} - {0, len(block)}
    for start, end in pairwise([0, *sorted(cuts), len(block)]):
        part = memoryview(block)[start:end]
        yield replace(job, parts=[part], before=before)
        before += line_ends(part) if end < len(block) else 0


def _of_documents(job: Job, count: int) -> Iterator[Job]:
    ends = list(accumulate(map(len, job.parts)))
    cuts = {bisect_left(ends, ends[-1] * part // count) + 1 for part in range(1, count)} - {len(ends)}
    for start, end in pairwise([0, *sorted(cuts), len(ends)]):
        yield replace(job, parts=job.parts[start:end])


def together(kind: str, made: Sequence[Made | None]) -> Made | None:
    """What became of the parts of a job as what became of the whole; None where a part was not done, or where the whole
    has to be refused."""
    done = [one for one in made if one is not None]
    if len(done) < len(made):
        return None
    if len(done) == 1:
        return done[0]
    report, applied = Report(), Applied()
    starts = list(accumulate((one.report.people for one in done), initial=0))
    try:
        for one in done:
            add(report, one.report)
            applied.add_all(one.applied)
    except BadFile:
        return None
    verdicts = list(chain.from_iterable(one.verdicts for one in done))
    found = [(start, one, one.parcel) for start, one in zip(starts, done, strict=False) if one.parcel is not None]
    if not found:
        return Made(verdicts)
    dataset = get(kind).dataset
    tables = _below(dataset, [(start, one.tables) for start, one, _ in found])
    heads = _below(dataset, [(start, parcel.tables) for start, _, parcel in found])
    people = pl.concat([_numbered(parcel.people, start) for start, _, parcel in found])
    return Made(verdicts, tables, Parcel(heads, people, sum(parcel.records for *_, parcel in found)), report, applied)


def _below(dataset: Dataset, found: Sequence[tuple[int, Mapping[str, pl.DataFrame]]]) -> dict[str, pl.DataFrame]:
    """Tables below each other, claims numbered on. A part whose records fill fewer columns has no others."""
    made = {}
    for table in dataset.tables:
        if frames := [_numbered(tables[table.name], start) for start, tables in found if table.name in tables]:
            made[table.name] = _stacked(table, frames)
    return made


def _stacked(table: Table, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    if all(frame.columns == frames[0].columns for frame in frames):
        return pl.concat(frames)
    whole = pl.concat(frames, how="diagonal")
    own = [column.name for column in table.columns if column.name in whole.columns]
    return whole.select(pl.exclude(own), *own)


def _numbered(frame: pl.DataFrame, start: int) -> pl.DataFrame:
    place = frame.get_column_index("claim_no")
    return frame.clone().replace_column(place, frame["claim_no"] + start) if start else frame


def add(report: Report, part: Report) -> None:
    """Add what was counted of a part to what was counted before. Raises `BadFile` where that is too much."""
    report.edition = part.edition or report.edition
    report.editions |= part.editions
    report.records += part.records
    report.people += part.people
    for table, rows in part.rows.items():
        report.rows[table] = report.rows.get(table, 0) + rows
    for held in part.held:
        report.hold(held.record, held.rule, held.raw)
    for name, total in part.totals.items():
        report.totals[name] = report.totals.get(name, 0) + total
    for rule, count in part.warnings.items():
        if not rule.startswith("held:"):  # counted just now
            report.warn(rule, count)
        if rule.startswith(OUTSIDE):
            check_share(report, rule.removeprefix(OUTSIDE))
