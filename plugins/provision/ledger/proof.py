"""Receipts for outsiders: a C2SP tlog-proof, by which a recipient or auditor checks offline that an entry was logged.

The text is the entry's index, its inclusion proof and the signed checkpoint. With the entry's bytes and the log's
public key it needs neither our database nor us. Save it as ``*.tlog-proof``.
"""

from __future__ import annotations

import base64
import binascii
import re

from provision.errors import LedgerBroken
from provision.ledger import merkle, notes
from provision.ledger.notes import Checkpoint
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger

HEADER = "c2sp.org/tlog-proof@v1"

#: A tree of 2^63 leaves has paths of 63 hashes; more than that is an attack.
_LONGEST_PATH = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,17})")


def receipt(ledger: Ledger, seq: int, signer: Signer) -> str:
    """The receipt of entry `seq` under the newest checkpoint of `signer`, which is made where none covers it yet.

    Raises `Refused` where there is no such entry.
    """
    ledger.entry_bytes(seq)
    note = _covering(ledger, seq, signer) or ledger.checkpoint(signer)
    path = ledger.inclusion_proof(seq, notes.parse(note).size)
    lines = [HEADER, f"index {seq}", *(base64.b64encode(value).decode() for value in path)]
    return "\n".join(lines) + "\n\n" + note


def verify_receipt(text: str, entry_bytes: bytes, public_key: str) -> Checkpoint:
    """The checkpoint under which exactly `entry_bytes` are in the log; `public_key` as in `verify.verify`.

    Raises `LedgerBroken` where the receipt is not one, is not signed by the log or is of another entry.
    """
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != HEADER or not gap:
        raise _broken("it is no receipt")
    if len(lines) > 1 and lines[1].startswith("extra "):
        del lines[1]  # allowed by the format, vouched for by nobody, not used by us
    found = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
    if not found or len(lines) - 2 > _LONGEST_PATH:
        raise _broken("it has no index, or too long a proof")
    checkpoint = notes.verify(note, notes.keys(public_key.splitlines()))
    path = [_hash(line) for line in lines[2:]]
    leaf = merkle.leaf_hash(entry_bytes)
    if not merkle.verify_inclusion(int(found[1]), checkpoint.size, leaf, path, checkpoint.root):
        raise _broken("the entry is not in the log at this place")
    return checkpoint


def _covering(ledger: Ledger, seq: int, signer: Signer) -> str | None:
    """The last checkpoint, where it covers `seq` and this key signed it."""
    note = ledger.last_note()
    if not note or notes.parse(note).size <= seq:
        return None
    try:
        notes.verify(note, [signer.verifier])
    except LedgerBroken:
        return None
    return note


def _hash(line: str) -> bytes:
    try:
        value = base64.b64decode(line, validate=True)
    except (ValueError, binascii.Error):
        raise _broken("a hash of the proof is not readable") from None
    if base64.b64encode(value).decode() != line:
        raise _broken("a hash of the proof is not readable")
    return value


def _broken(what: str) -> LedgerBroken:
    return LedgerBroken(
        f"the receipt proves nothing: {what}",
        rule="ledger.receipt",
        remedy="ask the operator for the entry and its receipt again; if it stays so, tell the auditors",
    )
