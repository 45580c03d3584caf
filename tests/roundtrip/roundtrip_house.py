"""A world with everything on, taken into a house whose sources are all in one linkage group."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from provision import formats
from provision.context import Context
from provision.formats.base import Dataset
from provision.model import Source, Words
from provision.sampledata import write_world
from provision.sampledata.others import EVERYTHING
from provision.sampledata.sheets import SENDERS
from tests.support.intake import deliver_world, linkage, platform

GROUP = "round-trip"
#: Formats that the world writes and the platform reads.
FORMS = sorted((EVERYTHING | {"uke-medical", "kaigo-claims", "member-ledger"}) & set(formats.formats()))
_KEYS = {"claim_no", "alias", "claim_token", "claim_place", "batch"}
Line = dict[str, object]


@dataclass(frozen=True)
class Drop:
    """One taken batch: whose it is, and where the sender's files lie."""

    form: str
    source: str
    name: str
    batch: str
    folder: Path

    @property
    def dataset(self) -> Dataset:
        """Tables of the format."""
        return formats.get(self.form).dataset

    def files(self) -> list[bytes]:
        """The sender's files, in the order of their names."""
        return [path.read_bytes() for path in sorted(self.folder.iterdir()) if path.name != "batch.yaml"]


@dataclass(frozen=True)
class Taken:
    """The house after everything was taken in, and the truth of the world."""

    ctx: Context
    world: Path
    drops: list[Drop]

    def table(self, drop: Drop, name: str) -> pl.DataFrame:
        """A table of one batch, by claim; the rows of a claim in their order. Without columns where it has no rows."""
        found = self.ctx.store.scan(drop.dataset.id, name, {drop.batch: drop.source})
        return pl.DataFrame() if found is None else found.collect().sort("claim_no", maintain_order=True)

    def columns(self, frame: pl.DataFrame) -> list[str]:
        """The format's columns of a stored table."""
        return [name for name in frame.columns if name not in _KEYS]

    def lines(self, name: str) -> list[Line]:
        """Lines of ``truth/<name>.jsonl``."""
        return [json.loads(line) for line in (self.world / "truth" / f"{name}.jsonl").read_text("utf-8").splitlines()]

    @cached_property
    def told(self) -> dict[tuple[str, str], list[Line]]:
        """Evidence by source and drop, files by name, in the order of the files."""
        found: dict[tuple[str, str], list[Line]] = defaultdict(list)
        for line in self.lines("evidence"):
            found[str(line["source"]), str(line["drop"])].append(line)
        return {key: sorted(lines, key=lambda line: (line["file"], line["claim"])) for key, lines in found.items()}

    @cached_property
    def sums(self) -> dict[tuple[str, str], list[Line]]:
        """What the files of a drop add up to."""
        found: dict[tuple[str, str], list[Line]] = defaultdict(list)
        for line in self.lines("files"):
            found[str(line["source"]), str(line["drop"])].append(line)
        return found


def taken(world: Path, home: Path, *, seed: int, people: int, months: list[str], all_months: bool = True) -> Taken:
    """Write a world and take all of it in; without `all_months` one drop of each sender asked for, by turns the first
    and the last (of returns there is only one)."""
    write_world(world, seed=seed, people=people, months=months, also=[form for form in FORMS if form in EVERYTHING])
    for number, form in enumerate(form for form in FORMS if form in EVERYTHING and not all_months):
        drops = sorted((world / "senders" / SENDERS[form].source).iterdir())
        for drop in drops[1:] if number % 2 else drops[:-1]:
            shutil.rmtree(drop)
    sources = [_source(form) for form in FORMS]
    ctx = platform(home, *sources)
    forms = {source.id: source.format for source in sources}
    drops = []
    for batch in deliver_world(ctx, world):
        entry = next(iter(ctx.ledger.entries(type="batch.received", kind="batch", subject=batch)))
        source, name = entry.subjects["source"], f"{entry.payload['period']}-{entry.payload['sequence']}"
        drops.append(Drop(forms[source], source, name, batch, world / "senders" / source / name))
    return Taken(ctx, world, drops)


def _source(form: str) -> Source:
    source = SENDERS[form].source
    return Source(
        id=source,
        name=Words(ja=source, en=source),
        kind="hospital",
        format=form,
        legal_status="personal",
        linkage=linkage(GROUP),
    )
