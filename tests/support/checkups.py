"""Checkup documents for tests: the fictitious world's, de-identified as on receipt, and one to write by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import polars as pl

from anonymization.receipt import Applied
from provision.formats import formats
from provision.formats.base import Report
from provision.formats.documents import DocumentFormat
from provision.intake.deidentify import deidentify
from provision.sampledata.blocks import World, make_block
from provision.sampledata.deliveries import senders
from provision.sampledata.deliveries.base import Delivery, Written
from provision.sampledata.illness import Visit

#: Names of the world's physicians, who stand in documents besides their patients.
PHYSICIANS = ("架空川　医師郎", "架空川医師郎")


def document_format(form: str) -> DocumentFormat:
    """A format of documents by its id."""
    found = formats()[form]
    assert isinstance(found, DocumentFormat)
    return found


@cache
def visits(form: str, count: int, style: int = 0, seed: int = 4) -> tuple[Delivery, tuple[Visit, ...]]:
    """A delivery of the world and its first visits."""
    world = World.of(seed, 1, ("2025-05", "2025-06"))
    sender = senders()[form]
    month = world.months[0]
    found = tuple(sender.occasion(world, make_block(world, 0), month, True))[:count]
    assert found
    return sender.delivery(month, style), found


def written(form: str, count: int = 20, style: int = 0, seed: int = 4) -> Iterator[tuple[Visit, Written]]:
    """Documents of the world with the visit they are of."""
    delivery, seen = visits(form, count, style, seed)
    for visit in seen:
        for one in delivery.documents(visit):
            yield visit, one


def stored(
    form: str, documents: list[bytes], options: Mapping[str, object] | None = None
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, Report]:
    """What receipt would store of documents, who is in them, and the report."""
    source, report = document_format(form), Report()
    parcel = source.parcel([source.document(data, options or {}) for data in documents], report, options or {})
    return deidentify(parcel, source.dataset, report, Applied()), parcel.people, report


def identifying(visit: Visit) -> list[tuple[str, str]]:
    """What names the person of a visit, in the ways documents write it."""
    person, card = visit.person, visit.coverage
    assert card is not None
    found = [("name", person.name), ("name", person.name.replace("　", "")), ("kin", person.kin_name)]
    found += [("kana", f"{person.surname.kana}{gap}{person.given.kana}") for gap in ("", "　", " ")]
    found += [("phone", person.phone), ("phone", person.phone.replace("-", "")), ("address", person.address.text)]
    found += [("birth", f"{date_of(person.birth)}"), ("zip", person.address.zip)]
    found += [("zip", f"{person.address.zip[:3]}-{person.address.zip[3:]}")]
    found += [("insured", f"{card.symbol}{card.number}"), ("number", f"0{card.number}0")]
    found += [("physician", name) for name in PHYSICIANS]
    return found


def date_of(day: int) -> str:
    """YYYYMMDD of a day."""
    from provision.sampledata.calendar import compact

    return compact(day)
