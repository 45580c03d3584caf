"""Making: who is in, who had to stay out, and that nothing of the source survives in numbers, order or columns."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from provision import releasing
from provision.context import Context
from provision.errors import Refused
from provision.releasing import making
from provision.releasing.protecting import protected
from provision.releasing.select import select
from provision.releasing.tables import Numbering, layout
from tests.support.house import ACTOR, House

PLAN, LINKED = "claims-for-university", "linked-for-pharma"
QUASI = ["age_band", "sex", "prefecture"]


def made(house: House, plan: str = PLAN, key: str = "run-1") -> tuple[Context, str, dict[str, Any]]:
    ctx = house.open()
    release = releasing.draft(ctx, plan, key, actor=ACTOR)
    return ctx, release, releasing.make(ctx, release, actor=ACTOR)


def table(ctx: Context, release: str, name: str) -> pl.DataFrame:
    return pl.read_parquet(making.made_folder(ctx, release) / f"bag/data/tables/{name}.parquet")


def change(house: House, plan: str = PLAN, **values: object) -> None:
    house.edit(f"releases/{plan}.yaml", lambda said: said.update(values))


# -- k ----------------------------------------------------------------------------------------------------------------


def test_every_group_has_k_people_not_rows(house: House) -> None:
    house.edit("profiles/operator-policy.yaml", lambda profile: profile.update(maximum_suppression=0.6))
    change(house, k=4, suppression_limit=0.6)
    ctx, release, facts = made(house)
    groups = table(ctx, release, "claim").group_by(QUASI).agg(pl.col("person_number").n_unique(), rows=pl.len())
    assert groups["person_number"].min() == facts["risk"]["smallest_group_left"] >= 4
    assert groups["rows"].sum() > groups["person_number"].sum()
    assert facts["people"] == facts["risk"]["people"] - facts["risk"]["suppressed"]
    assert facts["risk"]["suppressed"] > 0


def test_k_holds_also_in_the_table_the_gate_counts(house: House) -> None:
    """People who are in the nursing-care table only do not hide those in the medical one."""
    ctx, release, facts = made(house, LINKED)
    for name in ("claim", "care_claim"):
        assert table(ctx, release, name).height == facts["tables"][name]
    sizes = table(ctx, release, "claim").group_by(QUASI).agg(pl.col("person_number").n_unique())
    assert sizes["person_number"].min() >= 3


def test_k_over_a_part_of_the_people(house: House) -> None:
    """Of three in one group one has no medical claim: the other two would be two in the table that is counted."""
    ctx = house.open()
    plan = ctx.plan(LINKED)
    real = select(ctx, plan, ctx.profile(plan.profile))
    people = pl.DataFrame(
        {"person": range(1, 8), "age_band": ["60-64"] * 3 + ["70-74"] * 4, "sex": "1", "prefecture": "13"}
    )
    heads = [("medical-claims", n) for n in (1, 2, 4, 5, 6, 7)] + [("care-claims", n) for n in (1, 2, 3)]
    frame = pl.DataFrame(
        [{"batch": "B", "claim_no": i, "dataset": d, "person": n} for i, (d, n) in enumerate(heads)],
        schema=real.heads.schema,
    )
    lax = plan.model_copy(update={"suppression_limit": 0.5})
    found = protected(ctx, lax, ctx.profile(plan.profile), replace(real, people=people, heads=frame))
    assert sorted(found.kept["person"]) == [4, 5, 6, 7]
    assert (found.selected, found.after.sizes.smallest, found.after.sizes.number) == (7, 4, 1)


def test_the_limit_refuses_and_names_the_costliest_column_first(house: House) -> None:
    change(house, k=6, suppression_limit=0.05)
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    with pytest.raises(Refused) as refused:
        releasing.make(ctx, release, actor=ACTOR)
    assert refused.value.rule == "release.suppression"
    costs = re.findall(r"(\w+) costs (\d+)", refused.value.what)
    assert [int(cost) for _, cost in costs] == sorted((int(cost) for _, cost in costs), reverse=True)
    assert costs[0][0] == "age_band"
    assert {name for name, _ in costs} == set(QUASI)
    assert ctx.ledger.state("release", release) == "drafted"
    assert not making.made_folder(ctx, release).exists()


def test_what_a_profile_forbids_is_refused_although_the_file_was_not_checked(house: House) -> None:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    house.edit("profiles/operator-policy.yaml", lambda profile: profile.update(minimum_k=9))
    with pytest.raises(Refused, match="laxer than its profile"):
        releasing.make(house.open(), release, actor=ACTOR)


# -- who and which claims ---------------------------------------------------------------------------------------------


def expected_claims(house: House, first: str = "2025-04", last: str = "2025-09") -> Counter[str]:
    """Hospital claims in force by month, from the world's truth alone: a drop sent again replaces the first of its
    month, a claim billed again replaces the returned one."""
    found: dict[tuple[str, str], int] = {}
    claims = [c for c in house.truth("claims") if c["source"] == "kita-hospital"]
    drops = sorted({str(c["drop"]) for c in claims})
    replaced = {drop for drop in drops for other in drops if other > drop and other[:7] == drop[:7]}
    assert len(replaced) == 1
    in_force = [c for c in claims if c["drop"] not in replaced]
    for claim in in_force:
        if first <= str(claim["month"]) <= last:
            key = (str(claim["person"]), str(claim["month"]))
            found[key] = found.get(key, 0) + 1 if claim["kind"] != "rebilled" else found.get(key, 1)
    return Counter(month for (_, month), count in found.items() for _ in range(count))


def test_superseded_and_rebilled_claims_count_once(house: House) -> None:
    ctx = house.open()
    plan = ctx.plan(PLAN)
    heads = select(ctx, plan, ctx.profile(plan.profile)).heads
    everything = [c for c in house.truth("claims") if c["source"] == "kita-hospital"]
    assert {"rebilled", "corrected", "first"} <= {c["kind"] for c in everything}
    assert heads.height == sum(expected_claims(house).values()) < len(everything)


@pytest.mark.parametrize(("first", "last"), [("2025-04", "2025-04"), ("2025-05", "2025-07"), ("2025-09", "2025-09")])
def test_months_outside_are_out(house: House, first: str, last: str) -> None:
    ctx = house.open()
    plan = ctx.plan(PLAN).model_copy(update={"first_month": first, "cutoff_month": last})
    heads = select(ctx, plan, ctx.profile(plan.profile)).heads
    assert heads.height == sum(expected_claims(house, first, last).values())


def test_a_ledger_of_a_time_after_the_cut_off_is_out(house: House) -> None:
    ctx = house.open()
    plan = ctx.plan("checkups-for-foundation")
    rows = Counter(c["month"] for c in house.truth("claims") if c["source"] == "minato-city")
    assert sorted(rows) == ["2025-04", "2025-07"]
    for cutoff, wanted in (("2025-09", sum(rows.values())), ("2025-06", rows["2025-04"])):
        found = select(ctx, plan.model_copy(update={"cutoff_month": cutoff}), ctx.profile(plan.profile))
        assert found.heads.height == wanted


def test_a_claim_whose_month_was_corrected_has_moved(house: House) -> None:
    """The newest statement about a claim counts, also where it moves the claim out of the plan's months."""
    ctx = house.open()
    plan, folder = ctx.plan(PLAN), ctx.zones.store() / "medical-claims" / "kita-hospital"
    profile = ctx.profile(plan.profile)
    order = {e.subjects["batch"]: e.seq for e in ctx.ledger.entries(type="batch.received")}
    parts = sorted(folder.glob("*/claim/*.parquet"), key=lambda part: order[part.parts[-3]])
    heads = [pl.read_parquet(part) for part in parts]
    rebilled = Counter(token for frame in heads for token in frame["claim_token"].drop_nulls().unique())
    moved = rebilled.most_common(1)[0][0]
    assert rebilled[moved] > 1
    before = select(ctx, plan, profile).heads.height
    last = max(i for i, frame in enumerate(heads) if moved in frame["claim_token"])
    month = pl.when(pl.col("claim_token") == moved).then(pl.lit("2025-10")).otherwise(pl.col("service_month"))
    heads[last].with_columns(service_month=month).write_parquet(parts[last])
    assert select(ctx, plan, profile).heads.height == before - 1


def test_nothing_in_the_months_is_refused(house: House) -> None:
    change(house, first_month="2020-01", cutoff_month="2020-12")
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    with pytest.raises(Refused, match="nothing in the store"):
        releasing.make(ctx, release, actor=ACTOR)


def test_people_are_those_of_the_truth(house: House) -> None:
    """Everybody with a claim in force is one person: linkage neither splits nor merges this village."""
    ctx = house.open()
    plan = ctx.plan(PLAN)
    found = select(ctx, plan, ctx.profile(plan.profile))
    claims = [c for c in house.truth("claims") if c["source"] == "kita-hospital"]
    assert found.people.height == len({c["person"] for c in claims})


# -- numbers, order, columns ------------------------------------------------------------------------------------------


def test_numbers_are_a_permutation_of_this_release(house: House) -> None:
    orders = []
    for key in ("run-1", "run-2"):
        ctx, release, facts = made(house, key=key)
        claims = table(ctx, release, "claim")
        assert sorted(claims["claim_number"]) == list(range(1, facts["claims"] + 1))
        assert sorted(claims["person_number"].unique()) == list(range(1, facts["people"] + 1))
        plain = claims.drop("person_number", "claim_number")
        orders.append((claims, plain))
    (one, first), (other, second) = orders
    assert first.sort(first.columns).equals(second.sort(second.columns))  # the same people and claims
    assert not first.equals(second)  # in another order
    together = one.join(other, on="claim_number")
    columns = [name for name in together.columns if name.endswith("_right")]
    same = sum(together[c.removesuffix("_right")].eq_missing(together[c]).all() for c in columns)
    assert same < len(columns)  # and under other numbers


def test_numbers_join_the_tables_of_one_release(house: House) -> None:
    ctx, release, _ = made(house)
    claims, services = table(ctx, release, "claim"), table(ctx, release, "service")
    pairs = claims.select("claim_number", "person_number")
    assert services.join(pairs, on=["claim_number", "person_number"], how="anti").height == 0


def test_order_and_numbers_say_nothing_about_the_source(house: House) -> None:
    """Row order and numbers against the order of the source, over 20,000 people: |r| stays under 5/sqrt(n)."""
    size = 20_000
    heads = pl.DataFrame({"person": range(size), "batch": "B", "dataset": "D", "claim_no": range(size)})
    numbering = Numbering(heads)
    shuffled = numbering.shuffled(heads, "heads")
    numbered = heads.join(numbering.people, on="person", maintain_order="left")
    claims = heads.join(numbering.claims, on="claim_no", maintain_order="left")
    source = np.arange(size)
    for column in (shuffled["person"], numbered["person_number"], claims["claim_number"]):
        assert abs(np.corrcoef(source, column.to_numpy())[0, 1]) < 5 / size**0.5
    assert numbered["person_number"].to_list() != Numbering(heads).people.sort("person")["person_number"].to_list()


@pytest.mark.parametrize(
    ("linkage", "numbers"),
    [("none", []), ("claim", ["claim_number"]), ("person", ["person_number", "claim_number"])],
)
def test_linkage_decides_which_numbers_go_out(house: House, linkage: str, numbers: list[str]) -> None:
    change(house, linkage=linkage)
    ctx, release, facts = made(house)
    for name in ("claim", "diagnosis", "service"):
        columns = table(ctx, release, name).columns
        assert [c for c in columns if c.endswith("_number")] == numbers
        assert not {"alias", "claim_token", "claim_no", "batch", "person", "order"} & set(columns)
    assert facts["risk"]["smallest_group_left"] >= 3  # counted over people all the same


def test_nothing_of_the_inside_is_left_in_any_file(house: House) -> None:
    change(house, LINKED, formats=["parquet", "csv"])
    ctx, release, _ = made(house, LINKED)
    folder = ctx.zones.store()
    inside = {"alias", "claim_token", "claim_no"}
    for part in folder.rglob("*.parquet"):
        frame = pl.read_parquet(part)
        for name in {"alias", "claim_token"} & set(frame.columns):
            inside |= set(frame[name].drop_nulls())
        inside.add(part.parts[-3])  # the batch
    assert len(inside) > 200
    bag = making.made_folder(ctx, release) / "bag"
    for path in (p for p in bag.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = pl.read_parquet(path).write_csv().encode()
        assert [word for word in inside if word.encode() in content] == []


def test_what_was_counted_goes_out(house: House) -> None:
    """A claim that says nothing about sex carries its person's: the table's groups are those that were counted."""
    ctx = house.open()
    plan = ctx.plan(PLAN)
    parts = sorted((ctx.zones.store() / "medical-claims" / "kita-hospital").glob("*/claim/*.parquet"))
    frame = pl.read_parquet(parts[0])
    frame.with_columns(sex=pl.when(pl.int_range(pl.len()) < 5).then(None).otherwise(pl.col("sex"))).write_parquet(
        parts[0]
    )
    ctx, release, facts = made(house)
    claims = table(ctx, release, "claim")
    assert claims["sex"].null_count() == 0
    assert claims.group_by(QUASI).agg(pl.col("person_number").n_unique())["person_number"].min() >= plan.k
    assert facts["risk"]["groups_left"] == claims.select(QUASI).n_unique()


def test_a_table_without_rows_is_left_to_a_person(house: House) -> None:
    house.edit(
        f"releases/{PLAN}.yaml",
        lambda plan: plan["tables"].append(
            {"dataset": "medical-claims", "table": "donor_total", "columns": ["points"]}
        ),
    )
    ctx = house.open()
    column = layout(ctx.plan(PLAN), ctx.catalogue)[-1].columns[-1]
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    with pytest.raises(Refused, match="donor_total would be empty"):
        releasing.make(ctx, release, actor=ACTOR)
    assert column.name == "points"


def test_tables_of_one_name_in_two_datasets_carry_the_dataset_in_front(house: House) -> None:
    house.edit(
        f"releases/{PLAN}.yaml",
        lambda plan: plan["tables"].append(
            {"dataset": "dpc-claims", "table": "claim", "columns": ["service_month", "claim_type"]}
        ),
    )
    ctx = house.open()
    shapes = layout(ctx.plan(PLAN), ctx.catalogue)
    assert {("medical_claims_claim", "medical-claims"), ("dpc_claims_claim", "dpc-claims")} <= {
        (shape.name, shape.dataset) for shape in shapes
    }
    assert len({shape.name for shape in shapes}) == len(shapes)


# -- dying in the middle ----------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process dies here."""


STEPS = ["select", "protected", "treated_tables", "make_tables", "build_payload", "facts_of"]


def _die(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize("step", STEPS)
def test_dying_before_the_payload_is_committed(house: House, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    with monkeypatch.context() as patch:
        patch.setattr(making, step, _die)
        with pytest.raises(Killed):
            releasing.make(ctx, release, actor=ACTOR)
    assert ctx.ledger.state("release", release) == "drafted"
    assert not making.made_folder(ctx, release).exists()
    _one_payload(house, release)


def _one_payload(house: House, release: str) -> str:
    """Make again, twice: one committed payload, one entry, the same digest."""
    ctx = house.open()
    facts = releasing.make(ctx, release, actor=ACTOR)
    assert releasing.make(house.open(), release, actor="again") == facts
    assert [e.payload["digest"] for e in ctx.ledger.entries(type="release.made")] == [facts["digest"]]
    assert [p.name for p in ctx.zones.release(release).iterdir()] == ["made"]
    return str(facts["digest"])


def test_dying_after_the_rename_before_the_entry(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    with monkeypatch.context() as patch:
        patch.setattr(type(ctx.ledger), "transition", _die)
        with pytest.raises(Killed):
            releasing.make(ctx, release, actor=ACTOR)
    folder = making.made_folder(ctx, release)
    committed = (folder / "bag/tagmanifest-sha256.txt").read_bytes()
    assert ctx.ledger.state("release", release) == "drafted"
    digest = _one_payload(house, release)
    assert (folder / "bag/tagmanifest-sha256.txt").read_bytes() == committed
    assert hashlib.sha256(committed).hexdigest() == digest


def test_a_committed_payload_that_was_changed_is_not_recorded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    with monkeypatch.context() as patch:
        patch.setattr(type(ctx.ledger), "transition", _die)
        with pytest.raises(Killed):
            releasing.make(ctx, release, actor=ACTOR)
    manifest = making.made_folder(ctx, release) / "bag/data/datapackage.json"
    manifest.write_bytes(manifest.read_bytes() + b" ")
    with pytest.raises(Refused, match="not what was committed"):
        releasing.make(house.open(), release, actor=ACTOR)


def test_making_what_was_never_drafted(house: House) -> None:
    with pytest.raises(Refused, match="never drafted"):
        releasing.make(house.open(), "r-nothing", actor=ACTOR)
