"""Records of lines: every resource is a record of its own, and its person is known by the reference to the Patient
alone, whose own line may lie in another file.

So lines carry the reference as a chart number of the source itself (`THE_SOURCE`), and all lines of a patient meet in
it. The number under which the hospital knows the patient is not used there, since a record has one chart number; the
card is (memberID, Coverage). Lines of kinds that are not read make no record and are counted; a bundle is no line, and
may hold anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from operator import attrgetter, not_
from typing import Any

import numpy as np

from provision.formats.base import THE_SOURCE
from provision.formats.documents import Row
from provision.formats.fhircoded import Coded
from provision.formats.fhirelements import Nodes
from provision.formats.fhirpeople import Cells, numbered, of_coverage, of_patient, patient_id, person
from provision.formats.fhirrecords import HEADS, Groups, Kind, Plain, Records, first, grouped, kind_of, without
from provision.formats.fhirsystems import Systems

BUNDLE, SUBJECT, PASSED = "fhir.bundle", "fhir.subject", "fhir.passed"


class _Patients(dict[str | None, str | None]):
    """The id of a patient by the reference; the same references stand in many lines."""

    def __missing__(self, reference: str | None) -> str | None:
        found = self[reference] = patient_id(reference)
        return found


def refusal(resource: Any, systems: Systems) -> str:
    """The rule of a resource that is not taken, "" for any other."""
    kind = kind_of(resource.__class__)
    if rule := passed(kind):
        return rule
    (subject,) = kind.subjects([resource])
    (plain,) = _are_plain(kind, [subject])
    told = patient_id(subject.f_reference) if plain else _full(resource, kind, systems)
    return SUBJECT if told is None else ""


def passed(kind: Kind) -> str:
    """The rule of resources of a kind that is not taken: of those that say nothing of a person `PASSED`."""
    if kind.wanted or not kind.passed:
        return ""
    return BUNDLE if kind.name == "Bundle" else PASSED


def of_lines(found: Sequence[Any], systems: Systems, groups: Groups | None = None) -> tuple[Records, Mapping[int, str]]:
    """The records of resources, in order, and by place the rule of those that cannot be taken. `groups` are they by
    their kinds, where that is known."""
    lines = _Lines(found, systems)
    for kind, (places, nodes) in (groups or grouped(found)).items():
        lines.take(kind, places, nodes)
    return lines.records(), lines.refused


class _Lines:
    """Resources in order, `taken` kind by kind."""

    def __init__(self, found: Sequence[Any], systems: Systems) -> None:
        self.found, self.systems = found, systems
        self.refused: dict[int, str] = {}
        self._taken = np.ones(len(found), np.bool_)
        self._full: dict[int, tuple[Cells, Row]] = {}
        self._plain: list[tuple[Kind, list[int], list[str | None]]] = []
        self._kept: list[tuple[Kind, list[int], Nodes]] = []
        self._patients, self._made = _Patients(), Records(decoded=found)

    def take(self, kind: Kind, places: list[int], nodes: Nodes) -> None:
        """All resources of a kind."""
        if rule := passed(kind):
            self._pass(kind, places, rule)
            return
        subjects = kind.subjects(nodes.items)
        plain = _are_plain(kind, subjects)
        self._take_full(kind, list(compress(places, map(not_, plain))))
        self._take_plain(kind, list(compress(places, plain)), list(compress(subjects, plain)))
        lost = {number for number, at in enumerate(places) if at in self.refused} if self.refused else set()
        self._kept.append((kind, without(places, lost) if lost else places, nodes.without(lost)))

    def _pass(self, kind: Kind, places: list[int], rule: str) -> None:
        self._taken[places] = False
        if rule == BUNDLE:
            self.refused |= dict.fromkeys(places, BUNDLE)
        else:
            self._made.counts[kind.passed] += len(places)

    def _take_full(self, kind: Kind, places: list[int]) -> None:
        for at in places:
            if (told := _full(self.found[at], kind, self.systems)) is None:
                self.refused[at] = SUBJECT
            else:
                self._full[at] = told

    def _take_plain(self, kind: Kind, places: list[int], subjects: list[Any]) -> None:
        charts = [self._patients[subject.f_reference] for subject in subjects]
        if None in charts:
            lost = {at for at, chart in enumerate(charts) if chart is None}
            self.refused |= {places[at]: SUBJECT for at in lost}
            places, charts = without(places, lost), without(charts, lost)
        self._plain.append((kind, places, charts))

    def records(self) -> Records:
        """The records of what was taken."""
        self._taken[list(self.refused)] = False
        numbers, made = np.cumsum(self._taken) - 1, self._made
        made.size = int(np.count_nonzero(self._taken))
        for kind, places, charts in self._plain:
            ids = list(map(attrgetter("f_id"), map(self.found.__getitem__, places)))
            made.plain.append(Plain(kind.name, numbers[places], ids, Coded.of(charts)))
        for at, (cells, who) in self._full.items():
            made.heads[int(numbers[at])], made.people[int(numbers[at])] = cells, who
        for kind, places, nodes in self._kept:
            made.keep(kind, numbers[places].tolist(), nodes)
        return made


def _are_plain(kind: Kind, subjects: Sequence[Any]) -> list[bool]:
    """Of resources whether all that each says of its person is a reference."""
    if kind.name in HEADS:
        return [False] * len(subjects)
    return [subject is not None and subject.f_identifier is None for subject in subjects]


def _full(resource: Any, kind: Kind, systems: Systems) -> tuple[Cells, Row] | None:
    """Cells of the head row and the row of people; None where nobody knows whose it is."""
    cells = _cells(resource, kind, systems)
    if not cells.get("chart") and not cells.get("number"):
        return None
    born = resource.f_birthDate if kind.name == "Patient" else None
    ident = resource.f_id
    cells["resource_type"] = kind.name
    cells["record_id"] = f"{kind.name}/{ident}" if ident else None
    return cells, person(cells, born, THE_SOURCE)


def _cells(resource: Any, kind: Kind, systems: Systems) -> Cells:
    if kind.name == "Patient":
        found = of_patient(resource)
        found["chart"] = resource.f_id
        return found
    subject = kind.subjects([resource])[0]
    if subject is None:
        return {}
    found = {"chart": patient_id(subject.f_reference)}
    if subject.f_identifier is not None:
        said = numbered(subject.f_identifier)
        found |= {name: cell for name, cell in said.items() if name not in {"facility", "chart"}}
    if kind.name == "Coverage":
        found |= of_coverage(resource, {}) | {"insured_as": first("insured_as", kind.name, resource, systems)}
    return found
