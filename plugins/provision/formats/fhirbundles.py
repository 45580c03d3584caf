"""Records of bundles: a bundle is one record of its one Patient.

What refers to another patient than that is dropped and counted: nobody's values may become somebody else's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from operator import is_
from typing import Any

import numpy as np

from provision.formats.base import BadFile
from provision.formats.fhircards import of_coverages
from provision.formats.fhirelements import Nodes
from provision.formats.fhiridentifiers import CARD, Columns, insurer_number, patient_id
from provision.formats.fhirpeople import of_patients
from provision.formats.fhirrecords import Kind, Records, codes_of, grouped, in_error, without
from provision.formats.fhirsystems import Systems
from provision.formats.fhirtold import Told

_PATIENT, _ENCOUNTER = "Patient", "Encounter"


@dataclass(slots=True)
class Sent:
    """One bundle as it was decoded, what was counted of it, and what it was `taken_apart` with: few objects, since
    thousands wait for their parcel."""

    bundle: Any
    counts: Counter[str] | None
    taken_apart: TakenApart | None = None


@dataclass(frozen=True)
class _Entries:
    """Entries of one kind, and the place of the bundle of each."""

    kind: Kind
    places: list[int]
    entries: list[Any]
    nodes: Nodes

    def without(self, gone: set[int]) -> _Entries:
        if not gone:
            return self
        return _Entries(self.kind, without(self.places, gone), without(self.entries, gone), self.nodes.without(gone))


#: Entries by the name of their kind.
_Named = Mapping[str, _Entries]


def of_one_patient(bundle: Any) -> None:
    """Raises `BadFile` ``fhir.patient`` where a bundle is not about one patient."""
    kinds = [type(entry.f_resource).__name__ for entry in bundle.f_entry or ()]
    if kinds.count(_PATIENT) != 1:
        remedy = "a bundle is about one patient; ask the sender for a bundle of each, or send NDJSON"
        raise BadFile("fhir.patient", field=_PATIENT, remedy=remedy)


def of_bundles(sent: Sequence[Sent], systems: Systems) -> Records:
    """The record of each bundle."""
    made = Records(size=len(sent))
    for one in sent:
        if one.counts:
            made.counts.update(one.counts)
    named = taken_apart(sent).named
    own = _own(named, made.counts)
    for found in own.values():
        made.keep(found.kind, found.places, found.nodes)
    _number(own, made)
    if sent:
        patients = of_patients([entry.f_resource for entry in named[_PATIENT].entries])
        whose = _with_cards(patients, _cards(own, len(sent), systems))
        documents = _documents(sent, named.get("Composition"), systems)
        made.told.append(Told.of(np.arange(len(sent)), documents | whose))
    return made


class TakenApart:
    """Many bundles whose entries are sorted by their kinds."""

    def __init__(self, bundles: Sequence[Any]) -> None:
        self.named: _Named = {found.kind.name: found for found in _sorted(bundles)}
        self.bundles = bundles  # let go of last, see `Records`

    def spoiled(self) -> set[int]:
        """The places of bundles with an element that is not as R4 has it."""
        return {found.places[at] for found in self.named.values() for at in found.nodes.spoiled()}


def taken_apart(sent: Sequence[Sent]) -> TakenApart:
    """These bundles; where they were taken apart together before, as they were then."""
    bundles, known = [one.bundle for one in sent], sent[0].taken_apart if sent else None
    if known is not None and len(known.bundles) == len(bundles) and all(map(is_, known.bundles, bundles)):
        return known
    return TakenApart(bundles)


def taken_apart_together(found: Sequence[Any]) -> list[int]:
    """Take all `Sent` among these apart; the places of those with an element that is not as R4 has it."""
    places = [at for at, one in enumerate(found) if isinstance(one, Sent)]
    together = TakenApart([found[at].bundle for at in places])
    for at in places:
        found[at].taken_apart = together
    return [places[at] for at in sorted(together.spoiled())]


def _sorted(bundles: Sequence[Any]) -> Iterator[_Entries]:
    """All entries with a resource that R4 knows, by its kind."""
    places: list[int] = []
    entries: list[Any] = []
    for place, bundle in enumerate(bundles):
        own = [entry for entry in bundle.f_entry or () if entry.f_resource is not None]
        places += [place] * len(own)
        entries += own
    for kind, (found, nodes) in grouped([entry.f_resource for entry in entries]).items():
        yield _Entries(kind, [places[at] for at in found], [entries[at] for at in found], nodes)


def _own(named: _Named, counts: Counter[str]) -> _Named:
    """Without what refers to another patient than its bundle's."""
    patients = named.get(_PATIENT)
    known = [frozenset(_references(entry, _PATIENT)) for entry in patients.entries] if patients else []
    made = {}
    for name, found in named.items():
        others = _of_others(found, known)
        counts["fhir.other_patient"] += len(others)
        made[name] = found.without(others)
    return made


def _of_others(found: _Entries, known: Sequence[frozenset[str]]) -> set[int]:
    """The places of entries that say that they are another patient's; many do not say whose they are."""
    if not found.kind.subject:
        return set()
    references = [None if one is None else one.f_reference for one in found.kind.subjects(found.nodes.items)]
    pairs = enumerate(zip(references, found.places, strict=True))
    strange = [(at, said, known[place]) for at, (said, place) in pairs if said is not None and said not in known[place]]
    # by another server, or in another version
    return {at for at, said, own in strange if f"{_PATIENT}/{patient_id(said)}" not in own}


def _number(own: _Named, made: Records) -> None:
    """Numbers of each bundle's encounters by all that may refer to them."""
    if (found := own.get(_ENCOUNTER)) is None:
        return
    sound, counted = found.without(in_error(found.kind, found.nodes)), Counter[int]()
    for place, entry in zip(sound.places, sound.entries, strict=True):
        counted[place] += 1
        numbers = made.encounters.setdefault(place, {})
        numbers |= dict.fromkeys(_references(entry, _ENCOUNTER), str(counted[place]))


def _references(entry: Any, kind: str) -> list[str]:
    """By what other entries may refer to this one."""
    ident = entry.f_resource.f_id
    return [one for one in (entry.f_fullUrl, f"{kind}/{ident}" if ident else None) if one]


def _cards(own: _Named, size: int, systems: Systems) -> Columns:
    """Insurance and relationship of the first Coverage with a number of each of so many bundles."""
    if (coverages := own.get("Coverage")) is None:
        return {}
    # only where a Coverage refers to one
    places, insurers = coverages.places, cache(partial(_insurers, own.get("Organization")))
    found = of_coverages(coverages.nodes.items, lambda at, reference: insurers().get((places[at], reference)))
    found["insured_as"] = codes_of("insured_as", "Coverage", coverages.nodes.items, systems)
    numbered = [at if number else None for at, number in enumerate(found["number"])]
    firsts = {place: at for place, at in zip(places[::-1], numbered[::-1], strict=True) if at is not None}
    chosen = list(map(firsts.get, range(size)))
    return {name: [None if at is None else cells[at] for at in chosen] for name, cells in found.items()}


def _insurers(organizations: _Entries | None) -> Mapping[tuple[int, str], str | None]:
    """The numbers of insurers by bundle and reference."""
    made: dict[tuple[int, str], str | None] = {}
    for place, entry in zip(organizations.places, organizations.entries, strict=True) if organizations else ():
        number = next(filter(None, map(insurer_number, entry.f_resource.f_identifier or ())), None)
        for reference in _references(entry, "Organization"):
            made[place, reference] = number
    return made


def _with_cards(patients: Columns, cards: Columns) -> Columns:
    """Patients with the cards of their bundles, those that have none themselves."""
    if not cards:
        return patients
    have = [number is not None for number in patients["number"]]
    each = {name: zip(have, patients[name], cards[name], strict=True) for name in CARD}
    return patients | cards | {name: [a if own else b for own, a, b in cells] for name, cells in each.items()}


def _documents(sent: Sequence[Sent], written: _Entries | None, systems: Systems) -> Columns:
    """Number, kind and day of each document. 文書番号: the Composition's number is the same in every version of a
    document, a bundle's is that of a version (FHIR R4, documents); a bundle without Composition has only its own."""
    compositions = dict(zip(written.places, written.nodes.items, strict=True)) if written else {}
    types = codes_of("document_type", "Composition", list(compositions.values()), systems)
    typed = dict(zip(compositions, types, strict=True))
    pairs = [(one.bundle, compositions.get(place)) for place, one in enumerate(sent)]
    return {
        "resource_type": ["Bundle"] * len(sent),
        "record_id": [_number_of(getattr(said, "f_identifier", None) or bundle.f_identifier) for bundle, said in pairs],
        "recorded": [getattr(said, "f_date", None) or bundle.f_timestamp for bundle, said in pairs],
        "document_type": list(map(typed.get, range(len(sent)))),
    }


def _number_of(identifier: Any) -> str | None:
    if identifier is None or not identifier.f_value:
        return None
    return f"{identifier.f_system or ''}|{identifier.f_value}"
