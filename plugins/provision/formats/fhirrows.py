"""Rows of FHIR resources: one row of a table per resource, or per element where the table says so (``#table``).

A row whose code is in none of the systems we know says nothing that could be compared, and is dropped and counted. So
is what a sender marks as entered in error. A reference to an encounter becomes its number within the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from provision.formats.documents import Row
from provision.formats.fhircells import getter, shaped
from provision.formats.fhirpaths import Path, is_read, parse, table
from provision.formats.fhirsystems import Systems
from provision.formats.tables import Field
from provision.formats.ukekind import DERIVED

Cell = Callable[[Any, Counter[str]], str | None]
#: Tables with readers of their own: who it is, values of tests, answers.
OWN = frozenset({"patient_record", "test_value", "answer"})
_CODES = frozenset({"code", "medicationCodeableConcept", "vaccineCode"})
_ENCOUNTER, _KIND = "encounter_no", "kind"
ERROR = "entered-in-error"


@dataclass(frozen=True)
class Plan:
    """How a kind of resource becomes rows of a table. `each` gives the elements that are rows of their own; `whole`
    and `part` are the cells of resource and element, by place in the row; `coded` the places of which one must be
    filled; `encounter` draws the reference to the encounter, `at` is its place."""

    table: str
    width: int
    whole: tuple[tuple[int, Cell], ...]
    part: tuple[tuple[int, Cell], ...]
    each: Callable[[Any], Sequence[Any]] | None
    coded: tuple[int, ...]
    encounter: Callable[[Any], Any] | None
    at: int
    kind: tuple[int, str] | None

    def rows(self, resource: Any, encounters: Mapping[str, str], counts: Counter[str]) -> Iterator[Row]:
        """The rows of one resource; numbers of `encounters` by their reference."""
        whole: list[str | None] = [None] * self.width
        for place, cell in self.whole:
            whole[place] = cell(resource, counts)
        if self.encounter is not None and (reference := self.encounter(resource)):
            whole[self.at] = encounters.get(reference)
        if self.kind is not None:
            whole[self.kind[0]] = self.kind[1]
        for element in (resource,) if self.each is None else self.each(resource):
            row = whole if self.each is None else [*whole]
            for place, cell in self.part:
                row[place] = cell(element, counts)
            if self.coded and not any(row[place] for place in self.coded):
                counts[f"fhir.no_known_code:{self.table}"] += 1
            else:
                yield row


@cache
def plans(systems: Systems) -> Mapping[str, Plan]:
    """By kind of resource."""
    made = {}
    for one in table().dataset.tables:
        if one.name in OWN:
            continue
        for source in one.source.split():
            kind, _, element = source.partition(".")
            made[kind] = _plan(one.name, kind, element, systems)
    return made


def _plan(name: str, kind: str, element: str, systems: Systems) -> Plan:
    columns = table().dataset.table(name).columns
    fields = {f.column.name: f for f in table().fields if f.table == name}
    whole: list[tuple[int, Cell]] = []
    part: list[tuple[int, Cell]] = []
    coded: list[int] = []
    for place, column in enumerate(columns):
        own = _paths(fields[column.name], kind)
        if not own or column.name == _ENCOUNTER:
            continue
        inner = bool(element) and all(path.steps[0].name == element.removesuffix("[]") for path in own)
        paths = tuple(Path(kind, path.steps[1:], path.every) for path in own) if inner else own
        (part if inner else whole).append((place, shaped(column, getter(paths, systems), f"{name}.{column.name}")))
        if paths[0].steps[0].name in _CODES and column.name != "modifiers":
            coded.append(place)
    places = [column.name for column in columns]
    reference = _paths(fields[_ENCOUNTER], kind) if _ENCOUNTER in fields else ()
    return Plan(
        table=name,
        width=len(columns),
        whole=tuple(whole),
        part=tuple(part),
        each=_elements(element) if element else None,
        coded=tuple(coded),
        encounter=getter(reference, systems) if reference else None,
        at=places.index(_ENCOUNTER) if _ENCOUNTER in places else -1,
        kind=(places.index(_KIND), kind.removeprefix("Medication").lower()) if _KIND in places else None,
    )


def _paths(one: Field, kind: str) -> tuple[Path, ...]:
    """The paths of a field from a kind of resource."""
    return () if one.index >= DERIVED or not is_read(one) else tuple(p for p in parse(one.record) if p.kind == kind)


def _elements(element: str) -> Callable[[Any], Sequence[Any]]:
    name = "f_" + element.removesuffix("[]")
    return lambda resource: [one for one in getattr(resource, name) or () if one is not None]


def in_error(resource: Any) -> bool:
    """Whether the sender says that it should never have been written."""
    if getattr(resource, "f_status", None) == ERROR:
        return True
    verification = getattr(resource, "f_verificationStatus", None)
    codings = getattr(verification, "f_coding", None) or ()
    return any(coding is not None and coding.f_code == ERROR for coding in codings)
