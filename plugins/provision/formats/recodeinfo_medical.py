"""医科レセプト as insurers receive it (保険者向け ``…_RECODEINFO_MED.CSV``): medical records, IR above each receipt.

Source: grade C throughout, see `recodeinfo`; the records themselves are those of the medical specification (grade A),
with SN filled in by the review body: its card, confirmed on the day, is the one people are known by. A receipt begins
at MN, which is not read; IR may stand above every claim or once. GO is not known to be there: where it is, its totals
are reconciled, where it is not, nothing but RC at the end tells that the file is whole. Record numbers of errors count
the medical records only, except for `uke.front_columns` and `uke.cut_off`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO, cast

from provision.formats.base import Parcel, Report
from provision.formats.recodeinfo import PlainUke
from provision.formats.recordfile import CHUNK
from provision.formats.uke_medical import KIND as MEDICAL
from provision.formats.ukefile import UkeFormat

KIND = replace(
    MEDICAL,
    repeats=True,
    dataset=("medical-claims-insurer", "医科レセプト（保険者向け）", "Medical claims of insurers"),
)


class RecodeinfoMedical(UkeFormat):
    """The medical reader behind `PlainUke`."""

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Parcels of whole claims; see `Format.read`. Raises `BadFile`; the totals of a GO, if any, are reconciled."""
        return self.claims(cast(BinaryIO, PlainUke(stream, report)), report, CHUNK)


FORMAT = RecodeinfoMedical(
    "recodeinfo-medical", "医科レセプト（保険者向け）", "Medical claims as insurers receive them", KIND
)
