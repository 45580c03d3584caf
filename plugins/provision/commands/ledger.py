"""`tokumei ledger`: show, verify and sign the provision log."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say
from provision.connections import resolver_here
from provision.zones import Zones, home_folder

if TYPE_CHECKING:
    from provision.ledger.places import Place


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("ledger", help="show and verify the provision log")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    show = inner.add_parser("show", help="entries, oldest first")
    show.add_argument("--type", help="only entries of this type (delivery. for all of a kind)")
    show.add_argument("--limit", type=int, default=200)
    verify = inner.add_parser("verify", help="recompute everything; exit code 8 where anything is wrong")
    kept = "a signed checkpoint kept elsewhere, best with the .leaves files beside it"
    verify.add_argument("--checkpoint", type=Path, action="append", default=[], help=kept)
    verify.add_argument("--key", help="public key of the log; default: the platform's own")
    checkpoint = inner.add_parser("checkpoint", help="sign size and root of now")
    copied = inner.add_parser("copy", help="one whole moment of the log as a file, with checkpoints, for auditors")
    copied.add_argument("folder", type=Path, metavar="FOLDER", help="a folder that is not there yet")
    for one, action in ((show, _show), (verify, _verify), (checkpoint, _checkpoint), (copied, _copy)):
        one.add_argument("--path", type=Path, help="ledger database; default: the platform's")
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=action)
    prepare = inner.add_parser("prepare", help="make roles, tables and functions in PostgreSQL (docs/ledger.md)")
    prepare.add_argument("--admin", metavar="URL", help="address as a superuser; without it the SQL is printed")
    prepare.set_defaults(run=_prepare)
    moved = inner.add_parser("move", help="the log of an SQLite file into the empty one of $TOKUMEI_LEDGER")
    moved.add_argument("source", type=Path, metavar="LEDGER_DB")
    moved.set_defaults(run=_move)


def _place(arguments: argparse.Namespace) -> Place:
    from provision.ledger.places import Place, place_of

    return Place(arguments.path) if arguments.path else place_of(Zones(home_folder()))


def _show(arguments: argparse.Namespace) -> int:
    from provision.ledger import report
    from provision.ledger.reading import LedgerReader

    with LedgerReader.read(_place(arguments)) as ledger:
        entries = list(ledger.entries(type=arguments.type))[-arguments.limit :]
    plain = [json.loads(entry.canonical()) | {"seq": entry.seq} for entry in entries]
    say(plain, as_json=arguments.json, text=report.show(entries))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from provision.ledger import report
    from provision.ledger.verify import verify

    notes = [path.read_text(encoding="utf-8") for path in arguments.checkpoint]
    kept = sorted({path.parent for path in arguments.checkpoint})
    key = arguments.key or _own_key(arguments)
    result = verify(_place(arguments), public_key=key, checkpoint_notes=notes, kept=kept)
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


def _copy(arguments: argparse.Namespace) -> int:
    from provision.ledger.copying import copy
    from provision.ledger.reading import LedgerReader

    with LedgerReader.read(_place(arguments)) as ledger:
        path = copy(ledger, arguments.folder)
    say({"path": str(path)}, as_json=arguments.json, text=str(path))
    return 0


def _prepare(arguments: argparse.Namespace) -> int:
    from provision.ledger.postgres import prepare
    from provision.platformsql import scripts

    if arguments.admin:
        prepare(arguments.admin, scripts())
    print("prepared" if arguments.admin else "\n".join(scripts()))
    return 0


def _move(arguments: argparse.Namespace) -> int:
    from provision.ledger.places import place_of
    from provision.ledger.preparing import move
    from provision.ledger.reading import LedgerReader

    with LedgerReader.read(arguments.source) as source:
        print(f"{move(source, place_of(Zones(home_folder())))} entries moved; set the old file aside")
    return 0
