"""`tokumei doctor`: does everything hold that must hold before anything runs?"""

from __future__ import annotations

import argparse
import logging
from dataclasses import asdict

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser(
        "doctor", help="check configuration, zones, programs, servers, keys, clocks, databases and backups"
    )
    command.add_argument("--strict", action="store_true", help="exit code 5 for warnings, too")
    command.add_argument("--all", action="store_true", help="also say what holds")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from provision.connections import resolver_here
    from provision.doctor import examine

    logging.disable(logging.CRITICAL)  # Airflow sends every library's talk to our output, which programs read
    try:
        found = examine(resolver_here())
    finally:
        logging.disable(logging.NOTSET)
    counts = {level: sum(f.level == level for f in found) for level in ("fail", "warn", "good")}
    shown = [f.text for f in found if arguments.all or f.level != "good"]
    shown.append(f"{counts['fail']} failures, {counts['warn']} warnings, {counts['good']} good")
    say({"ok": not counts["fail"], **counts, "findings": [asdict(f) for f in found]},
        as_json=arguments.json, text="\n".join(shown))  # fmt: skip
    return 5 if counts["fail"] or (arguments.strict and counts["warn"]) else 0
