"""`tokumei evidence`: write the evidence pack of a release, and count again what it says."""

from __future__ import annotations

import argparse

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("evidence", help="the evidence pack of a release: write it, verify it")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    write = inner.add_parser("write", help="evidence.json, and HTML and PDF in both languages, beside the payload")
    verify = inner.add_parser("verify", help="count again, from payload and log, what the evidence says")
    for one, run in ((write, _write), (verify, _verify)):
        one.add_argument("release")
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=run)


def _write(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.packaging.evidence.writing import folder, write

    ctx = open_context()
    digests = write(ctx, arguments.release, actor="cli")
    lines = [f"{digest}  {name}" for name, digest in digests.items()]
    say(digests, as_json=arguments.json, text="\n".join([*lines, f"in {folder(ctx, arguments.release)}"]))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.packaging.evidence.verifying import verify

    found = verify(open_context(), arguments.release)
    lines = [f"{'ok ' if one.holds else 'NO '} {one.what}: {one.said}, found {one.found}" for one in found]
    say([one.figures() for one in found], as_json=arguments.json, text="\n".join(lines))
    return 0 if all(one.holds for one in found) else 1
