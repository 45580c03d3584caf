"""HL7 v2.5 messages of `kita-hospital` in one file: in a batch or not, framed or not, in the character sets of the
programs that write them."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from provision.sampledata.calendar import Month
from provision.sampledata.deliveries.ssmix2 import message_evidence, message_text
from provision.sampledata.facilities import KITA
from provision.sampledata.hl7segment import CR, writable
from provision.sampledata.hl7world import messages
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.base import Sheet


class _Program(NamedTuple):
    """How a program writes: encoding, MSH-18, framing around a message, with FHS and BHS or without."""

    encoding: str
    charset: str
    before: str
    behind: str
    batch: bool


_PROGRAMS = (
    _Program("iso2022_jp", "~ISO IR87", "", "", True),
    _Program("utf-8", "UNICODE UTF-8", "\x0b", "\x1c\r", False),
    _Program("cp932", "Shift_JIS", "", "", True),
    _Program("utf-8", "UNICODE UTF-8", "", "", False),
)
#: Segments of which every one is a row of its table.
_COUNTED = ("PV1", "IN1", "PRB", "IAM", "RXE", "OBR", "OBX")


class Hl7Sheet(Sheet):
    """One file of messages."""

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self.program = _PROGRAMS[style % len(_PROGRAMS)]
        self.encoding = self.program.encoding

    def entry(self, visit: Visit, kind: str) -> str:
        """The messages of a visit."""
        found = messages(visit)
        self.totals["messages"] += len(found)
        program = self.program
        texts = (message_text(visit, sent, program.charset, whole=sent.whole) for sent in found)
        text = "".join(f"{program.before}{text}{program.behind}" for text in texts)
        return writable(text) if program.encoding == "iso2022_jp" else text

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """A row per message."""
        return [message_evidence(visit, sent, whole=sent.whole) for sent in messages(visit)]

    def rows(self, text: str) -> Counter[str]:
        """Segments that are rows; results in words are none."""
        lines = (line.lstrip("\x0b\x1c").split("|") for line in text.split(CR))
        return Counter(cells[0] for cells in lines if cells[0] in _COUNTED and cells[1:3][-1:] != ["TX"])

    def head(self) -> str:
        """FHS and BHS."""
        opened = rf"|^~\&|HIS{KITA.code}|{KITA.name}|GW|RCV|{self.month.compact}01||{KITA.name}|{KITA.phone}"
        return f"FHS{opened}{CR}BHS{opened}{CR}" if self.program.batch else ""

    def tail(self) -> str:
        """BTS and FTS with their counts."""
        return f"BTS|{self.totals['messages']}|{KITA.name}{CR}FTS|1{CR}" if self.program.batch else ""
