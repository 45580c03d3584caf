"""`tokumei health`: what somebody has to look at now: senders, quarantine, releases, deliveries, requests, ends."""

from __future__ import annotations

import argparse

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("health", help="what waits, is late, in doubt or ends soon; for whom")
    command.add_argument("--json", action="store_true")
    command.add_argument("--strict", action="store_true", help="exit code 1 where somebody has to act")
    command.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from provision import health
    from provision.context import open_context

    found = health.signs(open_context())
    lines = []
    for sign in found:
        whom = f" ({sign.whom})" if sign.whom else ""
        lines += [f"{sign.level}\t{sign.kind}\t{sign.subject}\t{sign.since}\t{sign.ja} {sign.en}{whom}"]
        lines += [f"\t{sign.remedy_ja}", f"\t{sign.remedy_en}"] if sign.level != "wait" else []
    text = "\n".join(lines) or "nothing waits, nothing is late"
    say([sign.facts() for sign in found], as_json=arguments.json, text=text)
    return 1 if arguments.strict and any(sign.level == "act" for sign in found) else 0
