"""`tokumei migrate`: our databases to the version that this program works with."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("migrate", help="bring vault and portal databases to this program's version")
    command.add_argument(
        "--check", action="store_true", help="change nothing; exit code 5 where something is to be done"
    )
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from provision.migrations.upgrading import migrate, pending
    from provision.zones import Zones, home_folder

    zones = Zones(home_folder())
    steps = pending(zones) if arguments.check else migrate(zones)
    lines = [f"{step.kind}.db: {step.before or 'no version'} -> {step.after}" for step in steps]
    say(
        [asdict(step) for step in steps],
        as_json=arguments.json,
        text="\n".join(lines) or "every database is up to date",
    )
    return 5 if steps and arguments.check else 0
