"""Asking a witness for its cosignature: the client of C2SP tlog-witness."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException

from provision.anchorsettings import WitnessSettings
from provision.errors import FixConfiguration, LedgerBroken, RetryLater, TokumeiError
from provision.ledger import notes
from provision.ledger.cosignature import cosigned_at
from provision.ledger.store import Ledger
from provision.witness.cosigning import request

_SECONDS = 30
_LONGEST_ANSWER = 64_000


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def cosigned(ledger: Ledger, note: str, witness: WitnessSettings) -> str:
    """The newest checkpoint `note` with the witness's signature, which is kept with it.

    Raises `LedgerBroken` where the witness knows a larger log, or one this does not continue.
    """
    signed = notes.parse(note)
    status, answer = _ask(witness, request(0, [], note))
    if status == 409:
        known = _size(witness, answer)
        if known > signed.size:
            raise _rolled_back(witness, known, signed.size)
        proof = ledger.consistency_proof(known, signed.size) if known else []
        status, answer = _ask(witness, request(known, proof, note))
    if status == 422:
        raise _forked(witness)
    if status != 200:
        raise _unexpected(witness, status)
    return keep(ledger, note, answer, witness)


def keep(ledger: Ledger, note: str, answer: str, witness: WitnessSettings) -> str:
    """Keep of a witness's answer the line that is its signature of the newest checkpoint `note`, and nothing else.
    `FixConfiguration` where there is none."""
    key = witness.verifier
    for line in answer.splitlines(keepends=True):
        try:
            if cosigned_at(notes.add_line(notes.unsigned(note), line), key):
                # One line says it; asking again only shows that the witness still agrees.
                return note if cosigned_at(note, key) else ledger.countersign(notes.parse(note).size, line)
        except LedgerBroken:
            continue
    raise FixConfiguration(
        "the witness's answer holds no signature of its key", where=key.name, rule="anchor.witness",
        remedy="compare the key in platform.yaml with the witness's administrator",
    )  # fmt: skip


def keep_any(ledger: Ledger, answer: str, witnesses: Sequence[WitnessSettings]) -> str:
    """Keep the answer of whichever witness of the configuration it is; gives the note. `FixConfiguration` where it is
    of none, or not of the newest checkpoint."""
    note = ledger.last_note() or ""
    for witness in witnesses:
        if any(f"— {witness.verifier.name} " in line for line in answer.splitlines()):
            return keep(ledger, note, answer, witness)
    raise FixConfiguration(
        "no witness of the configuration has answered this", rule="anchor.witness",
        remedy="write the witness's public key under anchors.witnesses in platform.yaml",
    )  # fmt: skip


def _ask(witness: WitnessSettings, body: str) -> tuple[int, str]:
    asked = urllib.request.Request(f"{witness.url.rstrip('/')}/add-checkpoint", body.encode(), method="POST")
    try:
        with _opener.open(asked, timeout=_SECONDS) as answer:
            return answer.status, answer.read(_LONGEST_ANSWER).decode(errors="replace")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read(_LONGEST_ANSWER).decode(errors="replace")
    except (OSError, HTTPException):
        raise RetryLater(
            "the witness does not answer", where=witness.verifier.name, rule="anchor.witness", remedy="try again"
        ) from None


def _size(witness: WitnessSettings, answer: str) -> int:
    if not answer.strip().isdecimal():
        raise _unexpected(witness, 409)
    return int(answer)


def _rolled_back(witness: WitnessSettings, known: int, size: int) -> TokumeiError:
    return LedgerBroken(
        f"the witness has seen {known} entries, but the log has {size}: it is an old copy that was put back",
        where=witness.verifier.name, rule="ledger.rollback",
        remedy="stop all runs and find the newest log; nothing may be appended to this one",
    )  # fmt: skip


def _forked(witness: WitnessSettings) -> TokumeiError:
    return LedgerBroken(
        "the log does not continue the one the witness has seen: entries were changed, or an old copy went on",
        where=witness.verifier.name, rule="ledger.fork",
        remedy="stop all runs; run `tokumei ledger verify` with the checkpoints the auditors hold",
    )  # fmt: skip


def _unexpected(witness: WitnessSettings, status: int) -> TokumeiError:
    where, rule = witness.verifier.name, "anchor.witness"
    if status >= 500 or status == 429 or status == 409:
        return RetryLater(f"the witness answered {status}", where=where, rule=rule, remedy="try again")
    remedy = "give its administrator the public key of the log (log.vkey); check the address in platform.yaml"
    return FixConfiguration(f"the witness answered {status}", where=where, rule=rule, remedy=remedy)
