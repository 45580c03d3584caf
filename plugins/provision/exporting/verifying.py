"""An export, checked offline: signature, root, nothing missing in the period, and the report made anew and compared.

A PDF is compared byte by byte as well: the version that made it and its fonts draw the same page again. Where they are
others, verify the CSV or JSON of the same period, which have one form only.
"""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provision.errors import LedgerBroken, Refused
from provision.exporting.forms import FORMS
from provision.exporting.package import FORMAT, PROOF
from provision.exporting.period import Gathered, Period
from provision.exporting.report import report
from provision.exporting.signed import Signed
from provision.exporting.together import root
from provision.ledger import notes
from provision.ledger.entry import Entry
from provision.ledger.merkle import leaf_hash

#: Most bytes of one file of the ZIP, unpacked.
MOST = 256_000_000

Base64 = Annotated[str, Field(max_length=2_000_000)]
Number = Annotated[int, Field(ge=-1, lt=1 << 62)]


class Proof(BaseModel):
    """``proof.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["tokumei-period-export/1"]
    form: Literal["csv", "json", "pdf"]
    language: Literal["ja", "en"]
    since: date
    until: date
    first: Number
    last: Number
    checkpoint: str
    hashes: list[Base64] = Field(max_length=2_000_000)
    entries: list[Base64] = Field(max_length=200_000)


@dataclass(frozen=True)
class Verified:
    """What an export was found to prove."""

    period: Period
    form: str
    first: int
    last: int
    size: int
    releases: int
    provisions: int

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        days = {"since": self.period.since.isoformat(), "until": self.period.until.isoformat()}
        counts = {"first": self.first, "last": self.last, "size": self.size}
        return {"ok": True, **days, "form": self.form, **counts, "releases": self.releases,
                "provisions": self.provisions}  # fmt: skip


def verify(content: bytes, public_key: str) -> Verified:
    """Check an export against the log's public keys (one a line). Raises `LedgerBroken` with the first thing wrong."""
    said, name, made = _opened(content)
    found = _proved(said, public_key)
    again = report(found)
    _require(name.endswith(f".{said.form}"), "the report is of another form than the proof says")
    _require(FORMS[said.form](again, said.language) == made, "the report is not what its entries give")
    counts = len(again.lines), again.provisions
    return Verified(found.period, said.form, found.first, found.last, found.signed.checkpoint.size, *counts)


def _opened(content: bytes) -> tuple[Proof, str, bytes]:
    """The proof, and name and bytes of the report."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(names) != 2 or PROOF not in names or any(info.file_size > MOST for info in infos):
                raise ValueError
            files = {name: archive.read(name) for name in names}
        said = Proof.model_validate_json(files.pop(PROOF))
    except (zipfile.BadZipFile, ValidationError, ValueError, NotImplementedError, RuntimeError, OSError):
        raise _broken(f"it is no export of the form {FORMAT}") from None
    return said, *next(iter(files.items()))


def _proved(said: Proof, public_key: str) -> Gathered:
    """The entries, once they are shown to be in the signed log, and to be all of the period."""
    checkpoint = notes.verify(said.checkpoint, notes.keys(public_key.splitlines()))
    data = [_bytes(one) for one in said.entries]
    entries = {entry.seq: entry for entry in map(Entry.from_bytes, data)}
    _require(list(entries) == sorted(entries) and len(entries) == len(data), "its entries are not in order")
    leaves = dict(zip(entries, map(leaf_hash, data), strict=True))
    _require(root(leaves, checkpoint.size, [_bytes(one) for one in said.hashes]) == checkpoint.root,
             "its entries are not those that were signed")  # fmt: skip
    try:
        period = Period(said.since, said.until)
    except Refused as error:
        raise _broken(error.what) from None
    _require_whole(said, period, entries, checkpoint.size)
    return Gathered(period, Signed(said.checkpoint, checkpoint, public_key), said.first, said.last, entries, 0)


def _require_whole(said: Proof, period: Period, entries: dict[int, Entry], size: int) -> None:
    """Every entry from first to last is there, and those beside them are of other days."""
    _require(0 <= said.first <= said.last + 1 <= size, "its numbers are not those of a stretch of the log")
    stretch = range(said.first, said.last + 1)
    _require(all(seq in entries for seq in stretch), "entries of the period are missing")
    before, after = said.first - 1, said.last + 1
    _require(before < 0 or (before in entries and period.side(entries[before]) < 0), "the period may begin earlier")
    _require(after >= size or (after in entries and period.side(entries[after]) > 0), "the period may end later")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise _broken("it holds a text that is no base64") from None


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise _broken(what)


def _broken(what: str) -> LedgerBroken:
    return LedgerBroken(
        f"the export proves nothing: {what}",
        rule="export.verify",
        remedy="ask the operator for it again; tell auditors",
    )
