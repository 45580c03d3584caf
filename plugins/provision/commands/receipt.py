"""`tokumei receipt verify`: an envelope, offline: was this approval in the log, under this key?"""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path

from provision.commands import Subparsers, say
from provision.errors import LedgerBroken


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("receipt", help="verify an envelope offline")
    verify = command.add_subparsers(metavar="ACTION", required=True).add_parser(
        "verify", help="exit code 8 where it is wrong"
    )
    verify.add_argument("envelope", type=Path)
    verify.add_argument("--key", required=True, help="the log's public key, from a source you trust")
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    from provision.ledger.proof import verify_receipt

    try:
        content = json.loads(arguments.envelope.read_text(encoding="utf-8"))
        entry = base64.b64decode(content["entry"])
        proof, digest = str(content["proof"]), str(content["payload_digest"])
    except (OSError, ValueError, KeyError):
        raise LedgerBroken(
            "this is no envelope",
            where=arguments.envelope.name,
            rule="envelope",
            remedy="name the file beside the payload",
        ) from None
    checkpoint = verify_receipt(proof, entry, arguments.key)
    approved = json.loads(entry)["payload"]["digest"]
    if approved != digest:
        raise LedgerBroken(
            "the approval is about another payload",
            where=arguments.envelope.name,
            rule="envelope.digest",
            remedy="ask the operator",
        )
    say({"ok": True, "size": checkpoint.size, "payload_digest": digest}, as_json=arguments.json,
        text=f"the approval of payload {digest} is in the log of {checkpoint.size} entries")  # fmt: skip
    return 0
