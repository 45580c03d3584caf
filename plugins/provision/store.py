"""The versioned store: de-identified tables, one folder per accepted batch, complete or not there at all.

    store/<dataset>/<source>/<batch>/<table>/part-00000.parquet
    store/<dataset>/<source>/<batch>/batch.json            counts, format edition, profile, code version

Head tables carry `alias` (a random id of the vault) and, where the format has one, `claim_token` (keyed). Nothing here
names a person.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from provision.formats.base import Dataset


@dataclass
class Staging:
    """A batch on its way into the store: an invisible folder that `commit` renames into place."""

    folder: Path
    target: Path
    parts: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def write(self, table: str, frame: pl.DataFrame) -> None:
        """Add one part to a table."""
        if not frame.height:
            return
        number = self.parts.get(table, 0)
        path = self.folder / table / f"part-{number:05d}.parquet"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        frame.write_parquet(path, compression="zstd", compression_level=1, statistics=True)
        self.parts[table] = number + 1
        self.rows[table] = self.rows.get(table, 0) + frame.height

    def mark(self) -> tuple[dict[str, int], dict[str, int]]:
        """A point that `rollback` returns to."""
        return dict(self.parts), dict(self.rows)

    def rollback(self, mark: tuple[dict[str, int], dict[str, int]]) -> None:
        """Remove what was written since `mark`: the parts of a file that turned out not to be whole."""
        for table, count in self.parts.items():
            for number in range(mark[0].get(table, 0), count):
                (self.folder / table / f"part-{number:05d}.parquet").unlink(missing_ok=True)
            if not mark[0].get(table) and (self.folder / table).is_dir():
                (self.folder / table).rmdir()  # an empty table folder could not be scanned
        self.parts, self.rows = dict(mark[0]), dict(mark[1])

    def commit(self, facts: Mapping[str, object]) -> None:
        """Put the batch into the store at once; a batch that is already there (a repeated task) stays.

        On disk before it returns: the raw files are destroyed next.
        """
        text = json.dumps({**facts, "rows": self.rows}, ensure_ascii=False, indent=1)
        (self.folder / "batch.json").write_text(text, encoding="utf-8")
        if self.target.exists():
            shutil.rmtree(self.folder)
            return
        for path in (*self.folder.rglob("*"), self.folder):
            flush(path)
        os.rename(self.folder, self.target)
        flush(self.target.parent)

    def discard(self) -> None:
        """Forget the batch."""
        shutil.rmtree(self.folder, ignore_errors=True)


def flush(path: Path) -> None:
    """Make a file or a folder's list of names survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parts(batch: Path, aliases: Collection[str]) -> tuple[list[Path], list[int]]:
    """Parts of a batch, those of head tables last, and the numbers of these people's claims."""
    parts = sorted(batch.glob("*/part-*.parquet"))
    heads = [part for part in parts if "alias" in pl.read_parquet_schema(part)]
    theirs = pl.col("alias").is_in(list(aliases))
    found = [pl.scan_parquet(part).filter(theirs).select("claim_no").collect().to_series() for part in heads]
    return sorted(parts, key=lambda part: part in heads), [claim for claims in found for claim in claims]


def _theirs(part: Path, claims: Collection[int]) -> int:
    return pl.scan_parquet(part).filter(pl.col("claim_no").is_in(list(claims))).select(pl.len()).collect().item()  # type: ignore[no-any-return]


def _rewrite(part: Path, claims: Collection[int]) -> None:
    """One part without the rows of these claims, complete or as it was; a part that is left empty stays, empty."""
    rows = pl.read_parquet(part)
    left = rows.filter(~pl.col("claim_no").is_in(list(claims)))
    if left.height == rows.height:
        return
    making = part.with_name(f".{part.name}.tmp")
    left.write_parquet(making, compression="zstd", compression_level=1, statistics=True)
    flush(making)
    os.replace(making, part)
    flush(part.parent)


class Store:
    """The store zone."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _batch(self, dataset: str, source: str, batch: str) -> Path:
        return self.root / dataset / source / batch

    def stage(self, dataset: Dataset, source: str, batch: str) -> Staging:
        """Start writing a batch; what a dead task left of it is removed first."""
        target = self._batch(dataset.id, source, batch)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in target.parent.glob(f".{batch}.*"):
            shutil.rmtree(old, ignore_errors=True)
        folder = target.parent / f".{batch}.{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        return Staging(folder, target)

    def has(self, dataset: str, source: str, batch: str) -> bool:
        """Whether the batch is in the store."""
        return (self._batch(dataset, source, batch) / "batch.json").is_file()

    def datasets(self, source: str, batch: str) -> tuple[str, ...]:
        """Ids of the datasets that a batch filled, sorted; empty where the store does not hold it."""
        return tuple(sorted(p.parts[-4] for p in self.root.glob(f"*/{source}/{batch}/batch.json")))

    def keep_only(self, source: str, batch: str, datasets: Collection[str]) -> None:
        """Remove a batch from every other dataset: what a dead run put there that saw its files otherwise. Only for a
        batch that the log has not accepted: nobody reads it yet. Renamed first, so that no half of it is ever found."""
        for dataset in sorted(set(self.datasets(source, batch)) - set(datasets)):
            self._hide(self._batch(dataset, source, batch))

    def remove(self, source: str, batch: str) -> None:
        """Remove a batch from every dataset, and what dead runs left of it; it may be gone already."""
        for folder in [*self.root.glob(f"*/{source}/{batch}"), *self.root.glob(f"*/{source}/.{batch}.*")]:
            self._hide(folder)

    def rows_of(self, aliases: Collection[str]) -> dict[tuple[str, str], int]:
        """How many rows of these people every batch has, by source and batch; batches without any are left out."""
        found: dict[tuple[str, str], int] = {}
        for batch in self._batches():
            parts, claims = _parts(batch, aliases)
            place = batch.parts[-2], batch.parts[-1]
            if claims:
                found[place] = found.get(place, 0) + sum(_theirs(part, claims) for part in parts)
        return found

    def without(self, aliases: Collection[str]) -> None:
        """Remove every row of these people from every batch, whatever is in force.

        Claims are found by the alias in their head table, so that goes last: a run that died is finished by the next.
        """
        for batch in self._batches():
            parts, claims = _parts(batch, aliases)
            for part in parts if claims else ():
                _rewrite(part, claims)

    def _batches(self) -> list[Path]:
        return sorted(marker.parent for marker in self.root.glob("*/*/*/batch.json"))

    def _hide(self, folder: Path) -> None:
        gone = folder.with_name(f".{folder.name.strip('.')}.{secrets.token_hex(4)}")
        os.rename(folder, gone)
        shutil.rmtree(gone, ignore_errors=True)
        flush(folder.parent)

    def scan(self, dataset: str, table: str, batches: Mapping[str, str]) -> pl.LazyFrame | None:
        """Lazy rows of one table over `batches` (batch -> source), with a `batch` column; None where none has rows."""
        frames = []
        for batch, source in sorted(batches.items()):
            folder = self._batch(dataset, source, batch) / table
            if folder.is_dir():
                frames.append(pl.scan_parquet(folder / "*.parquet").with_columns(batch=pl.lit(batch)))
        return pl.concat(frames, how="diagonal_relaxed") if frames else None
