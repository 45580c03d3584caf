"""`tokumei portal`: the recipients' portal, and what an operator does about its people."""

from __future__ import annotations

import argparse
import getpass

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command; without an action it serves."""
    command = subparsers.add_parser("portal", help="serve the recipients' portal; its people and reports")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, default=8081)
    command.set_defaults(run=_serve)
    actions = command.add_subparsers(metavar="ACTION")
    people = actions.add_parser("people", help="accounts of a recipient")
    people.add_argument("recipient")
    people.set_defaults(run=_people)
    for name, help in (("remove", "end an account at once"), ("reset", "forget an authenticator app")):
        one = actions.add_parser(name, help=help)
        one.add_argument("member", help="the account's id (tokumei portal people)")
        one.set_defaults(run=_change, action=name)
    report = actions.add_parser("report", help="read what a recipient reported")
    report.add_argument("report")
    report.set_defaults(run=_report)
    rekeyed = actions.add_parser("new-key", help="make the portal's key anew; stop the portal first")
    rekeyed.add_argument("--compromised", action="store_true", help="everybody enrols anew, no former link opens")
    rekeyed.set_defaults(run=_new_key)


def _serve(arguments: argparse.Namespace) -> int:
    from provision.portal.server import serve

    serve(arguments.host, arguments.port)
    return 0


def _people(arguments: argparse.Namespace) -> int:
    from provision.portal import members
    from provision.portal.desk import open_desk

    found = members.of_recipient(open_desk(), arguments.recipient)
    lines = [f"{one.id}  {one.role:<8} {'active ' if one.enrolled else 'invited'}  {one.address}" for one in found]
    say([], as_json=False, text="\n".join(lines) or "nobody yet")
    return 0


def _change(arguments: argparse.Namespace) -> int:
    from provision.errors import Refused
    from provision.portal import members
    from provision.portal.desk import open_desk

    desk = open_desk()
    found = members.by_id(desk, arguments.member)
    if found is None:
        raise Refused("there is no such account", rule="portal.member", remedy="tokumei portal people RECIPIENT")
    change = members.remove if arguments.action == "remove" else members.reset
    with desk.context() as ctx:
        change(desk, ctx, found, actor=f"operator:{getpass.getuser()}")
    say([], as_json=False, text=f"{found.id}: {arguments.action} done")
    return 0


def _new_key(arguments: argparse.Namespace) -> int:
    from provision.portal.desk import open_desk
    from provision.portal.rekeying import rotate

    done = rotate(open_desk(), actor=f"operator:{getpass.getuser()}", compromised=arguments.compromised)
    say(
        [], as_json=False, text=f"{done.seeds} seeds and {done.reports} reports are under the new key; start the portal"
    )
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from provision.portal.confirmations import read_report
    from provision.portal.desk import open_desk

    delivery, kind, words = read_report(open_desk(), arguments.report)
    say([], as_json=False, text=f"{delivery}\n{kind}\n\n{words}")
    return 0
