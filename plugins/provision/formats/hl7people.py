"""Who is in a message: PID, the first health insurance of IN1 or ZI1, and the facility whose chart number it is.

* PID-3 is the chart number (repetition of type PI where there are several); it is one of a facility, which MSH-4 says
  as 医療機関コード of ten digits, or the source's option. Where neither does, no facility is given, and the chart
  number joins nothing.
* PID-5 by XPN-8: I 漢字, P カナ (A, Latin letters, is not read); without it by the characters.
* IN1-10 is 記号~番号~枝番; ZI1 (PPR-01) has 記号 and 番号 in 10 and 11. Cards of public expenses (公費) are none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from provision.formats.base import BadFile
from provision.formats.hl7message import Message, Segment, value
from provision.formats.hl7options import FACILITY, Options

#: 法別番号 of health insurance (table JHSD0001 of JAHIS); of six-digit numbers (国保) there is none.
INSURANCES = frozenset(
    ["01", "02", "03", "04", "06", "07", "31", "32", "33", "34", "39", "63", "67", "72", "73", "74", "75"]
)
_KANA = re.compile(r"[ァ-ヿｦ-ﾟ・\s]+")
SEXES = {"M": "1", "F": "2"}
_CARD_PARTS = 3
_AGAIN = "ask the sender for the message again"

_DIGITS = re.compile(r"[0-9]+")


class Card(NamedTuple):
    """被保険者証: "" where something is not there."""

    insurer: str
    symbol: str
    number: str
    branch: str


def patient(message: Message) -> Segment:
    """The one PID. Raises `BadFile`: ``hl7.no_patient`` where it or its PID-3 is missing, ``hl7.patients`` where there
    are several PID or several numbers of one kind in PID-3."""
    found = message.named("PID")
    if len(found) > 1:
        raise BadFile("hl7.patients", field="PID", remedy=f"a message is about one patient; {_AGAIN}")
    if not found or not _charts(message, found[0]):
        raise BadFile("hl7.no_patient", field="PID-3", remedy=f"it does not say whose it is; {_AGAIN}")
    if len(_charts(message, found[0])) > 1:
        raise BadFile(
            "hl7.patients", field="PID-3", remedy="it has several patient numbers; ask which one is the chart's"
        )
    return found[0]


def _charts(message: Message, pid: Segment) -> set[str]:
    """Different chart numbers: those of type PI where there are any, else all."""
    said = [(message.part(one, 1), message.part(one, 5)) for one in message.repeated(value(pid, 3))]
    numbers = [(number, kind) for number, kind in said if number.strip()]
    return {number for number, kind in numbers if kind == "PI"} or {number for number, _ in numbers}


def facility(message: Message, options: Options) -> str:
    """医療機関コード of ten digits from MSH-4, else the option, else "". Raises `BadFile` ``hl7.facility`` where
    both are there and differ: then these are not the messages of this source."""
    said = message.part(value(message.segments[0], 4), 1)
    if not FACILITY.fullmatch(said):
        return options.facility
    if options.facility not in ("", said):
        raise BadFile("hl7.facility", field="MSH-4", remedy="it is another facility than the source's; ask the sender")
    return said


def person(message: Message, pid: Segment, place: str, own: Card) -> dict[str, str | None]:
    """Who it is, by the names of `PEOPLE_COLUMNS`; `place` is the facility, `own` the card."""
    name, kana = _names(message, value(pid, 5))
    return {
        "name": name,
        "kana": kana,
        "birth": message.part(value(pid, 7), 1)[:8],
        "sex": SEXES.get(message.part(value(pid, 8), 1)),
        "facility": place,
        "chart": next(iter(_charts(message, pid))),
        "phone": _phone(message, (value(pid, 13), value(pid, 14))),
        "address": _address(message, value(pid, 11)),
        **own._asdict(),
    }


def _names(message: Message, text: str) -> tuple[str, str]:
    found: dict[str, str] = {}
    for one in message.repeated(text):
        words = [word for number in (1, 2, 3) if (word := message.part(one, number))]
        said, name = message.part(one, 8), "\u3000".join(words)
        kind = said or ("P" if _KANA.fullmatch(unicodedata.normalize("NFKC", name)) else "I")
        if name:
            found.setdefault(kind, name)
    return found.get("I", ""), found.get("P", "")


def _phone(message: Message, fields: Sequence[str]) -> str:
    """The first number: XTN-1, or since 2.5 XTN-12 (unformatted), or in parts (5 to 7)."""
    for text in fields:
        for one in message.repeated(text):
            parts = [message.part(one, number) for number in (1, 12)]
            pieces = [message.part(one, number) for number in (6, 7)]
            found = next(filter(None, parts), "") or "-".join(filter(None, pieces))
            if found:
                return found
    return ""


def _address(message: Message, text: str) -> str:
    """XAD-8 (the whole, JP use), else city and street."""
    for one in message.repeated(text):
        whole = message.part(one, 8) or "".join(message.part(one, number) for number in (4, 3, 1, 2))
        if whole:
            return whole
    return ""


def postal_code(message: Message, pid: Segment) -> str | None:
    """Seven digits of XAD-5 of the first address that has one."""
    for one in message.repeated(value(pid, 11)):
        digits = "".join(_DIGITS.findall(unicodedata.normalize("NFKC", message.part(one, 5))))
        if len(digits) == 7:
            return digits
    return None


def is_insurance(message: Message, segment: Segment) -> bool:
    """Whether IN1 or ZI1 is of a health insurance: by the number, else by the 法別 of the plan."""
    number = insurer_number(message, segment)
    law = number[:2] if len(number) == 8 else message.part(value(segment, 2), 1)
    return len(number) == 6 or law in INSURANCES


def insurer_number(message: Message, segment: Segment) -> str:
    """保険者番号 or 公費負担者番号, without spaces; zero padding of six digits taken away."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", message.part(value(segment, 3), 1)))
    return plain[2:] if len(plain) == 8 and plain.startswith("00") else plain


def card(message: Message) -> Card:
    """The card of the first health insurance with a number, else of the first at all."""
    cards = []
    for segment in message.segments:
        if segment[0] in ("IN1", "ZI1") and is_insurance(message, segment):
            cards.append(Card(insurer_number(message, segment), *_numbers(message, segment)))
    return next((one for one in cards if one.number), cards[0] if cards else Card("", "", "", ""))


def _numbers(message: Message, segment: Segment) -> tuple[str, str, str]:
    """Symbol, number, branch. A lone value is the number (後期高齢者 have no symbol); more than three are nothing."""
    if segment[0] == "ZI1":
        return message.part(value(segment, 10), 1), message.part(value(segment, 11), 1), ""
    parts = [message.part(one, 1) for one in message.repeated(value(segment, 10))]
    if len(parts) > _CARD_PARTS:
        return "", "", ""
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) == _CARD_PARTS else ""
