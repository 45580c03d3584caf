"""記録と証明: one entry with its proof, recomputed by the server and, at the press of a button, by the browser."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from provision.auditing import log, proving
from provision.auditing.pages import UNKNOWN, shown
from provision.auditing.seen import seen
from provision.errors import Refused
from provision.ledger.entry import Entry
from provision.ledger.reading import LedgerReader

router = APIRouter()


@router.get("/entry/{seq}", response_class=HTMLResponse)
def entry(request: Request, seq: int) -> HTMLResponse:
    """Everything of one entry, and what proves it."""
    with log.opened() as ledger:
        _require(ledger, seq)
        proofs, size = proving.prove(ledger, [seq]), ledger.size
    seen(request, "view", f"entry/{seq}")
    found = Entry.from_bytes(proofs.entries[0].data)
    return shown(request, "entry.html", "log", entry=found, proofs=proofs, proof=proofs.entries[0], size=size)


@router.get("/entry/{seq}/bytes")
def exact(request: Request, seq: int) -> Response:
    """The exact bytes of an entry, canonical JSON."""
    with log.opened() as ledger:
        _require(ledger, seq)
        data = ledger.entry_bytes(seq)
    seen(request, "download", f"entry/{seq}/bytes")
    return Response(data, media_type="application/json", headers=_saved(f"entry-{seq}.json"))


@router.get("/entry/{seq}/receipt")
def receipt(request: Request, seq: int) -> Response:
    """The proof of an entry as a C2SP tlog-proof. `Refused` where no checkpoint covers it yet."""
    with log.opened() as ledger:
        _require(ledger, seq)
        text = proving.receipt(proving.prove(ledger, [seq]))
    if text is None:
        raise Refused("no checkpoint covers this entry yet", rule="pages.unsigned", remedy="tokumei ledger checkpoint")
    seen(request, "download", f"entry/{seq}/receipt")
    return Response(text, media_type="text/plain; charset=utf-8", headers=_saved(f"entry-{seq}.tlog-proof"))


@router.get("/api/entry/{seq}/proof")
def proof(request: Request, seq: int, size: int) -> dict[str, object]:
    """The proof of an entry in the log as it was at `size`: that of a checkpoint which the reader has kept."""
    with log.opened() as ledger:
        _require(ledger, seq)
        if not seq < size <= ledger.size:
            raise Refused(
                "the log has no proof of this entry at that size",
                rule=UNKNOWN,
                remedy="the checkpoint is older than the entry, or of another log",
            )
        found = proving.at(ledger, seq, size)
    seen(request, "view", f"entry/{seq}/proof")
    return found.as_json()


def _require(ledger: LedgerReader, seq: int) -> None:
    if not 0 <= seq < ledger.size:
        raise Refused("the log has no such entry", rule=UNKNOWN, remedy="look for it in the list of entries")


def _saved(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
