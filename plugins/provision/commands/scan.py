"""`tokumei scan`: the gate's detectors on any file or folder, without configuration."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say
from provision.errors import FixConfiguration

if TYPE_CHECKING:
    from expectations.scan import Progress

_TOLD_EVERY = 5.0  # seconds


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("scan", help="look for identifiers: counts per file, column, kind and strength")
    command.add_argument("path", type=Path, help="file, folder, payload or archive")
    command.add_argument("--json", action="store_true", help="print counts as JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Scan; exit code 3 where something certain was found, 0 where not."""
    from expectations.scan import scan

    if not arguments.path.exists():
        raise FixConfiguration(
            "there is no such file or folder", where="PATH", rule="path", remedy="name an existing one"
        )
    report = scan(arguments.path, _Teller())
    say(report.as_json(), as_json=arguments.json, text=str(report))
    return 3 if report.certain_found else 0


class _Teller:
    """Says on standard error how far a long scan is; a short one says nothing."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """A line, not more often than every few seconds."""
        if time.monotonic() - self._told < _TOLD_EVERY:
            return
        self._told = time.monotonic()
        print(f"{progress.files} files, {progress.values:,} values, {progress.kinds} kinds found", file=sys.stderr)
