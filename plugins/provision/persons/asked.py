"""本人の特定: what an operator says of one person: each card and chart is a record, as they stand on what senders send.

Nobody is found by less than one number or name together with birth date and sex: these two are asked for every time, so
that a number that was mistyped, or is another's by now, does not meet a stranger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from provision.errors import Refused
from provision.formats.base import PEOPLE_COLUMNS, THE_SOURCE
from provision.identity import Person, normal

#: What may be said of a person, beside `source`: whose chart number it is where that names no facility.
FIELDS = (*PEOPLE_COLUMNS[1:], "source")
_LONGEST = 200


@dataclass(frozen=True)
class Asked:
    """One person: records with all of `FIELDS`, "" where nothing was said. In no repr."""

    records: tuple[Mapping[str, str], ...] = field(repr=False)

    @property
    def birth(self) -> str:
        """YYYYMMDD; the same in all records."""
        return normal(self.records[0]["birth"])

    def tokens(self, source: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Domain and parts of every token that the records have in a source."""
        for record in self.records:
            theirs = record["source"] in ("", source) or record["facility"] != THE_SOURCE
            yield from Person.of(record if theirs else {**record, "chart": ""}).tokens(source).items()

    def evidence(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Kind and parts of every piece of evidence."""
        for record in self.records:
            yield from Person.of(record).evidence().items()

    @classmethod
    def of(cls, records: Iterable[Mapping[str, str]]) -> Asked:
        """Of records that were checked before; what is not said is ""."""
        return cls(tuple({name: str(one.get(name, "")) for name in FIELDS} for one in records))

    def as_json(self) -> list[dict[str, str]]:
        """What `parse` reads."""
        return [{name: value for name, value in record.items() if value} for record in self.records]


def parse(text: str) -> Asked:
    """The person of a JSON object, or of a list of them, one for each card or chart. `Refused` names record and field,
    never a value."""
    try:
        said = json.loads(text)
    except ValueError:
        raise _refused("it is no JSON", "") from None
    found = said if isinstance(said, list) else [said]
    if not found or not all(isinstance(one, dict) for one in found):
        raise _refused("it is no object, and no list of objects", "")
    return checked([_record(number, one) for number, one in enumerate(found, 1)])


def checked(records: list[dict[str, str]]) -> Asked:
    """The person of these records. `Refused` where they name nobody, or more than one."""
    for number, record in enumerate(records, 1):
        _check_birth(number, normal(record["birth"]))
        if normal(record["sex"]) not in ("1", "2"):
            raise _refused("it is neither 1 (male) nor 2 (female)", f"record {number}, sex")
        if record["facility"] == THE_SOURCE and not record["source"]:
            raise _refused("a chart number without a facility needs its source", f"record {number}, source")
    if len({(normal(one["birth"]), normal(one["sex"])) for one in records}) != 1:
        raise _refused("the records have different births or sexes, so they are not one person's", "")
    asked = Asked(tuple(records))
    if not any(Person.of(one).tokens("any") for one in records):
        raise _refused("no card, care number, chart or kana name is complete", "")
    return asked


def _record(number: int, said: Mapping[object, object]) -> dict[str, str]:
    for position, (name, value) in enumerate(said.items(), 1):
        if name not in FIELDS:
            raise _refused("there is no such field", f"record {number}, field {position}")
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise _refused("it is no text, or too long", f"record {number}, {name}")
    return {name: str(said.get(name, "")) for name in FIELDS}


def _check_birth(number: int, birth: str) -> None:
    try:
        if len(birth) != 8 or not birth.isascii():
            raise ValueError
        date.fromisoformat(birth)
    except ValueError:
        raise _refused("it is no date YYYYMMDD", f"record {number}, birth") from None


def _refused(what: str, where: str) -> Refused:
    return Refused(
        what, where=where or "the person", rule="person.form",
        remedy=f"say birth and sex, and a card, care number, chart or kana name; fields: {', '.join(FIELDS)}",
    )  # fmt: skip
