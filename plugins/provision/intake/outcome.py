"""書類の結果: what came of a run outside the platform: counts of everything, and of each kind the first in full.

A delivery may have a hundred thousand files; what is said of them stays bounded.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from provision.formats.base import Problem

#: So many refused files, and so many others, are told one by one.
SHOWN = 1_000


@dataclass
class FileResult:
    """Counts of one file, or of all documents of one format, or why a file was refused. `folder` below the output holds
    its tables ("" the output itself); `held` are records that were left out of them; `documents` is 0 for a file of
    records."""

    file: str
    format: str = ""
    reason: str = ""
    edition: str = ""
    folder: str = ""
    documents: int = 0
    records: int = 0
    people: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    shared_cards: int = 0
    held: list[Problem] = field(default_factory=list)
    problem: Problem | None = None


@dataclass
class Outcome:
    """`results` in the order of the files, documents behind them; `files` counts all, whatever came of them."""

    results: list[FileResult] = field(default_factory=list)
    files: int = 0
    taken: int = 0
    refused: int = 0
    held: int = 0
    passed: dict[str, int] = field(default_factory=dict)
    _shown: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})  # refused -> results of files

    def add(self, result: FileResult) -> None:
        """What came of one file, or of several documents."""
        count = max(1, result.documents)
        self.files += count
        if result.problem is None:
            self.taken += count
        else:
            self.refused += 1
        self.held += len(result.held)
        self._show(result)

    def pass_over(self, format_id: str, rule: str, count: int = 1) -> None:
        """A file of a format that holds nothing to take."""
        self.files += count
        said = f"{format_id} {rule}"
        self.passed[said] = self.passed.get(said, 0) + count

    def join(self, other: Outcome) -> None:
        """What came of an archive, now that it is certain."""
        self.files, self.taken = self.files + other.files, self.taken + other.taken
        self.refused, self.held = self.refused + other.refused, self.held + other.held
        for rule, count in other.passed.items():
            self.passed[rule] = self.passed.get(rule, 0) + count
        for result in other.results:
            self._show(result)

    def counts(self) -> dict[str, object]:
        """JSON-ready. `not_shown` are refused files, and files of records, that are only counted."""
        shown = sum(1 if r.problem else max(1, r.documents) for r in self.results)
        return {
            "files": self.files,
            "taken": self.taken,
            "refused": self.refused,
            "passed_over": dict(sorted(self.passed.items())),
            "records_left_out": self.held,
            "not_shown": self.files - sum(self.passed.values()) - shown,
        }

    def plain(self) -> dict[str, object]:
        """JSON-ready, with the results."""
        return {"files": [asdict(result) for result in self.results], "counts": self.counts()}

    def _show(self, result: FileResult) -> None:
        refused = result.problem is not None
        if result.documents or self._shown[refused] < SHOWN:
            self._shown[refused] += not result.documents
            self.results.append(result)
