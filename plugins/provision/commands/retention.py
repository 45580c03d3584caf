"""`tokumei retention`: what goes when, and ending the accumulation period of a linkage scope."""

from __future__ import annotations

import argparse
import getpass

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("retention", help="what goes when, of every zone; end an accumulation period")
    command.add_argument("--zone", help="of this zone only")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_list)
    inner = command.add_subparsers(metavar="ACTION")
    ended = inner.add_parser("end-period", help="forget everything that links the records of a scope")
    ended.add_argument("scope", metavar="SCOPE", help="as tokumei retention names it")
    ended.add_argument("--reason", required=True, help="why; auditors read it")
    ended.add_argument("--with-store", action="store_true", help="its batches leave the store as well")
    ended.set_defaults(run=_end)


def _list(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from provision import retention
    from provision.context import open_context

    now = datetime.now(UTC)
    found = [due.facts(now) for due in retention.schedule(open_context())]
    found = [one for one in found if arguments.zone in (None, one["zone"])]
    lines = [f"{one['goes'] or 'no clock'}\t{one['zone']}\t{one['subject']}\t{_by(one)}" for one in found]
    say(found, as_json=arguments.json, text="\n".join(lines) or "nothing has a clock now")
    return 0


def _by(one: dict[str, object]) -> str:
    return f"{one['by']}{', over its time' if one['over'] else ''}"


def _end(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.retention.periods import end_period

    done = end_period(
        open_context(),
        arguments.scope,
        reason=arguments.reason,
        with_store=arguments.with_store,
        actor=f"operator:{getpass.getuser()}",
    )
    text = f"{arguments.scope}: {done['identities']} identities and the known values of {done['batches']} batches gone"
    say(done, as_json=False, text=text)
    return 0
