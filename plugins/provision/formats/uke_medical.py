"""医科レセプト (UKE, ``RECEIPTC.UKE``): medical claims as hospitals send them to the review bodies.

Source: 記録条件仕様（医科用）令和4年4月版 (grade A); for claim months up to 2018-04 the edition of about 2014 as quoted
in a parser (grade B). Dates are era or Gregorian, told by length. Files of 2023-04 and later, which the newer table
does not know, may have more columns: counted (``surplus_columns:<record>``), never read.
Structure: ``IR {RE [HO] KO* SN* JD* MF? GR? SY* (SI|IY|TO|CO)+ SJ* {TI {TR TS SY* …}}} GO [0x1A]``. Free text and
reserved columns are never read into memory as columns; reserved ones that are filled are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from provision.formats.base import Parcel, Report
from provision.formats.options import no_options
from provision.formats.recordfile import CHUNK
from provision.formats.tables import family
from provision.formats.ukefile import UkeFormat
from provision.formats.ukekind import UkeKind

KIND = UkeKind(
    sort="medical",
    tables=family("uke_medical"),
    records=(
        "IR", "RE", "HO", "KO", "SN", "JD", "MF", "GR", "SY", "SI", "IY", "TO", "CO", "SJ", "TI", "TR", "TS", "GO",
    ),
    unread=("KH", "NI"),
    grown="2023-04",
    summary=("SI", "IY", "TO", "CO"),
    # IR to the claim month, RE to the birth, HO to the points
    least={"IR": 8, "RE": 7, "HO": 6, "GO": 3},
)  # fmt: skip


class UkeMedical(UkeFormat):
    """The reader; its tables come from ``fields/uke_medical_*.tsv``."""

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Parcels of whole claims; see `Format.read`. Raises `BadFile`; GO totals are reconciled per volume."""
        no_options(self.id, options)
        return self.claims(stream, report, CHUNK)


FORMAT = UkeMedical("uke-medical", "医科レセプト（UKE）", "Medical claims (UKE)", KIND)
