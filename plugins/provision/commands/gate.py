"""`tokumei gate`: gate a made release, or one that was gated already again, and print the verdict."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Mapping
from typing import Any

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("gate", help="gate a made release (again) and print the verdict")
    command.add_argument("release", metavar="RELEASE")
    command.add_argument("--json", action="store_true", help="print the verdict as JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Gate; exit code 3 where it stops, and the verdict is printed all the same; 0 where it passes."""
    from provision import releasing
    from provision.context import open_context
    from provision.errors import GateStopped
    from provision.releasing.verdicts import told

    context, actor = open_context(), f"operator:{getpass.getuser()}"
    before = context.ledger.size
    try:
        releasing.gate(context, arguments.release, actor=actor, again=True)
    except GateStopped:
        verdict = told(context, arguments.release, since=before)
        if verdict:
            say(dict(verdict), as_json=arguments.json, text=words(verdict))
        raise
    verdict = told(context, arguments.release, since=before)
    say(dict(verdict), as_json=arguments.json, text=words(verdict))
    return 0


#: What became of the profile's rules with the canaries.
_RULES = {"exercised": "that went over the canaries", "crowd": "that need more people", "nothing": "without a column"}


def words(verdict: Mapping[str, Any]) -> str:
    """The verdict for people: what it was, then one line per failure."""
    canaries = verdict.get("canaries") or {}
    lines = [
        f"{'passed' if verdict['passed'] else 'stopped'}: {verdict['expectations']} expectations, "
        f"{verdict['rows_checked']} rows checked, known values: {verdict['known_values']}",
        f"digest {verdict['digest']}, contract {verdict['contract_version']}, detectors {verdict['detectors_version']}",
    ]
    if canaries:
        lines.append("canaries: {planted} planted, {survived} left, {found} found as planted".format(**canaries))
    rules = verdict.get("canary_rules") or {}
    for name, what in _RULES.items():
        if rules.get(name):
            lines.append(f"rules {what}: {', '.join(rules[name])}")
    lines += [f"not counted: {one}" for one in verdict.get("uncounted") or ()]
    for one in verdict["failures"]:
        note = f" ({one['note']})" if one["note"] else ""
        lines.append(
            f"  {one['where']}: {one['expectation']}, {one['rows_failing']} of {one['rows_checked']} rows{note}"
        )
    return "\n".join(lines)
