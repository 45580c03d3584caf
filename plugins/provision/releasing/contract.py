"""The contract of a release: what the gate holds the payload against, from plan, dataset, codes, profile and counts.

Row counts come from the ledger, everything else from configuration: nothing is taken from the payload's own folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from anonymization.rules.age_band import labels
from expectations.attested import CANARIES, ROW_ORDER
from expectations.contract import (
    CodeList,
    ColumnContract,
    Contract,
    Domain,
    Form,
    NumberRange,
    PeopleContract,
    RareCodes,
    TableContract,
)
from provision import codes
from provision.context import Context
from provision.errors import Refused
from provision.formats.base import Column
from provision.formats.tables import bounds
from provision.intake.domains import FORMS
from provision.model import Plan, Profile
from provision.packaging.payload import MANIFEST, documents
from provision.releasing.domains import labels_of
from provision.releasing.promises import OfValues, births, earliest, of_values, rare_codes
from provision.releasing.published import published
from provision.releasing.shapes import CLAIM, PERSON, ReleaseTable, as_made, layout


def contract_of(ctx: Context, plan: Plan, made: Mapping[str, object]) -> Contract:
    """The contract for a release made with the facts `made` (the ledger's release.made payload)."""
    profile = ctx.profile(plan.profile)
    rows = made["tables"]
    assert isinstance(rows, Mapping)
    people = int(str(made["people"]))
    claims = int(str(made["claims"]))
    before = layout(plan, ctx.catalogue)
    shapes = as_made(before, made)
    tables = tuple(
        TableContract(
            shape.name,
            tuple(_column(plan, profile, shape, column, people, claims) for column in shape.columns),
            int(rows[shape.name]),
            tuple(plan.formats),
        )
        for shape in shapes
    )
    counted, values = _people(plan, shapes), of_values(plan, profile, ctx.catalogue, before, made)
    made_up = Contract(
        version="",
        tables=tables,
        documents=documents(),
        people=_promised(counted, rare_codes(profile, before), values),
        allowed_texts=published(ctx.platform.operator, ctx.recipient(plan.recipient)),
        manifest=MANIFEST,
        attested=frozenset({ROW_ORDER, CANARIES}),
        chart_numbers=tuple(sorted({form for source in plan.sources for form in ctx.source(source).chart_numbers})),
        uncounted=values.uncounted if counted else _all_uncounted(values),
    )
    return replace(made_up, version=_version(made_up, profile))


def _column(
    plan: Plan, profile: Profile, shape: ReleaseTable, column: Column, people: int, claims: int
) -> ColumnContract:
    made = births(plan, profile, shape, column, domain(column, profile, people, claims))
    return ColumnContract(column.name, column.dtype, made, earliest=earliest(plan, profile, made))


def domain(column: Column, profile: Profile, people: int, claims: int) -> Domain:
    """The closed domain of a column; `Refused` where it has none."""
    word, _, rest = column.domain.partition(":")
    if word == "code":
        return CodeList(rest, frozenset(codes.load(rest).names))
    if word == "form":
        return Form(column.domain, rest)
    if word in FORMS:
        return Form(word, FORMS[word])
    if word == "range":
        return NumberRange(*bounds(column.domain))
    if word == "labels":
        return CodeList("labels", frozenset(labels_of(column.domain)))
    if word == "label":
        return CodeList("age_band", frozenset(labels(profile.age_width, profile.age_top)))
    if word == "number":
        highest = people if rest == "person" else claims
        return NumberRange(Decimal(1), Decimal(highest))
    raise Refused(
        f"column {column.name} has no closed domain", rule="contract.domain", remedy="leave it out of the plan"
    )


def _people(plan: Plan, shapes: tuple[ReleaseTable, ...]) -> PeopleContract | None:
    """k over the table that carries every quasi-identifier; else, where rows are linked, over all tables together with
    those that go out at all; else over nothing: no two tables can be connected, and each alone says less."""
    shape = counted_table(plan, shapes)
    if shape is not None:
        person = PERSON if PERSON in {c.name for c in shape.columns} else None
        return PeopleContract(shape.name, tuple(shape.counted), person, plan.k)
    number = {"none": None, "claim": CLAIM, "person": PERSON}[plan.linkage]
    quasi = tuple(dict.fromkeys(name for each in shapes for name in each.counted))
    return PeopleContract("", quasi, number, plan.k) if number and quasi else None


def _promised(people: PeopleContract | None, rare: tuple[RareCodes, ...], values: OfValues) -> PeopleContract | None:
    """With what else is counted over people; where nothing connects rows to people, nothing is."""
    return (
        None
        if people is None
        else replace(people, rare_codes=rare, diversity=values.diversity, closeness=values.closeness)
    )


def _all_uncounted(values: OfValues) -> tuple[str, ...]:
    """Of a payload in which nothing connects rows to people."""
    named = [f"{one.kind} l-diversity of {one.column}" for one in values.diversity]
    named += [f"{one.kind} t-closeness of {one.column}" for one in values.closeness]
    return (*values.uncounted, *(f"{one}: nothing connects rows to people" for one in named))


def counted_table(plan: Plan, shapes: tuple[ReleaseTable, ...]) -> ReleaseTable | None:
    """The first table that carries every quasi-identifier; None where no table of the release does."""
    return next((s for s in shapes if s.head and set(plan.quasi_identifiers) <= set(s.counted.values())), None)


def _version(contract: Contract, profile: Profile) -> str:
    """A hash over everything the gate is told, and over the profile the tables were made by."""
    tables = [
        (t.name, t.rows, t.formats, [(c.name, c.dtype, _stable(c.domain), c.nullable, c.earliest) for c in t.columns])
        for t in contract.tables
    ]
    others = (contract.documents, contract.people, contract.allowed_texts, contract.manifest, sorted(contract.attested))
    said = (*others, contract.uncounted, contract.chart_numbers)
    return hashlib.sha256(repr((tables, said, profile.model_dump_json())).encode()).hexdigest()[:16]


def _stable(made: Domain) -> str:
    return f"{made.name}:{sorted(made.codes)}" if isinstance(made, CodeList) else repr(made)
