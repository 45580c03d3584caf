"""A message as a document: the head row, whose it is, and the rows of the other tables; and parcels of many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from provision.formats import hl7coded, hl7fields, hl7kinds, hl7people
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Parcel, Report
from provision.formats.documents import Document, gathered
from provision.formats.hl7coded import day
from provision.formats.hl7kinds import Kind
from provision.formats.hl7message import Message, Segment, parsed, value
from provision.formats.hl7options import Options
from provision.formats.hl7rows import Rows
from provision.formats.hl7text import message_text
from provision.formats.numbers import failing_insurer_numbers

_AGAIN = "ask the sender for the message again"
_ACTIONS = {True: "C", False: "N"}


@dataclass
class Taken(Document):
    """What a message gave. `counts`: what was passed over or not kept, by rule."""

    counts: Counter[str] = field(default_factory=Counter)


def take(raw: bytes, dataset: str, kinds: Mapping[str, Kind], options: Options) -> Taken:
    """Take one message of one of `kinds` apart, for the tables of `dataset`. Raises `BadFile`, and nothing else."""
    message = parsed(message_text(raw, options.encoding))
    name = hl7kinds.type_of(message)
    _check(message, name, kinds)
    pid, kind = hl7people.patient(message), kinds[name]
    place = hl7people.facility(message, options)
    who = hl7people.person(message, pid, place, hl7people.card(message))
    taken = Taken(people=[[who.get(column) for column in PEOPLE_COLUMNS[1:]]], counts=message.counts)
    rows = Rows(message, kind, options, taken.counts)
    rows.take()
    key = hl7kinds.transaction(message, name, kind, parts=dataset != "ssmix2")
    said = {"facility": place, "insurer": who["insurer"], "message_type": name, hl7fields.TRANSACTION: key}
    head = {column: who[column] for column in hl7fields.IDENTIFYING} | _head(message, pid, kind) | said
    for table, cells in [(hl7fields.made(dataset).head, head), *rows.made]:
        taken.add(table, [cells.get(column) for column in hl7fields.names(dataset, table)])
    return taken


def _check(message: Message, name: str, kinds: Mapping[str, Kind]) -> None:
    msh = message.segments[0]
    if not message.part(value(msh, 12), 1).startswith("2."):
        raise BadFile("hl7.version", field="MSH-12", remedy="it is not HL7 v2; ask the sender what it is")
    if name not in kinds:
        raise BadFile(
            "hl7.type", field="MSH-9", remedy="messages of this type are not taken; ask the sender to leave them out"
        )
    if message.part(value(msh, 11), 1) not in ("P", ""):
        raise BadFile(
            "hl7.processing", field="MSH-11", remedy="it is for training or debugging, not of a patient; leave it out"
        )
    if day(message.part(value(msh, 7), 1)) is None:
        raise BadFile("hl7.date", field="MSH-7", remedy=f"the message has no date; {_AGAIN}")


def _head(message: Message, pid: Segment, kind: Kind) -> dict[str, str | None]:
    """The row of the message itself."""
    event = [day(message.part(value(evn, 6), 1)) for evn in message.named("EVN")]
    return {
        "message_date": day(message.part(value(message.segments[0], 7), 1)),
        "service_month": hl7kinds.day_of(message, kind)[:6],
        "action": _ACTIONS[hl7kinds.cancels(message, kind)],
        "event_date": event[0] if event else None,
        "birth_month": day(message.part(value(pid, 7), 1)),
        "sex": hl7people.SEXES.get(message.part(value(pid, 8), 1)),
        "zip3": hl7people.postal_code(message, pid),
        "died": message.part(value(pid, 29), 1)[:6],
        "dead": hl7coded.listed(message.part(value(pid, 30), 1), "hl7_yes_no"),
    }


def parcel(dataset: str, edition: str, documents: Sequence[Taken], report: Report) -> Parcel:
    """One parcel of many messages; fills the report with what they counted."""
    report.edition = edition
    for taken in documents:
        for rule, count in taken.counts.items():
            report.warn(rule, count)
    found = gathered(hl7fields.made(dataset), documents, report)
    report.warn("check_digit:insurer", failing_insurer_numbers(found.people["insurer"]))
    facilities = found.people["facility"]
    report.warn("hl7.no_facility", int((facilities.fill_null("") == "").sum()))
    return found
