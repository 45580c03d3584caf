"""A platform in a temporary home, with the demonstration's configuration or sources of the test's own."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from provision import formats
from provision.context import Context, open_context
from provision.intake import receive, take_in
from provision.model import Linkage, Source, Words

CONFIG = Path(__file__).parents[2] / "config"
ACTOR = "tester"


def platform(home: Path, *sources: Source) -> Context:
    """An opened platform; with `sources` it knows these only."""
    ctx = open_context(folder=CONFIG, home=home)
    return replace(ctx, sources={s.id: s for s in sources}) if sources else ctx


def reopened(ctx: Context) -> Context:
    """What the next task sees: the same home and configuration, everything opened again."""
    return replace(ctx)


def hospital(**changes: object) -> Source:
    """A source of medical claims that nothing links with others."""
    plain = Source(
        id="test-hospital", name=Words(ja="試験病院", en="Test hospital"), kind="hospital", format="uke-medical",
        legal_status="personal",
    )  # fmt: skip
    return plain.model_copy(update=changes)


def linkage(group: str = "test-group") -> Linkage:
    """A document that allows linking within `group`."""
    return Linkage(document="試験契約 第1条", group=group)


def drop(
    ctx: Context,
    source: str,
    files: Mapping[str, bytes],
    name: str = "drop",
    *,
    card: str = 'period: "2025-05"\nsequence: 1\n',
) -> Path:
    """A complete drop in the inbox; with `card` empty it has no marker yet."""
    folder = ctx.zones.inbox(source) / name
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    if card:
        (folder / "batch.yaml").write_text(card, encoding="utf-8")
    return folder


def deliver_world(ctx: Context, world: Path) -> list[str]:
    """Every drop of a written world, received and taken in; gives the batches."""
    batches: list[str] = []
    for source in sorted(p.name for p in (world / "senders").iterdir()):
        shutil.copytree(world / "senders" / source, ctx.zones.inbox(source), dirs_exist_ok=True)
        for batch in receive(ctx, source, actor=ACTOR):
            take_in(ctx, batch, actor=ACTOR)
            batches.append(batch)
    return batches


def heads(ctx: Context, batch: str, form: str = "") -> pl.DataFrame:
    """The head table of a batch in the store, by claim number; of one format where the source has several."""
    entry = next(iter(ctx.ledger.entries(type="batch.received", kind="batch", subject=batch)))
    dataset = formats.get(form or str(entry.payload["format"])).dataset
    found = ctx.store.scan(dataset.id, dataset.head, {batch: entry.subjects["source"]})
    assert found is not None
    return found.collect().sort("claim_no")


def written(root: Path, *, beside: str = "") -> Iterator[tuple[Path, bytes]]:
    """Every file below `root` with its bytes; paths with `beside` in them are left out."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and (not beside or beside not in path.parts):
            yield path, path.read_bytes()


def in_clear(root: Path, *texts: str) -> list[str]:
    """Files below `root`, the inbox apart, that hold one of `texts` in CP932, UTF-8 or UTF-16, or are named so."""
    needles = [t.encode(e) for t in texts for e in ("cp932", "utf-8", "utf-16-le", "utf-16-be")]
    found = []
    for path, data in written(root, beside="inbox"):
        if path.suffix == ".parquet":
            data += repr(pl.read_parquet(io.BytesIO(data)).rows()).encode()
        if any(needle in data or needle in bytes(path) for needle in needles):
            found.append(str(path.relative_to(root)))
    return found
