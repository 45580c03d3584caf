"""`tokumei delivery`: what an operator knows about a delivery that the platform cannot."""

from __future__ import annotations

import argparse
import getpass

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("delivery", help="resolve a delivery whose outcome is unknown")
    resolve = command.add_subparsers(metavar="ACTION", required=True).add_parser("resolve", help="sent, or not sent")
    resolve.add_argument("order")
    said = resolve.add_mutually_exclusive_group(required=True)
    said.add_argument("--sent", action="store_true", help="the recipient has it")
    said.add_argument("--not-sent", action="store_true", help="the recipient does not have it; it may be sent again")
    resolve.add_argument("--reason", required=True, help="how you know")
    resolve.set_defaults(run=_resolve)


def _resolve(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.releasing.resolving import resolve

    state = resolve(
        open_context(),
        arguments.order,
        sent=arguments.sent,
        reason=arguments.reason,
        actor=f"operator:{getpass.getuser()}",
    )
    say({"order": arguments.order, "state": state}, as_json=False, text=f"{arguments.order} is now {state}")
    return 0
