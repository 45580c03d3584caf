"""`make bench-gate`: the gate over two million rows of 25 columns, beside a plain Polars pass and full pandas.

Each in a process of its own, in turns, in one run: the gate (bag verified, closed domains asked twice, k over people),
one lazy Polars pass of the same regular expressions and nothing else, and the same suite as Great Expectations runs it
on the whole table in pandas. Then, where it is there, the text part (`benchmarks.gate_text`). Ratios, seconds and peak
memory are printed; nothing is asserted, as times belong to a machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import gate_measured

FOLDER = Path("var/bench/gate")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="the table part only")
    parser.add_argument("--text", action="store_true", help="the text part only")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        what, *words = arguments.measure
        print(gate_measured.told(getattr(gate_measured, what)(*words)))
        return 0
    if not arguments.text:
        _table(arguments.rows, arguments.rounds)
    return 0 if arguments.table else _text()


def _table(rows: int, rounds: int) -> None:
    """Rounds of all three, the best of each: what is asked is the work, not the neighbours of the machine."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    # In a process of its own, too: a child's peak memory begins with that of the process it came from.
    digest = _run("made", str(FOLDER), str(rows))["digest"]
    measured: dict[str, list[dict[str, Any]]] = {"gate": [], "plain": [], "pandas": []}
    for _ in range(rounds):
        for what, runs in measured.items():
            runs.append(_run(what, str(FOLDER), str(rows), digest))
    best = {what: min(runs, key=lambda run: float(run["seconds"])) for what, runs in measured.items()}
    for what, run in best.items():
        ended = "passed" if run["passed"] else "DID NOT PASS"
        print(f"{what:7} {run['seconds']:6.1f} s ({run['cpu']:.1f} s CPU), peak {run['peak_mb']:,.0f} MB, {ended}")
    ratio = best["gate"]["seconds"] / best["plain"]["seconds"]
    faster = best["pandas"]["seconds"] / best["gate"]["seconds"]
    print(
        f"{rows:,} rows x 25 columns: {ratio:.1f} times a plain Polars pass, {faster:.1f} times as fast as full pandas"
    )
    shutil.rmtree(FOLDER)


def _run(what: str, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bench_gate", "--measure", what, *words]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]))


def _text() -> int:
    if find_spec("benchmarks.gate_text") is None:
        print("texts: benchmarks/gate_text.py is not there")
        return 0
    return subprocess.run([sys.executable, "-m", "benchmarks.gate_text"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
