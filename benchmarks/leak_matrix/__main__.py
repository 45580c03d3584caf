"""Run the matrix, print recall and false stops; status 1 where anything stays below its bar, 2 for wrong arguments."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.leak_matrix import clean, matrix
from benchmarks.leak_matrix.report import barred, printed, shortfalls
from expectations.identifiers import all_kinds

_SENTENCES = 20_000


def main() -> int:
    """Measure and print."""
    arguments = _arguments()
    below: list[str] = []
    for run, count in ((matrix.run, arguments.cases), (matrix.needles, arguments.needles)):
        if count:
            print(f"\n{'one cell in a million' if run is matrix.needles else 'all places'}, seed {arguments.seed}")
            result = run(arguments.seed, count, frozenset(arguments.kind), _told)
            print("\n".join(printed(result.outcomes, result.refused)), flush=True)
            below += shortfalls(result.outcomes)
            if arguments.show:
                _show(result)
    if arguments.worlds:
        below += _clean(arguments.seed, arguments.worlds)
    print(f"\n{len(below)} below their bar" if below else "\neverything keeps its bar")
    return 1 if below else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make leak-matrix", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cases", type=int, default=2000, help="planted in all places (default 2000)")
    parser.add_argument("--needles", type=int, default=50, help="planted one in a million rows (default 50)")
    parser.add_argument("--worlds", type=int, default=20, help="clean worlds (default 20)")
    known = sorted({*(kind.id for kind in all_kinds()), "known_value"})
    parser.add_argument("--kind", action="append", default=[], choices=known, help="only this kind; may be repeated")
    parser.add_argument("--show", action="store_true", help="also print the fictitious values that were missed")
    return parser.parse_args()


def _told(words: str) -> None:
    print(f"\r{words}", end="", file=sys.stderr, flush=True)


def _show(result: matrix.Result) -> None:
    for one in result.outcomes:
        if barred(one) and not one.stopped:
            maker, place = one.case.maker, one.case.place.name
            print(f"missed: {maker.kind} · {maker.group} · {place} · {one.case.disguise}: {one.case.written.words!r}")


def _clean(seed: int, worlds: int) -> list[str]:
    found, released = [], 0
    for number in range(seed, seed + worlds):
        found += [f"clean payload {number}: {one}" for one in clean.made_up_world(number)]
        with tempfile.TemporaryDirectory() as folder:
            stops = clean.released_world(number, Path(folder))
        released += stops is not None
        found += [f"clean release {number}: {one}" for one in stops or ()]
        _told(f"{number - seed + 1} of {worlds} clean worlds")
    print(f"\n{worlds} clean payloads, {released} releases of clean worlds: {len(found)} false stops")
    sentences = clean.false_stops(clean.clinical(seed, _SENTENCES))
    print(f"{_SENTENCES} clinical sentences: {len(sentences)} false stops")
    too_many = len(sentences) * 1000 > _SENTENCES
    return found + ([f"clinical sentences: {len(sentences)} of {_SENTENCES}"] if too_many else [])


if __name__ == "__main__":
    sys.exit(main())
