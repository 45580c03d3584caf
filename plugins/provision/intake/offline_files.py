"""Every file of a folder outside the platform, those in archives too: each by its own format, each whole or not at all.

Tables lie in the output itself where one file was named, else in ``<format>/file-0001``, of an archive's members in
``<format>/file-0001-0002``. An archive is certain only at its end, so its tables stand aside until then.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from provision.errors import Refused
from provision.formats import get
from provision.formats.base import HEAD_BYTES, BadFile, Format, Problem, Report
from provision.formats.recognising import recognise, refuse_another
from provision.intake.archives import Member, Tally, members
from provision.intake.offline import FileResult, deidentify_stream, problem_of
from provision.intake.progress import Progress

NAMED = "named on the command line"
MARKER = "batch.yaml"  # of a sender's drop: says that it is complete, holds no data
_ASIDE = ".aside"
#: Remedies of refused archives that are others here than on the platform, by the rule's second word.
_REMEDIES = {
    "password": "name a file with the password: --password-file",
    "wrong_password": "give the right password, typed or in a file: --password-file",
    "limit": "look at it before anything else; if it is right, unpack it and name the folder",
}


@dataclass
class Offline:
    """One run. `format` is None where each file's format is to be recognised; `ask` gives the password of archives,
    None where there is none, and is asked only where one is needed and `password` is not known."""

    out: Path
    format: Format | None
    progress: Progress
    password: bytes | None = None
    ask: Callable[[], bytes | None] = lambda: None

    def run(self, paths: list[Path], *, alone: bool) -> list[FileResult]:
        """Results of every file, in order. `alone`: `paths` is one file that was named itself."""
        results: list[FileResult] = []
        for number, path in enumerate(paths, 1):
            results += self._path(number, path, alone)
        self.progress.end()
        return results

    def _path(self, number: int, path: Path, alone: bool) -> list[FileResult]:
        aside = self.out / _ASIDE
        try:
            try:
                results = self._members(number, path, alone, aside)
            except Refused as error:
                if error.rule != "archive.password" or not self._asked():
                    raise
                shutil.rmtree(aside, ignore_errors=True)
                results = self._members(number, path, alone, aside)
        except Refused as error:
            return [_refused(error, f"file {number}")]
        else:
            self._in_place(results, aside)
            return results
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _asked(self) -> bool:
        self.password = self.password or self.ask()
        return self.password is not None

    def _members(self, number: int, path: Path, alone: bool, aside: Path) -> list[FileResult]:
        results, tally = list[FileResult](), Tally()
        with path.open("rb") as raw:
            stream = self.progress.watch(number, raw).stream()
            for member in members(stream, password=self.password, tally=tally):
                if member.name.rsplit("/", 1)[-1] == MARKER:
                    continue
                packed = tally.archives > 0
                label = f"file {number} member {member.number}" if packed else f"file {number}"
                result = self._member(member, label, aside / str(len(results)))
                if packed or not alone:
                    within = f"-{member.number:04d}" if packed else ""
                    result.folder = f"{result.format.replace(':', '-')}/file-{number:04d}{within}"
                results.append(result)
        return results

    def _member(self, member: Member, label: str, target: Path) -> FileResult:
        source_format, reason = self.format, NAMED
        try:
            head = member.stream.head(HEAD_BYTES)
            if source_format is not None:
                refuse_another(source_format, head)
            else:
                found = recognise(head)
                source_format, reason = get(found.format), found.reason
        except BadFile as error:
            return FileResult(label, problem=problem_of(error, label))
        report = self.progress.counting(Report())
        return deidentify_stream(source_format, cast(BinaryIO, member.stream), target, label, report, reason)

    def _in_place(self, results: list[FileResult], aside: Path) -> None:
        for number, result in enumerate(results):
            if result.problem is None:
                target = self.out / result.folder
                target.mkdir(parents=True, exist_ok=True)
                for table in (aside / str(number)).iterdir():
                    table.rename(target / table.name)


def _refused(error: Refused, label: str) -> FileResult:
    word = error.rule.split(".")[1] if error.rule.startswith("archive.") else ""
    return FileResult(label, problem=Problem(label, 0, error.where, error.rule, _REMEDIES.get(word, error.remedy)))
