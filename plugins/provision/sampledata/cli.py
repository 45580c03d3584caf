"""The command that writes a fictitious world, with progress on standard error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from provision.sampledata.calendar import month_range
from provision.sampledata.others import wanted
from provision.sampledata.world import write_world


def main(argv: Sequence[str] | None = None) -> int:
    """Write a world as the arguments say. Returns 0; argparse ends the program with 2 on wrong arguments."""
    parser = argparse.ArgumentParser(prog="provision.sampledata", description="Write a fictitious world.")
    parser.add_argument("--people", type=_count, default=5000, help="number of people (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same files")
    parser.add_argument(
        "--months", type=_months, default="2025-04..2025-09", help="service months, first..last (%(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for senders/ and truth/")
    parser.add_argument("--sins", action="store_true", help="a few claims break the rules as vendors do")
    parser.add_argument("--also", action="append", default=[], metavar="FORMAT", help="write this format, too")
    parser.add_argument("--everything", action="store_true", help="write every format that can be taken in")
    args = parser.parse_args(argv)
    try:
        wanted(args.also, args.everything)
    except ValueError as error:
        parser.error(str(error))
    write_world(
        args.out,
        seed=args.seed,
        people=args.people,
        months=args.months,
        sins=args.sins,
        also=args.also,
        everything=args.everything,
        progress=_bar(args.people),
    )
    print(file=sys.stderr)
    return 0


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one person")
    return count


def _months(text: str) -> list[str]:
    try:
        return month_range(text)
    except ValueError:
        raise argparse.ArgumentTypeError("months are written 2025-04..2025-09") from None


def _bar(people: int) -> Callable[[int], None]:
    return lambda done: print(f"\r{done:,} of {people:,} people", end="", file=sys.stderr, flush=True)
