"""`tokumei accesslog`: who looked at pages and downloads; its daily digests, its end."""

from __future__ import annotations

import argparse
import getpass
from dataclasses import asdict

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("accesslog", help="who looked at pages and downloads")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    listed = inner.add_parser("list", help="visits, newest first")
    listed.add_argument("--actor", help="only of this login or account")
    listed.add_argument("--room", help="only of this room (auditors, portal)")
    listed.add_argument("--limit", type=int, default=200)
    anchor = inner.add_parser("anchor", help="put the digests of past days into the provision log")
    expire = inner.add_parser("expire", help="destroy what is older than retention.access_days")
    verify = inner.add_parser("verify", help="compare with the anchored digests; exit code 8 where anything differs")
    anew = inner.add_parser("begin-anew", help="where it is lost for good: say so in the provision log, and go on")
    anew.add_argument("--reason", required=True, help="why nothing can be restored; auditors read it")
    actions = ((listed, _list), (anchor, _anchor), (expire, _expire), (verify, _verify), (anew, _begin_anew))
    for one, action in actions:
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=action)


def _list(arguments: argparse.Namespace) -> int:
    from provision.accesslog.places import opened

    with opened() as log:
        found = log.newest(arguments.limit, arguments.actor, arguments.room)
    lines = [f"{v.number}  {v.at}  {v.actor}  {v.room}.{v.action}  {v.subject}" for v in found]
    say([asdict(visit) for visit in found], as_json=arguments.json, text="\n".join(lines) or "nobody looked")
    return 0


def _anchor(arguments: argparse.Namespace) -> int:
    from provision.accesslog import nightly
    from provision.context import open_context

    made = nightly.anchor(open_context(), actor=getpass.getuser())
    lines = [f"{a.day}: {a.visits} visits" for a in made]
    plain = [{**asdict(a), "day": a.day.isoformat()} for a in made]
    say(plain, as_json=arguments.json, text="\n".join(lines) or "every past day is anchored")
    return 0


def _expire(arguments: argparse.Namespace) -> int:
    from provision.accesslog import nightly
    from provision.context import open_context

    gone = nightly.expire(open_context(), actor=getpass.getuser())
    say({"destroyed": gone}, as_json=arguments.json, text=f"{gone} visits destroyed")
    return 0


def _begin_anew(arguments: argparse.Namespace) -> int:
    from provision.accesslog.anew import begin
    from provision.context import open_context

    said = begin(open_context(), reason=arguments.reason, actor=getpass.getuser())
    text = f"{said['visits']} anchored visits are lost; nothing is known from {said['since']} to {said['until']}"
    say(said, as_json=arguments.json, text=text)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from provision.accesslog.anchoring import problems
    from provision.accesslog.places import opened
    from provision.context import open_context

    context = open_context()
    with opened(context.zones) as log:
        wrong = problems(context.ledger, log)
    say({"ok": not wrong, "problems": wrong}, as_json=arguments.json, text="\n".join(wrong) or "access log: verified")
    return 8 if wrong else 0
