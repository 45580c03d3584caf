"""SS-MIX2 標準化ストレージ: one HL7 v2.5 message per file, in a tree of folders by patient, day and type.

The name of a file ends with its condition: 1 in force, 0 deleted, 2 an old version. The latter two hold nothing to take
(formats.md section 7, grade B). Everything else is told by the content; names and folders hold patients' numbers and go
nowhere. Fields and rules: `hl7fields`, `hl7kinds`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from provision.formats import hl7fields, hl7kinds, hl7recognise, hl7taken
from provision.formats.base import Dataset, Parcel, Report
from provision.formats.documents import read_one
from provision.formats.hl7options import options_of
from provision.formats.hl7text import refuse_cut_off
from provision.formats.tables import Field, FieldTable

#: <患者ID>_<診療日 or ->_<データ種別>_<オーダ番号>_<発生日時>_<診療科>_<コンディションフラグ>
_NAME = re.compile(
    r"[^_/\\]+_(?:[0-9]{8}|-)_[A-Z]{3}(?:-[0-9]{2})?_[^_/\\]+_[0-9]{8,20}_[^_/\\]+_([012])(?:\.[A-Za-z0-9]{1,4})?"
)
_PASSED_OVER = {"0": "ssmix2.deleted", "2": "ssmix2.old_version", "1": ""}


@dataclass(frozen=True)
class Ssmix2:
    """The reader; options ``facility`` and ``items`` (`hl7options`)."""

    id: str = "ssmix2"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "SS-MIX2標準化ストレージ", "en": "SS-MIX2 standard storage"}

    @property
    def dataset(self) -> Dataset:
        """The tables of HL7 messages."""
        return hl7fields.storage().dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """HL7 v2.5, which all versions of the standard storage so far use."""
        return (hl7fields.storage(),)

    def never_reads(self, field: Field) -> bool:
        """Dropped fields that tell nobody's identity are never read."""
        return hl7fields.never_reads(field)

    def recognise(self, head: bytes) -> str:
        """By the header: type, version and the profile of SS-MIX2, and no second message."""
        return "one HL7 2.5 message that names the profile of SS-MIX2" if hl7recognise.is_storage(head) else ""

    def may_yet_be(self, head: bytes) -> bool:
        """A storage before 1.2 does not name the profile."""
        return hl7recognise.may_be_storage(head)

    def passed_over(self, name: str) -> str:
        """By the condition at the end of the name: deleted files and old versions."""
        found = _NAME.fullmatch(re.split(r"[/\\]", name)[-1])
        return _PASSED_OVER[found[1]] if found else ""

    def document(self, data: bytes, options: Mapping[str, object]) -> hl7taken.Taken:
        """One message. Raises `BadFile`; `FixConfiguration` for options that are not ours."""
        said = options_of(self.id, options, "facility", "items")
        taken = hl7taken.take(data, self.dataset.id, hl7kinds.STORAGE, said)
        refuse_cut_off(data)
        return taken

    def parcel(self, documents: Sequence[Any], report: Report, options: Mapping[str, object]) -> Parcel:
        """Tables of many messages."""
        return hl7taken.parcel(self.dataset.id, self.dataset.edition, documents, report)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """The parcel of one file. Raises `BadFile`."""
        yield from read_one(self, stream, report, options)


FORMAT = Ssmix2()
