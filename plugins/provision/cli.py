"""`tokumei`: one program, one sub-command per module of `commands`. An error ends it with its exit code, no traceback.

Exit codes: 0 done, 1 other errors, 2 input quarantined or wrong usage, 3 the gate found something, 4 try again later,
5 fix the configuration, 6 refused, 7 a delivery is unknown, 8 the ledger does not verify.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pkgutil import iter_modules

import provision
from provision import commands, logs
from provision.errors import TokumeiError, without_values


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    arguments = parser().parse_args(argv)
    logs.configure()
    try:
        return int(without_values(_to_a_reader(arguments.run))(arguments))
    except TokumeiError as error:
        if logs.in_json():
            logs.ended(error)
        else:
            print(f"tokumei: {error}", file=sys.stderr)
        return error.exit_code


def _to_a_reader(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """The command, ended with 1 and without a word where whoever reads its output (``less``, ``head``) has gone."""

    def heard(arguments: argparse.Namespace) -> int:
        try:
            code = run(arguments)
            sys.stdout.flush()
        except BrokenPipeError:
            if not _nobody_reads():
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is flushed at the very end
            return 1
        return code

    return heard


def _nobody_reads() -> bool:
    """Whether it is our own output that broke, and not a server's connection."""
    try:
        output = select.poll()
        output.register(sys.stdout.fileno(), 0)
        return bool(output.poll(0))
    except (OSError, ValueError):
        return False


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    made = argparse.ArgumentParser(
        prog="tokumei", description="Shares health data as anonymously processed information."
    )
    made.add_argument("--version", action="version", version=f"tokumei {provision.__version__}")
    subparsers = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for info in sorted(iter_modules(commands.__path__), key=lambda i: i.name):
        import_module(f"{commands.__name__}.{info.name}").add(subparsers)
    return made


if __name__ == "__main__":
    sys.exit(main())
