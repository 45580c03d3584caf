"""`tokumei releases`: what was released to whom, and which releases held data that a later batch replaced."""

from __future__ import annotations

import argparse

from provision.commands import Subparsers, say


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


def _recall(arguments: argparse.Namespace) -> int:
    import getpass

    from provision.context import open_context
    from provision.releasing.recalling import recall

    done = recall(open_context(), arguments.release, reason=arguments.reason, actor=f"operator:{getpass.getuser()}")
    lines = [f"{arguments.release} is recalled", *(f"{order}\t{what}" for order, what in done.items())]
    say(done, as_json=arguments.json, text="\n".join(lines))
    return 0
