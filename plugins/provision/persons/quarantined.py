"""隔離の検索: which sealed files and records of quarantine are a person's. Gives numbers of files, never a value.

Each item is opened in memory, archives as streams. A text is searched for what was said of the person (`mentions`).
Each file is read by its format, too, as far as that goes, and its people are compared as at receipt (`marks`).
What is neither text nor readable to its end (a picture, a damaged or encrypted archive) nobody can search: it is named,
so that a person decides. What is packed inside a text (Base64) is not looked into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyrage

from provision.context import Context
from provision.errors import Quarantined, Refused
from provision.formats.base import HEAD_BYTES, BadFile, Report
from provision.formats.documents import PassedOver
from provision.formats.recognising import of_file
from provision.identity import identities
from provision.intake.archives import Tally, members
from provision.intake.archives.streams import Forward
from provision.intake.keying import scope
from provision.intake.looking import held_records
from provision.intake.quarantine import key_name, records_name
from provision.intake.sealed import SealedFile, manifest, opened
from provision.persons.asked import Asked
from provision.persons.marks import Marks, marks
from provision.persons.mentions import Mention, Needles
from provision.persons.rawtext import NoText, readings, texts
from provision.retention.received import Quarantine


@dataclass
class Theirs:
    """Of one batch, by number of the file: whole files of the person; records of theirs, by their numbers in the file;
    files that may be theirs; files that could not be searched."""

    files: list[int] = field(default_factory=list)
    records: dict[int, list[int]] = field(default_factory=dict)
    perhaps: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.files or self.records or self.perhaps or self.unread)

    def as_json(self) -> dict[str, object]:
        """To be sealed, or kept as long as it takes."""
        return {"files": self.files, "records": list(self.records.items()), "perhaps": self.perhaps,
                "unread": self.unread}  # fmt: skip

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Theirs:
        """What `as_json` gave."""
        return cls(said["files"], dict(said["records"]), said["perhaps"], said["unread"])


def search(
    ctx: Context, asked: Asked, tokens: Mapping[str, Mapping[str, frozenset[bytes]]]
) -> Iterator[tuple[str, Theirs]]:
    """Every batch and drop in quarantine that has something of a person, or may have; of every source, since of one
    whose first batch lies there nobody is known."""
    for due in Quarantine().due(ctx):
        if found := Search(ctx, due.subject, due.source, asked, tokens).run():
            yield due.subject, found


@dataclass(frozen=True)
class Search:
    """One batch of a source. `tokens` are those that are known to be the person's, by scope and domain."""

    ctx: Context
    batch: str
    source: str
    asked: Asked = field(repr=False)
    tokens: Mapping[str, Mapping[str, frozenset[bytes]]] = field(default_factory=dict, repr=False)

    def run(self) -> Theirs:
        """What quarantine holds of them. Nothing where its key is gone: it is noise by then."""
        found = Theirs()
        if self.ctx.keys.exists(key_name(self.batch)):
            try:
                for item in manifest(self._folder, self._identity):
                    self._item(item, found)
            except Refused:  # the list is damaged: what lies there has no name, and nobody knows how much there was
                return Theirs(unread=sorted(int(p.name.split(".")[0]) for p in self._folder.glob("[0-9]*.age")))
        return found

    def _item(self, item: SealedFile, found: Theirs) -> None:
        if (self._folder / item.sealed_name()).exists():
            sure, searched = self._file(item)
            if sure is Mention.THEIRS:
                found.files.append(item.number)
            elif sure is Mention.PERHAPS:
                found.perhaps.append(item.number)
            elif not searched:
                found.unread.append(item.number)
        if (self._folder / records_name(item.number)).exists():
            self._records(item.number, found)

    def _records(self, number: int, found: Theirs) -> None:
        try:
            held = held_records(self.ctx, self.batch, number)
        except Refused:
            found.unread.append(number)
            return
        said = {one.record: self._record(one.raw) for one in held}
        if theirs := [record for record, sure in said.items() if sure is Mention.THEIRS]:
            found.records[number] = theirs
        if Mention.PERHAPS in said.values():
            found.perhaps.append(number)
        elif None in said.values():
            found.unread.append(number)

    def _record(self, raw: bytes) -> Mention | None:
        """None where it is no text."""
        try:
            return max(self._needles.record(text) for text in readings(raw))
        except NoText:
            return None

    def _file(self, item: SealedFile) -> tuple[Mention, bool]:
        """How sure it is that it is theirs, and whether all of it could be searched."""
        sure, dark = self._needles.record(item.name), set[int]()
        try:
            for member, stream in self._members(item):
                try:
                    sure = max(sure, *map(self._needles.judge, texts(cast(BinaryIO, stream))), Mention.NONE)
                except NoText:
                    dark.add(member)
                if sure is Mention.THEIRS:
                    return sure, True
            return self._read(item, sure, dark)
        except Refused:  # the seal or the archive
            return sure, False

    def _read(self, item: SealedFile, sure: Mention, dark: set[int]) -> tuple[Mention, bool]:
        """By its format; whatever is read to its end is searched, text or not."""
        if self._marks is None:
            return sure, not dark
        for member, stream in self._members(item):
            said, whole = self._people(stream, self._marks)
            sure = max(sure, said)
            if whole:
                dark.discard(member)
            if sure is Mention.THEIRS:
                break
        return sure, not dark

    def _people(self, stream: Forward, mine: Marks) -> tuple[Mention, bool]:
        """What a reader finds before it refuses, and whether it came to the end. Its counts and values go nowhere."""
        source, sure = self.ctx.source(self.source), Mention.NONE
        key, report = self.ctx.keys.symmetric(f"link-{scope(source)}"), Report()
        try:
            kind = of_file(self.ctx.catalogue.of_source(source), stream.head(HEAD_BYTES), stream.head)
            for parcel in kind.read(cast(BinaryIO, stream), report, source.options_of(kind.id)):
                known = identities(parcel.people, key, source.id)
                said = known.select(mine=mine.mine().any(), near=mine.near().any()).row(0)
                sure = max(sure, Mention.THEIRS if said[0] else Mention.PERHAPS if said[1] else Mention.NONE)
        except (BadFile, PassedOver, Quarantined):
            return sure, False
        return sure, not report.held

    def _members(self, item: SealedFile) -> Iterator[tuple[int, Forward]]:
        with opened(self._folder / item.sealed_name(), self._identity) as stream:
            for member in members(stream, tally=Tally()):
                yield member.number, member.stream

    @cached_property
    def _marks(self) -> Marks | None:
        """None where nobody of the source is known by a number: data received anonymised, a source that is no more."""
        source = self.ctx.sources.get(self.source)
        if source is None or source.legal_status == "anonymised_received":
            return None
        name = scope(source)
        sources = [one.id for one in self.ctx.sources.values() if scope(one) == name]
        return marks(self.asked, self.ctx.keys.symmetric(f"link-{name}"), sources, self.tokens.get(name, {}))

    @cached_property
    def _needles(self) -> Needles:
        return Needles(self.asked)

    @cached_property
    def _identity(self) -> pyrage.x25519.Identity:
        return self.ctx.keys.identity(key_name(self.batch))

    @property
    def _folder(self) -> Path:
        return self.ctx.zones.quarantine() / self.batch
