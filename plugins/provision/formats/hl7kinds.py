"""Message types (MSH-9): which are taken, and what makes two messages the same transaction.

The types are those of the SS-MIX2 standard storage (its データ種別 beside them; formats.md section 7, grade B), and the
cancellations and updates that HL7 interfaces send for them. Others are refused: nobody has said what is in them.

A transaction is what a sender would write over: SS-MIX2 keeps one file per patient, day, type and order number, and one
per patient where the day is ``-``. Plain HL7 tells results and administrations in parts under one order number, so
there the filler's number and the test, or the moments of giving, are part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provision.formats.hl7coded import day
from provision.formats.hl7message import Message, value

#: ORC-1 of an order that never was: cancel, cancelled, cancelled as requested (HL7 table 0119). One that is
#: discontinued (DC) was there until then, and stands.
_CANCELLED = frozenset({"CA", "OC", "CR"})


@dataclass(frozen=True)
class Kind:
    """One message type. `key` says what identifies its transaction: ``patient`` (one per patient), ``problem`` (one
    per patient and department), ``visit`` (its moment), ``order``, ``administration`` (order and day) or ``result``;
    `day` where its day stands (segment, field).

    `base` is the type whose transactions it takes back (a cancellation), "" where it is none. `orc_follows`: ORC stands
    behind the OBR it belongs to.
    """

    key: str
    day: tuple[str, int] | None = None
    base: str = ""
    orc_follows: bool = False


_ORDER = Kind("order", ("ORC", 9))
_ADMITTED, _MOVED, _LEFT = Kind("visit", ("PV1", 44)), Kind("visit", ("EVN", 6)), Kind("visit", ("PV1", 45))
#: Types of the standard storage, and where the day of each stands (SSMIX_CAREDATE of the national hospital
#: organisation's test tool).
STORAGE: Mapping[str, Kind] = {
    "ADTA08": Kind("patient"),  # ADT-00 患者基本情報
    "ADTA04": _ADMITTED,  # ADT-12 外来診察の受付
    "ADTA01": _ADMITTED,  # ADT-22 入院実施
    "ADTA02": _MOVED,  # ADT-42 転科・転棟
    "ADTA03": _LEFT,  # ADT-52 退院実施
    "ADTA60": Kind("patient"),  # ADT-61 アレルギー
    "PPRZD1": Kind("problem"),  # PPR-01 病名
    "OMDO03": _ORDER,  # OMD 食事
    "RDEO11": _ORDER,  # OMP-01, OMP-02 処方・注射オーダ
    "RASO17": Kind("administration", ("RXA", 3)),  # OMP-11, OMP-12 実施通知
    "OMLO33": _ORDER,  # OML-01 検体検査オーダ
    "OULR22": Kind("result", ("SPM", 17), orc_follows=True),  # OML-11 検体検査結果
    "OMGO19": _ORDER,  # OMG-01 to -03 検査オーダ
    "OMIZ23": Kind("order", ("OBR", 7)),  # OMG-11, OMG-12 検査実施
    "ORUR01": Kind("result", ("OBR", 7)),  # OMG-13 生理検査結果
    "ORUR30": Kind("result", ("OBR", 7)),  # バイタル (extended storage)
}
#: What plain HL7 v2 interfaces send besides.
PLAIN: Mapping[str, Kind] = {
    **STORAGE,
    "ADTA11": Kind("visit", ("PV1", 44), base="ADTA01"),
    "ADTA12": Kind("visit", ("EVN", 6), base="ADTA02"),
    "ADTA13": Kind("visit", ("PV1", 45), base="ADTA03"),
    "ADTA28": Kind("patient"),
    "ADTA31": Kind("patient"),
    "ORMO01": _ORDER,
    "OMLO21": _ORDER,
}


def type_of(message: Message) -> str:
    """Message type and event of MSH-9 in one word (``ADTA08``)."""
    said = value(message.segments[0], 9)
    return f"{message.part(said, 1)}{message.part(said, 2)}".upper()


def cancels(message: Message, kind: Kind) -> bool:
    """Whether the message only takes back what it names: a cancellation event, or an order whose every ORC says so."""
    controls = {message.part(value(orc, 1), 1) for orc in message.named("ORC")}
    return bool(kind.base) or (kind.key == "order" and bool(controls) and controls <= _CANCELLED)


def day_of(message: Message, kind: Kind) -> str:
    """YYYYMMDD: the first day that the message says of what it is about, else that of MSH-7; "" where there is none."""
    places = [kind.day] if kind.day else []
    for name, number in [*places, ("EVN", 6), ("MSH", 7)]:
        for segment in message.named(name):
            if found := day(message.part(value(segment, number), 1)):
                return found
    return ""


def transaction(message: Message, name: str, kind: Kind, *, parts: bool) -> str:
    """What tells this transaction from the others of its patient, "" where the message does not say it. `parts`: the
    results of an order may come in several messages."""
    found = _numbers(message, kind, parts=parts)
    return "/".join([kind.base or name, *found]) if kind.key == "patient" or (found and all(found)) else ""


def _numbers(message: Message, kind: Kind, *, parts: bool) -> list[str]:
    if kind.key == "visit" and kind.day:
        return [message.part(value(s, kind.day[1]), 1) for s in message.named(kind.day[0])[:1]]
    if kind.key == "problem":
        return ["+".join(_all(message, "ORC", 17)) or "-"]
    if not (order := _orders(message, parts=parts)):
        return []
    if kind.key == "administration":
        given = _all(message, "RXA", 3)
        return [*order, "+".join(given) if parts else "".join(given[:1])[:8]]
    if kind.key == "result" and parts:
        return [*order, "+".join(_all(message, "OBR", 3)) or "-", "+".join(_all(message, "OBR", 4)) or "-"]
    return order


def _orders(message: Message, *, parts: bool) -> list[str]:
    """The order number: all there are, or of the storage the first, which its file is named by."""
    for name in ("ORC", "OBR"):
        found = [number for s in message.named(name) if (number := message.part(value(s, 2), 1))]
        if found:
            return ["+".join(sorted(set(found)))] if parts else found[:1]
    return []


def _all(message: Message, name: str, number: int) -> list[str]:
    """The different values of a field in all segments of one name, sorted."""
    return sorted({found for s in message.named(name) if (found := message.part(value(s, number), 1))})
