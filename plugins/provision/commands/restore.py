"""`tokumei restore`: make a machine from a backup, or see whether one could be made."""

from __future__ import annotations

import argparse
import getpass
from dataclasses import asdict
from pathlib import Path

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("restore", help="restore a backup into an empty TOKUMEI_HOME, or check it")
    command.add_argument("source", metavar="FROM", type=Path, help="folder of a backup; the data first, then the vault")
    command.add_argument("--identity", type=Path, required=True, help="file with the backup key's private half")
    command.add_argument("--log-key", type=Path, required=True, help="the log's public key, as kept elsewhere")
    command.add_argument("--config", type=Path, help="empty folder for the configuration; default: $TOKUMEI_CONFIG")
    command.add_argument("--check", action="store_true", help="open and verify everything, write nothing")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from provision.backup import restoring, sealing

    key, log_key = sealing.identity(arguments.identity), restoring.read_log_key(arguments.log_key)
    if arguments.check:
        done = restoring.check(arguments.source, key, log_key)
    else:
        place = restoring.default_place(arguments.config)
        done = restoring.restore(arguments.source, key, log_key, place, actor=f"operator:{getpass.getuser()}")
    word = "could be restored" if arguments.check else "restored"
    text = f"{done.set} of {done.made_at} {word}: {done.units} units, {done.ledger_size} entries in the log"
    say(asdict(done), as_json=arguments.json, text=text)
    return 0
