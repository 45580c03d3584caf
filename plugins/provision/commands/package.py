"""`tokumei package verify`: a received payload, offline: whole, as described, and what the log says was approved."""

from __future__ import annotations

import argparse
from pathlib import Path

from provision.commands import Subparsers, say
from provision.errors import LedgerBroken


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("package", help="verify a received payload offline")
    verify = command.add_subparsers(metavar="ACTION", required=True).add_parser(
        "verify", help="exit code 6 where it is not whole, 8 where the envelope says otherwise"
    )
    verify.add_argument("payload", type=Path, help="the folder, or the ZIP after decryption")
    verify.add_argument("--envelope", type=Path, help="the .envelope.json that came with it")
    verify.add_argument("--key", help="the log's public key, from a source you trust; needed with --envelope")
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    from provision.commands.receipt import proved
    from provision.packaging.verifying import verify_payload

    found = verify_payload(arguments.payload)
    facts: dict[str, object] = {"ok": True, **vars(found), "approved": None}
    text = f"{found.release}: {found.files} files, {found.tables} tables, {found.rows:,} rows, whole"
    text += f"\ndigest D {found.digest}"
    if arguments.envelope is not None:
        digest, size = proved(arguments.envelope, arguments.key or "")
        if digest != found.digest:
            raise LedgerBroken(
                "the envelope is about another payload", where=arguments.envelope.name, rule="package.digest",
                remedy="take the envelope that came with this payload, or ask the operator",
            )  # fmt: skip
        facts["approved"] = {"log_size": size}
        text += f"\nits approval is in the provision log of {size} entries"
    say(facts, as_json=arguments.json, text=text)
    return 0
