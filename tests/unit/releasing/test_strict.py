"""The strict profile over the fictitious world: what goes out of very old people, rare codes, small groups, places."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from provision import cli, releasing
from provision.context import Context
from provision.errors import Refused
from provision.releasing import making, twin
from provision.releasing import tables as tables_room
from provision.releasing.contract import contract_of
from provision.releasing.explaining import sections
from provision.releasing.patients import PATIENTS
from tests.support.house import ACTOR, House

LEDGER, CLAIMS = "checkups-for-foundation", "claims-for-university"
FIRST, CUTOFF = "2025-04", "2025-09"
QUASI = ["age_band", "sex", "prefecture", "birth_month", "zip3", "insurer", "care_level"]
COUNTED = ["age_band", "sex", "prefecture", "birth_month", "zip", "nhi_insurer", "care_level"]
#: Who was born then or before is 90 or more at the cut-off.
VERY_OLD = "1935-09"
STRICT = {"profile": "strict-appi", "k": 5, "suppression_limit": 0.2}


def plan_of_members(house: House, profile: str, **values: Any) -> None:
    """Everything a ledger knows of its members and their checkups, under a profile."""
    tables = [
        {"dataset": "member-ledger", "table": "member", "columns": [*COUNTED, "eligible_from", "eligible_until"]},
        {"dataset": "member-ledger", "table": "checkup", "columns": ["checkup_date", "weight", "systolic"]},
    ]
    said = {**STRICT, "profile": profile, "quasi_identifiers": QUASI, "tables": tables}
    house.edit(f"releases/{LEDGER}.yaml", lambda plan: plan.update({**said, **values}))


def made(house: House, plan: str, key: str = "run-1") -> tuple[Context, str, dict[str, Any]]:
    ctx = house.open()
    release = releasing.draft(ctx, plan, key, actor=ACTOR)
    return ctx, release, releasing.make(ctx, release, actor=ACTOR)


def tables(ctx: Context, release: str, facts: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """Every table of the payload, as text."""
    folder = making.made_folder(ctx, release) / "bag/data/tables"
    read = {name: folder / f"{name}.csv" for name in facts["tables"]}
    return {
        name: pl.read_csv(path, infer_schema=False) if path.exists() else pl.read_parquet(path.with_suffix(".parquet"))
        for name, path in read.items()
    }


def told_of_the_very_old(found: dict[str, pl.DataFrame]) -> set[str]:
    """Everything like a date or a birth that stands on any row of somebody in the oldest band, in any table."""
    oldest = found["member"].filter(pl.col("age_band").str.ends_with("+"))["person_number"].implode()
    rows = [frame.filter(pl.col("person_number").is_in(oldest)) for frame in found.values()]
    cells = {cell for frame in rows for name in frame.columns for cell in frame[name].drop_nulls().cast(pl.String)}
    return {cell for cell in cells if re.fullmatch(r"(<=)?(18|19|20)[0-9]{2}(-.*)?", cell)}


def without_rules(house: House, *names: str) -> None:
    """The strict profile without these rules."""
    house.edit("profiles/strict-appi.yaml", lambda profile: profile.update(
        rules=[rule for rule in profile["rules"] if rule["rule"] not in names]))  # fmt: skip


@pytest.mark.parametrize("left_out", ["", "birthday-dates"])
def test_nobody_of_90_can_be_told_apart(house: House, left_out: str) -> None:
    """Births become one label, and no date from before the release's months is left that would tell one."""
    plan_of_members(house, "strict-appi")
    without_rules(house, left_out)
    ctx, release, facts = made(house, LEDGER)
    found = tables(ctx, release, facts)
    assert found["member"].filter(pl.col("age_band") == "90+").height >= 5  # nobody younger stands with them
    told = told_of_the_very_old(found)
    assert {cell for cell in told if not FIRST <= cell[:7] <= CUTOFF} <= {f"<={VERY_OLD}"}
    births = set(found["member"]["birth_month"].drop_nulls())
    assert not {birth for birth in births if birth.isdigit() and int(birth) < int(VERY_OLD[:4])}
    changed = {(one["rule"], one["table"]): one["cells"] for one in facts["rules"]}
    assert changed[("old-age", "people")] > 0
    assert changed[("old-age" if left_out else "birthday-dates", "member")] > 0


def test_without_the_rules_they_can(house: House) -> None:
    """What the test before looks for is there where no rule takes it away."""
    plan_of_members(house, "strict-appi")
    without_rules(house, "old-age", "birthday-dates")
    ctx, release, facts = made(house, LEDGER)
    assert {cell for cell in told_of_the_very_old(tables(ctx, release, facts)) if cell[:7] < FIRST}


def test_no_place_is_finer_than_a_prefecture(house: House) -> None:
    plan_of_members(house, "strict-appi")
    ctx, release, facts = made(house, LEDGER)
    members = tables(ctx, release, facts)["member"]
    assert members["zip"].drop_nulls().str.contains(r"^(pref-[0-9]{2}|\*)$").all()
    assert members["nhi_insurer"].drop_nulls().str.contains(r"^([0-9]{2}|[0-9]{4})\*{4}$|^\*$").all()
    assert members["zip"].count() > 0


@pytest.mark.parametrize("plan", [LEDGER, CLAIMS])
def test_no_code_of_under_ten_people_and_no_group_of_under_k(house: House, plan: str) -> None:
    if plan == LEDGER:
        plan_of_members(house, "strict-appi")
    else:
        house.edit(f"releases/{CLAIMS}.yaml", lambda said: said.update(STRICT))
    ctx, release, facts = made(house, plan)
    found = tables(ctx, release, facts)
    codes = {"member": ["sex", "prefecture", "zip", "nhi_insurer", "care_level", "birth_month"],
             "claim": ["sex", "prefecture", "claim_type"], "diagnosis": ["disease_code", "main_disease", "outcome"],
             "service": ["service_category", "procedure_code"]}  # fmt: skip
    for name in codes.keys() & found.keys():
        for column in codes[name]:
            people = found[name].drop_nulls(column).group_by(column).agg(pl.col("person_number").n_unique())
            assert people.height, (name, column)
            assert (people["person_number"] >= 10).all(), (name, column)
    head, counted = ("member", COUNTED) if plan == LEDGER else ("claim", ["age_band", "sex", "prefecture"])
    groups = found[head].group_by(counted).agg(pl.col("person_number").n_unique())
    assert groups["person_number"].min() == facts["risk"]["smallest_group_left"] >= 5
    assert facts["risk"]["after"]["sample_uniques"] == 0


def test_the_gate_holds_the_payload_against_what_was_left(house: House) -> None:
    plan_of_members(house, "strict-appi")
    ctx, release, _ = made(house, LEDGER)
    assert releasing.gate(ctx, release, actor=ACTOR)["passed"] is True


def test_facts_and_explanation_hold_no_value_and_no_fraction(house: House) -> None:
    house.edit(f"releases/{CLAIMS}.yaml", lambda said: said.update(STRICT))
    ctx, _, facts = made(house, CLAIMS)
    stored = ctx.store.scan("medical-claims", "diagnosis", {b: "kita-hospital" for b in facts["batches"] if
                            "medical-claims" in facts["batch_datasets"][b]})  # fmt: skip
    assert stored is not None
    diseases = set(stored.select("disease_code").collect()["disease_code"].drop_nulls())
    said = repr(facts) + repr(sections(facts))
    assert len(diseases) > 20
    assert not [code for code in diseases if code in said]
    assert "float" not in {type(value).__name__ for value in _leaves(facts)}


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    return [leaf for one in value for leaf in _leaves(one)] if isinstance(value, list) else [value]


def test_the_explanation_says_why_in_both_languages(house: House) -> None:
    plan_of_members(house, "strict-appi")
    _, _, facts = made(house, LEDGER)
    found = sections(facts)
    assert all(found[name] for name in ("profile", "rules", "rare_codes", "levels", "left_out", "risk"))
    levels = " ".join(said["en"] for said in found["levels"])
    assert "runner-up" in levels
    for column in QUASI:
        assert f"{column}:" in levels
    assert all(said["ja"] != said["en"] for part in found.values() for said in part)
    assert (
        f"{facts['risk']['suppressed']:,} of {facts['risk']['people']:,} people left out" in found["left_out"][0]["en"]
    )


def test_levels_are_the_same_whenever_the_release_is_made(house: House) -> None:
    plan_of_members(house, "strict-appi")
    (_, _, one), (_, _, other) = made(house, LEDGER), made(house, LEDGER, key="run-2")
    for name in ("generalisation", "risk", "rare_codes", "suppression", "columns", "rules"):
        assert one[name] == other[name], name


def test_a_column_that_the_profile_deletes_is_not_lost_silently(house: House) -> None:
    plan_of_members(house, "strict-appi")
    rule = {"rule": "drop-column", "columns": {"column": "weight"}, "law": "施行規則第34条第5号"}
    ctx = house.open()
    release = releasing.draft(ctx, LEDGER, "run-1", actor=ACTOR)
    house.edit("profiles/strict-appi.yaml", lambda profile: profile["rules"].append(rule))
    with pytest.raises(Refused, match=r"deletes checkup\.weight"):
        releasing.make(house.open(), release, actor=ACTOR)


def test_a_risk_above_the_profiles_is_refused(house: House) -> None:
    plan_of_members(house, "strict-appi")
    house.edit("profiles/strict-appi.yaml", lambda profile: profile.update(attackers={"marketer": 0.01}))
    ctx = house.open()
    release = releasing.draft(ctx, LEDGER, "run-1", actor=ACTOR)
    with pytest.raises(Refused, match="marketer risk") as refused:
        releasing.make(ctx, release, actor=ACTOR)
    assert refused.value.rule == "release.risk"


def test_explain_is_a_command(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, release, facts = made(house, CLAIMS)
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    assert cli.main(["explain", release, "--language", "en"]) == 0
    text = capsys.readouterr().out
    assert f"smallest group {facts['risk']['smallest_group']}" in text
    assert cli.main(["explain", release, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sections"] == sections(facts)
    assert cli.main(["explain", "r-nothing"]) == 6


# -- what a profile may ask for beyond the shipped ones ---------------------------------------------------------------


def test_sensitive_values_differ_in_every_group(house: House) -> None:
    """l over one value a person; whoever stays is in a group with two kinds of relation."""
    wanted = {"l": ["distinct:2:relation"]}
    plan_of_members(house, "operator-policy", quasi_identifiers=["sex", "prefecture"], requirements=wanted, tables=[
        {"dataset": "member-ledger", "table": "member", "columns": ["sex", "prefecture", "relation"]},
    ])  # fmt: skip
    ctx, release, facts = made(house, LEDGER)
    groups = tables(ctx, release, facts)["member"].group_by("sex", "prefecture").agg(pl.col("relation").n_unique())
    assert groups["relation"].min() >= 2
    assert facts["risk"]["after"]["sensitive"]["relation"]["distinct_l"] >= 2
    assert [one["en"] for one in facts["generalisation"]["required"]] == [
        "groups of at least 5 people", "at least 2 different values of relation in a group",
    ]  # fmt: skip


def test_the_gate_counts_shares_of_sensitive_values_again(house: House) -> None:
    """Everybody shows one value, so the gate counts what making counted; where it could not, it says so."""
    wanted = {"l": ["entropy:1.2:relation", "recursive:50:2:relation"], "t": ["equal:0.6:relation"]}
    table = {"dataset": "member-ledger", "table": "member", "columns": ["sex", "prefecture", "relation"]}
    plan_of_members(
        house, "operator-policy", quasi_identifiers=["sex", "prefecture"], requirements=wanted, tables=[table]
    )
    ctx, release, facts = made(house, LEDGER)
    contract = contract_of(ctx, ctx.plan(LEDGER), facts)
    assert contract.people is not None
    assert [(one.kind, one.of_people) for one in contract.people.diversity] == [("entropy", True), ("recursive", True)]
    assert [(one.column, one.most, one.kind) for one in contract.people.closeness] == [
        ("member.relation", Decimal("0.6"), "equal")
    ]
    verdict = releasing.gate(ctx, release, actor=ACTOR)
    assert (verdict["passed"], verdict["uncounted"]) == (True, [])
    house.edit(f"releases/{LEDGER}.yaml", lambda plan: plan.update(linkage="none"))
    ctx, one = house.open(), {**facts, "tables": {"member": facts["people"]}}
    assert contract_of(ctx, ctx.plan(LEDGER), one).uncounted == ()
    assert facts["tables"]["member"] > facts["people"]
    assert contract_of(ctx, ctx.plan(LEDGER), facts).uncounted == tuple(
        f"{one}: rows do not say whose they are, and people have several" for one in (*wanted["l"], *wanted["t"])
    )


def test_the_contract_carries_the_chart_number_forms_of_its_sources(house: House) -> None:
    table = {"dataset": "member-ledger", "table": "member", "columns": ["sex", "prefecture"]}
    plan_of_members(house, "operator-policy", quasi_identifiers=["sex", "prefecture"], tables=[table])
    ctx, _, facts = made(house, LEDGER)
    before = contract_of(ctx, ctx.plan(LEDGER), facts)
    (source,) = ctx.plan(LEDGER).sources
    house.edit(f"sources/{source}.yaml", lambda said: said.update(chart_numbers=["M[0-9]{7}", "[0-9]{8}"]))
    ctx = house.open()
    after = contract_of(ctx, ctx.plan(LEDGER), facts)
    assert (before.chart_numbers, after.chart_numbers) == ((), ("M[0-9]{7}", "[0-9]{8}"))
    assert after.version != before.version


def test_rules_that_need_no_crowd_go_over_the_canaries(house: House) -> None:
    """Days of the patients become months, and what tells of great age goes; tails and rare births need more people."""
    plan_of_members(house, "strict-appi")
    ctx = house.open()
    found = twin.twin(ctx, ctx.plan(LEDGER))
    said = found.rules["exercised"]
    assert isinstance(said, dict)
    assert said["generalise"] > 0
    assert said["old-age"] > 0
    assert found.rules["crowd"] == ["rare-birth", "top-bottom", "extreme-values"]
    assert sum(one.survived for one in found.canaries.values()) == 0


def test_a_leak_that_only_rules_make_is_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule sees births beside the rows; one that wrote them out would be noticed."""
    plan_of_members(house, "strict-appi")
    ctx, real = house.open(), twin.make_tables

    def leaky(treatment: tables_room.Treatment) -> dict[str, pl.DataFrame]:
        frames = real(treatment)
        leak = pl.lit(PATIENTS[0].name if treatment.applied else None, pl.String).alias("sex")
        return frames | {"member": frames["member"].with_columns(leak)}

    monkeypatch.setattr(twin, "make_tables", leaky)
    found = twin.twin(ctx, ctx.plan(LEDGER)).canaries
    assert sum(one.survived for one in found.values()) > 0


def test_what_does_not_go_out_is_said_to_be_uncounted(house: House) -> None:
    wanted = {"l": ["distinct:2:relation"], "t": ["equal:0.6:relation"]}
    table = {"dataset": "member-ledger", "table": "member", "columns": ["sex", "prefecture"]}
    plan_of_members(
        house, "operator-policy", quasi_identifiers=["sex", "prefecture"], requirements=wanted, tables=[table]
    )
    ctx, _, facts = made(house, LEDGER)
    contract = contract_of(ctx, ctx.plan(LEDGER), facts)
    assert contract.uncounted == tuple(f"{one}: the column does not go out" for one in (*wanted["l"], *wanted["t"]))


def test_quasi_identifiers_may_be_any_quasi_column_of_a_head_table(house: House) -> None:
    """What was counted of a person stands on all of their rows."""
    house.edit("profiles/operator-policy.yaml", lambda profile: profile.update(
        maximum_suppression=0.6, generalise=[{"column": "age_band", "hierarchy": "age"}]))  # fmt: skip
    plan_of_members(
        house, "operator-policy", k=3, suppression_limit=0.6,
        quasi_identifiers=["age_band", "sex", "prefecture", "care_level", "relation"],
        tables=[{"dataset": "member-ledger", "table": "member",
                 "columns": ["age_band", "sex", "prefecture", "care_level", "relation"]}],
    )  # fmt: skip
    ctx, release, facts = made(house, LEDGER)
    members = tables(ctx, release, facts)["member"]
    counted = ["age_band", "sex", "prefecture", "care_level", "relation"]
    assert members.select("person_number", *counted).unique().height == facts["people"] < members.height
    assert members.group_by(counted).agg(pl.col("person_number").n_unique())["person_number"].min() >= 3


def test_k_is_counted_where_no_single_table_carries_all(house: House) -> None:
    """Relations stand in one table, ages in another: whoever follows a number sees both, and where it is at all."""
    house.edit("profiles/operator-policy.yaml", lambda profile: profile.update(
        maximum_suppression=0.9, generalise=[{"column": "age_band", "hierarchy": "age"}]))  # fmt: skip
    agreed = {"datasets": ["medical-claims", "member-ledger"], "categories": [1, 3]}
    house.edit("recipients/tsukishima-university.yaml", lambda said: said["agreement"].update(agreed))
    house.edit(f"releases/{CLAIMS}.yaml", lambda plan: plan.update(
        k=3, suppression_limit=0.9, quasi_identifiers=["age_band", "sex", "relation"], tables=[
            {"dataset": "medical-claims", "table": "claim", "columns": ["age_band", "service_month"]},
            {"dataset": "member-ledger", "table": "member", "columns": ["sex", "relation"]},
        ]))  # fmt: skip
    ctx, release, facts = made(house, CLAIMS)
    found = tables(ctx, release, facts)
    ages = found["claim"].select("person_number", "age_band").unique()
    others = found["member"].select("person_number", "sex", "relation").unique()
    both = ages.join(others, on="person_number", how="full", coalesce=True)
    assert both.height == both["person_number"].n_unique() == facts["people"]
    assert ages.height < both.height > others.height  # some are in one table only
    assert both.group_by("age_band", "sex", "relation").len()["len"].min() >= 3
    assert facts["risk"]["counted"][-1] == "dataset"
    assert releasing.gate(ctx, release, actor=ACTOR)["passed"] is True


def test_a_refusal_says_what_each_column_costs(house: House) -> None:
    plan_of_members(house, "strict-appi", k=60, suppression_limit=0.01)
    house.edit("profiles/strict-appi.yaml", lambda profile: profile.update(generalise=[]))
    ctx = house.open()
    release = releasing.draft(ctx, LEDGER, "run-1", actor=ACTOR)
    with pytest.raises(Refused) as refused:
        releasing.make(ctx, release, actor=ACTOR)
    assert refused.value.rule == "release.suppression"
    costs = [int(cost) for cost in re.findall(r"costs (\d+)", refused.value.what)]
    assert costs == sorted(costs, reverse=True)
    assert len(costs) == len(QUASI)
    assert not making.made_folder(ctx, release).exists()
