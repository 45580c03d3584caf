"""A world with senders asked for, taken into a house whose sources are all in one linkage group."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from provision import formats
from provision.context import Context
from provision.formats.base import Dataset
from provision.model import Source, Words
from provision.sampledata import write_world
from provision.sampledata.deliveries import senders
from provision.sampledata.others import ALWAYS, EVERYTHING
from provision.sampledata.sheets import SENDERS
from tests.support.intake import deliver_world, linkage, platform

GROUP = "round-trip"
#: Formats of lines that the world writes and the platform reads.
FORMS = sorted((EVERYTHING | ALWAYS) & set(formats.formats()))
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

    def whose(self) -> list[tuple[Line, object]]:
        """Every record of the world that is somebody's, with the person it was joined to."""
        joined, _ = self.ctx.vault.people(f"group-{GROUP}")
        person = dict(joined.iter_rows())
        found: list[tuple[Line, object]] = []
        for drop in self.drops:
            told = self.told.get((drop.source, drop.name), [])
            aliases = self.table(drop, drop.dataset.head)["alias"].to_list() if told else []
            assert len(told) == len(aliases)
            found += [(line, person.get(alias, alias)) for line, alias in zip(told, aliases, strict=True)]
        return found


def taken(
    world: Path,
    home: Path,
    *,
    seed: int,
    people: int,
    months: list[str],
    all_months: bool = True,
    forms: Sequence[str] = FORMS,
) -> Taken:
    """Write a world and take all of it in, `forms` and the senders that always write; without `all_months` one drop of
    each sender asked for, by turns the first and the last (of returns there is only one)."""
    also = [form for form in forms if form not in ALWAYS]
    write_world(world, seed=seed, people=people, months=months, also=also)
    for number, form in enumerate(also if not all_months else ()):
        drops = sorted((world / "senders" / source_id(form)).iterdir())
        for drop in drops[1:] if number % 2 else drops[:-1]:
            shutil.rmtree(drop)
    sources = [_source(form) for form in sorted({*also, *ALWAYS})]
    ctx = platform(home, *sources)
    forms = {source.id: source.format for source in sources}
    drops = []
    for batch in deliver_world(ctx, world):
        entry = next(iter(ctx.ledger.entries(type="batch.received", kind="batch", subject=batch)))
        source, name = entry.subjects["source"], f"{entry.payload['period']}-{entry.payload['sequence']}"
        drops.append(Drop(forms[source], source, name, batch, world / "senders" / source / name))
    return Taken(ctx, world, drops)


def source_id(form: str) -> str:
    """Who sends files of the format."""
    return SENDERS[form].source if form in SENDERS else senders()[form].source


def _source(form: str) -> Source:
    source = source_id(form)
    return Source(
        id=source,
        name=Words(ja=source, en=source),
        kind="hospital",
        format=form,
        legal_status="personal",
        linkage=linkage(GROUP),
    )
