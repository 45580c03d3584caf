"""Jobs and what became of them as bytes, between processes of ours: counts as msgpack, tables as Arrow IPC streams."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from mmap import mmap

import msgspec
import polars as pl

from anonymization.receipt import Applied
from provision.formats.base import BadFile, Held, Parcel, Report
from provision.formats.documents import PassedOver
from provision.intake.hands.job import Job, Made


class _Head(msgspec.Struct):
    """A job without its bytes, of which the lengths are told."""

    kind: str
    options: dict[str, object]
    anonymised: bool
    before: int
    lengths: list[int]


class _Verdict(msgspec.Struct):
    """Why a document is not taken: passed over, or refused at a place."""

    rule: str
    passed: bool = False
    record: int = 0
    field: str = ""
    remedy: str = ""


class _Counts(msgspec.Struct):
    """What was counted, and the names of the tables that follow; the one without a name is that of the people."""

    verdicts: list[_Verdict | None]
    records: int
    applied: dict[str, int]
    edition: str
    editions: list[str]
    people: int
    warnings: dict[str, int]
    totals: dict[str, int]
    rows: dict[str, int]
    held: list[tuple[int, str, bytes]]
    names: list[str]
    heads: list[str]


_HEADS, _COUNTS = msgspec.msgpack.Decoder(_Head), msgspec.msgpack.Decoder(_Counts)


def tell(job: Job) -> bytes:
    """A job without its bytes."""
    lengths = [len(part) for part in job.parts]
    return msgspec.msgpack.encode(_Head(job.kind, dict(job.options), job.anonymised, job.before, lengths))


def told(message: bytes, memory: mmap) -> Job:
    """The job that `tell` told of, with its bytes from `memory`."""
    head, parts, at = _HEADS.decode(message), [], 0
    for length in head.lengths:
        parts.append(memory[at : at + length])
        at += length
    return Job(head.kind, head.options, head.anonymised, parts, head.before)


def answer(made: Made | None) -> Iterator[bytes]:
    """The messages that tell what became of a job: counts, then every table. An empty one where it was not done."""
    if made is None:
        yield b""
        return
    heads = made.parcel.tables if made.parcel else {}
    yield msgspec.msgpack.encode(_counts(made, list(made.tables), list(heads)))
    yield from map(_packed, [*made.tables.values(), *heads.values()])
    if made.parcel:
        yield _packed(made.parcel.people)


def _counts(made: Made, names: list[str], heads: list[str]) -> _Counts:
    report = made.report
    return _Counts(
        [None if one is None else _verdict(one) for one in made.verdicts],
        made.parcel.records if made.parcel else -1,
        made.applied.cells, report.edition, sorted(report.editions), report.people, report.warnings, report.totals,
        report.rows, [(held.record, held.rule, held.raw) for held in report.held], names, heads,
    )  # fmt: skip


def _verdict(one: BadFile | PassedOver) -> _Verdict:
    if isinstance(one, PassedOver):
        return _Verdict(one.rule, passed=True)
    return _Verdict(one.rule, False, one.record, one.field, one.remedy)


def answered(first: bytes, more: Iterator[bytes]) -> Made | None:
    """What `answer` was asked to tell; `more` gives the messages after the first."""
    if not first:
        return None
    said = _COUNTS.decode(first)
    tables = {name: _unpacked(next(more)) for name in said.names}
    heads = {name: _unpacked(next(more)) for name in said.heads}
    parcel = Parcel(heads, _unpacked(next(more)), said.records) if said.records >= 0 else None
    return Made(_verdicts(said.verdicts), tables, parcel, _report(said), Applied(said.applied))


def _report(said: _Counts) -> Report:
    return Report(
        said.records if said.records >= 0 else 0, said.people, said.edition, set(said.editions), said.warnings,
        said.totals, said.rows, [Held(*one) for one in said.held],
    )  # fmt: skip


def _verdicts(said: Sequence[_Verdict | None]) -> list[BadFile | PassedOver | None]:
    return [None if one is None else _why(one) for one in said]


def _why(one: _Verdict) -> BadFile | PassedOver:
    if one.passed:
        return PassedOver(one.rule)
    return BadFile(one.rule, record=one.record, field=one.field, remedy=one.remedy)


def _packed(frame: pl.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.write_ipc_stream(target)
    return target.getvalue()


def _unpacked(message: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(message))
