"""Records of bundles: a bundle is one record of its one Patient.

What refers to another patient than that is dropped and counted: nobody's values may become somebody else's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provision.formats.base import BadFile
from provision.formats.fhirpeople import Cells, of_coverage, of_patient, patient_id, person
from provision.formats.fhirrecords import Kind, Records, first, grouped, in_error, without
from provision.formats.fhirsystems import Systems

_PATIENT, _ENCOUNTER = "Patient", "Encounter"


@dataclass(slots=True)
class Sent:
    """One bundle as it was decoded, and what was counted of it: few objects, since thousands wait for their parcel."""

    bundle: Any
    counts: Counter[str] | None


@dataclass(frozen=True)
class _Entries:
    """Entries of one kind, and the place of the bundle of each."""

    kind: Kind
    places: list[int]
    entries: list[Any]

    @property
    def resources(self) -> list[Any]:
        return [entry.f_resource for entry in self.entries]

    def without(self, gone: set[int]) -> _Entries:
        return _Entries(self.kind, without(self.places, gone), without(self.entries, gone)) if gone else self


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
    named = _named(sent)
    own = _own(named, made.counts)
    for found in own.values():
        made.keep(found.kind, found.places, found.resources)
    _number(own, made)
    written = named.get("Composition")
    compositions = dict(zip(written.places, written.resources, strict=True)) if written else {}
    cards = _cards(own, systems)
    for place, entry in zip(named[_PATIENT].places, named[_PATIENT].entries, strict=True):
        said = _of_document(sent[place].bundle, compositions.get(place), systems) | of_patient(entry.f_resource)
        cells = cards.get(place, {}) | said
        made.heads[place], made.people[place] = cells, person(cells, entry.f_resource.f_birthDate)
    return made


def _named(sent: Sequence[Sent]) -> _Named:
    """All entries with a resource that R4 knows."""
    places: list[int] = []
    entries: list[Any] = []
    for place, one in enumerate(sent):
        own = [entry for entry in one.bundle.f_entry or () if entry.f_resource is not None]
        places += [place] * len(own)
        entries += own
    groups = grouped([entry.f_resource for entry in entries])
    return {
        kind.name: _Entries(kind, [places[at] for at in found], [entries[at] for at in found])
        for kind, found in groups.items()
    }


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
    references = [None if one is None else one.f_reference for one in found.kind.subjects(found.resources)]
    pairs = enumerate(zip(references, found.places, strict=True))
    strange = [(at, said, known[place]) for at, (said, place) in pairs if said is not None and said not in known[place]]
    # by another server, or in another version
    return {at for at, said, own in strange if f"{_PATIENT}/{patient_id(said)}" not in own}


def _number(own: _Named, made: Records) -> None:
    """Numbers of each bundle's encounters by all that may refer to them."""
    if (found := own.get(_ENCOUNTER)) is None:
        return
    sound, counted = found.without(in_error(found.kind, found.resources)), Counter[int]()
    for place, entry in zip(sound.places, sound.entries, strict=True):
        counted[place] += 1
        numbers = made.encounters.setdefault(place, {})
        numbers |= dict.fromkeys(_references(entry, _ENCOUNTER), str(counted[place]))


def _references(entry: Any, kind: str) -> list[str]:
    """By what other entries may refer to this one."""
    ident = entry.f_resource.f_id
    return [one for one in (entry.f_fullUrl, f"{kind}/{ident}" if ident else None) if one]


def _cards(own: _Named, systems: Systems) -> Mapping[int, Cells]:
    """Insurance and relationship of each bundle's first Coverage with a number."""
    coverages, organizations = own.get("Coverage"), own.get("Organization")
    if coverages is None:
        return {}
    insurers: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    if organizations is not None:
        for place, entry in zip(organizations.places, organizations.entries, strict=True):
            insurers[place] |= dict.fromkeys(_references(entry, "Organization"), entry.f_resource)
    made: dict[int, Cells] = {}
    for place, coverage in zip(coverages.places, coverages.resources, strict=True):
        if place not in made and (found := of_coverage(coverage, insurers[place])).get("number"):
            made[place] = found | {"insured_as": first("insured_as", "Coverage", coverage, systems)}
    return made


def _of_document(bundle: Any, composition: Any, systems: Systems) -> Cells:
    """Number, kind and day of a document. 文書番号: the Composition's number is the same in every version of a
    document, a bundle's is that of a version (FHIR R4, documents); a bundle without Composition has only its own."""
    found: Cells = {"resource_type": "Bundle"}
    identifier = getattr(composition, "f_identifier", None) or bundle.f_identifier
    if identifier is not None and identifier.f_value:
        found["record_id"] = f"{identifier.f_system or ''}|{identifier.f_value}"
    found["recorded"] = bundle.f_timestamp
    if composition is not None:
        found["recorded"] = composition.f_date or bundle.f_timestamp
        found["document_type"] = first("document_type", "Composition", composition, systems)
    return found
