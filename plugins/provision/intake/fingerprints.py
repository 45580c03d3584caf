"""既知値: keyed fingerprints of the strong direct values of a batch, for the gate's question "is any still there?".

Strong values only (surname with given name, kana pair, telephone, street address, composite insured id,
facility-qualified chart number). The index is itself a secret (Rules art. 35): it lies in the vault zone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from expectations import known_values
from provision.context import Context
from provision.errors import Refused
from provision.model import Source

KEY = "known-values"
_KINDS = {
    "name": ("name",),
    "kana": ("kana",),
    "phone": ("phone",),
    "address": ("address",),
    "insured": ("insurer", "symbol", "number"),
    "care": ("care_insurer", "care_number"),
    "chart": ("facility", "chart"),
}
#: Of sources that say which form their chart numbers have: the number alone, looked for in texts that have it.
_OWN_CHART = {"own_chart": ("chart",)}


def index_path(ctx: Context, batch: str) -> Path:
    """Where the fingerprints of a batch lie."""
    folder = ctx.zones.vault() / "known_values"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{batch}.npy"


def index_keys(ctx: Context) -> list[bytes]:
    """The key of new indexes, then those that older ones were made under (`rotation`)."""
    former = [name for name in ctx.keys.names() if name.startswith(f"{KEY}-")]
    return [ctx.keys.symmetric(name) for name in (KEY, *former)]


class Fingerprints:
    """Collects strong values while a batch is read. Only what is keyed is kept, also in memory."""

    def __init__(self, ctx: Context, source: Source) -> None:
        self.ctx, self.source = ctx, source
        self._kept: list[npt.NDArray[np.uint64]] = []
        self._file: set[int] = set()

    @cached_property
    def _key(self) -> bytes:
        return self.ctx.keys.symmetric(KEY)

    def add(self, people: pl.DataFrame) -> None:
        """Key the strong values of these people."""
        kinds = {**_KINDS, **_OWN_CHART} if self.source.chart_numbers else _KINDS
        self._file.update(known_values.fingerprint(folded, self._key) for folded in _folded(people, kinds))

    def settle(self, *, taken: bool) -> None:
        """End of a file, or of a group of documents: keep its values if it was taken."""
        if taken:
            self._kept.append(np.fromiter(self._file, dtype=np.uint64, count=len(self._file)))
        self._file = set()

    def write(self, batch: str) -> None:
        """Write the batch's index, sorted."""
        known_values.write_marks(index_path(self.ctx, batch), self._kept, self._key)


def forget(ctx: Context, batch: str, people: pl.DataFrame, kinds: Collection[str]) -> int:
    """Take the values of these kinds that these people have out of the index of a batch; gives how many it had. Where
    it is gone there is nothing to do. `Refused` where it is damaged."""
    every = {**_KINDS, **_OWN_CHART}
    folded = list(_folded(people, {kind: every[kind] for kind in sorted(kinds)}))
    path = index_path(ctx, batch)
    try:
        return known_values.forget_marks(path, folded, index_keys(ctx)) if path.exists() else 0
    except known_values.UnusableIndex:
        raise Refused(
            "the known-value index of the batch cannot be used", where=batch, rule="known_values.index",
            remedy="restore the vault from its backup",
        ) from None  # fmt: skip


def _folded(people: pl.DataFrame, kinds: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for kind, columns in kinds.items():
        last = pl.col(columns[-1]).fill_null("")
        for row in people.filter(last != "").select(columns).unique().iter_rows():
            folded = known_values.fold(*_parts(kind, row))
            if folded:
                yield folded


def _parts(kind: str, row: tuple[str | None, ...]) -> tuple[str, ...]:
    """The long-term-care number is a composite insured id without a symbol."""
    values = tuple(part or "" for part in row)
    return ("insured", values[0], "", values[1]) if kind == "care" else (kind, *values)
