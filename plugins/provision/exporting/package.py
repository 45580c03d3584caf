"""The ZIP of an export: the report and its proof. The same period, form and checkpoint give the same bytes."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import dataclass

from provision.errors import Refused
from provision.exporting.forms import FORMS, LANGUAGES
from provision.exporting.period import Gathered, Period, gather
from provision.exporting.report import report
from provision.exporting.together import prove
from provision.ledger.reading import LedgerReader

FORMAT = "tokumei-period-export/1"
PROOF = "proof.json"


@dataclass(frozen=True)
class Export:
    """A file to be saved."""

    name: str
    content: bytes


def export(ledger: LedgerReader, period: Period, form: str, language: str = "ja") -> Export:
    """The export of a period, made of signed entries only. Raises `Refused` for an unknown form or language, and as
    `period.gather` and `paper.pdf` do."""
    if form not in FORMS or language not in LANGUAGES:
        raise Refused("there is no such form of report", rule="export.form", remedy=f"choose {', '.join(FORMS)}")
    found = gather(ledger, period)
    made = FORMS[form](report(found), language)
    stem = f"provision-log_{period.since}_{period.until}"
    return Export(f"{stem}.{form}.zip", _zip({f"{stem}.{form}": made, PROOF: proof(ledger, found, form, language)}))


def proof(ledger: LedgerReader, found: Gathered, form: str, language: str) -> bytes:
    """Everything the report rests on, and what joins it to the checkpoint."""
    size = found.signed.checkpoint.size
    hashes = prove(list(found.entries), size, lambda seq: ledger.inclusion_proof(seq, size))
    said = {
        "format": FORMAT, "form": form, "language": language,
        "since": found.period.since.isoformat(), "until": found.period.until.isoformat(),
        "first": found.first, "last": found.last, "checkpoint": found.signed.note,
        "hashes": [_text(value) for value in hashes],
        "entries": [_text(entry.canonical()) for entry in found.entries.values()],
    }  # fmt: skip
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # of 1980: no clock in it
    return made.getvalue()
