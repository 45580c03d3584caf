"""往復: what the fictitious world writes in every format is what the store holds, minus what must go.

Exact rows, exact totals, every kept column as it was written; nobody and nothing direct; everybody linked who can be,
and nobody with anybody else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import polars as pl
import pytest
from roundtrip_expected import dropped, expected
from roundtrip_house import FORMS, Drop, Taken, taken
from roundtrip_people import components

from provision import formats
from provision.sampledata import identifying_values
from provision.sampledata.facilities import FACILITIES
from provision.sampledata.sheets.dispensing import DOCTORS
from tests.support.leaksearch import search

QUICK = {"seed": 2, "people": 300, "months": ["2025-05", "2025-06"], "all_months": False}
LARGE = {"seed": 21, "people": 2500, "months": ["2021-09", "2025-04", "2025-05", "2025-06"]}


@pytest.fixture(
    scope="module", params=[pytest.param(QUICK, id="quick"), pytest.param(LARGE, id="large", marks=pytest.mark.slow)]
)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return taken(tmp_path_factory.mktemp("world"), tmp_path_factory.mktemp("home"), **request.param)


def _of(house: Taken, form: str) -> Iterator[Drop]:
    """The drops of one format; there are some."""
    drops = [drop for drop in house.drops if drop.form == form]
    assert drops
    return iter(drops)


@pytest.mark.parametrize("form", FORMS)
def test_every_kept_cell_is_what_was_written(house: Taken, form: str) -> None:
    table = formats.get(form).editions[-1]
    for drop in _of(house, form):
        wanted = expected(form, drop.files(), table)
        numbers = _numbers(house.table(drop, drop.dataset.head))
        assert len(numbers) == wanted.claims
        for name in [t.name for t in drop.dataset.tables if not (form == "dpc-form3" and t.name != "facility_report")]:
            found, rows = house.table(drop, name), _in_order(wanted.rows.get(name, []))
            assert found.height == len(rows), (drop.name, name)
            if not rows:
                continue
            assert [numbers.get(n) for n in found["claim_no"]] == [row["claim_no"] for row in rows]
            for column in house.columns(found):
                assert found[column].to_list() == [row.get(column) for row in rows], (drop.name, name, column)
            filled = {column for row in rows for column, value in row.items() if value is not None} - {"claim_no"}
            assert filled <= set(found.columns), (drop.name, name)


def _numbers(head: pl.DataFrame) -> dict[int, int]:
    """Stored claim numbers -> place in the drop, from 0."""
    return {number: place for place, number in enumerate(head["claim_no"].unique(maintain_order=True))}


def _in_order(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """By claim, those about the file first, as the store is read here."""
    return sorted(rows, key=lambda row: -1 if row["claim_no"] is None else row["claim_no"])  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("form", FORMS)
def test_as_many_rows_as_the_world_wrote_records(house: Taken, form: str) -> None:
    head = formats.get(form).dataset.head
    records = {f.record: f.table for f in formats.get(form).editions[-1].fields if f.table != head}
    for drop in _of(house, form):
        written: Counter[str] = Counter()
        for line in house.sums[drop.source, drop.name]:
            assert line["format"] == form
            written.update(line["rows"])  # type: ignore[arg-type]
        for kind, count in written.items():
            if kind in records and kind != "row":
                assert house.table(drop, records[kind]).height == count, (drop.name, kind)
        assert house.table(drop, head).height == max(1, len(house.told.get((drop.source, drop.name), [])))


@pytest.mark.parametrize("form", FORMS)
def test_totals_are_the_worlds(house: Taken, form: str) -> None:
    for drop in _of(house, form):
        wanted: Counter[str] = Counter()
        for line in house.sums[drop.source, drop.name]:
            wanted.update(line["totals"])  # type: ignore[arg-type]
        found = _totals(form)(house, drop)
        assert found
        assert found == {name: wanted[name] for name in found}, drop.name


def _totals(form: str) -> Callable[[Taken, Drop], dict[str, int]]:
    if form.startswith(("uke-", "recodeinfo-")):
        return _claim_totals
    if form.startswith("kaigo-"):
        return _invoice_totals if form == "kaigo-claims" else _planning_totals
    return {"dpc-e": _act_totals, "dpc-ef": _act_totals, "dpc-d": _act_totals}.get(form, _head_totals)


def _claim_totals(house: Taken, drop: Drop) -> dict[str, int]:
    """総件数 and 総合計点数 of the claims, details left out; what GO said where there is one; GT of DPC claims."""
    head = house.table(drop, "claim")
    own = head.filter(pl.col("detail_no") == 0) if "detail_no" in head.columns else head
    payers = []
    for order, name in enumerate(("insurance", "public_expense")):
        frame = house.table(drop, name)
        if frame.height:
            payers.append(frame.select("claim_no", pl.col("points").cast(pl.Int64)).with_columns(order=order))
    paid = pl.concat(payers).join(own.select("claim_no"), on="claim_no", how="semi")
    main = paid.sort("order", maintain_order=True).unique("claim_no", keep="first", maintain_order=True)
    found = {"claims": own.height, "payers": paid.height, "points": int(main["points"].sum())}
    said = house.table(drop, "control_total")
    if said.height:
        assert said.select("claims", "points").rows() == [(found["payers"], found["points"])]
    months = house.table(drop, "dpc_total") if "dpc_total" in {t.name for t in drop.dataset.tables} else pl.DataFrame()
    return found | ({"month_points": int(months["month_points"].sum())} if months.height else {})


def _invoice_totals(house: Taken, drop: Drop) -> dict[str, int]:
    """7111 of the insurance, and the same again from the claims."""
    said = house.table(drop, "care_invoice").filter(pl.col("payer_kind") == "1")
    names = [name for name in ("claims", "units", "cost") if name in said.columns]
    assert int(house.table(drop, "care_summary")["insurance_units"].sum()) == int(said["units"].sum())
    return {name: int(said[name].sum()) for name in names}


def _planning_totals(house: Taken, drop: Drop) -> dict[str, int]:
    """Users, units and yen of the heads; the units again from the lines, and the counts from 7111 or 8211."""
    head, support = house.table(drop, drop.dataset.head), drop.form == "kaigo-support"
    service, said = ("support_service", "support_invoice") if support else ("care_plan_service", "care_plan_summary")
    units, lines = int(head["total_units"].sum()), house.table(drop, service)
    front = house.table(drop, said)
    assert int(lines["units" if support else "planned_units"].sum()) == units
    counts = ["claims"] if support else [name for name in front.columns if name.endswith("_new")]
    assert sum(int(front[name].sum()) for name in counts) == head.height
    found = {"claims": head.height, "units": units, "records": lines.height}
    return found | ({"amount": int(head["amount"].sum())} if support else {})


def _act_totals(house: Taken, drop: Drop) -> dict[str, int]:
    """Rows, stays and the points of all acts."""
    name = next(t.name for t in drop.dataset.tables if t.name != drop.dataset.head)
    items = house.table(drop, name)
    points = int(items.select((pl.col("points") * pl.col("times")).sum()).item())
    return {"stays": house.table(drop, "stay").height, "rows": items.height, "points": points}


def _head_totals(house: Taken, drop: Drop) -> dict[str, int]:
    """One head row per stay, member, user or message."""
    head = house.table(drop, drop.dataset.head).height
    if drop.form == "dpc-form3":
        return {"rows": house.table(drop, "facility_number")["row_no"].n_unique()}
    named = {"life": "records", "hl7v2": "messages"}
    people = drop.form == "member-ledger" or drop.form.startswith("checkup-")
    return {"members" if people else named.get(drop.form, "stays"): head}


def test_nobody_and_nothing_direct_is_in_the_store(house: Taken) -> None:
    values = list(identifying_values(house.world / "truth"))
    values += [("provider", text) for text in (*DOCTORS, *[f.name for f in FACILITIES], *[f.phone for f in FACILITIES])]
    store = house.ctx.zones.store()
    assert sum(1 for _ in store.rglob("*.parquet")) > 100
    assert search([store], values) == []
    senders = search([house.world / "senders"], values)
    assert {hit.kind for hit in senders} >= {"name", "kana", "phone", "insured", "chart", "provider"}


def test_no_cell_of_a_dropped_class_is_in_the_store(house: Taken) -> None:
    """Names, numbers that link or lead back, free text and names of facilities, as each sender wrote them."""
    cells: set[tuple[str, str]] = set()
    for drop in house.drops:
        table = formats.get(drop.form).editions[-1]
        for data in drop.files():
            cells |= dropped(drop.form, data, table)
    assert {kind for kind, _ in cells} >= {"direct", "link", "technical", "free", "provider_name"}
    assert len(cells) > 1000
    assert search([house.ctx.zones.store()], sorted(cells)) == []


def test_dropped_classes_have_no_column(house: Taken) -> None:
    gone = {"direct", "link", "technical", "free", "provider_name", "reserved"}
    for drop in house.drops:
        for table in drop.dataset.tables:
            dropped = {column.name for column in table.columns if str(column.cls) in gone}
            assert not dropped & set(house.table(drop, table.name).columns)


@pytest.fixture(scope="module")
def people(house: Taken) -> list[tuple[dict[str, object], object]]:
    return house.whose()


def test_precision_nobody_is_two_people(people: list[tuple[dict[str, object], object]]) -> None:
    """適合率 100 %."""
    true_of = defaultdict(set)
    for line, person in people:
        true_of[person].add(line["person"])
    assert len(people) > 500
    assert [true for true in true_of.values() if len(true) > 1] == []


def test_recall_everything_the_rules_allow_is_linked(people: list[tuple[dict[str, object], object]]) -> None:
    """再現率 100 % of the linkable: the same records together as the rules put together from the truth, no others."""
    rules = components([line for line, _ in people])  # type: ignore[misc]
    both = {(rule, person) for rule, (_, person) in zip(rules, people, strict=True)}
    assert len({rule for rule, _ in both}) == len(both) == len({person for _, person in both})


def test_people_meet_across_formats(people: list[tuple[dict[str, object], object]]) -> None:
    """Linking is worth something: most people are known to several senders, some to many."""
    sources = defaultdict(set)
    for line, person in people:
        sources[person].add(line["source"])
    several = [len(names) for names in sources.values() if len(names) > 1]
    assert len(several) > 100
    assert max(several) >= 6


def test_a_returned_claim_is_found_by_its_token_and_nothing_else_has_it(house: Taken) -> None:
    """返戻: the keyed token of a return is that of the claim as it was billed, and of the one that is billed again."""
    tokens: dict[str, list[tuple[str, str]]] = defaultdict(list)
    returned = {}
    for drop in house.drops:
        if "claim_token" not in (head := house.table(drop, drop.dataset.head)).columns:
            continue
        lines = house.told[drop.source, drop.name]
        for line, token in zip(lines, head["claim_token"], strict=True):
            if token and drop.source == "kita-hospital":
                tokens[token].append((str(line["person"]), str(line["drop"])))
            if token and drop.source == "kita-returns":
                returned[token] = str(line["person"])
    assert returned
    for token, person in returned.items():
        assert {who for who, _ in tokens[token]} == {person}
    assert all(len({who for who, _ in found}) == 1 for found in tokens.values())
