"""`tokumei lineage`: the log as OpenLineage events, to the screen or to where the environment says."""

from __future__ import annotations

import argparse
import json

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("lineage", help="what became of what, as OpenLineage events")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    inner.add_parser("show", help="every event, one a line").set_defaults(run=_show)
    inner.add_parser("send", help="what is new, to OPENLINEAGE_URL or a file").set_defaults(run=_send)


def _show(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.lineage.events import event

    context = open_context()
    for entry in context.ledger.entries():
        made = event(context.ledger, entry, "tokumei")
        if made is not None:
            print(json.dumps(made, ensure_ascii=False))
    return 0


def _send(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.lineage.sending import send_new

    sent = send_new(open_context())
    say({"sent": sent}, as_json=False, text=f"{sent} events are sent")
    return 0
