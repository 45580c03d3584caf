"""De-identifying one file outside the platform: same reader, floor and domains; no vault, so nobody is linked."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow.parquet as pq

from anonymization.receipt import Applied
from provision.ahead import ahead
from provision.allocation import keep_freed_memory, pass_over_loaded_objects
from provision.formats.base import BadFile, Format, Problem, Report
from provision.identity import card_marks, shared_marks
from provision.intake.deidentify import deidentify
from provision.intake.outcome import FileResult

#: What is said of a record that was left out: there is no quarantine here.
NOT_KEPT = "the record was left out and is kept nowhere; ask the sender to send it again"


def deidentify_file(source_format: Format, path: Path, out: Path, label: str) -> FileResult:
    """As `deidentify_stream`, of a file on disk."""
    with path.open("rb") as stream:
        return deidentify_stream(source_format, stream, out, label, Report())


def deidentify_stream(
    source_format: Format, stream: BinaryIO, out: Path, label: str, report: Report, reason: str = ""
) -> FileResult:
    """Write ``<table>.parquet`` to `out`, all or nothing; the result carries the problem where the file is refused.

    `label` names the file for people, `reason` says why it is of this format, `report` is filled on the way.
    """
    keep_freed_memory()
    pass_over_loaded_objects()
    making = out / ".making"
    making.mkdir(parents=True)
    writers, applied, cards = Writers(making), Applied(), list[pl.DataFrame]()
    result = FileResult(label, source_format.id, reason)
    try:
        with closing(ahead(source_format.read(stream, report, {}))) as parcels:
            for parcel in parcels:
                cards.append(card_marks(parcel.people))
                writers.write(deidentify(parcel, source_format.dataset, report, applied))
        writers.close()
        for file in making.iterdir():
            file.rename(out / file.name)
    except BadFile as error:
        result.problem = problem_of(error, label)
        return result
    finally:
        writers.close()
        shutil.rmtree(making)
    result.edition = report.edition or source_format.dataset.edition
    result.records, result.people, result.tables = report.records, report.people, writers.rows
    result.rules, result.warnings, result.totals = applied.cells, report.warnings, report.totals
    result.shared_cards = shared_marks(pl.concat(cards)) if cards else 0
    result.held = [Problem(label, held.record, "", held.rule, NOT_KEPT) for held in report.held]
    return result


def problem_of(error: BadFile, label: str) -> Problem:
    """Why a file was refused, for people."""
    return Problem(label, error.record, error.field, error.rule, error.remedy)


class Writers:
    """One growing Parquet file per table. Writing runs beside the parsing of the next parcel, one parcel at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {}
        self.writer = ThreadPoolExecutor(1)
        self.pending: Future[None] | None = None

    def write(self, frames: Mapping[str, pl.DataFrame]) -> None:
        """Write the tables of one parcel, after those of the parcel before."""
        self._wait()
        self.pending = self.writer.submit(self._write, frames)

    def close(self) -> None:
        """Finish every file. Twice is harmless."""
        self._wait()
        self.writer.shutdown()
        for writer in self.open.values():
            writer.close()
        self.open = {}

    def _wait(self) -> None:
        if self.pending is not None:
            self.pending.result()
            self.pending = None

    def _write(self, frames: Mapping[str, pl.DataFrame]) -> None:
        for name, frame in frames.items():
            table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            if name not in self.open:
                texts = [column for column, kind in frame.schema.items() if kind == pl.String]
                self.open[name] = pq.ParquetWriter(
                    self.folder / f"{name}.parquet",
                    table.schema,
                    compression="zstd",
                    use_dictionary=texts,  # type: ignore[arg-type]  # the stubs know only yes and no
                )
            self.open[name].write_table(table)
            self.rows[name] = self.rows.get(name, 0) + frame.height
