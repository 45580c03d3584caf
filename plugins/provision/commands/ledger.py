"""`tokumei ledger`: show, verify and sign the provision log."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from provision.commands import Subparsers, say
from provision.connections import resolver_here
from provision.zones import Zones, home_folder


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("ledger", help="show and verify the provision log")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    show = inner.add_parser("show", help="entries, oldest first")
    show.add_argument("--type", help="only entries of this type (delivery. for all of a kind)")
    show.add_argument("--limit", type=int, default=200)
    verify = inner.add_parser("verify", help="recompute everything; exit code 8 where anything is wrong")
    verify.add_argument(
        "--checkpoint", type=Path, action="append", default=[], help="a signed checkpoint kept elsewhere"
    )
    verify.add_argument("--key", help="public key of the log; default: the platform's own")
    checkpoint = inner.add_parser("checkpoint", help="sign size and root of now")
    for one, action in ((show, _show), (verify, _verify), (checkpoint, _checkpoint)):
        one.add_argument("--path", type=Path, help="ledger database; default: the platform's")
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=action)


def _path(arguments: argparse.Namespace) -> Path:
    return arguments.path or Zones(home_folder()).ledger()


def _show(arguments: argparse.Namespace) -> int:
    from provision.ledger import report
    from provision.ledger.reading import LedgerReader

    with LedgerReader.read(_path(arguments)) as ledger:
        entries = list(ledger.entries(type=arguments.type))[-arguments.limit :]
    plain = [json.loads(entry.canonical()) | {"seq": entry.seq} for entry in entries]
    say(plain, as_json=arguments.json, text=report.show(entries))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from provision.ledger import report
    from provision.ledger.verify import verify

    notes = [path.read_text(encoding="utf-8") for path in arguments.checkpoint]
    result = verify(_path(arguments), public_key=arguments.key or _own_key(arguments), checkpoint_notes=notes)
    say(result.as_json(), as_json=arguments.json, text=report.verification(result))
    return 0 if result.ok else 8


def _own_key(arguments: argparse.Namespace) -> str | None:
    from provision.context import open_context
    from provision.keys import FileKeys, signing_key_path

    if arguments.path or not signing_key_path(FileKeys(Zones(home_folder()).vault() / "keys")).exists():
        return None
    return open_context(resolver_here()).log_keys


def _checkpoint(arguments: argparse.Namespace) -> int:
    from provision.context import open_context

    context = open_context()
    note = context.ledger.checkpoint(context.signer)
    say({"note": note}, as_json=arguments.json, text=note)
    return 0
