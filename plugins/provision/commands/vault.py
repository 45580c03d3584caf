"""`tokumei vault`: how many people, tokens, joins and collisions, in counts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say

if TYPE_CHECKING:
    from provision.joining import Linkage


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
    found = {name: context.vault.people(name)[1] for name in scopes}
    text = "\n".join(line for name, linkage in found.items() for line in _lines(name, linkage))
    say({name: linkage.counts() for name, linkage in found.items()}, as_json=arguments.json, text=text)
    return 0


def _lines(scope: str, found: Linkage) -> list[str]:
    """One scope for people: the whole vault, whatever a release would select of it."""
    tokens = ", ".join(f"{name} {count}" for name, count in found.tokens.items())
    collisions = ", ".join(f"{name} {count}" for name, count in found.collisions.items())
    return [
        f"{scope}: {found.people} people, {found.identities} identities, {found.merges} joined to another",
        f"  tokens: {tokens}",
        f"  collisions: {collisions}",
        f"  chains cut: {found.broken}, ambiguous names: {found.ambiguous_names}",
    ]
