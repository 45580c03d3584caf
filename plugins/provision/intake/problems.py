"""拒否の一覧: what is wrong with a batch, written down as it is found: places, rules, remedies, never a value.

A JSON array with a line each, so that a hundred thousand bad documents are a long file and no long list in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from provision.formats.base import Problem

#: Problems that are kept in memory, for the log: it takes 1 MiB an entry.
TOLD = 1_000


class Problems:
    """Problems on their way to `path`, which is there as soon as there is one, and complete after `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: list[Problem] = []
        self.count = 0
        self._file: TextIO | None = None

    def add(self, problem: Problem) -> None:
        """One more."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        self._file.write(f"{',' if self.count else '['}\n{json.dumps(asdict(problem), ensure_ascii=False)}")
        self.count += 1
        if len(self.first) < TOLD:
            self.first.append(problem)

    def close(self) -> None:
        """No more will come."""
        if self._file is not None:
            self._file.write("\n]\n")
            self._file.close()
            self._file = None

    def lines(self) -> list[str]:
        """One line each for the log; what is more than it takes is counted."""
        lines = [f"{p.file}: record {p.record} {p.rule}" for p in self.first]
        more = self.count - len(lines)
        return [*lines, f"{more} more in the quarantine report"] if more else lines


def report(folder: Path, problems: Iterable[Problem]) -> None:
    """Write what is wrong into a folder of the zone."""
    written = Problems(folder / "report.json")
    for problem in problems:
        written.add(problem)
    written.close()
