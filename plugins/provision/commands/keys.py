"""`tokumei keys`: which there are, making one anew, wrapping them, and what the holder of one could read."""

from __future__ import annotations

import argparse
import getpass
from dataclasses import asdict
from pathlib import Path

from provision.commands import Subparsers, say
from provision.connections import resolver_here


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("keys", help="list keys, make one anew, see what one opens")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    listed = inner.add_parser("list", help="every key, never a secret")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=_list)
    rotate = inner.add_parser("rotate", help="make a key anew; stop the scheduler first")
    rotate.add_argument("key", help="a name that `tokumei keys list` shows")
    rotate.add_argument("--compromised", action="store_true", help="destroy what only the former key protected")
    rotate.add_argument("--lost", type=Path, help="of a lost signing key: its public part, as auditors hold it")
    rotate.set_defaults(run=_rotate)
    wrap = inner.add_parser("wrap", help="wrap every plain key file by the service of platform.yaml")
    wrap.set_defaults(run=_wrap)
    exposed = inner.add_parser("exposed", help="deliveries that a public key was sealed to")
    exposed.add_argument("public", help="age1…, or an OpenPGP fingerprint")
    exposed.add_argument("--json", action="store_true")
    exposed.set_defaults(run=_exposed)


def _list(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.rotation import listed

    found = listed(open_context(resolver_here()))
    lines = [f"{k['key']:40} {k['since'] or '':10} {'wrapped' if k['wrapped'] else '':8}{k['purpose']}" for k in found]
    say(found, as_json=arguments.json, text="\n".join(lines) or "no keys yet")
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.rotation import rotate

    lost = arguments.lost.read_text(encoding="utf-8") if arguments.lost else ""
    actor = f"operator:{getpass.getuser()}"
    context = open_context(resolver_here())
    print(rotate(context, arguments.key, actor=actor, compromised=arguments.compromised, lost=lost))
    return 0


def _wrap(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.rotation import wrap_all

    print(f"{wrap_all(open_context(resolver_here()))} keys wrapped")
    return 0


def _exposed(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.rotation import exposed

    found = list(exposed(open_context(resolver_here()), arguments.public))
    lines = [f"{e.order}: sealed {e.at}{', ciphertext still here' if e.still_here else ''}" for e in found]
    say([asdict(e) for e in found], as_json=arguments.json, text="\n".join(lines) or "no delivery was sealed to it")
    return 0
