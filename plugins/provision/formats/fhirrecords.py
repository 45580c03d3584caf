"""Records of FHIR: the head row and all rows of a bundle, or of a line of a bulk export.

A bundle is one record of its one Patient. What refers to another patient than that is dropped and counted: nobody's
values may become somebody else's. A line is a record of its own, and the person of a line is known by the reference to
the Patient alone, whose own line may lie in another file. So lines carry the reference as a chart number of the source
itself (`THE_SOURCE`), and all lines of a patient meet in it. The number under which the
hospital knows the patient is not used there, since a record has one chart number; the card is (memberID, Coverage).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from provision.formats.base import THE_SOURCE, BadFile, Dataset
from provision.formats.documents import Document, Row
from provision.formats.fhircells import Getter, getter, shaped
from provision.formats.fhirpaths import is_read, parse, table
from provision.formats.fhirpeople import Cells, numbered, of_coverage, of_patient, patient_id, person, subject_of
from provision.formats.fhirrows import in_error, plans
from provision.formats.fhirsystems import Systems
from provision.formats.fhirvalues import answers, values
from provision.formats.ukekind import DERIVED

HEAD = "patient_record"
ENCOUNTER = "Encounter"
#: Columns of the head that lines only have: a bundle's patient is in it.
OF_LINES = frozenset({"subject", "subject_member"})
#: What is read to resolve references and to see errors, and makes no column.
_NEVER_FILLED = frozenset({"resource_ids", "full_urls", "error_marks"})
_OWN_ROWS = {"Observation": ("test_value", values), "QuestionnaireResponse": ("answer", answers)}
#: Resources that say who it is, or what the document is: they make no rows of their own.
_HEADS = frozenset({"Patient", "Coverage"})


@dataclass
class Record(Document):
    """A document, and what was counted while it was read: rule -> times."""

    counts: Counter[str] = field(default_factory=Counter)


def of_bundle(bundle: Any, systems: Systems, counts: Counter[str]) -> Record:
    """The record of a bundle. Raises `BadFile` ``fhir.patient`` where it is not about one patient."""
    made = Record(counts=counts)
    entries = [one for one in bundle.f_entry or () if one is not None and one.f_resource is not None]
    patients = [one for one in entries if kind_of(one.f_resource) == "Patient"]
    if len(patients) != 1:
        remedy = "a bundle is about one patient; ask the sender for a bundle of each, or send NDJSON"
        raise BadFile("fhir.patient", field="Patient", remedy=remedy)
    patient = patients[0].f_resource
    known = {patients[0].f_fullUrl, f"Patient/{patient.f_id}" if patient.f_id else None} - {None}
    composition = next((e.f_resource for e in entries if kind_of(e.f_resource) == "Composition"), None)
    cells = _of_document(bundle, composition, systems, counts) | _card(entries, known) | of_patient(patient)
    made.people.append(person(cells, patient.f_birthDate))
    made.add(HEAD, _head(cells, lines=False))
    own = [one for one in entries if _belongs(one.f_resource, known, counts)]
    encounters = _numbers(own)
    for one in own:
        _rows(one.f_resource, 0, encounters.get(one.f_fullUrl), encounters, systems, made)
    return made


def kind_of(resource: Any) -> str:
    """Its resourceType."""
    return type(resource).__name__


def _belongs(resource: Any, known: set[Any], counts: Counter[str]) -> bool:
    """Whether a resource is the patient's: it says so, or it does not say whose it is."""
    subject = subject_of(resource)
    reference = subject.f_reference if subject is not None else None
    if reference is None or reference in known or f"Patient/{patient_id(reference)}" in known:
        return True
    counts["fhir.other_patient"] += 1
    return False


def _card(entries: Iterable[Any], known: set[Any]) -> Cells:
    """Insurance and relationship of the first Coverage with a number."""
    organizations: dict[str, Any] = {}
    for one in entries:
        if kind_of(one.f_resource) == "Organization":
            organizations |= dict.fromkeys(_references(one), one.f_resource)
    ignored: Counter[str] = Counter()
    for one in entries:
        if kind_of(one.f_resource) == "Coverage" and _belongs(one.f_resource, known, ignored):
            found = of_coverage(one.f_resource, organizations)
            if found.get("number"):
                return found | {"insured_as": _insured_as()(one.f_resource)}
    return {}


@cache
def _insured_as() -> Getter:
    from provision.formats.fhirsystems import systems

    return _draw("insured_as", "Coverage", systems({}))


def _references(entry: Any) -> list[str]:
    """By what other entries may refer to this one."""
    kind = kind_of(entry.f_resource)
    return [
        one for one in (entry.f_fullUrl, f"{kind}/{entry.f_resource.f_id}" if entry.f_resource.f_id else None) if one
    ]


def _numbers(entries: Iterable[Any]) -> dict[str, str]:
    """Numbers of the encounters by all that may refer to them."""
    found: dict[str, str] = {}
    encounters = [one for one in entries if kind_of(one.f_resource) == ENCOUNTER and not in_error(one.f_resource)]
    for number, one in enumerate(encounters, 1):
        found |= dict.fromkeys(_references(one), str(number))
    return found


def _of_document(bundle: Any, composition: Any, systems: Systems, counts: Counter[str]) -> Cells:
    """Number, kind and day of a document. 文書番号: the Composition's number is the same in every version of a
    document, a bundle's is that of a version (FHIR R4, documents); a bundle without Composition has only its own."""
    found: Cells = {"resource_type": "Bundle"}
    identifier = getattr(composition, "f_identifier", None) or bundle.f_identifier
    if identifier is not None and identifier.f_value:
        found["record_id"] = f"{identifier.f_system or ''}|{identifier.f_value}"
    places = (("recorded", composition), ("recorded", bundle), ("document_type", composition))
    for name, resource in places:
        if resource is not None and not found.get(name):
            found[name] = _cell(name, kind_of(resource), systems)(resource, counts)
    return found


@cache
def _cell(name: str, kind: str, systems: Systems) -> Any:
    """The function for a head column's cell from a kind of resource."""
    column = table().dataset.table(HEAD).column(name)
    return shaped(column, _draw(name, kind, systems), f"{HEAD}.{name}")


def _draw(name: str, kind: str, systems: Systems) -> Getter:
    one = next(f for f in table().fields if f.table == HEAD and f.column.name == name)
    return getter([path for path in parse(one.record) if path.kind == kind], systems)


@cache
def read_dataset(dataset: Dataset) -> Dataset:
    """A dataset with the columns of the head that are ever filled: parcels are made of these."""
    unread = {f.column.name for f in table().fields if f.table == HEAD and not is_read(f) and f.index < DERIVED}
    head = dataset.table(HEAD)
    small = replace(head, columns=tuple(c for c in head.columns if c.name not in unread | _NEVER_FILLED))
    return replace(dataset, tables=tuple(small if one is head else one for one in dataset.tables))


@cache
def _columns(*, lines: bool) -> tuple[str, ...]:
    names = (column.name for column in read_dataset(table().dataset).table(HEAD).columns)
    return tuple(name for name in names if lines or name not in OF_LINES)


def _head(cells: Mapping[str, str | None], *, lines: bool) -> Row:
    return tuple(map(cells.get, _columns(lines=lines)))


def _rows(
    resource: Any, head: int, number: str | None, encounters: Mapping[str, str], systems: Systems, made: Record
) -> None:
    """All rows of one resource; what makes none is counted by its kind. `number` is that of an encounter itself."""
    kind = kind_of(resource)
    plan, own = plans(systems).get(kind), _OWN_ROWS.get(kind)
    if plan is None and own is None:
        if kind not in _HEADS:
            made.counts[f"fhir.passed:{kind}"] += 1
    elif in_error(resource):
        made.counts["fhir.entered_in_error"] += 1
    elif own is not None:
        name, read = own
        rows = made.rows.setdefault(name, [])
        first = len(rows) + 1 if not rows or rows[0][0] == head else 1
        rows += [(head, (str(at), *row[1:])) for at, row in enumerate(read(resource, systems, made.counts), first)]
    elif plan is not None:
        for row in plan.rows(resource, encounters, made.counts):
            made.add(plan.table, row if number is None else [number, *row[1:]], head)


def of_line(resource: Any, systems: Systems, made: Record) -> bool:
    """Add the record of one line to `made`; False where nobody can be told whose it is. Lines of kinds that are not
    read make no record and are counted."""
    kind = kind_of(resource)
    if kind not in _HEADS and kind not in _OWN_ROWS and kind not in plans(systems):
        made.counts[f"fhir.passed:{kind}"] += 1
        return True
    cells = _line_cells(resource, kind)
    if not cells.get("chart") and not cells.get("number"):
        return False
    cells["resource_type"] = kind
    cells["record_id"] = f"{kind}/{resource.f_id}" if resource.f_id else None
    born = resource.f_birthDate if kind == "Patient" else None
    head = len(made.people)
    made.people.append(person(cells | {"facility": THE_SOURCE}, born))
    made.add(HEAD, _head(cells, lines=True), head)
    number = "1" if kind == ENCOUNTER else None
    _rows(resource, head, number, {}, systems, made)
    return True


def _line_cells(resource: Any, kind: str) -> Cells:
    if kind == "Patient":
        return of_patient(resource) | {"chart": resource.f_id}
    subject = subject_of(resource)
    found: Cells = {"chart": patient_id(subject.f_reference) if subject is not None else None}
    if subject is not None and subject.f_identifier is not None:
        found |= {
            name: cell for name, cell in numbered(subject.f_identifier).items() if name not in {"facility", "chart"}
        }
    if kind == "Coverage":
        found |= of_coverage(resource, {}) | {"insured_as": _insured_as()(resource)}
    return found
