"""Returned claims (返戻ファイル, ``*.HEN``): which claims the review body sent back, and why.

Source: the specification of the return files of about 2014 as quoted in a parser (grade B for medical and DPC claims, C
for dental and dispensing ones); 検索番号 in RE by the specification of 令和4年4月 (grade A). ``HI {RE [HO] KO* … HR+
[history]} HG``: of the claim itself only RE, HO, KO and SN are read (its number, month, type, facility and person), all
else is accepted by its kind. HR gives class and code of the reason, its texts are dropped. HG is counted like GO.

The rows take back claims of the dataset they withdraw. A claim that is made again (再請求) is no return: how such a
file begins is not known here, and one that does not begin with HI is not taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from provision.formats.base import Parcel, Report
from provision.formats.options import no_options
from provision.formats.recodeinfo import ADDED, PlainReturns
from provision.formats.recordfile import CHUNK
from provision.formats.ukefile import UkeFormat
from provision.formats.ukekind import MARKED, UkeKind
from provision.formats.ukerecognise import RETURNS

_READ = ("HI", "RE", "HO", "KO", "SN", "HR", "HG")


@dataclass(frozen=True)
class UkeReturns(UkeFormat):
    """A reader of returned claims."""

    form: str = RETURNS

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Parcels of whole claims; see `Format.read`. Raises `BadFile`; the totals of HG are reconciled."""
        no_options(self.id, options)
        return self.claims(cast(BinaryIO, PlainReturns(stream, report)), report, CHUNK)


def returns_kind(kind: UkeKind, words: tuple[str, str, str]) -> UkeKind:
    """The returned claims of `kind`, under the dataset's id and names; they withdraw claims of the kind's dataset."""
    unread = {*kind.records, *kind.unread, *ADDED, "IR", "UK", "YK", "MN", MARKED} - set(_READ)
    return replace(
        kind, records=_READ, unread=tuple(sorted(unread)), opening="HI", header="HI", start="RE", closing="HG",
        added=("uke_returns",), summary=(), nesting=(), nested=(),
        least={"HI": 6, "RE": 7, "HO": 6, "HR": 3, "HG": 3}, grown="", dataset_words=words,
        withdraws=kind.fields.dataset.id,
    )  # fmt: skip
