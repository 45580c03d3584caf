"""`tokumei delivery`: what an operator knows about a delivery that the platform cannot."""

from __future__ import annotations

import argparse
import getpass

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("delivery", help="what became of a delivery: received, bounced, destroyed, unknown")
    actions = command.add_subparsers(metavar="ACTION", required=True)
    for state, help in (("received", "the recipient confirmed it"), ("bounced", "it came back or never arrived"),
                        ("destroyed", "the recipient confirmed that the data were destroyed")):  # fmt: skip
        said = actions.add_parser(state, help=help)
        said.add_argument("order")
        said.add_argument("--how", required=True, help="how you know")
        said.set_defaults(run=_confirm, state=state)
    tried = actions.add_parser("rehearse", help="is a recipient's channel ready? Nothing is delivered")
    tried.add_argument("recipient")
    tried.add_argument("channel", help="mail, disc, bucket or partner_sftp")
    tried.add_argument("--json", action="store_true")
    tried.set_defaults(run=_rehearse)
    resolve = actions.add_parser("resolve", help="of an unknown delivery: sent, or not sent")
    resolve.add_argument("order")
    either = resolve.add_mutually_exclusive_group(required=True)
    either.add_argument("--sent", action="store_true", help="the recipient has it")
    either.add_argument("--not-sent", action="store_true", help="the recipient does not have it; it may be sent again")
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


def _confirm(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.releasing.confirming import confirm

    actor = f"operator:{getpass.getuser()}"
    state = confirm(open_context(), arguments.order, arguments.state, how=arguments.how, actor=actor)
    say({"order": arguments.order, "state": state}, as_json=False, text=f"{arguments.order} is now {state}")
    return 0


def _rehearse(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.releasing.rehearsing import rehearse

    seen = rehearse(open_context(), arguments.recipient, arguments.channel)
    lines = [
        f"{arguments.channel} of {arguments.recipient} is ready",
        *(f"  {key}: {value}" for key, value in seen.items()),
    ]
    say(dict(seen), as_json=arguments.json, text="\n".join(lines))
    return 0
