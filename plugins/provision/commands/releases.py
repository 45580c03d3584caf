"""`tokumei releases`: what was released to whom, and which releases held data that a later batch replaced."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say

if TYPE_CHECKING:
    from provision.releasing.comparing import Side


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("releases", help="list releases; find those with replaced or withdrawn data")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_list)
    inner = command.add_subparsers(metavar="ACTION")
    asked = inner.add_parser("affected", help="releases that held what a batch replaced or took back")
    asked.add_argument("batch")
    asked.add_argument("--json", action="store_true", default=argparse.SUPPRESS)  # --json may also stand before
    asked.set_defaults(run=_affected)
    two = inner.add_parser("compare", help="who is in one of two releases only, by cause, in counts")
    two.add_argument("earlier", metavar="A")
    two.add_argument("later", metavar="B")
    two.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    two.set_defaults(run=_compare)
    back = inner.add_parser("recall", help="take a release back from its recipient; run it again to go on")
    back.add_argument("release")
    back.add_argument("--reason", required=True, help="why; recipients and auditors read it")
    back.set_defaults(run=_recall)


def _list(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.releasing.affected import releases

    found = releases(open_context())
    lines = ["\t".join(release.values()) for release in found]
    say(found, as_json=arguments.json, text="\n".join(lines) or "no release was drafted yet")
    return 0


def _affected(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.releasing.affected import affected

    found = [one.facts() for one in affected(open_context(), arguments.batch)]
    lines = [
        "\t".join(str(one[name]) for name in ("release", "recipient", "state", "made"))
        + f"\tsuperseded {one['superseded']}, replaced {one['replaced']}, withdrawn {one['withdrawn']},"
        + f" attributes {one['attributes']}"
        for one in found
    ]
    say(found, as_json=arguments.json, text="\n".join(lines) or "no release held what this batch replaced")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.releasing.earlier import compared

    found = compared(open_context(), arguments.earlier, arguments.later)
    lines = [
        f"{found.both} people are in both; small are groups by {', '.join(found.columns)} of under {found.k} people",
        _side(f"only in {arguments.earlier}", found.gone),
        _side(f"only in {arguments.later}", found.new),
    ]
    say(found.figures(), as_json=arguments.json, text="\n".join(lines))
    return 0


def _side(where: str, found: Side) -> str:
    causes = ", ".join(f"{cause} {people}" for cause, people in found.by_cause.items()) or "nobody"
    exposed = ", ".join(f"{cause} {people}" for cause, people in found.exposed.items()) or "nobody"
    return f"{where}: {found.people} people ({causes}); in {found.small_groups} small groups: {exposed}"


def _recall(arguments: argparse.Namespace) -> int:
    import getpass

    from provision.context import open_context
    from provision.releasing.recalling import recall

    done = recall(open_context(), arguments.release, reason=arguments.reason, actor=f"operator:{getpass.getuser()}")
    lines = [f"{arguments.release} is recalled", *(f"{order}\t{what}" for order, what in done.items())]
    say(done, as_json=arguments.json, text="\n".join(lines))
    return 0
