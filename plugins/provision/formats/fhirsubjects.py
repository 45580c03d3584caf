"""Whose lines are (`fhirlines`): the reference to the Patient of each, the Patients themselves, and what cards say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np

from provision.formats.base import THE_SOURCE
from provision.formats.fhircards import of_coverages
from provision.formats.fhircoded import Coded, Places
from provision.formats.fhiridentifiers import CARD, NO_CARD, Columns, card, columns, patient_id
from provision.formats.fhirpeople import of_patients
from provision.formats.fhirrecords import Kind, codes_of
from provision.formats.fhirsystems import Systems
from provision.formats.fhirtold import Told

_PATIENT, _COVERAGE = "Patient", "Coverage"


class Subjects:
    """Of resources, taken kind by kind with their places, whose they are."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems
        self._people: list[Told] = []
        self._places: list[Places] = []
        self._references: list[str | None] = []
        self._kinds: list[str] = []
        self._ids: list[list[str | None]] = []

    def take(self, kind: Kind, places: Places, resources: Sequence[Any]) -> None:
        """All resources of a kind."""
        ids = list(map(attrgetter("f_id"), resources))
        if kind.name == _PATIENT:
            own: Columns = {
                "chart": ids,
                "resource_type": [kind.name] * len(ids),
                "record_id": _numbers(kind.name, ids),
            }
            self._people.append(Told.of(places, of_patients(resources) | own, THE_SOURCE))
            return
        subjects = kind.subjects(resources)
        self._take_cards(kind, places, resources, subjects)
        self._places.append(places)
        self._references += [None if one is None else one.f_reference for one in subjects]
        self._kinds.append(kind.name)
        self._ids.append(ids)

    def _take_cards(self, kind: Kind, places: Places, resources: Sequence[Any], subjects: Sequence[Any]) -> None:
        """Of all Coverages that refer to somebody, and of what else has a card beside the reference."""
        every = kind.name == _COVERAGE
        held = [at for at, one in enumerate(subjects) if one is not None and (every or one.f_identifier is not None)]
        if not held:
            return
        own, cards = [resources[at] for at in held], [card(subjects[at].f_identifier) or NO_CARD for at in held]
        if every:
            insured_as = codes_of("insured_as", kind.name, own, self._systems)
            told = of_coverages(own, lambda *_: None, cards) | {"insured_as": insured_as}
        else:
            told = columns(CARD, cards)
        self._people.append(Told.of(places[held], told))

    @cached_property
    def told(self) -> Sequence[Told]:
        """What they say of their person; those with a facility are there once."""
        counts = list(map(len, self._ids))
        numbers = [number for kind, ids in zip(self._kinds, self._ids, strict=True) for number in _numbers(kind, ids)]
        referring = {
            "chart": Coded.drawn(self._references, len(self._references)).read(patient_id),
            "resource_type": Coded(np.repeat(np.arange(len(counts)), counts), self._kinds),
            "record_id": Coded.each(numbers),
        }
        places = np.concatenate([np.zeros(0, np.int64), *self._places])
        return [*self._people, Told(places, referring, THE_SOURCE)]

    def lost(self) -> set[int]:
        """The places of those of whom nobody knows whose they are."""
        unknown = {at for one in self.told if one.facility for at in one.places[~one.says("chart")].tolist()}
        return unknown.difference(*(one.places[one.says("number")].tolist() for one in self.told)) if unknown else set()


def nobodys(kind: Kind, resources: Sequence[Any], systems: Systems) -> set[int]:
    """The places of resources of a kind of whom nobody knows whose they are; only those without a reference are looked
    through."""
    if kind.name == _PATIENT:
        known: Sequence[object] = list(map(attrgetter("f_id"), resources))
    else:
        known = [one is not None and patient_id(one.f_reference) for one in kind.subjects(resources)]
    rest = [at for at, one in enumerate(known) if not one]
    if not rest:
        return set()
    subjects = Subjects(systems)
    subjects.take(kind, np.array(rest, np.int64), [resources[at] for at in rest])
    return subjects.lost()


def _numbers(kind: str, ids: Sequence[str | None]) -> list[str | None]:
    """The numbers of records: kind and id."""
    return [f"{kind}/{ident}" if ident else None for ident in ids]
