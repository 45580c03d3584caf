"""The auditors' pages with a large log: how long the index takes to make, and every question a page asks of it.

    python -m benchmarks.bench_pages [--entries 100000]

The log is a fictitious one (`tests/support/stories.py`), written without waiting for the disk.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from provision.ledger.reading import LedgerReader
from provision.ledger.store import Ledger
from provision.lookup import counting, searching, tables, updating
from provision.lookup.searching import Entries, Wanted
from tests.support import stories


def main() -> None:
    """Print one line a question: milliseconds, best of three."""
    parser = argparse.ArgumentParser(prog="bench_pages", description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        _fill(path, arguments.entries)
        with LedgerReader.read(path) as ledger:
            _measure(ledger)


def _fill(path: Path, entries: int) -> None:
    with Ledger.open(path, clock=stories.Clock(stories.FIRST)) as ledger:
        ledger.select("PRAGMA synchronous = OFF")
        number = 0
        while ledger.size < entries:
            stories.batch(ledger, number)
            stories.release(ledger, number, stories.ENDINGS[number % len(stories.ENDINGS)])
            number += 1


def _measure(ledger: LedgerReader) -> None:
    start = time.perf_counter()
    with updating.opened(ledger, seconds=3600) as (index, progress):
        seconds = time.perf_counter() - start
        size = tables.place(ledger.path).stat().st_size / 1e6
        print(f"index of {progress.size:,} entries: made in {seconds:.1f} s, {size:.0f} MB")
    last = ledger.entry(ledger.size - 1).when.date()
    with updating.opened(ledger) as (index, _):
        questions: dict[str, Callable[[], object]] = {
            "overview: states": lambda: counting.tallies(index),
            "overview: months": lambda: counting.months(index, last),
            "overview: recipients": lambda: counting.recipients(index),
            "overview: categories": lambda: counting.categories(index),
            "releases: first page": lambda: searching.releases(index, ledger, Wanted(), limit=26),
            "releases: filtered": lambda: searching.releases(index, ledger, _RARE, limit=26),
            "releases: count": lambda: searching.count(index, _RARE),
            "entries: first page": lambda: searching.entries(index, ledger, Entries(), limit=51),
            "entries: by text, none has it": lambda: searching.entries(index, ledger, Entries(text="zzz"), limit=51),
            "root and proof": lambda: (ledger.root(), ledger.inclusion_proof(ledger.size // 2)),
        }
        for name, ask in questions.items():
            print(f"{name:32} {min(_timed(ask) for _ in range(3)) * 1000:9.1f} ms")
    print(f"{'opening an index in time':32} {min(_timed(lambda: _open(ledger)) for _ in range(3)) * 1000:9.1f} ms")


_RARE = Wanted(recipient="fictitious-pharma", state="recalled", category=3, since="2025-05-01")


def _open(ledger: LedgerReader) -> None:
    with updating.opened(ledger):
        pass


def _timed(ask: Callable[[], object]) -> float:
    start = time.perf_counter()
    ask()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
