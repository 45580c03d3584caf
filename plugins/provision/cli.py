"""`tokumei`: one program, one sub-command per module of `commands`. An error ends it with its exit code, no traceback.

Exit codes: 0 done, 1 other errors, 2 input quarantined or wrong usage, 3 the gate found something, 4 try again later,
5 fix the configuration, 6 refused, 7 a delivery is unknown, 8 the ledger does not verify.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

import provision
from provision import commands
from provision.errors import TokumeiError, without_values


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    arguments = parser().parse_args(argv)
    try:
        return int(without_values(arguments.run)(arguments))
    except TokumeiError as error:
        print(f"tokumei: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 1


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
