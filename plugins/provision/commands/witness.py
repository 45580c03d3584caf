"""`tokumei witness`: the program of somebody else, who signs that the provision log only ever grew."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers

if TYPE_CHECKING:
    from provision.witness.cosigning import Witness


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("witness", help="cosign the growth of a provision log, on another machine")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    key = inner.add_parser("key", help="make the witness's key; prints the public one for the log's operator")
    key.add_argument("key", type=Path, metavar="FILE")
    key.add_argument("--name", required=True, help="such as witness.example.org/tokumei, unlike any other")
    key.set_defaults(run=_key)
    serve = inner.add_parser("serve", help="answer the log over HTTP (C2SP tlog-witness)")
    serve.add_argument("--host", default="127.0.0.1", help="where to listen; a TLS proxy stands in front")
    serve.add_argument("--port", type=int, default=8470)
    serve.set_defaults(run=_serve)
    once = inner.add_parser("cosign", help="answer one request from a file, for a machine without network")
    once.add_argument("request", type=Path, metavar="FILE", help="what `tokumei ledger witness-request` wrote")
    once.set_defaults(run=_cosign)
    for one in (serve, once):
        one.add_argument("--key", type=Path, required=True, help="the witness's key file")
        one.add_argument("--state", type=Path, required=True, help="folder of what it remembers; never restore a copy")
        one.add_argument("--log", type=Path, required=True, help="public keys of the logs it knows, one a line")


def _witness(arguments: argparse.Namespace) -> Witness:
    from provision.ledger import notes
    from provision.ledger.signing import Signer
    from provision.witness.cosigning import Witness
    from provision.witness.memory import Memory

    logs = notes.keys(arguments.log.read_text(encoding="utf-8").splitlines())
    return Witness(Signer.load(arguments.key), Memory(arguments.state), logs)


def _key(arguments: argparse.Namespace) -> int:
    from provision.ledger.cosignature import WitnessKey
    from provision.ledger.signing import Signer

    print(WitnessKey.of(Signer.create(arguments.key, arguments.name)).public)
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    from provision.witness.server import PATH, server

    listening = server(_witness(arguments), arguments.host, arguments.port)
    print(f"witness: http://{arguments.host}:{listening.server_port}{PATH}", file=sys.stderr, flush=True)
    with listening:
        listening.serve_forever()
    return 0


def _cosign(arguments: argparse.Namespace) -> int:
    print(_witness(arguments).add_checkpoint(arguments.request.read_text(encoding="utf-8")), end="")
    return 0
