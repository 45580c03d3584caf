"""準識別子 of a plan: what of a person is counted, what it is worked out from, and which columns of a release carry it.

A person has one value of each: of the nearest dataset, then of the latest month. That value is what goes out, on every
row of the person, so that the groups in the payload are those that were counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from anonymization.rules.age_band import labels
from provision.catalogue import Catalogue
from provision.errors import Refused
from provision.formats.base import Column, ColumnClass, Table
from provision.formats.tables import DROPPED
from provision.model import Plan
from provision.profiles import Profile, Requirements

#: Columns that a plan may ask for on head tables besides the table's own.
DERIVED = {
    "age_band": Column("age_band", "年齢階級", "Age band", ColumnClass.QUASI, "string", "label:age_band", "years", 0),
    "prefecture": Column("prefecture", "都道府県", "Prefecture", ColumnClass.QUASI, "string", "code:prefecture", "", 0),
}
#: Quasi-identifiers that are known of everybody, whatever the dataset.
KNOWN: Mapping[str, Column] = {
    **DERIVED,
    "sex": Column("sex", "性別", "Sex", ColumnClass.QUASI, "string", "code:sex", "", 0, "sex"),
    "birth_month": Column("birth_month", "生年月", "Birth month", ColumnClass.BIRTH, "string", "month", "", 0, "birth"),
    "zip3": Column("zip3", "郵便番号上3桁", "ZIP code, 3 digits", ColumnClass.ZIP, "string", "zip3"),
    "insurer": Column("insurer", "保険者番号", "Insurer number", ColumnClass.INSURER, "string", "insurer"),
}
#: Quasi-identifiers by their own name, in whatever table.
COUNTED = frozenset({"age_band", "sex", "prefecture"})
#: Quasi-identifiers by the class of the column.
_OF_CLASS = {ColumnClass.BIRTH: "birth_month", ColumnClass.ZIP: "zip3", ColumnClass.INSURER: "insurer"}
#: Columns of class quasi that say something of an event, not of a person: trails are limited, not groups.
_EVENTS = frozenset({"service_month"})


def name_of(plan: Plan, head: bool, column: Column) -> str:
    """The quasi-identifier a column of a release carries; "" where it carries none."""
    if column.name in COUNTED:
        return column.name
    if column.cls in _OF_CLASS:
        return _OF_CLASS[column.cls]
    own = head and column.cls is ColumnClass.QUASI and column.name in plan.quasi_identifiers
    return column.name if own else ""


def columns_of_people(plan: Plan, profile: Profile | None, known: Catalogue) -> dict[str, Column]:
    """Every column of a person that the plan and its profile count: quasi-identifiers, then sensitive ones.

    `Refused` where a plan names one that is no quasi column of a head table of its datasets.
    """
    heads = [known.dataset(dataset) for dataset in dict.fromkeys(table.dataset for table in plan.tables)]
    tables = [dataset.table(dataset.head) for dataset in heads]
    found = {name: _quasi(plan, name, tables) for name in plan.quasi_identifiers}
    for name in sensitive(plan, profile, tables):
        if name in found:
            raise Refused(
                f"{name} is both quasi-identifier and sensitive", where=plan.id, rule="plan.requirements",
                remedy="take it out of quasi_identifiers or of requirements",
            )  # fmt: skip
        found[name] = _sensitive(plan, name, tables)
    return found


def requirements(plan: Plan, profile: Profile | None, tables: Iterable[Table]) -> Requirements:
    """The plan's requirements, and those of the profile whose column a head table of the plan has."""
    if profile is None:
        return plan.requirements
    here = frozenset(column.name for table in tables for column in table.columns)
    return plan.requirements.joined(profile.requirements.on(here))


def sensitive(plan: Plan, profile: Profile | None, tables: Iterable[Table]) -> tuple[str, ...]:
    """Sensitive columns that requirements name."""
    return requirements(plan, profile, tables).columns


def banded(column: Column, profile: Profile) -> Column:
    """A column of age bands with the list of these bands as its domain; any other as it is."""
    if not column.domain.startswith("label:"):
        return column
    return replace(column, domain="labels:" + "|".join(labels(profile.age_width, profile.age_top)))


def own(plan: Plan, profile: Profile, known: Catalogue) -> tuple[str, ...]:
    """Columns of people that are read from head tables by their own name."""
    return tuple(name for name in columns_of_people(plan, profile, known) if name not in KNOWN)


def _quasi(plan: Plan, name: str, tables: Iterable[Table]) -> Column:
    if name in KNOWN:
        return KNOWN[name]
    found = [c for table in tables for c in table.columns if c.name == name and c.cls is ColumnClass.QUASI]
    if not found or name in _EVENTS:
        raise Refused(
            f"{name} is no quasi column of a head table of the plan's datasets", where=plan.id,
            rule="plan.quasi_identifiers", remedy=f"{', '.join(KNOWN)}, or a column of class quasi (tokumei datasets)",
        )  # fmt: skip
    return found[0]


def _sensitive(plan: Plan, name: str, tables: Iterable[Table]) -> Column:
    found = [c for table in tables for c in table.columns if c.name == name and c.cls not in DROPPED]
    if not found:
        raise Refused(
            f"requirements name {name}, which no head table of the plan's datasets has", where=plan.id,
            rule="plan.requirements", remedy="l and t count one value a person: name a column of a head table",
        )  # fmt: skip
    return found[0]
