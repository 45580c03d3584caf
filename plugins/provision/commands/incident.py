"""`tokumei incident`: what left, to whom, under which measures; papers for the authority and for persons; recall."""

from __future__ import annotations

import argparse
import getpass
from datetime import date

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("incident", help="gather an incident from the log; recall what is open")
    command.add_argument("releases", metavar="RELEASE", nargs="*")
    command.add_argument("--recipient", default="", help="everything this recipient was to get")
    command.add_argument("--since", type=_day, help="YYYY-MM-DD: what left from this day on (Japan)")
    command.add_argument("--known", type=_day, required=True, help="YYYY-MM-DD: the day it was known (Japan)")
    command.add_argument("--wrong-purpose", action="store_true", help="a wrong purpose may be behind it: 60 days")
    command.add_argument("--recall", metavar="REASON", help="recall every open release of it; recipients read why")
    command.add_argument("--json", action="store_true", help="the whole record")
    command.set_defaults(run=_run)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("not a day, YYYY-MM-DD") from None


def _run(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.incidents.gathering import Question
    from provision.incidents.writing import recall_all, write

    ctx, actor = open_context(), f"operator:{getpass.getuser()}"
    question = Question(
        tuple(arguments.releases), arguments.recipient, arguments.since, arguments.known, arguments.wrong_purpose
    )
    incident, folder, record = write(ctx, question, actor=actor)
    lines = [f"{incident}: {', '.join(f'{name} {count}' for name, count in record['counts'].items())}"]
    last = record["deadlines"]
    lines += [f"速報 first report by {last['first_report_latest']}, 確報 final report by {last['final_report']}"]
    if arguments.recall is not None:
        done = recall_all(ctx, record, reason=arguments.recall, actor=actor)
        incident, folder, record = write(ctx, question, actor=actor)
        lines += [f"{order}\t{what}" for order, what in done.items()]
    lines += [f"papers: {folder}"]
    say({"incident": incident, **record}, as_json=arguments.json, text="\n".join(lines))
    return 0
