"""Signed checkpoints: C2SP signed-note and tlog-checkpoint, so that any tool that knows these formats can read ours.

A note is a text, an empty line and signature lines. A checkpoint is a note whose text is origin, tree size and
base64 root. Nothing of a note may be believed before `open_note` or `verify` has accepted it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provision.errors import LedgerBroken
from provision.ledger.merkle import HASH_SIZE
from provision.ledger.signing import Signer, Verifier

#: Longest note read, in characters: far above sixteen signatures, far below what could hurt.
LIMIT = 200_000

_SIGNATURE = re.compile(r"— (?P<name>\S+) (?P<data>[A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Checkpoint:
    """Size and root of the log at one moment."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def make(checkpoint: Checkpoint, signer: Signer) -> str:
    """The signed note of `checkpoint`."""
    return f"{checkpoint.text}\n{_signature_line(checkpoint.text, signer)}"


def add_signature(note: str, signer: Signer) -> str:
    """`note` with one more signature, unless this key has signed it already (key rotation)."""
    line = _signature_line(_split(note)[0], signer)
    return note if line in note else note + line


def add_line(note: str, line: str) -> str:
    """`note` with a signature line of somebody else, unless it is there. `LedgerBroken` where it is no such line."""
    _split(note + line)
    return note if line in note else note + line


def text_of(note: str) -> str:
    """The text of a note, signatures not looked at: what is signed."""
    return _split(note)[0]


def unsigned(note: str) -> str:
    """A note's text and the empty line behind it, ready for a signature line."""
    return text_of(note) + "\n"


def signatures_by(note: str, key: Verifier) -> list[bytes]:
    """The signatures of one key in a note, all of them right; none where it has not signed. `LedgerBroken` as
    `open_note`."""
    text, signatures = _split(note)
    found = [data[4:] for name, data in signatures if (name, data[:4]) == (key.name, key.key_id)]
    if not all(key.accepts(text.encode(), signature) for signature in found):
        raise _broken("a signature is wrong")
    return found


def parse(note: str) -> Checkpoint:
    """The checkpoint in a note, signatures not looked at. `LedgerBroken` where it is none."""
    lines = _split(note)[0].split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
        raise _broken("the text is not origin, size and root")
    root = decoded(lines[2])
    if len(root) != HASH_SIZE:
        raise _broken("the root is no SHA-256 hash")
    return Checkpoint(lines[0], int(lines[1]), root)


def open_note(note: str, verifiers: Sequence[Verifier]) -> str:
    """The text of a note signed by at least one of `verifiers`.

    Signatures of unknown keys are ignored; a wrong signature of a known key condemns the note, as does having none
    of a known key (C2SP signed-note, "Signatures"). Raises `LedgerBroken`.
    """
    text, signatures = _split(note)
    known = {(key.name, key.key_id): key for key in verifiers}
    accepted = 0
    for name, data in signatures:
        key = known.get((name, data[:4]))
        if key and not key.accepts(text.encode(), data[4:]):
            raise _broken("a signature is wrong")
        accepted += key is not None
    if not accepted:
        raise _broken("no known key has signed it")
    return text


def verify(note: str, verifiers: Sequence[Verifier]) -> Checkpoint:
    """The checkpoint in a note signed by one of `verifiers` for its own log, and not after that key was retired.
    Raises `LedgerBroken`."""
    checkpoint = parse(note)
    open_note(note, [key for key in verifiers if key.until is None or checkpoint.size <= key.until])
    if checkpoint.origin not in {key.name for key in verifiers}:
        raise _broken("it is of another log")
    return checkpoint


def keys(lines: Iterable[str]) -> tuple[Verifier, ...]:
    """Public keys, one a line, at least one; empty lines are skipped. `FixConfiguration` where a line is no key."""
    return tuple(Verifier.from_public(line) for line in lines if line.strip()) or (Verifier.from_public(""),)


def _signature_line(text: str, signer: Signer) -> str:
    data = signer.verifier.key_id + signer.sign(text.encode())
    return f"— {signer.name} {base64.b64encode(data).decode()}\n"


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signatures (key name, key id and signature). The last empty line is between them."""
    text, gap, rest = note.rpartition("\n\n")
    if not gap or not text or not rest.endswith("\n") or len(note) > LIMIT:
        raise _broken("it is not a text, an empty line and signatures")
    if any(letter < " " and letter != "\n" for letter in note):
        raise _broken("it has a control character")
    return text + "\n", [_signature(line) for line in rest[:-1].split("\n")]


def _signature(line: str) -> tuple[str, bytes]:
    found = _SIGNATURE.fullmatch(line)
    if not found:
        raise _broken("a signature line is not readable")
    data = decoded(found["data"])
    if len(data) < 5 or "+" in found["name"]:
        raise _broken("a signature line is not readable")
    return found["name"], data


def encoded(data: bytes) -> str:
    """Base64 as notes and proofs spell it."""
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes:
    """Base64 in its one canonical spelling, so that a note has no second form that also verifies. `LedgerBroken`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise _broken("base64 is not readable") from None
    if base64.b64encode(data).decode() != text:
        raise _broken("base64 is not canonical")
    return data


def _broken(what: str) -> LedgerBroken:
    return LedgerBroken(
        f"a checkpoint cannot be believed: {what}",
        rule="ledger.checkpoint",
        remedy="get the checkpoint again from where it was kept, and check which public key belongs to the log",
    )
