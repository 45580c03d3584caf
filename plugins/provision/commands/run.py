"""`tokumei run`: the steps Airflow's tasks run, by hand; for repairs, tests and machines without Airflow."""

from __future__ import annotations

import argparse
import getpass

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("run", help="run one step of intake or release by hand")
    inner = command.add_subparsers(metavar="STEP", required=True)
    for step, argument in (("receive", "source"), ("take-in", "batch"), ("make", "release"), ("gate", "release"),
                           ("publish", "release"), ("deliver", "release")):  # fmt: skip
        one = inner.add_parser(step, help=f"{step} a {argument}")
        one.add_argument("subject", metavar=argument.upper())
        one.set_defaults(run=_run, step=step)
    draft = inner.add_parser("draft", help="draft a release of a plan")
    draft.add_argument("subject", metavar="PLAN")
    draft.add_argument("--key", required=True, help="the run: the same plan and key are the same release")
    draft.set_defaults(run=_run, step="draft")
    inner.add_parser("stewardship", help="retention, expiry, checkpoint").set_defaults(
        run=_run, step="stewardship", subject=""
    )


def _run(arguments: argparse.Namespace) -> int:
    from provision import intake, releasing, stewardship
    from provision.context import open_context

    context, actor, step = open_context(), f"operator:{getpass.getuser()}", arguments.step
    if step == "draft":
        result: object = releasing.draft(context, arguments.subject, arguments.key, actor=actor)
    elif step == "stewardship":
        result = stewardship.run(context, actor=actor)
    else:
        room = intake if step in {"receive", "take-in"} else releasing
        result = getattr(room, step.replace("-", "_"))(context, arguments.subject, actor=actor)
    say(result, as_json=True, text="")
    return 0
