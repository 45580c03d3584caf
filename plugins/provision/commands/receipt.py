"""`tokumei receipt`: offline: was this approval (an envelope), or this entry, in the log, under this key?"""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path
from typing import Any

from provision.commands import Subparsers, say
from provision.errors import LedgerBroken
from provision.ledger.entry import Entry
from provision.packaging.notice import notice_digest


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("receipt", help="verify an envelope, or one entry of the log, offline")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    verify = inner.add_parser("verify", help="exit code 8 where it is wrong")
    verify.add_argument("envelope", type=Path)
    entry = inner.add_parser("entry", help="the two files that the page of an entry gives; exit code 8 where wrong")
    entry.add_argument("entry", type=Path)
    entry.add_argument("proof", type=Path)
    for one, action in ((verify, _verify), (entry, _entry)):
        one.add_argument("--key", required=True, help="the log's public key, from a source you trust")
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=action)


def _contradiction(content: dict[str, Any], entry: Entry) -> str:
    """Where the envelope contradicts the proved entry: kind of entry, payload, release, officers, notice; "" if not."""
    if entry.type != "release.approved":
        return "the entry is no approval"
    if entry.payload["digest"] != content["payload_digest"] or entry.subjects["release"] != content.get("release"):
        return "the approval is about another payload"
    try:
        officers, notice = [str(a["officer"]) for a in content["approvals"]], notice_digest(content["notice"])
    except (KeyError, TypeError, AttributeError):
        return "approvals or notice are missing"
    if sorted(officers) != sorted(entry.payload["approvals"]):
        return "the approvals are others than those in the log"
    return "" if notice == entry.payload["notice"] else "the notice is another one than that which was approved"


def proved(envelope: Path, key: str) -> tuple[str, int]:
    """Digest D that an envelope proves approved, and the size of the log then. `LedgerBroken` says what is wrong."""
    from provision.ledger.proof import verify_receipt

    try:
        content = json.loads(envelope.read_text(encoding="utf-8"))
        entry = base64.b64decode(content["entry"], validate=True)
        proof, digest = str(content["proof"]), str(content["payload_digest"])
    except (OSError, ValueError, KeyError, TypeError):
        raise LedgerBroken(
            "this is no envelope",
            where=envelope.name,
            rule="envelope",
            remedy="name the file beside the payload",
        ) from None
    checkpoint = verify_receipt(proof, entry, key)
    what = _contradiction(content, Entry.from_bytes(entry))
    if what:
        raise LedgerBroken(what, where=envelope.name, rule="envelope.contents", remedy="ask the operator")
    return digest, checkpoint.size


def _verify(arguments: argparse.Namespace) -> int:
    digest, size = proved(arguments.envelope, arguments.key)
    say({"ok": True, "size": size, "payload_digest": digest}, as_json=arguments.json,
        text=f"the approval of payload {digest} is in the log of {size} entries")  # fmt: skip
    return 0


def _entry(arguments: argparse.Namespace) -> int:
    from provision.ledger.proof import verify_receipt

    try:
        data, proof = arguments.entry.read_bytes(), arguments.proof.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise LedgerBroken(
            "entry or proof cannot be read", rule="ledger.receipt", remedy="name the two files that were saved"
        ) from None
    checkpoint, entry = verify_receipt(proof, data, arguments.key), Entry.from_bytes(data)
    told = {"ok": True, "size": checkpoint.size, "seq": entry.seq, "type": entry.type, "at": entry.at}
    text = f"entry {entry.seq} ({entry.type}, {entry.at}) is in the signed log of {checkpoint.size} entries"
    say(told, as_json=arguments.json, text=text)
    return 0
