"""`tokumei quarantine`: what quarantine holds, looking at a file of it and removing one; the log says who did."""

from __future__ import annotations

import argparse
import getpass
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say

if TYPE_CHECKING:
    from provision.formats.base import Problem


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("quarantine", help="what could not be taken in, and why")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    report = inner.add_parser("report", help="places, rules and remedies, of one batch or of all")
    report.add_argument("batch", metavar="BATCH", nargs="?")
    report.add_argument("--json", action="store_true")
    report.set_defaults(run=_report)
    shown = inner.add_parser("open", help="personal data in clear, to the screen or a pipe; who looked is recorded")
    shown.add_argument("batch", metavar="BATCH")
    shown.add_argument("file", metavar="FILE", type=int, help="number of the file, as the report gives it")
    shown.set_defaults(run=_open)
    removed = inner.add_parser("remove", help="destroy files before their day, and what is kept of their records")
    removed.add_argument("batch", metavar="BATCH")
    removed.add_argument("files", metavar="FILE", type=int, nargs="+", help="numbers, as the report gives them")
    removed.add_argument("--reference", required=True, help="number of the file that says why; no name")
    removed.set_defaults(run=_remove)


def _report(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.intake import looking

    context = open_context()
    wanted = [arguments.batch] if arguments.batch else looking.batches(context)
    found = {batch: looking.problems(context, batch) for batch in wanted}
    lines = [f"{batch}: {_line(p)}" for batch in wanted for p in found[batch]]
    plain = {batch: [asdict(p) for p in problems] for batch, problems in found.items()}
    say(plain, as_json=arguments.json, text="\n".join(lines) or "quarantine is empty")
    return 0


def _line(problem: Problem) -> str:
    place = " ".join(filter(None, (f"record {problem.record}" if problem.record else "", problem.field)))
    return f"{problem.file}, {place or 'the whole file'}: {problem.rule} -> {problem.remedy}"


def _remove(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.persons.requests import check_reference
    from provision.retention.removing import remove, require_kept

    context, actor = open_context(), f"operator:{getpass.getuser()}"
    check_reference(arguments.reference)
    require_kept(context, arguments.batch, arguments.files)
    remove(context, arguments.batch, arguments.files, reference=arguments.reference, actor=actor)
    say({}, as_json=False, text=f"{len(set(arguments.files))} files of {arguments.batch} are destroyed")
    return 0


def _open(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.intake.looking import show_file

    actor = f"operator:{getpass.getuser()}"
    show_file(open_context(), arguments.batch, arguments.file, sys.stdout.buffer, actor=actor)
    sys.stdout.buffer.flush()
    return 0
