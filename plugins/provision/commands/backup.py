"""`tokumei backup`: save the platform (or the vault) to another place, encrypted to a key that is not here."""

from __future__ import annotations

import argparse
import getpass
from dataclasses import asdict
from pathlib import Path

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("backup", help="save log, store, releases and configuration; or the vault")
    command.add_argument("to", type=Path, help="an empty folder on another machine or medium, or the one of last time")
    command.add_argument("--vault", action="store_true", help="the vault instead, to a place of its own")
    command.add_argument(
        "--reread", action="store_true", help="also read what was saved before, and replace what rotted"
    )
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from provision.backup.saving import backup
    from provision.context import open_context

    wanted, actor = "vault" if arguments.vault else "data", f"operator:{getpass.getuser()}"
    done = backup(open_context(), arguments.to, wanted, actor=actor, reread=arguments.reread)  # type: ignore[arg-type]
    text = (
        f"{wanted}: {done.units} units, {done.written} written ({done.bytes_written} bytes),"
        f" {done.removed} removed; the log had {done.ledger_size} entries"
    )
    say(asdict(done), as_json=arguments.json, text=text)
    return 0
