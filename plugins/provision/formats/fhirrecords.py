"""Records of FHIR: whose a bundle or a line of a bulk export is, and the parcel of many of them.

A bundle is one record of its one Patient. What refers to another patient than that is dropped and counted: nobody's
values may become somebody else's. A line is a record of its own, and the person of a line is known by the reference to
the Patient alone, whose own line may lie in another file. So lines carry the reference as a chart number of the source
itself (`THE_SOURCE`), and all lines of a patient meet in it. The number under which the hospital knows the patient is
not used there, since a record has one chart number; the card is (memberID, Coverage).

What a sender marks as entered in error is dropped and counted; of a line the record stays, so that it replaces what was
sent before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import msgspec

from provision.formats.base import THE_SOURCE, BadFile
from provision.formats.documents import Row
from provision.formats.fhirpaths import PREFIX, Path, is_read, parse, table
from provision.formats.fhirpeople import Cells, numbered, of_coverage, of_patient, patient_id, person, referred
from provision.formats.fhirrows import plans
from provision.formats.fhirsystems import Systems

HEAD = "patient_record"
ERROR = "entered-in-error"
_ENCOUNTER = "Encounter"
#: Resources that say who it is: they make no rows of their own.
_HEADS = frozenset({"Patient", "Coverage"})
_OWN = frozenset({"Observation", "QuestionnaireResponse"})
_SUBJECTS = ("f_subject", "f_patient", "f_beneficiary")


@dataclass
class Records:
    """Records in order: cells of the head row and row of people of each; by kind the resources with the place of
    their record; by place the numbers of encounters by what refers to them; and what was counted."""

    heads: list[Cells] = field(default_factory=list)
    people: list[Row] = field(default_factory=list)
    resources: dict[str, tuple[list[int], list[Any]]] = field(default_factory=dict)
    encounters: dict[int, Mapping[str, str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    _ids: dict[str | None, str | None] = field(default_factory=dict)

    def keep(self, kind: str, place: int, resource: Any) -> None:
        """One more resource of the record at `place`."""
        if (held := self.resources.get(kind)) is None:
            held = self.resources[kind] = ([], [])
        held[0].append(place)
        held[1].append(resource)

    def patient(self, reference: str | None) -> str | None:
        """The id of a patient in a reference; the same references stand in many lines."""
        if reference not in self._ids:
            self._ids[reference] = patient_id(reference)
        return self._ids[reference]

    def add(self, one: Bundle) -> None:
        """The record of a bundle behind these."""
        place = len(self.heads)
        self.heads.append(one.cells)
        self.people.append(one.person)
        for kind, resource in zip(one.kinds, one.resources, strict=True):
            self.keep(kind, place, resource)
        if one.encounters:
            self.encounters[place] = one.encounters
        if one.counts:
            self.counts.update(one.counts)


@dataclass(slots=True)
class Bundle:
    """One bundle's record: few objects, since thousands of these wait to become a parcel."""

    cells: Cells
    person: Row
    kinds: list[str]
    resources: list[Any]
    encounters: Mapping[str, str]
    counts: Counter[str]


@dataclass(frozen=True)
class _Kind:
    """What is done with resources of a kind: `subject` names the attribute with the reference to the patient, `wanted`
    are those that rows are made of, `marked` and `verified` those that may say they are errors."""

    name: str
    subject: str
    wanted: bool
    marked: bool
    verified: bool

    @cached_property
    def passed(self) -> str:
        """The rule under which one that is not read is counted, "" for those that say who it is."""
        return "" if self.name in _HEADS else f"fhir.passed:{self.name}"


_KINDS: dict[type, _Kind] = {}


def _kind(resource: Any) -> _Kind:
    """What is done with resources of its kind, found out once."""
    made = type(resource)
    kind, names = made.__name__, {one.name for one in msgspec.structs.fields(made)}
    subject = next((name for name in _SUBJECTS if name in names), "")
    wanted = kind in plans() or kind in _OWN
    _KINDS[made] = _Kind(kind, subject, wanted, "f_status" in names, "f_verificationStatus" in names)
    return _KINDS[made]


def of_bundle(bundle: Any, systems: Systems, counts: Counter[str]) -> Bundle:
    """The record of a bundle. Raises `BadFile` ``fhir.patient`` where it is not about one patient."""
    entries = [(_KINDS.get(type(r)) or _kind(r), one) for one in bundle.f_entry or () if (r := one.f_resource)]
    named = {kind.name: one for kind, one in entries}
    if [kind.name for kind, _ in entries].count("Patient") != 1:
        remedy = "a bundle is about one patient; ask the sender for a bundle of each, or send NDJSON"
        raise BadFile("fhir.patient", field="Patient", remedy=remedy)
    patient, known = named["Patient"].f_resource, frozenset(_references(named["Patient"], "Patient"))
    composition = named["Composition"].f_resource if "Composition" in named else None
    own = [(kind, one) for kind, one in entries if _belongs(kind, one.f_resource, known, counts)]
    cells = _of_document(bundle, composition, systems) | of_patient(patient)
    if "Coverage" in named:
        cells = _card(own, systems) | cells
    kept = [(kind, one) for kind, one in own if _wanted(kind, one.f_resource, counts)]
    return Bundle(
        cells=cells,
        person=person(cells, patient.f_birthDate),
        kinds=[kind.name for kind, _ in kept],
        resources=[one.f_resource for _, one in kept],
        encounters=_numbers([one for kind, one in kept if kind.name == _ENCOUNTER]) if _ENCOUNTER in named else {},
        counts=counts,
    )


def _numbers(encounters: Iterable[Any]) -> Mapping[str, str]:
    """Numbers of a bundle's encounters by all that may refer to them."""
    found: dict[str, str] = {}
    for number, one in enumerate(encounters, 1):
        found |= dict.fromkeys(_references(one, _ENCOUNTER), str(number))
    return found


def _wanted(kind: _Kind, resource: Any, counts: Counter[str]) -> bool:
    """Whether rows are made of a resource; others are counted by their kind, or as errors."""
    if not kind.wanted:
        if kind.passed:
            counts[kind.passed] += 1
        return False
    if (kind.marked and resource.f_status == ERROR) or (kind.verified and _refuted(resource.f_verificationStatus)):
        counts["fhir.entered_in_error"] += 1
        return False
    return True


def _refuted(verification: Any) -> bool:
    """Whether a verification says that it should never have been written."""
    codings = getattr(verification, "f_coding", None) or ()
    return any(coding is not None and coding.f_code == ERROR for coding in codings)


def _belongs(kind: _Kind, resource: Any, known: frozenset[str], counts: Counter[str]) -> bool:
    """Whether a resource is the patient's: it says so, or it does not say whose it is."""
    subject = getattr(resource, kind.subject) if kind.subject else None
    if subject is None or (reference := subject.f_reference) is None or reference in known:
        return True
    if f"Patient/{patient_id(reference)}" in known:  # by another server, or in another version
        return True
    counts["fhir.other_patient"] += 1
    return False


def _references(entry: Any, kind: str) -> list[str]:
    """By what other entries may refer to this one."""
    ident = entry.f_resource.f_id
    return [one for one in (entry.f_fullUrl, f"{kind}/{ident}" if ident else None) if one]


def _card(entries: Iterable[tuple[_Kind, Any]], systems: Systems) -> Cells:
    """Insurance and relationship of the first Coverage with a number."""
    coverages: list[Any] = []
    organizations: dict[str, Any] = {}
    for kind, one in entries:
        if kind.name == "Coverage":
            coverages.append(one.f_resource)
        elif kind.name == "Organization":
            organizations |= dict.fromkeys(_references(one, kind.name), one.f_resource)
    for coverage in coverages:
        found = of_coverage(coverage, organizations)
        if found.get("number"):
            return found | {"insured_as": _first("insured_as", "Coverage", coverage, systems)}
    return {}


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
        found["document_type"] = _first("document_type", "Composition", composition, systems)
    return found


@cache
def _paths(name: str, kind: str) -> tuple[Path, ...]:
    one = next(f for f in table().fields if f.table == HEAD and f.column.name == name and is_read(f))
    return tuple(path for path in parse(one.record) if path.kind == kind)


def _first(name: str, kind: str, resource: Any, systems: Systems) -> str | None:
    """The code that a head column's path leads to in one resource."""
    for path in _paths(name, kind):
        nodes = [resource]
        for step in path.steps:
            found = [getattr(node, PREFIX + step.name) for node in nodes]
            nodes = [c for one in found if one is not None for c in (one if step.repeats else (one,)) if c is not None]
        addresses = systems.of(path.steps[-1].word)
        for node in nodes:
            if node.f_system in addresses and node.f_code:
                return str(node.f_code)
    return None


def of_line(resource: Any, systems: Systems, made: Records) -> str:
    """Add the record of one line to `made`; the rule by which it cannot be taken, "" where it is. Lines of kinds that
    are not read make no record and are counted; a bundle is no line, and may hold anybody."""
    kind = _KINDS.get(type(resource)) or _kind(resource)
    if not kind.wanted and kind.passed:
        if kind.name == "Bundle":
            return "fhir.bundle"
        made.counts[kind.passed] += 1
        return ""
    subject = getattr(resource, kind.subject) if kind.subject else None
    place, name, ident = len(made.heads), kind.name, resource.f_id
    said: Cells = {"resource_type": name, "record_id": f"{name}/{ident}" if ident else None}
    if subject is not None and subject.f_identifier is None and name not in _HEADS:  # nearly all lines
        if not (chart := made.patient(subject.f_reference)):
            return "fhir.subject"
        made.people.append(referred(chart))
        said["chart"] = chart
    else:
        cells = _line_cells(resource, kind, systems)
        if not cells.get("chart") and not cells.get("number"):
            return "fhir.subject"
        born = resource.f_birthDate if name == "Patient" else None
        made.people.append(person(cells | {"facility": THE_SOURCE}, born))
        said = cells | said
    made.heads.append(said)
    if _wanted(kind, resource, made.counts):
        made.keep(name, place, resource)
    return ""


def _line_cells(resource: Any, kind: _Kind, systems: Systems) -> Cells:
    if kind.name == "Patient":
        return of_patient(resource) | {"chart": resource.f_id}
    subject = getattr(resource, kind.subject) if kind.subject else None
    if subject is None:
        return {}
    found: Cells = {"chart": patient_id(subject.f_reference)}
    if subject.f_identifier is not None:
        said = numbered(subject.f_identifier)
        found |= {name: cell for name, cell in said.items() if name not in {"facility", "chart"}}
    if kind.name == "Coverage":
        found |= of_coverage(resource, {}) | {"insured_as": _first("insured_as", kind.name, resource, systems)}
    return found
