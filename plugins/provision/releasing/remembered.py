"""在否の控え: who was in a release, kept in the vault from the moment rows of it go from the store for good.

Without these rows nobody could work out again who was in the release, and a later one could not be held against it.
One file a release: aliases, whether they stayed, and the quasi-identifiers as they went out. Of somebody who was erased
this is all that is left: a random alias, and values that the recipient has and that others share.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from provision.context import Context
from provision.ledger.entry import Entry
from provision.releasing.presence import KEY, NotComparable, Presence, worked_out
from provision.releasing.recipes import recipe_of
from provision.store import flush

_KEPT, _QUASI = "kept", "quasi."


def evaluated(ctx: Context, drafted: Entry, made: Entry) -> Presence:
    """Who was in a release that was made: as remembered, else worked out. `NotComparable` where it cannot be."""
    path = _path(ctx, made.subjects["release"])
    return _read(path, drafted, made) if path.exists() else worked_out(ctx, drafted, made)


def remember(ctx: Context, drafted: Entry, made: Entry) -> None:
    """Keep who was in it; twice is once. `NotComparable` where nobody can say any more."""
    path = _path(ctx, made.subjects["release"])
    if path.exists():
        return
    found = worked_out(ctx, drafted, made)
    kept = found.kept.select(KEY, pl.lit(True).alias(_KEPT), pl.col(found.quasi).name.prefix(_QUASI))
    others = found.selected.unique().join(kept, on=KEY, how="anti").with_columns(pl.lit(False).alias(_KEPT))
    _write(path, pl.concat([kept, others], how="diagonal"), found.k)


def had(ctx: Context, aliases: Collection[str]) -> list[str]:
    """Releases that are remembered to have had them."""
    theirs = pl.col(KEY).is_in(list(aliases)) & pl.col(_KEPT)
    return [path.stem for path in _files(ctx) if pl.scan_parquet(path).select(theirs.any()).collect().item()]


def forget(ctx: Context, aliases: Collection[str]) -> None:
    """One alias, the first, stands for all of a person who goes, so that they still count as one. Twice is once."""
    theirs = pl.col(KEY).is_in(list(aliases))
    for path in _files(ctx):
        rows = pl.read_parquet(path)
        if rows.select(theirs.any()).item():
            one = pl.when(theirs).then(pl.lit(min(aliases))).otherwise(KEY).alias(KEY)
            _write(path, rows.with_columns(one), _k(path))


def _read(path: Path, drafted: Entry, made: Entry) -> Presence:
    recipe = recipe_of(drafted)
    if recipe is None:
        raise NotComparable("its draft keeps no recipe that this version can read")
    rows = pl.read_parquet(path)
    quasi = tuple(name.removeprefix(_QUASI) for name in rows.columns if name.startswith(_QUASI))
    kept = rows.filter(_KEPT).select(KEY, pl.col([f"{_QUASI}{q}" for q in quasi]).name.map(_plain))
    return Presence(recipe, quasi, _k(path), rows.select(KEY), kept, int(str(made.payload["people"])))


def _plain(name: str) -> str:
    return name.removeprefix(_QUASI)


def _k(path: Path) -> int:
    return int(pl.read_parquet_metadata(path)["k"])


def _write(path: Path, rows: pl.DataFrame, k: int) -> None:
    """Complete or as it was, readable by the owner only."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    rows.unique(maintain_order=True).write_parquet(temporary, metadata={"k": str(k)})
    flush(temporary)
    os.replace(temporary, path)
    flush(path.parent)


def _path(ctx: Context, release: str) -> Path:
    folder = ctx.zones.vault() / "presences"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{release}.parquet"


def _files(ctx: Context) -> Iterator[Path]:
    yield from sorted(_path(ctx, "none").parent.glob("*.parquet"))
