"""Records of FHIR, many at once: whose they are (`fhirbundles`, `fhirlines`) and the resources that rows are made of.

What a sender marks as entered in error is dropped and counted; the record stays, so that it replaces what was sent
before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np

from provision.formats.fhircolumns import Walk
from provision.formats.fhirelements import Nodes
from provision.formats.fhirpaths import Step, is_read, parse, table
from provision.formats.fhirrows import plans
from provision.formats.fhirsystems import Systems
from provision.formats.fhirtold import Told

HEAD = "patient_record"
ERROR = "entered-in-error"
_VERIFICATION, _CODING = Step("verificationStatus", False, ""), Step("coding", True, "")
#: Resources that say who it is: they make no rows of their own.
HEADS = frozenset({"Patient", "Coverage"})
_OWN = frozenset({"Observation", "QuestionnaireResponse"})
_SUBJECTS = ("f_subject", "f_patient", "f_beneficiary")


@dataclass
class Records:
    """`size` records in order: what is `told` of their person; by kind the resources with the place of their record; by
    place the numbers of encounters by what refers to them; what was counted; and all that was decoded, in its order,
    which is let go of last: memory that is freed in the order in which it was given is given in that order again, and
    that is a fifth of decoding."""

    size: int = 0
    told: list[Told] = field(default_factory=list)
    resources: dict[str, tuple[list[int], Nodes]] = field(default_factory=dict)
    encounters: dict[int, dict[str, str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    decoded: Sequence[Any] = ()

    def keep(self, kind: Kind, places: list[int], nodes: Nodes) -> None:
        """All resources of a kind, each of the record at its place; those that nothing is made of are counted."""
        if not kind.wanted:
            if kind.passed:
                self.counts[kind.passed] += len(places)
            return
        if wrong := in_error(kind, nodes):
            self.counts["fhir.entered_in_error"] += len(wrong)
            places, nodes = without(places, wrong), nodes.without(wrong)
        self.resources[kind.name] = places, nodes


@dataclass(frozen=True)
class Kind:
    """What is done with resources of a kind: `subject` names the attribute with the reference to the patient, `wanted`
    are those that rows are made of, `marked` and `verified` those that may say they are errors."""

    name: str
    subject: str
    wanted: bool
    marked: bool
    verified: bool

    @property
    def passed(self) -> str:
        """The rule under which one that is not read is counted, "" for those that say who it is."""
        return "" if self.name in HEADS else f"fhir.passed:{self.name}"

    def subjects(self, resources: Sequence[Any]) -> list[Any]:
        """The references of resources to their patient, None where they have none."""
        return list(map(attrgetter(self.subject), resources)) if self.subject else [None] * len(resources)


@cache
def kind_of(made: type) -> Kind:
    """What is done with resources of the type that the decoder makes of their kind."""
    kind, names = made.__name__, {one.name for one in msgspec.structs.fields(made)}
    subject = next((name for name in _SUBJECTS if name in names), "")
    return Kind(kind, subject, kind in plans() or kind in _OWN, "f_status" in names, _VERIFICATION.attribute in names)


def without(items: Sequence[Any], gone: set[int]) -> list[Any]:
    """The items that are not at these places."""
    return [item for at, item in enumerate(items) if at not in gone]


def in_error(kind: Kind, nodes: Nodes) -> set[int]:
    """The places of those of which the sender says that they should never have been written."""
    wrong: set[int] = set()
    if kind.marked:
        said = list(map(attrgetter("f_status"), nodes.items))
        if ERROR in said:
            wrong.update(at for at, status in enumerate(said) if status == ERROR)
    if kind.verified:
        places, verifications = Walk(nodes).through(_VERIFICATION)
        codings = zip(*verifications.at((_CODING,)), strict=True)
        refuted = [at for at, coding in codings if coding.f_code == ERROR]
        wrong.update(np.flatnonzero(np.isin(places, refuted)).tolist() if refuted else ())
    return wrong


@cache
def _ways(name: str, kind: str, systems: Systems) -> tuple[tuple[tuple[Step, ...], frozenset[str]], ...]:
    """The paths of a head column from a kind, and whose codes count."""
    one = next(f for f in table().fields if f.table == HEAD and f.column.name == name and is_read(f))
    return tuple((path.steps, systems.of(path.steps[-1].word)) for path in parse(one.record) if path.kind == kind)


def codes_of(name: str, kind: str, resources: Sequence[Any], systems: Systems) -> list[str | None]:
    """For each of these resources the first code that a head column's paths lead to, None where they lead to none."""
    walk, made = Walk(Nodes("", resources)), dict[int, str]()
    for steps, addresses in _ways(name, kind, systems):
        for owner, one in zip(*walk.at(steps), strict=True):
            if one.f_system in addresses and one.f_code:
                made.setdefault(owner, one.f_code)
    return list(map(made.get, range(len(resources))))


#: Resources by their kind, with their places.
Groups = Mapping[Kind, tuple[list[int], Nodes]]


def spoiled(groups: Groups) -> set[int]:
    """The places of resources with an element that is not as R4 has it."""
    return {places[at] for places, nodes in groups.values() for at in nodes.spoiled()}


def grouped(found: Sequence[Any]) -> Groups:
    """Resources by their kind with their places, kinds in the order of their first."""
    groups: dict[type, list[int]] = {}
    for at, made in enumerate(map(type, found)):
        if (held := groups.get(made)) is None:
            held = groups[made] = []
        held.append(at)
    kinds = {kind_of(made): places for made, places in groups.items()}
    return {kind: (places, Nodes(kind.name, [found[at] for at in places])) for kind, places in kinds.items()}
