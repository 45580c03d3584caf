"""`tokumei vault`: how many people, tokens, joins and collisions, in counts."""

from __future__ import annotations

import argparse

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("vault", help="report on linkage, in counts")
    report = command.add_subparsers(metavar="ACTION", required=True).add_parser("report", help="per linkage scope")
    report.add_argument("--json", action="store_true")
    report.set_defaults(run=_report)


def _report(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.intake.keying import scope

    context = open_context()
    scopes = sorted({scope(s) for s in context.sources.values() if s.legal_status != "anonymised_received"})
    found = {name: context.vault.people(name)[1].counts() for name in scopes}
    lines = [f"{name}: " + ", ".join(f"{k} {v}" for k, v in counts.items()) for name, counts in found.items()]
    say(found, as_json=arguments.json, text="\n".join(lines))
    return 0
