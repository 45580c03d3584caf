"""Which tables and columns a plan makes, before anybody looks at data: names, numbers, items, what is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from provision import codes
from provision.catalogue import Catalogue
from provision.errors import Refused
from provision.formats.base import Column, ColumnClass, Dataset, Table
from provision.formats.tables import DROPPED
from provision.model import Plan, TableSelection
from provision.releasing.quasi import DERIVED, name_of

PERSON, CLAIM = "person_number", "claim_number"
_ITEMS = "test_item"
NUMBERS = {
    PERSON: Column(PERSON, "仮ID（本提供内の無作為番号）", "Person number, random within this release",
                   ColumnClass.ORDINARY, "integer", "number:person"),
    CLAIM: Column(CLAIM, "明細番号（本提供内の無作為番号）", "Claim number, random within this release",
                  ColumnClass.ORDINARY, "integer", "number:claim"),
}  # fmt: skip


@dataclass(frozen=True)
class ReleaseTable:
    """One table as it goes out. `name` is unique in the release: tables of one name in two datasets of the plan carry
    the dataset's name in front. `dataset` and `table` are where the rows come from; `items` which test items of theirs,
    empty for all. `head`: one row a claim or member. `counted` names the quasi-identifier that a column
    carries."""

    name: str
    dataset: str
    ja: str
    en: str
    columns: tuple[Column, ...]
    items: tuple[str, ...] = ()
    table: str = ""
    head: bool = False
    counted: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where there is none."""
        return {column.name: column for column in self.columns}[name]


def layout(plan: Plan, known: Catalogue) -> tuple[ReleaseTable, ...]:
    """Which tables and columns the plan makes, without looking at data. `Refused` where a column may not go out."""
    chosen = [(selection.dataset, selection.table) for selection in plan.tables]
    if len(set(chosen)) < len(chosen):
        raise Refused(
            "a table stands twice in the plan", where=plan.id, rule="plan.tables", remedy="name each table once"
        )
    shared = {name for _, name in chosen if sum(other == name for _, other in chosen) > 1}
    return tuple(_layout(plan, selection, selection.table in shared, known) for selection in plan.tables)


def as_made(shapes: Sequence[ReleaseTable], made: Mapping[str, object]) -> tuple[ReleaseTable, ...]:
    """The shapes with the domains that making left, from its facts (``columns`` of release.made)."""
    said = made.get("columns", {})
    assert isinstance(said, Mapping)
    return tuple(
        replace(s, columns=tuple(_left(column, said.get(s.name, {}).get(column.name)) for column in s.columns))
        for s in shapes
    )


def _left(column: Column, domain: str | None) -> Column:
    """The column with the domain it was left; closed lists and forms are text."""
    if domain is None:
        return column
    text = domain.startswith(("labels:", "form:"))
    return replace(column, domain=domain, dtype="string" if text else column.dtype)


def table_of(plan: Plan, selection: TableSelection, known: Catalogue) -> tuple[Dataset, Table]:
    """Dataset and table of a selection. `Refused` where there is none."""
    dataset = known.dataset(selection.dataset)
    try:
        return dataset, dataset.table(selection.table)
    except KeyError:
        raise Refused(
            f"dataset {dataset.id} has no table {selection.table}", where=plan.id, rule="plan.table",
            remedy=f"known: {', '.join(t.name for t in dataset.tables)}",
        ) from None  # fmt: skip


def _layout(plan: Plan, selection: TableSelection, shared: bool, known: Catalogue) -> ReleaseTable:
    dataset, table = table_of(plan, selection, known)
    if len(set(selection.columns)) < len(selection.columns):
        raise Refused(
            f"a column of {table.name} stands twice", where=plan.id, rule="plan.tables", remedy="name each column once"
        )
    numbers = {"none": (), "claim": (CLAIM,), "person": (PERSON, CLAIM)}[plan.linkage]
    columns = [NUMBERS[number] for number in numbers]
    columns += [column_of(plan, dataset, table, name) for name in selection.columns]
    items = items_of(plan, table, selection)
    made = tuple(_narrowed(column, items) for column in columns)
    head, counted = table.name == dataset.head, _counted(plan, dataset, table, made)
    name, ja, en = table.name, table.ja, table.en
    if shared:
        name, ja, en = f"{dataset.id}_{name}".replace("-", "_"), f"{dataset.ja}・{ja}", f"{dataset.en}: {en}"
    return ReleaseTable(name, dataset.id, ja, en, made, items, table.name, head, counted)


def items_of(plan: Plan, table: Table, selection: TableSelection) -> tuple[str, ...]:
    """検査項目 that are asked for, in the list's order. `Refused` where the table has none, or the list not these."""
    if not selection.items:
        return ()
    if "item" not in {column.name for column in table.columns}:
        raise Refused(
            f"table {table.name} holds no test items", where=plan.id, rule="plan.items", remedy="take items out"
        )
    known = codes.load(_ITEMS).names
    if unknown := sorted(set(selection.items) - known.keys()):
        raise Refused(
            f"no test item is called {', '.join(unknown)}", where=plan.id, rule="plan.items",
            remedy="config/codes/test_item.tsv lists them",
        )  # fmt: skip
    return tuple(code for code in known if code in selection.items)


def _narrowed(column: Column, items: Sequence[str]) -> Column:
    """The column as contract and codebook are to see it: of all items only those that were asked for."""
    chosen = items and column.name == "item"
    return replace(column, domain=f"{column.domain}/{','.join(items)}") if chosen else column


def column_of(plan: Plan, dataset: Dataset, table: Table, name: str) -> Column:
    """The column called `name` of a table, derived ones included. `Refused` where it may not go out."""
    if table.name == dataset.head and name in DERIVED and name not in {c.name for c in table.columns}:
        return DERIVED[name]
    try:
        column = table.column(name)
    except KeyError:
        raise Refused(
            f"table {table.name} has no column {name}",
            where=plan.id,
            rule="plan.column",
            remedy="tokumei datasets lists them",
        ) from None
    if column.cls in DROPPED or column.domain in {"none", "free"}:
        raise Refused(
            f"{table.name}.{name} is never kept", where=plan.id, rule="plan.column", remedy="take it out of the plan"
        )
    return column


def _counted(plan: Plan, dataset: Dataset, table: Table, columns: Sequence[Column]) -> dict[str, str]:
    """Column -> quasi-identifier. `Refused` where something goes out that narrows people down and is not counted.

    One person has one value of each, so a table carries each once; and only head tables say what a person is: a birth
    or a sex in another table is somebody else's (a donor's).
    """
    head, found = table.name == dataset.head, dict[str, str]()
    for column in columns:
        name = name_of(plan, head, column)
        if not name:
            continue
        place = f"{table.name}.{column.name}"
        if name not in plan.quasi_identifiers:
            raise Refused(
                f"{place} goes out but {name} is not among quasi_identifiers",
                where=plan.id, rule="plan.quasi_identifiers", remedy=f"add {name}, or leave the column out",
            )  # fmt: skip
        if name in found.values() or not (head or name == "insurer"):
            raise Refused(
                f"{place} is not what was counted of the person as {name}", where=plan.id,
                rule="plan.quasi_identifiers", remedy=f"leave it out, or take {name} from the head table, once",
            )  # fmt: skip
        found[column.name] = name
    return found
