"""`tokumei ledger`: show, verify and sign the provision log."""

from __future__ import annotations

import argparse
import getpass
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say
from provision.connections import resolver_here
from provision.errors import Refused
from provision.zones import Zones, home_folder

if TYPE_CHECKING:
    from provision.ledger.places import Place
    from provision.ledger.verify import Problem


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
    verify.add_argument("--witness", action="append", default=[], help="public key of a witness they must carry")
    verify.add_argument("--key", help="public key of the log; default: the platform's own")
    checkpoint = inner.add_parser("checkpoint", help="sign size and root of now")
    copied = inner.add_parser("copy", help="one whole moment of the log as a file, with checkpoints, for auditors")
    copied.add_argument("folder", type=Path, metavar="FOLDER", help="a folder that is not there yet")
    for one, action in ((show, _show), (verify, _verify), (checkpoint, _checkpoint), (copied, _copy)):
        one.add_argument("--path", type=Path, help="ledger database; default: the platform's")
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=action)
    anchored = inner.add_parser("anchor", help="sign, and carry the checkpoint to witnesses, auditors and the bucket")
    anchored.set_defaults(run=_anchor)
    asking = inner.add_parser("witness-request", help="what a witness without network answers with `witness cosign`")
    asking.add_argument("--old", type=int, default=0, help="size of the last checkpoint it cosigned")
    asking.set_defaults(run=_witness_request)
    answered = inner.add_parser("countersign", help="keep the answer of a witness without network")
    answered.add_argument("answer", type=Path, metavar="FILE", help="what `tokumei witness cosign` printed")
    answered.set_defaults(run=_countersign)
    prepare = inner.add_parser("prepare", help="make roles, tables and functions in PostgreSQL (docs/ledger.md)")
    prepare.add_argument("--admin", metavar="URL", help="address as a superuser; without it the SQL is printed")
    prepare.set_defaults(run=_prepare)
    moved = inner.add_parser("move", help="the log of an SQLite file into the empty one of $TOKUMEI_LEDGER")
    moved.add_argument("source", type=Path, metavar="LEDGER_DB")
    moved.set_defaults(run=_move)


def _place(arguments: argparse.Namespace) -> Place:
    from provision.ledger.places import Place, place_of

    if arguments.path and not arguments.path.is_file():
        raise Refused("there is no such file", where="--path", rule="ledger.path", remedy="name ledger.db of the copy")
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

    notes = [_note(path) for path in arguments.checkpoint]
    kept = sorted({path.parent for path in arguments.checkpoint})
    key = arguments.key or _own_key(arguments)
    result = verify(_place(arguments), public_key=key, checkpoint_notes=notes, kept=kept)
    missing = [what for name in arguments.witness for what in _uncosigned(arguments.checkpoint, name)]
    result = replace(result, ok=result.ok and not missing, problems=(*result.problems, *missing))
    say(result.as_json(), as_json=arguments.json, text=report.verification(result))
    return 0 if result.ok else 8


def _note(path: Path) -> str:
    """A checkpoint that was kept. `Refused` where it is none that can be read: nothing was verified then."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Refused(
            "it cannot be read, so nothing was verified",
            where=f"--checkpoint {path.name}",
            rule="ledger.checkpoint_file",
            remedy="name a .note as it was given to you",
        ) from None


def _uncosigned(paths: list[Path], public: str) -> list[Problem]:
    """Checkpoints that a witness should have cosigned and has not; asked of none, nothing is shown."""
    from provision.ledger.cosignature import WitnessKey, cosigned_at
    from provision.ledger.verify import Problem

    witness = WitnessKey.from_public(public)
    remedy = "get the checkpoint again, from the auditors' mail or the locked bucket"
    if not paths:
        return [Problem(None, f"no checkpoint was given that {witness.name} could have cosigned", remedy)]
    without = (path.name for path in paths if not cosigned_at(path.read_text(encoding="utf-8"), witness))
    return [Problem(None, f"{name} is not cosigned by {witness.name}", remedy) for name in without]


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


def _anchor(arguments: argparse.Namespace) -> int:
    from provision import anchors
    from provision.context import open_context

    done = anchors.anchor(open_context(), actor=getpass.getuser())
    print(f"carried to {done['anchored']} places")
    return 0


def _witness_request(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.ledger import notes
    from provision.witness.cosigning import request

    context = open_context()
    note = context.ledger.checkpoint(context.signer)
    proof = context.ledger.consistency_proof(arguments.old, notes.parse(note).size) if arguments.old else []
    print(request(arguments.old, proof, note), end="")
    return 0


def _countersign(arguments: argparse.Namespace) -> int:
    from provision.anchors.witnesses import keep_any
    from provision.context import open_context

    context = open_context()
    answer = arguments.answer.read_text(encoding="utf-8")
    print(keep_any(context.ledger, answer, context.platform.anchors.witnesses), end="")
    return 0
