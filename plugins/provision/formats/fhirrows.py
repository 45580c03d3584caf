"""Rows of FHIR resources: one row of a table per resource, or per element where the table says so (``#table``).

A row whose code is in none of the systems we know says nothing that could be compared, and is dropped and counted. A
reference to an encounter becomes its number within the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from provision.formats.base import Column
from provision.formats.fhircoded import Coded, Places, Rows
from provision.formats.fhircolumns import Walk, shaped
from provision.formats.fhirelements import Nodes
from provision.formats.fhirpaths import Path, Step, is_read, parse, table
from provision.formats.fhirsystems import Systems
from provision.formats.tables import Field
from provision.formats.ukekind import DERIVED

#: Tables with readers of their own: who it is, values of tests, answers.
OWN = frozenset({"patient_record", "test_value", "answer"})
_CODES = frozenset({"code", "medicationCodeableConcept", "vaccineCode"})
ENCOUNTER, _KIND, _MODIFIERS = "encounter_no", "kind", "modifiers"


@dataclass(frozen=True)
class Cell:
    """A column and its paths, from the resource or (`inner`) from the element that is a row."""

    column: Column
    paths: tuple[Path, ...]
    inner: bool

    @property
    def coded(self) -> bool:
        """Whether the column is what the row is about."""
        return self.column.name != _MODIFIERS and any(path.steps[0].name in _CODES for path in self.paths)

    @property
    def numeric(self) -> bool:
        """Whether its cells are the bytes of numbers."""
        return self.column.dtype != "string" and self.column.name != ENCOUNTER


@dataclass(frozen=True)
class Plan:
    """How a kind of resource becomes rows of a table: of each `element`, where it is not the resource itself."""

    table: str
    kind: str
    element: Step | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """Resources of one kind, in order: of which record each is, and by record the numbers of its encounters."""

    owners: Sequence[int]
    nodes: Nodes
    encounters: Mapping[int, Mapping[str, str]]


@cache
def plans() -> Mapping[str, Plan]:
    """By kind of resource."""
    made = {}
    for one in table().dataset.tables:
        for source in () if one.name in OWN else one.source.split():
            kind, _, element = source.partition(".")
            step = parse(source)[0].steps[0] if element else None
            fields = [f for f in table().fields if f.table == one.name]
            found = [(f.column, tuple(p for p in parse(f.record) if p.kind == kind)) for f in fields if _drawn(f)]
            made[kind] = Plan(one.name, kind, step, tuple(_cell(column, own, step) for column, own in found if own))
    return made


def _drawn(field: Field) -> bool:
    """Whether a column is drawn from resources, and not made by the reader."""
    return field.index < DERIVED and is_read(field)


def _cell(column: Column, paths: tuple[Path, ...], step: Step | None) -> Cell:
    if step is None or any(path.steps[0] != step for path in paths):
        return Cell(column, paths, inner=False)
    return Cell(column, tuple(Path(path.kind, path.steps[1:], path.every) for path in paths), inner=True)


def rows(plan: Plan, group: Group, systems: Systems, counts: Counter[str]) -> Rows:
    """The rows of a plan's table, with the texts of its columns."""
    walk = Walk(group.nodes)
    owners, part, places = np.array(group.owners, np.int64), walk, None
    if plan.element:
        whose, nodes = walk.at((plan.element,))
        places, part = np.array(whose, np.int64), Walk(Nodes("", nodes))
        owners = owners[places]
    columns: dict[str, Coded] = {}
    for cell in plan.cells:
        if cell.column.name == ENCOUNTER and not group.encounters:
            columns[ENCOUNTER] = Coded.nothing(len(owners))
            continue
        texts = (part if cell.inner else walk).column(cell.paths, systems, numeric=cell.numeric)
        spread = texts if cell.inner or places is None else texts.at(places)
        columns[cell.column.name] = _column(cell.column, plan, spread, owners, group, counts)
    if any(column.name == _KIND for column in table().dataset.table(plan.table).columns):
        columns[_KIND] = Coded.one(plan.kind.removeprefix("Medication").lower(), len(owners))
    return _coded(Rows(owners, columns), plan, counts)


def _column(column: Column, plan: Plan, cells: Coded, owners: Places, group: Group, counts: Counter[str]) -> Coded:
    """The texts of a column; of references to encounters their numbers."""
    if column.name != ENCOUNTER:
        return shaped(column, cells, counts, f"{plan.table}.{column.name}")
    none: Mapping[str, str] = {}
    met = zip(owners.tolist(), cells.texts(), strict=True)
    return Coded.of([group.encounters.get(owner, none).get(cell) for owner, cell in met])


def _coded(made: Rows, plan: Plan, counts: Counter[str]) -> Rows:
    """The rows with a code that we know; where the table is about none, all."""
    said = [made.columns[cell.column.name].filled for cell in plan.cells if cell.coded]
    if not said:
        return made
    known = np.logical_or.reduce(said)
    if lost := int(np.count_nonzero(~known)):
        counts[f"fhir.no_known_code:{plan.table}"] += lost
        return made.at(known)
    return made
