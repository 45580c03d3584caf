"""Records of lines: every resource is a record of its own, and its person is known by the reference to the Patient
alone, whose own line may lie in another file.

So lines carry the reference as a chart number of the source itself (`THE_SOURCE`), and all lines of a patient meet in
it. The number under which the hospital knows the patient is not used there, since a record has one chart number; the
card is (memberID, Coverage). Lines of kinds that are not read make no record and are counted; a bundle is no line, and
may hold anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from provision.formats.fhircoded import Places
from provision.formats.fhirelements import Nodes
from provision.formats.fhirrecords import Groups, Kind, Records, grouped, kind_of
from provision.formats.fhirsubjects import Subjects, nobodys
from provision.formats.fhirsystems import Systems

BUNDLE, SUBJECT, PASSED = "fhir.bundle", "fhir.subject", "fhir.passed"


def refusal(resource: Any, systems: Systems) -> str:
    """The rule of a resource that is not taken, "" for any other."""
    kind = kind_of(resource.__class__)
    return passed(kind) or (SUBJECT if nobodys(kind, [resource], systems) else "")


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
        self.refused: dict[int, str] = {}
        self._taken = np.ones(len(found), np.bool_)
        self._subjects = Subjects(systems)
        self._kept: list[tuple[Kind, Places, Nodes]] = []
        self._made = Records(decoded=found)

    def take(self, kind: Kind, places: list[int], nodes: Nodes) -> None:
        """All resources of a kind."""
        if rule := passed(kind):
            self._pass(kind, places, rule)
            return
        at = np.array(places, np.int64)
        self._subjects.take(kind, at, nodes.items)
        self._kept.append((kind, at, nodes))

    def _pass(self, kind: Kind, places: list[int], rule: str) -> None:
        self._taken[places] = False
        if rule == BUNDLE:
            self.refused |= dict.fromkeys(places, BUNDLE)
        else:
            self._made.counts[kind.passed] += len(places)

    def records(self) -> Records:
        """The records of what was taken."""
        lost, made = self._subjects.lost(), self._made
        self.refused |= dict.fromkeys(lost, SUBJECT)
        self._taken[list(lost)] = False
        numbers = np.cumsum(self._taken) - 1
        made.size = int(np.count_nonzero(self._taken))
        made.told = [told.of_those(self._taken, numbers) for told in self._subjects.told]
        for kind, places, nodes in self._kept:
            mine = self._taken[places]
            own = nodes if mine.all() else nodes.at(np.flatnonzero(mine))
            made.keep(kind, numbers[places[mine]].tolist(), own)
        return made
