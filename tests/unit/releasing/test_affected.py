"""What a draft stands on stays; and which releases held what a later batch replaced or took back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from provision import cli, releasing
from provision.context import Context
from provision.errors import Refused
from provision.intake import receive, take_in
from provision.ledger.store import Ledger
from provision.releasing.affected import affected, releases
from provision.releasing.batches import batches_in_force
from tests.support.intake import ACTOR, drop, platform
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send, sources
from tests.support.uke import encoded
from tests.unit.formats.test_uke_dpc import FILE as DPC

PLAN = "claims-for-university"
CLAIMS, BACK = PLAN_SOURCES
APRIL = Sent(CLAIMS, "2025-04", 1, tuple(bill(who, "2025-04") for who in "ABCDE"))
MAY = Sent(CLAIMS, "2025-05", 1, tuple(bill(who, "2025-05") for who in "ABCDE"))
AGAIN = replace(APRIL, sequence=2, supersedes=1, claims=tuple(bill(who, "2025-04", 70) for who in "ABCDFG"))


def made(ctx: Context, key: str = "run-1") -> tuple[str, dict[str, object]]:
    release = releasing.draft(ctx, PLAN, key, actor=ACTOR)
    return release, releasing.make(ctx, release, actor=ACTOR)


def counted(ctx: Context, batch: str) -> list[tuple[str, int, int, int]]:
    return [(one.release, one.superseded, one.replaced, one.withdrawn) for one in affected(ctx, batch)]


# -- as of ------------------------------------------------------------------------------------------------------------


def test_a_draft_made_late_is_what_it_was(tmp_path: Path) -> None:
    """Between draft and make a batch is superseded, a claim withdrawn, and a record comes that tears people apart."""
    ctx = releasing_platform(tmp_path)
    for sent in (APRIL, MAY):
        send(ctx, sent)
    at_once = made(ctx, "at-once")[1]
    late = releasing.draft(ctx, PLAN, "late", actor=ACTOR)
    send(ctx, AGAIN)
    send(ctx, Sent(BACK, "2025-06", 1, (bill("A", "2025-05"),)))
    both = replace(bill("A", "2025-06"), number="0002", name="", kana="")  # A's chart on B's card
    send(ctx, Sent(CLAIMS, "2025-06", 1, (both,)))
    found = releasing.make(ctx, late, actor=ACTOR)
    same = ("people", "claims", "tables", "batches", "batch_datasets", "fates", "linkage", "risk")
    assert {name: found[name] for name in same} == {name: at_once[name] for name in same}
    entry = next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=late)))
    assert found["as_of"] == {"entry": entry.seq, "day": ""}
    now = made(ctx, "now")[1]
    assert now["claims"] == 6 + 4 + 1
    assert now["fates"] == {
        "medical-claims": {"replaced": 0, "withdrawn": 1, "unmatched_withdrawals": 0, "ambiguous_places": 0}
    }
    assert set(now["batch_datasets"]) == set(now["batches"])  # type: ignore[call-overload]


def test_as_of_a_day_in_japan(tmp_path: Path) -> None:
    """The day ends at 15:00 UTC."""
    clock = {"now": datetime(2026, 1, 31, 14, 59, tzinfo=UTC)}
    ctx = releasing_platform(tmp_path, as_of=date(2026, 1, 31))
    ctx.__dict__["ledger"] = Ledger.open(ctx.zones.ledger(), clock=lambda: clock["now"])
    first = send(ctx, APRIL)
    clock["now"] = datetime(2026, 1, 31, 15, 0, tzinfo=UTC)
    second = send(ctx, AGAIN)
    clock["now"] = datetime(2026, 3, 1, tzinfo=UTC)
    release, found = made(ctx)
    assert found["batches"] == [first]
    assert found["as_of"] == {"entry": _seq(ctx, release), "day": "2026-01-31"}
    later = replace(ctx, plans={PLAN: ctx.plan(PLAN).model_copy(update={"as_of": date(2026, 2, 1)})})
    later.__dict__["ledger"] = ctx.ledger
    assert made(later, "run-2")[1]["batches"] == [second]
    assert counted(ctx, second) == [(release, 5, 0, 0)]


def _seq(ctx: Context, release: str) -> int:
    return next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=release))).seq


def test_a_batch_that_the_store_lost_stops_everything(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path)
    batch = send(ctx, APRIL)
    (ctx.zones.store() / "medical-claims" / CLAIMS / batch / "batch.json").unlink()
    with pytest.raises(Refused) as refused:
        batches_in_force(ctx, [CLAIMS])
    assert refused.value.rule == "store.missing"


# -- affected releases ------------------------------------------------------------------------------------------------


def test_releases_with_data_of_a_superseded_batch(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path)
    old, may = send(ctx, APRIL), send(ctx, MAY)
    release, _ = made(ctx)
    assert counted(ctx, old) == counted(ctx, may) == []
    again = send(ctx, AGAIN)
    after, _ = made(ctx, "run-2")
    assert counted(ctx, again) == [(release, 5, 0, 0)]
    third = send(ctx, replace(AGAIN, sequence=3, supersedes=2, claims=AGAIN.claims[:5]))
    assert counted(ctx, third) == [(release, 5, 0, 0), (after, 6, 0, 0)]  # the first one through the chain


def test_releases_with_claims_that_were_replaced_or_taken_back(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path)
    send(ctx, replace(APRIL, claims=(*APRIL.claims, bill("F", "2025-04", search="S7"))))
    release, _ = made(ctx)
    rebilled = Sent(
        CLAIMS, "2025-07", 1, (bill("A", "2025-04", 60), bill("F", "2025-05", 60, "S7"), bill("G", "2025-04"))
    )
    withdrawn = Sent(BACK, "2025-08", 1, (bill("B", "2025-04"), bill("C", "2025-04"), bill("E", "2026-03")))
    by_token_and_place, back, other = send(ctx, rebilled), send(ctx, withdrawn), send(ctx, MAY)
    assert counted(ctx, by_token_and_place) == [(release, 0, 2, 0)]
    assert counted(ctx, back) == [(release, 0, 0, 2)]
    assert counted(ctx, other) == []


def test_a_claim_out_of_the_plans_months_was_not_in_the_release(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path, cutoff_month="2025-04")
    send(ctx, replace(APRIL, claims=(*APRIL.claims, *MAY.claims)))
    release, facts = made(ctx)
    back = send(ctx, Sent(BACK, "2025-08", 1, (bill("B", "2025-04"), bill("B", "2025-05"))))
    assert facts["claims"] == 5
    assert counted(ctx, back) == [(release, 0, 0, 1)]


def test_what_was_only_received_replaced_nothing_and_what_nobody_knows_is_refused(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path)
    with pytest.raises(Refused) as refused:
        affected(ctx, "B0000000000000000")
    assert refused.value.rule == "batch.unknown"
    ctx.ledger.transition(
        "batch", "Bwaiting", "received", actor=ACTOR, subjects={"source": CLAIMS},
        payload={"source": CLAIMS, "period": "2025-04", "sequence": 1, "supersedes": {}, "files": 1, "digest": "0"},
    )  # fmt: skip
    assert affected(ctx, "Bwaiting") == []


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Context]:
    """`tokumei` opens this test's platform."""
    monkeypatch.setattr("provision.context.open_context", lambda: releasing_platform(tmp_path))
    return lambda: releasing_platform(tmp_path)


def test_commands(command: Callable[[], Context], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["releases"]) == 0
    assert capsys.readouterr().out == "no release was drafted yet\n"
    ctx = command()
    send(ctx, APRIL)
    release, _ = made(ctx)
    again = send(ctx, AGAIN)
    assert cli.main(["releases", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed == releases(ctx)
    assert [(one["release"], one["plan"], one["state"]) for one in listed] == [(release, PLAN, "made")]
    assert cli.main(["releases", "affected", again, "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["release"], one["recipient"], one["state"], one["superseded"]) == (
        release, "tsukishima-university", "made", 5,
    )  # fmt: skip
    assert cli.main(["releases", "affected", again]) == 0
    assert f"{release}\ttsukishima-university\tmade\t" in capsys.readouterr().out
    other = send(ctx, MAY)
    assert cli.main(["releases", "affected", other]) == 0
    assert capsys.readouterr().out == "no release held what this batch replaced\n"
    assert cli.main(["releases", "affected", "B-nobody-knows"]) == 6


def test_sources_that_left_the_configuration_are_still_looked_at(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path)
    send(ctx, APRIL)
    release, _ = made(ctx)
    again = send(ctx, AGAIN)
    without = platform(tmp_path, sources(*PLAN_SOURCES)[1])
    assert counted(without, again) == [(release, 5, 0, 0)]


def test_claims_of_two_datasets_in_one_batch_are_told_apart(tmp_path: Path) -> None:
    """Medical and DPC claims of one drop have the same numbers: a return takes back the one, and counts it once."""
    ctx = releasing_platform(tmp_path)
    kinds = ["uke-medical", "uke-medical-returns", "uke-dpc"]
    ctx.sources[CLAIMS] = ctx.source(CLAIMS).model_copy(update={"format": kinds})
    files = {"a.UKE": APRIL.file, "b.UKE": encoded([*DPC, "GO,2,200,99"])}
    drop(ctx, CLAIMS, files, "april", card=APRIL.card)
    (batch,) = receive(ctx, CLAIMS, actor=ACTOR)
    take_in(ctx, batch, actor=ACTOR)
    release, facts = made(ctx)
    assert facts["batch_datasets"] == {batch: ["dpc-claims", "medical-claims"]}
    back = Sent(BACK, "2025-05", 1, (bill("A", "2025-04"),))
    drop(ctx, CLAIMS, {"a.HEN": back.file}, "may", card=back.card)
    (returned,) = receive(ctx, CLAIMS, actor=ACTOR)
    take_in(ctx, returned, actor=ACTOR)
    (found,) = affected(ctx, returned)
    assert (found.release, found.superseded, found.replaced, found.withdrawn, found.attributes) == (release, 0, 0, 1, 0)
