"""`make bench-risk`: the optimum on a table like Adult against a full numpy search, and k/l/t over millions of rows.

Measured, each in a process of its own: (1) optimal 5-anonymity over nine quasi-identifiers, Loss metric, 4 %
suppression: ours beside a search that counts all 12,960 nodes with numpy, in the same run, and both must agree; (2) the
same figures by DuckDB over 10 and 40 million rows of ten quasi-identifiers and a sensitive column, almost everybody
unique; (3) trail risk and attacks over 10 million events; (4) two releases of the same people, linked by number, by
order and by attributes; (5) with ``--pycanon PYTHON`` (an interpreter that has pyCANON: it cannot share Airflow's) its
figures beside ours. Ratios, seconds and peak memory are printed; nothing is asserted, as times belong to a machine.
Without ``--adult FOLDER`` (``adult.csv`` with its ARX hierarchies) the first runs on a fictitious table of the same
shape.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path("var/bench")
#: Quasi-identifiers of the large table: name and number of values; people are spread unevenly over them.
QUASI = {"sex": 2, "age_band": 19, "prefecture": 47, "insurer": 60, "kind": 3, "relation": 2, "month": 12, "zip": 30,
         "beds": 5, "branch": 4}  # fmt: skip


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adult", type=Path, help="folder with adult.csv and adult_hierarchy_*.csv")
    parser.add_argument("--millions", type=int, nargs="*", default=[10, 40], help="sizes of the large tables")
    parser.add_argument(
        "--events", type=int, nargs="*", default=[10], help="millions of events whose trails are judged"
    )
    parser.add_argument("--memory", default="2GB", help="what DuckDB may use")
    parser.add_argument("--pycanon", help="an interpreter that has pyCANON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        from benchmarks import risk_measured, trails_measured

        room = trails_measured if hasattr(trails_measured, arguments.measure[0]) else risk_measured
        print(json.dumps(getattr(room, arguments.measure[0])(*arguments.measure[1:])))
        return 0
    _optimum(arguments)
    for millions in arguments.millions:
        _large(millions, arguments.memory)
    for millions in arguments.events:
        _trails(millions, arguments.memory)
    _linked()
    if arguments.pycanon:
        _beside_pycanon(arguments.pycanon, arguments.rounds)
    return 0


def _optimum(arguments: argparse.Namespace) -> None:
    folder = str(arguments.adult or "")
    runs = [(_run("ours", folder), _run("numpy_search", folder)) for _ in range(arguments.rounds)]
    for ours, rival in runs:
        same = "" if abs(ours["loss"] / rival["loss"] - 1) < 1e-10 else "  THEY DIFFER"
        print(
            f"optimum of {rival['looked']:,} nodes: ours {ours['seconds']:.2f} s ({ours['looked']:,} counted), numpy "
            f"{rival['seconds']:.1f} s, ratio {rival['seconds'] / ours['seconds']:.1f}{same}", flush=True,
        )  # fmt: skip


def _large(millions: int, memory: str) -> None:
    found = _run("large", str(millions), memory, str(FOLDER))
    print(
        f"k/l/t of {millions} M rows x {len(QUASI)} quasi-identifiers: {found['seconds']:.1f} s, peak "
        f"{found['peak_mb']:,.0f} MB (DuckDB may use {memory}), k {found['k']}, {found['groups']:,} groups", flush=True,
    )  # fmt: skip


def _trails(millions: int, memory: str) -> None:
    found = _run("trails", str(millions), memory, str(FOLDER))
    for what, seconds, trail in zip(found["events"], found["seconds"], found["trail"], strict=True):
        shares = ", ".join(f"{number}: {_share(known['unicity'])}" for number, known in trail["known"].items())
        print(f"trails of {millions} M events ({what}): {seconds:.1f} s, unique by known events {shares}", flush=True)
    single, link = found["attacks"]["singling_out"], found["attacks"]["linkage"]
    print(
        f"attacks on them: {found['attacked']:.1f} s, {_share(single['isolating'])} of predicates isolate, by chance "
        f"{_share(single['by_chance'])}; links by attributes {link['by_attributes']:.2%}, by trail "
        f"{link['by_trail']:.2%}; peak of all {found['peak_mb']:,.0f} MB (DuckDB may use {memory})", flush=True,
    )  # fmt: skip


def _share(found: dict[str, float]) -> str:
    return f"{found['share']:.2%} ({found['low']:.2%} to {found['high']:.2%})"


def _linked() -> None:
    found = _run("linked")
    said = ", ".join(f"{how} {one['right']:,.0f} right (chance {one['by_chance']:.0f})" for how, one in found.items())
    print(f"two releases of the same {found['by_number']['tried']:,} people: {said}", flush=True)


def _beside_pycanon(interpreter: str, rounds: int) -> None:
    path = FOLDER / "pycanon.csv"
    ours = min((_run("beside", str(path)) for _ in range(rounds)), key=lambda run: run["seconds"])
    theirs = _run("", str(path), command=[interpreter, "benchmarks/pycanon_measured.py", str(path)])
    ratio = theirs["seconds"] / ours["seconds"]
    seconds = f"ours {ours['seconds']:.3f} s, pyCANON {theirs['seconds']:.1f} s"
    print(f"k/l/t of {ours['rows']:,} rows: {seconds}, ratio {ratio:.0f}")


def _run(what: str, *words: str, command: list[str] | None = None) -> dict[str, Any]:
    command = command or [sys.executable, "-m", "benchmarks.bench_risk", "--measure", what, *words]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came out."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


if __name__ == "__main__":
    sys.exit(main())
