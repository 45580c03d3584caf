"""One HL7 v2 message taken apart: delimiters from its own header, segments, fields, components, escapes.

Fields are numbered as HL7 does, so that MSH-1 is the separator itself. Segments that nothing is read of are counted and
not split: relatives (NK1), notes (NTE), whatever begins with Z (but cards in ZI1), and all that we do not know.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from provision.formats.base import BadFile

#: Segments that something is read of.
READ = frozenset(
    [
        "MSH",
        "EVN",
        "PID",
        "PV1",
        "OBX",
        "AL1",
        "IAM",
        "IN1",
        "ZI1",
        "PRB",
        "ORC",
        "TQ1",
        "RXE",
        "RXA",
        "RXR",
        "RXC",
        "OBR",
        "SPM",
        "IPC",
    ]
)
#: A message of more segments than this is none.
SEGMENTS = 200_000
#: A segment over this many characters is none, but for results, whose OBX-5 may be a whole document: one of few marks.
SEGMENT_LIMIT, DELIMITERS = 64 * 1024, 10_000
_NAMED = re.compile(r"[A-Z][A-Z0-9]{2}")
_AGAIN = "ask the sender for the message again"

Segment = list[str]


@dataclass
class Message:
    """`segments` in order, each a list of fields by HL7 number (the name at 0); `counts` of what was passed over."""

    separator: str
    component: str
    repetition: str
    escape: str
    sub: str
    segments: list[Segment] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def named(self, name: str) -> list[Segment]:
        """All segments of one name."""
        return [segment for segment in self.segments if segment[0] == name]

    def repeated(self, text: str) -> list[str]:
        """The repetitions of a field."""
        return text.split(self.repetition)

    def parts(self, text: str) -> list[str]:
        """The components of the first repetition of a field, still escaped."""
        return text.split(self.repetition, 1)[0].split(self.component)

    def part(self, text: str, number: int) -> str:
        """One component (from 1) of the first repetition, without escapes; "" where there is none or HL7's null."""
        if not text or (number > 1 and self.component not in text):
            return ""
        found = text.split(self.repetition, 1)[0].split(self.component, number)
        return self.plain(found[number - 1]) if number <= len(found) else ""

    def plain(self, text: str) -> str:
        """The first sub-component, without escapes; HL7's null (two quotes) is nothing."""
        value = text.split(self.sub, 1)[0] if self.sub in text else text
        if self.escape in value:
            value = unescaped(value, self)
        return "" if value == '""' else value


def parsed(text: str) -> Message:
    """The message of a text of one message. Raises `BadFile`: ``hl7.delimiters``, ``hl7.segment`` for a line that is
    no segment, ``hl7.segment_size`` and ``hl7.segments`` for more than a message has, ``hl7.messages`` where a second
    header stands in it."""
    plain = text.replace("\n", "\r")
    if plain.count("\r") > SEGMENTS:
        raise BadFile("hl7.segments", remedy=f"there are more segments in it than a message has; {_AGAIN}")
    lines = [line for line in plain.split("\r") if line]
    message = _delimiters(lines[0])
    _refuse_long(message, lines[0])
    head = lines[0].split(message.separator)
    message.segments.append(["MSH", message.separator, *head[1:]])
    for line in lines[1:]:
        _take(message, line)
    return message


def _refuse_long(message: Message, line: str) -> None:
    if len(line) > SEGMENT_LIMIT and not _is_document(message, line):
        raise BadFile("hl7.segment_size", field=line[:3], remedy=f"no segment is that long; {_AGAIN}")


def _is_document(message: Message, line: str) -> bool:
    """Whether all that is long of a segment is OBX-5, as a document in letters and digits is."""
    marks = sum(map(line.count, (message.separator, message.component, message.repetition, message.sub)))
    if line[:3] != "OBX" or marks > DELIMITERS:
        return False
    return len(line) - len(value(line.split(message.separator), 5)) <= SEGMENT_LIMIT


def value(segment: Segment, number: int) -> str:
    """A field by its HL7 number, "" where the segment ends before it."""
    return segment[number] if number < len(segment) else ""


def _delimiters(header: str) -> Message:
    """From MSH-1 and MSH-2: five different signs (a sixth, of 2.7, is no use here)."""
    marks = header[3:8]
    rest = header[8:9]
    signs = all(33 <= ord(mark) < 127 and not mark.isalnum() and mark != '"' for mark in marks)
    if len(set(marks)) != 5 or not signs or (rest != marks[0] and header[9:10] != marks[0]):
        raise BadFile("hl7.delimiters", field="MSH-2", remedy=f"MSH-1 and MSH-2 do not name five signs; {_AGAIN}")
    return Message(*marks)


def _take(message: Message, line: str) -> None:
    name = line[:3]
    if not _NAMED.fullmatch(name) or line[3:4] not in ("", message.separator):
        raise BadFile("hl7.segment", remedy=f"a line is no segment, such as text with line breaks in it; {_AGAIN}")
    if name == "MSH":
        raise BadFile("hl7.messages", remedy="there is more than one message in it; ask the sender for one each")
    if name in READ:
        _refuse_long(message, line)
        message.segments.append(line.split(message.separator))
    else:
        message.counts[_PASSED.get(name) or ("hl7.z_segments" if name[0] == "Z" else "hl7.other_segments")] += 1


_PASSED = {"NK1": "hl7.relatives", "NTE": "hl7.notes"}


def unescaped(text: str, message: Message) -> str:
    """Escape sequences (HL7 v2.5 section 2.7) as the characters they stand for; formatting and what we do not know
    is left out. A sign without its pair stays."""
    mark = re.escape(message.escape)
    signs = {
        "F": message.separator, "S": message.component, "T": message.sub, "R": message.repetition, "E": message.escape,
        ".br": "\n",
    }  # fmt: skip

    def sign(match: re.Match[str]) -> str:
        word = match[1]
        return _hexadecimal(word[1:]) if word.startswith("X") else signs.get(word, "")

    return re.sub(f"{mark}([^{mark}]*){mark}", sign, text)


def _hexadecimal(digits: str) -> str:
    """ASCII characters by their codes; anything else is left out, since its character set is not known."""
    if len(digits) % 2 or not re.fullmatch(r"[0-9A-Fa-f]*", digits):
        return ""
    found = bytes.fromhex(digits)
    return found.decode("ascii") if found.isascii() else ""
