"""LIFE records in releases: versions from files and batches in any order, superseded, after the cut-off, and erased."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision import releasing
from provision.context import Context
from provision.intake import receive, take_in
from provision.intake.keying import scope
from provision.model import Source, TableSelection, Words
from provision.persons.asked import FIELDS, checked
from provision.releasing.affected import affected
from provision.releasing.quasi import columns_of_people
from provision.releasing.select import select
from provision.releasing.tables import make_tables, treated_tables
from tests.support.intake import ACTOR, drop, platform
from tests.support.leaving import gone
from tests.support.life import FORMS, INSURER, USERS, Record, form, sheet, user

PLAN, HOME = "claims-for-university", "kita-hospital"
TABLES = [
    TableSelection(dataset="life", table="life_record", columns=["form", "sex"]),
    TableSelection(dataset="life", table="form_0000", columns=["weight", "serum_albumin_value"]),
    TableSelection(dataset="life", table="service_user", columns=["care_level"]),
]
PEOPLE = ("101", "102", "103", "104")
_counter = itertools.count()
Sent = tuple[str, int, int | None, list[tuple[str, Sequence[Record]]]]  # period, sequence, supersedes, files


def care_platform(home: Path, **changes: Any) -> Context:
    """One care home; the shipped plan asks for its LIFE records of 2023-04 and 2023-05."""
    name = Words(ja="架空の介護施設", en="Fictitious care home")
    source = Source(id=HOME, name=name, kind="care_facility", format="life", legal_status="personal")
    ctx = platform(home, source)
    said = {
        "sources": [HOME], "tables": TABLES, "quasi_identifiers": ["sex"], "k": 3, "first_month": "2023-04",
        "cutoff_month": "2023-05", "linkage": "claim", **changes,
    }  # fmt: skip
    plan = ctx.plan(PLAN)
    recipient = ctx.recipient(plan.recipient)
    agreed = recipient.agreement.model_copy(update={"datasets": ["life"], "categories": list(range(1, 9)), "items": {}})
    return replace(
        ctx,
        plans={PLAN: plan.model_copy(update=said)},
        recipients={recipient.id: recipient.model_copy(update={"agreement": agreed})},
    )


def send(ctx: Context, sent: Sent) -> str:
    """Receive and take in one batch."""
    period, sequence, supersedes, files = sent
    content = {f"{n}.csv": sheet(kind, *records) for n, (kind, records) in enumerate(files)}
    card = f'period: "{period}"\nsequence: {sequence}\nsupersedes: {supersedes or "null"}\n'
    drop(ctx, HOME, content, f"drop-{next(_counter)}", card=card)
    (batch,) = receive(ctx, HOME, actor=ACTOR)
    take_in(ctx, batch, actor=ACTOR)
    return batch


def april(weight: str = "48.5") -> Sent:
    """Everybody with a full evaluation."""
    users = [user(f"U{who}", who) for who in PEOPLE]
    forms = [form(f"F{who}", who, weight=weight, serum_albumin_value="3.5") for who in PEOPLE]
    return "2023-04", 1, None, [(USERS, users), (FORMS, forms)]


#: In two files; the second takes back an albumin value and says nothing of weights.
MAY: Sent = (
    "2023-05", 1, None,
    [
        (FORMS, [form(f"F{who}", who, weight="50.0") for who in PEOPLE[:2]]),
        (FORMS, [form("F101", "101", serum_albumin_value=" "), form("F103", "103", weight="", adl_evaluate="")]),
        (USERS, [user("U104", "104", care_level="23", gender="", birthday="")]),
    ],
)  # fmt: skip
JUNE: Sent = ("2023-06", 1, None, [(FORMS, [form(f"F{who}", who, weight="99.0") for who in PEOPLE])])
MERGED = [(48.5, 3.5), (48.5, 3.5), (50.0, 3.5), (50.0, None)]


def tables(ctx: Context) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the tables as they would go out, without the numbers of this release."""
    plan, profile = (
        ctx.plan(PLAN),
        ctx.profile(ctx.plan(PLAN).profile).model_copy(update={"rules": [], "rare_codes": 0}),
    )
    found = select(ctx, plan, profile)
    columns = columns_of_people(plan, profile, ctx.catalogue)
    counted = {name: columns[name] for name in plan.quasi_identifiers}
    made = make_tables(treated_tables(ctx, plan, profile, found, found.people, counted))
    plain = {
        name: frame.drop("claim_number").with_columns(pl.selectors.decimal().cast(pl.Float64))
        for name, frame in made.items()
    }
    return {name: sorted(frame.rows(), key=repr) for name, frame in plain.items()}


def forms(ctx: Context) -> list[tuple[Any, ...]]:
    return tables(ctx)["form_0000"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_versions_of_files_and_batches_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    """Those of June are after the cut-off: they end nothing, and say nothing."""
    ctx = care_platform(tmp_path)
    for n in order:
        send(ctx, (april(), MAY, JUNE)[n])
    made = tables(ctx)
    assert made["form_0000"] == MERGED
    assert made["service_user"] == [("22",), ("22",), ("22",), ("23",)]
    assert made["life_record"] == [("0000", "2")] * 4 + [("USER", "2")] * 4  # one row a record, and the sex that stays


def test_a_later_cutoff_has_what_was_said_later(tmp_path: Path) -> None:
    ctx = care_platform(tmp_path, cutoff_month="2023-06")
    for sent in (april(), MAY, JUNE):
        send(ctx, sent)
    assert forms(ctx) == [(99.0, 3.5), (99.0, 3.5), (99.0, 3.5), (99.0, None)]


def test_a_superseded_batch_says_nothing_any_more(tmp_path: Path) -> None:
    """Of the first version as of the last; and releases that had it are found, each record once."""
    ctx = care_platform(tmp_path)
    send(ctx, april())
    send(ctx, MAY)
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    assert releasing.make(ctx, release, actor=ACTOR)["claims"] == 8
    period, _, _, files = april("47.0")
    again = send(ctx, (period, 2, 1, files))
    assert forms(ctx) == [(47.0, 3.5), (47.0, 3.5), (50.0, 3.5), (50.0, None)]
    (hit,) = affected(ctx, again)
    assert (hit.superseded, hit.replaced, hit.withdrawn) == (8, 0, 0)
    may = send(ctx, ("2023-05", 2, 1, [(FORMS, [form("F104", "104", weight="51.0")])]))
    assert forms(ctx) == [(47.0, 3.5), (47.0, 3.5), (47.0, 3.5), (51.0, 3.5)]
    (hit,) = affected(ctx, may)
    assert (hit.superseded, hit.replaced) == (4, 1)  # three forms and a user were versions of it; a form is new
    assert affected(ctx, send(ctx, JUNE)) == []


def test_a_batch_that_is_taken_twice_is_there_once(tmp_path: Path) -> None:
    ctx = care_platform(tmp_path)
    send(ctx, april())
    batch = send(ctx, MAY)
    take_in(ctx, batch, actor=ACTOR)
    assert forms(ctx) == MERGED


def test_somebody_who_was_erased_leaves_in_all_versions(tmp_path: Path) -> None:
    ctx = care_platform(tmp_path)
    send(ctx, april())
    send(ctx, MAY)
    asked = {
        "name": "架空山　101子",
        "birth": "19380101",
        "sex": "2",
        "care_insurer": INSURER,
        "care_number": "0000000101",
    }
    _, done = gone(ctx, checked([{**dict.fromkeys(FIELDS, ""), **asked}]))
    assert done["rows"] == 8  # a user and three versions of a form, each in the head and in its own table
    assert forms(ctx) == [row for row in MERGED if row != (50.0, None)]
    assert len(tables(ctx)["life_record"]) == 6


def test_a_withdrawn_alias_says_nothing_of_what_came_under_another(tmp_path: Path) -> None:
    """The birth was written otherwise once, so that the vault knows two; a veto found one of them."""
    ctx = care_platform(tmp_path)
    send(ctx, april())
    send(ctx, ("2023-05", 1, None, [(USERS, [user("U101", "101", birthday="19400102", care_level="")])]))
    assert tables(ctx)["service_user"] == [("22",)] * 4
    heads = [pl.read_parquet(path) for path in ctx.zones.store().glob("life/*/*/life_record/*.parquet")]
    users = pl.concat(heads).filter(pl.col("form") == "USER")
    (last,) = users.filter(pl.col("birth_month") == "1940-01")["claim_place"]
    before, after = users.filter(pl.col("claim_place") == last).sort("birth_month")["alias"]
    assert before != after
    entry = ctx.ledger.append("test.withdrawn", actor=ACTOR, key="one", subjects={"source": HOME}, payload={})
    ctx.vault.withdraw(scope(ctx.source(HOME)), [before], "veto", entry.seq)
    assert tables(ctx)["service_user"] == [("22",), ("22",), ("22",), (None,)]
