"""What a recipient sees of people's lives, how unique it makes them, and that an agreement's limit holds."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from provision import releasing
from provision.checking import check_all
from provision.config import load_plans
from provision.errors import Refused
from provision.formats.base import Column, ColumnClass
from provision.model import Plan
from provision.releasing.happenings import UNIT, WHO, Happenings, default_places, happenings
from provision.releasing.shapes import CLAIM, ReleaseTable
from provision.releasing.tables import Treated
from tests.support.house import ACTOR, ROOT, House

PLAN = "claims-for-university"
EVENTS = ["service_month", "disease_code"]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plans(ROOT / "config").items[PLAN]


def table(
    name: str, columns: dict[str, ColumnClass], rows: Sequence[tuple[object, ...]], *, head: bool = False
) -> Treated:
    """A made table; each row begins with its person and its claim."""
    made = tuple(Column(n, n, n, cls, "string", "form:.*") for n, cls in columns.items())
    frame = pl.DataFrame(rows, schema=["person", CLAIM, *columns], orient="row")
    return Treated(ReleaseTable(name, "medical-claims", name, name, made, table=name, head=head), frame)


CLAIMS = table(
    "claim", {"service_month": ColumnClass.QUASI, "facility": ColumnClass.PROVIDER},
    [(1, 11, "2025-04", "X"), (1, 12, "2025-05", "X"), (2, 13, "2025-04", "Y")], head=True,
)  # fmt: skip
DISEASES = table(
    "diagnosis", {"disease_code": ColumnClass.SENSITIVE, "points": ColumnClass.ORDINARY},
    [(1, 11, "A", "1"), (1, 11, "B", "1"), (1, 12, "A", "1"), (2, 13, "A", "1")],
)  # fmt: skip


def rows(found: Happenings | None) -> list[tuple[object, ...]]:
    assert found is not None
    return sorted(found.rows.rows(), key=repr)


def test_a_detail_has_what_the_head_of_its_claim_says(plan: Plan) -> None:
    found = happenings(plan, [CLAIMS, DISEASES], EVENTS)
    assert rows(found) == sorted([
        ("1", "1", "2025-04", None), ("1", "1", "2025-05", None), ("2", "2", "2025-04", None),
        ("1", "1", "2025-04", "A"), ("1", "1", "2025-04", "B"), ("1", "1", "2025-05", "A"), ("2", "2", "2025-04", "A"),
    ], key=repr)  # fmt: skip
    assert found is not None
    assert (found.columns, found.known) == (("service_month", "disease_code"), 3)


def test_what_links_events_is_what_the_plan_links(plan: Plan) -> None:
    of_claims = happenings(plan.model_copy(update={"linkage": "claim"}), [CLAIMS, DISEASES], EVENTS)
    assert of_claims is not None
    assert set(of_claims.rows.select(WHO, UNIT).rows()) == {("1", "11"), ("1", "12"), ("2", "13")}
    bare = [CLAIMS, DISEASES]
    alone = happenings(plan.model_copy(update={"linkage": "none"}), bare, EVENTS)
    assert alone is not None
    assert alone.known == 1
    assert alone.rows[UNIT].n_unique() == alone.rows.height
    both = alone.rows.filter(pl.col("service_month").is_not_null() & pl.col("disease_code").is_not_null())
    assert both.height == 0  # nobody can tell whose claim a diagnosis is on


def test_columns_by_name_or_by_table_and_name(plan: Plan) -> None:
    assert happenings(plan, [CLAIMS, DISEASES], ["drug_code"]) is None
    assert happenings(plan, [CLAIMS, DISEASES], ["claim.disease_code"]) is None
    found = happenings(plan, [CLAIMS, DISEASES], ["diagnosis.disease_code", "drug_code"])
    assert rows(found) == [("1", "1", "A"), ("1", "1", "A"), ("1", "1", "B"), ("2", "2", "A")]


def test_default_columns_are_codes_and_dates_and_nothing_counted(plan: Plan) -> None:
    dates = frozenset({"claim.service_month"})
    assert default_places([CLAIMS, DISEASES], dates) == ("service_month", "facility", "disease_code")
    assert default_places([CLAIMS, DISEASES], frozenset()) == ("facility", "disease_code")


def limit(house: House, **limits: float) -> None:
    def agree(recipient: dict) -> None:  # type: ignore[type-arg]
        recipient["agreement"]["trail"] = {"events": EVENTS, **limits}

    house.edit("recipients/tsukishima-university.yaml", agree)


def test_figures_go_into_facts_and_a_limit_refuses(house: House) -> None:
    """The same release without a limit, within one, and above one."""
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "free", actor=ACTOR)
    facts = releasing.make(ctx, release, actor=ACTOR)
    (trail,) = facts["trails"]  # type: ignore[misc]
    assert (trail["whose"], trail["limits"], trail["looked_at"]) == ("", {}, facts["people"])
    assert {"service_month", "disease_code"} <= set(trail["columns"])
    shares = [float(trail["known"][known]["unicity"]["share"]) for known in "123"]
    assert 0 < shares[0] < shares[1] <= shares[2] <= 1
    attacks = facts["attacks"]
    assert float(attacks["linkage"]["by_trail"]) > float(attacks["linkage"]["by_attributes"])  # type: ignore[index]
    assert set(attacks["inference"]) == {"disease_code"}  # type: ignore[index]
    assert not list(ctx.zones.release(release).rglob(".spill-*"))

    limit(house, one=1.0, two=1.0)
    ctx = house.open()
    within = releasing.make(ctx, releasing.draft(ctx, PLAN, "within", actor=ACTOR), actor=ACTOR)["trails"]
    assert within[0]["whose"] == ctx.recipient("tsukishima-university").agreement.id  # type: ignore[index]
    limit(house, two=0.001)
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "above", actor=ACTOR)
    with pytest.raises(Refused) as refused:
        releasing.make(ctx, release, actor=ACTOR)
    assert refused.value.rule == "release.trail"
    assert "knows 2 of their events (service_month, disease_code)" in refused.value.what
    assert "without disease_code" in refused.value.what
    assert "service_month by quarter" in refused.value.what
    assert ctx.ledger.state("release", release) == "drafted"


def test_a_slip_of_the_keyboard_in_an_agreement_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    path = tmp_path / "config/recipients/tsukishima-university.yaml"
    text = path.read_text("utf-8")
    before = len(check_all(tmp_path / "config"))
    for column, problems in (("service_month", 0), ("diagnosis.disease_code", 0), ("diseas_code", 1)):
        said = f"  trail: {{events: [{column}], two: 0.5}}\n  no_reidentification"
        path.write_text(text.replace("  no_reidentification", said), encoding="utf-8")
        assert len(check_all(tmp_path / "config")) == before + problems
