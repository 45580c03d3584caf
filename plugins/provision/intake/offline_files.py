"""Every file of a folder outside the platform, those in archives too: each by its own format, each whole or not at all.

Tables lie in the output itself where one file was named, else in ``<format>/file-0001``, of an archive's members in
``<format>/file-0001-0002``; single documents of one format go together into ``<format>/``. An archive is certain only
at its end, so what came out of it stands aside until then.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from provision.errors import Refused
from provision.formats import get
from provision.formats.base import HEAD_BYTES, BadFile, Format, Problem, Report
from provision.formats.documents import DocumentFormat, Named, PassedOver, whole
from provision.formats.recognising import recognise, refuse_another
from provision.intake.archives import Tally, members
from provision.intake.archives.streams import Forward
from provision.intake.offline import deidentify_stream, problem_of
from provision.intake.offline_documents import Gathered
from provision.intake.outcome import FileResult, Outcome
from provision.intake.progress import Progress

NAMED = "named on the command line"
MARKER = "batch.yaml"  # of a sender's drop: says that it is complete, holds no data
_ASIDE, _DOCUMENTS = ".aside", ".documents"
#: Remedies of refused archives that are others here than on the platform, by the rule's second word.
_REMEDIES = {
    "password": "name a file with the password: --password-file",
    "wrong_password": "give the right password, typed or in a file: --password-file",
    "limit": "look at it before anything else; if it is right, unpack it and name the folder",
}


@dataclass
class _Aside:
    """What came of one path, until it is certain. `folder` holds its tables: of documents together, of other files
    below their number in `whole`."""

    folder: Path
    progress: Progress
    outcome: Outcome = field(default_factory=Outcome)
    whole: list[FileResult] = field(default_factory=list)
    packed: bool = False

    def __post_init__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.documents = Gathered(self.folder / _DOCUMENTS, self.outcome, self.progress)

    def in_place(self, out: Path) -> None:
        """It is certain: put the tables of files where they belong."""
        for number, result in enumerate(self.whole):
            target = out / result.folder
            target.mkdir(parents=True, exist_ok=True)
            for table in (self.folder / str(number)).iterdir():
                table.rename(target / table.name)


@dataclass(frozen=True)
class _File:
    """One file: the sender's `name` below what was named (never shown), its `label` for people, the `folder` of its
    tables below that of their format ("" for the output itself)."""

    name: str
    label: str
    folder: str
    stream: Forward


@dataclass
class Offline:
    """One run. `format` is None where each file's format is to be recognised; `ask` gives the password of archives,
    None where there is none, and is asked only where one is needed and `password` is not known."""

    out: Path
    format: Format | None
    progress: Progress
    password: bytes | None = None
    ask: Callable[[], bytes | None] = lambda: None

    def run(self, paths: list[Path], root: Path, *, alone: bool) -> Outcome:
        """What came of every file, in order; names of files are told to formats from `root` on. `alone`: `paths` is one
        file that was named itself."""
        outcome = Outcome()
        documents = Gathered(self.out / _DOCUMENTS, outcome, self.progress)
        try:
            packed = [self._path(number, path, root, alone, documents) for number, path in enumerate(paths, 1)]
            documents.finish(self.out, alone=alone and not any(packed))
        finally:
            shutil.rmtree(documents.folder, ignore_errors=True)
        self.progress.end()
        return outcome

    def _path(self, number: int, path: Path, root: Path, alone: bool, documents: Gathered) -> bool:
        """One path; says whether it was an archive."""
        try:
            aside = self._certain(number, path, root, alone)
            aside.in_place(self.out)
            documents.outcome.join(aside.outcome)
            documents.join(aside.documents)
            return aside.packed
        except Refused as error:
            documents.outcome.add(_refused(error, f"file {number}"))
            return True
        finally:
            shutil.rmtree(self.out / _ASIDE, ignore_errors=True)

    def _certain(self, number: int, path: Path, root: Path, alone: bool) -> _Aside:
        try:
            return self._members(number, path, root, alone)
        except Refused as error:
            if error.rule != "archive.password" or not self._asked():
                raise
            return self._members(number, path, root, alone)

    def _asked(self) -> bool:
        self.password = self.password or self.ask()
        return self.password is not None

    def _members(self, number: int, path: Path, root: Path, alone: bool) -> _Aside:
        aside, tally = _Aside(self.out / _ASIDE, self.progress), Tally()
        name = path.relative_to(root).as_posix()
        with path.open("rb") as raw:
            stream = self.progress.watch(number, raw).stream()
            for member in members(stream, password=self.password, tally=tally):
                if member.name.rsplit("/", 1)[-1] == MARKER:
                    continue
                aside.packed = tally.archives > 0
                label, folder = f"file {number}", "" if alone else f"file-{number:04d}"
                if aside.packed:
                    label, folder = f"{label} member {member.number}", f"file-{number:04d}-{member.number:04d}"
                full = "/".join(filter(None, (name, member.name)))
                self._member(_File(full, label, folder, member.stream), aside)
        return aside

    def _member(self, file: _File, aside: _Aside) -> None:
        kind, reason = self.format, NAMED
        try:
            if kind is None or not _by_name(kind, file):
                kind, reason = self._kind(file.stream.head(HEAD_BYTES))
            if rule := _by_name(kind, file):
                aside.outcome.pass_over(kind.id, rule)
            elif isinstance(kind, DocumentFormat):
                self._document(kind, reason, file, aside)
            else:
                self._records(kind, reason, file, aside)
        except BadFile as error:
            aside.outcome.add(FileResult(file.label, problem=problem_of(error, file.label)))

    def _kind(self, head: bytes) -> tuple[Format, str]:
        if self.format is not None:
            refuse_another(self.format, head)
            return self.format, NAMED
        found = recognise(head)
        return get(found.format), found.reason

    def _document(self, kind: DocumentFormat, reason: str, file: _File, aside: _Aside) -> None:
        try:
            aside.documents.read(kind, whole(cast(BinaryIO, file.stream)), file.label, reason)
        except PassedOver as over:
            aside.outcome.pass_over(kind.id, over.rule)

    def _records(self, kind: Format, reason: str, file: _File, aside: _Aside) -> None:
        report, target = self.progress.counting(Report()), aside.folder / str(len(aside.whole))
        result = deidentify_stream(kind, cast(BinaryIO, file.stream), target, file.label, report, reason)
        if file.folder:
            result.folder = f"{kind.id.replace(':', '-')}/{file.folder}"
        if result.problem is None:
            aside.whole.append(result)
        else:
            shutil.rmtree(target, ignore_errors=True)
        aside.outcome.add(result)


def _by_name(kind: Format, file: _File) -> str:
    return kind.passed_over(file.name) if isinstance(kind, Named) else ""


def _refused(error: Refused, label: str) -> FileResult:
    word = error.rule.split(".")[1] if error.rule.startswith("archive.") else ""
    return FileResult(label, problem=Problem(label, 0, error.where, error.rule, _REMEDIES.get(word, error.remedy)))
