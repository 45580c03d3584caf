"""A person leaves: out of store, vault, known values and every later release; whatever moment a run dies at."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from expectations.known_values import fingerprint, fold
from provision import releasing
from provision.atrest import shared
from provision.backup.units import vault_units
from provision.context import Context
from provision.errors import FixConfiguration, Refused, RetryLater
from provision.intake import receive, take_in
from provision.intake.fingerprints import KEY, index_path
from provision.intake.keying import scope
from provision.persons import register, requests
from provision.persons.erasing import carry_out, catch_up, erase_again
from provision.persons.requests import ask, reject, waiting
from provision.releasing.batches import batches_in_force
from provision.releasing.earlier import require_all_still_in
from provision.releasing.select import select
from tests.support.intake import ACTOR, drop, in_clear
from tests.support.leaving import FIRST, SECOND, asked, gone, wish
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send
from tests.support.uke import file

PLAN, CLAIMS = "claims-for-university", PLAN_SOURCES[0]
APRIL = Sent(CLAIMS, "2025-04", 1, tuple(bill(who, "2025-04") for who in "ABCDE"))
NEXT = tuple(bill(who, "2025-05") for who in "ABCDEFGH")


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    found = releasing_platform(tmp_path, cutoff_month="2025-04")
    send(found, APRIL)
    return found


def with_plan(ctx: Context, **changes: Any) -> Context:
    changed = replace(ctx, plans={PLAN: ctx.plan(PLAN).model_copy(update=changes)})
    changed.__dict__["ledger"] = ctx.ledger
    return changed


def made(ctx: Context, key: str) -> tuple[str, dict[str, Any]]:
    release = releasing.draft(ctx, PLAN, key, actor=ACTOR)
    return release, releasing.make(ctx, release, actor=ACTOR)


def stored(ctx: Context) -> set[str]:
    """Months of birth of everybody in the store, whatever is in force."""
    frames = [pl.read_parquet(path) for path in ctx.zones.store().glob("*/*/*/claim/*.parquet")]
    return set(pl.concat(frames, how="diagonal")["birth_month"])


def claims_of(ctx: Context, batch: str) -> dict[str, set[int]]:
    """Claim numbers of every table of a batch."""
    folders = [p for p in ctx.zones.store().glob(f"*/*/{batch}/*") if p.is_dir()]
    return {p.name: set(pl.read_parquet(p / "*.parquet")["claim_no"]) for p in folders}


def has(ctx: Context, batch: str, kind: str, *parts: str) -> bool:
    """Whether a value is in the known-value index of a batch."""
    mark = np.uint64(fingerprint(fold(kind, *parts), ctx.keys.symmetric(KEY)))
    return bool((np.load(index_path(ctx, batch)) == mark).any())


# -- erasing ----------------------------------------------------------------------------------------------------------


def test_a_person_is_gone_from_everything(ctx: Context) -> None:
    (batch,) = (b.batch for b in batches_in_force(ctx, [CLAIMS]))
    first, _ = made(ctx, "one")
    id, done = gone(ctx, asked("B"))
    assert (done["identities"], done["batches"], done["scopes"], done["doubtful"]) == (1, 1, 1, 0)
    assert done["rows"] >= 2  # the claim and its payer
    assert (done["releases"], done["not_comparable"]) == ([first], [])
    assert stored(ctx) == {f"1953-{n:02d}" for n in (1, 3, 4, 5)}
    numbers = claims_of(ctx, batch)
    assert set.union(*numbers.values()) == numbers["claim"] == {0, 2, 3, 4}
    assert ctx.vault.people(scope(ctx.source(CLAIMS)))[0].height == 4
    assert ctx.ledger.state("request", id) == "done"
    assert not list((ctx.zones.vault() / "requests").iterdir())
    assert not ctx.keys.exists(f"request-{id}")


def test_tokens_are_overwritten_not_only_unlisted(ctx: Context) -> None:
    name = scope(ctx.source(CLAIMS))
    before = ctx.vault.records(name)
    gone(ctx, asked("B"))
    left = ctx.vault.records(name)
    (theirs,) = before.join(left, on="alias", how="anti").iter_rows(named=True)
    tokens = [value for column, value in theirs.items() if isinstance(value, bytes)]
    assert len(tokens) >= 4
    written = b"".join(path.read_bytes() for path in ctx.zones.vault().glob("vault.db*"))
    assert left["facility_chart"][0] in written
    mine = set(tokens) - {value for row in left.iter_rows() for value in row}  # a birth may be another's, too
    assert not [token for token in mine if token in written]


def test_twice_is_once(ctx: Context) -> None:
    id, done = gone(ctx, asked("B"))
    size = ctx.ledger.size
    assert carry_out(ctx, id, actor=SECOND) == done
    assert ctx.ledger.size == size
    _, again = gone(ctx, asked("B"))  # asked again: there is nobody any more
    assert (again["identities"], again["rows"], again["releases"]) == (0, 0, [])


def test_known_values_that_are_nobody_elses_go(ctx: Context) -> None:
    (batch,) = (b.batch for b in batches_in_force(ctx, [CLAIMS]))
    mine, other = bill("B", "2025-04"), bill("C", "2025-04")
    values = {"name": (mine.name,), "kana": (mine.kana,), "chart": ("1311234567", mine.chart)}
    card = ("insured", mine.insurer, mine.symbol, mine.number)
    assert all(has(ctx, batch, kind, *parts) for kind, parts in values.items() if fold(kind, *parts))
    assert has(ctx, batch, *card)
    _, done = gone(ctx, asked("B"))
    assert done["known_values"] == sum(bool(fold(kind, *parts)) for kind, parts in values.items())
    assert not any(has(ctx, batch, kind, *parts) for kind, parts in values.items() if fold(kind, *parts))
    assert has(ctx, batch, *card)  # the household's, who stay
    assert has(ctx, batch, "name", other.name)


def test_of_somebody_who_lives_alone_the_card_goes_too_and_a_namesakes_name_stays(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path, cutoff_month="2025-04")
    mine = bill("B", "2025-04")
    namesake = bill("F", "2025-04").but(name=mine.name)
    batch = send(ctx, replace(APRIL, claims=(*APRIL.claims, namesake)))
    gone(ctx, asked("B"), household=False)
    assert not has(ctx, batch, "insured", mine.insurer, mine.symbol, mine.number)
    assert has(ctx, batch, "name", mine.name)


def test_a_batch_that_waits_is_taken_in_without_them_and_a_later_one_with_them(ctx: Context) -> None:
    """Erased is what we have; without a veto, who comes back is received again."""
    drop(ctx, CLAIMS, {"a.UKE": file(*NEXT)}, "may", card='period: "2025-05"\nsequence: 1\n')
    (may,) = receive(ctx, CLAIMS, actor=ACTOR)
    gone(ctx, asked("B"))
    assert register.tidy(ctx) == 0
    take_in(ctx, may, actor=ACTOR)
    assert "1953-02" not in stored(ctx)
    (entry,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=may)
    assert entry.payload["records_vetoed"] == 1
    assert [register.tidy(ctx) for _ in range(2)] == [1, 0]
    send(ctx, Sent(CLAIMS, "2025-06", 1, (bill("B", "2025-06"), bill("A", "2025-06"))))
    assert "1953-02" in stored(ctx)


STEPS = (
    "provision.vault.Vault.withdraw", "provision.persons.register.enter", "provision.persons.erasing.remember_all",
    "provision.store.Store.without", "provision.store._rewrite", "provision.persons.erasing.fingerprints.forget",
    "provision.persons.erasing.remembered.forget", "provision.vault.Vault.forget",
)  # fmt: skip


#: Whoever dies here has withdrawn nobody.
BEFORE = (STEPS[0], STEPS[2])


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_died_is_finished_by_the_next(ctx: Context, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made(ctx, "one")
    id, _ = ask(ctx, asked("B"), wish(), actor=FIRST)

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(step, die)
        with pytest.raises(Killed):
            carry_out(ctx, id, actor=SECOND)
    assert ctx.ledger.state("request", id) == "agreed"
    if step not in BEFORE:
        assert select(ctx, ctx.plan(PLAN), ctx.profile(ctx.plan(PLAN).profile)).people.height == 4
    done = carry_out(ctx, id, actor=SECOND)
    assert (done["identities"], done["batches"], len(list(done["releases"]))) == (1, 1, 1)  # type: ignore[call-overload]
    assert "1953-02" not in stored(ctx)
    assert ctx.vault.people(scope(ctx.source(CLAIMS)))[0].height == 4


def test_dead_between_two_tables_the_next_run_finds_the_rest(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from provision import store

    id, _ = ask(ctx, asked("B"), wish(), actor=FIRST)
    rewrite, done = store._rewrite, list[Path]()

    class Killed(BaseException):
        pass

    def once(part: Path, claims: list[int]) -> None:
        if done:
            raise Killed
        rewrite(part, claims)
        done.append(part)

    with monkeypatch.context() as patch:
        patch.setattr(store, "_rewrite", once)
        with pytest.raises(Killed):
            carry_out(ctx, id, actor=SECOND)
    assert done[0].parent.name != "claim"  # the head goes last
    assert "1953-02" in stored(ctx)
    carry_out(ctx, id, actor=SECOND)
    (batch,) = (b.batch for b in batches_in_force(ctx, [CLAIMS]))
    assert set.union(*claims_of(ctx, batch).values()) == {0, 2, 3, 4}


def test_nothing_goes_while_the_store_is_read(ctx: Context) -> None:
    id, _ = ask(ctx, asked("B"), wish(), actor=FIRST)
    with shared(ctx), pytest.raises(RetryLater):
        carry_out(ctx, id, actor=SECOND)
    assert ctx.ledger.state("request", id) == "agreed"
    assert "1953-02" in stored(ctx)
    assert ctx.vault.withdrawn(scope(ctx.source(CLAIMS))).height == 0
    carry_out(ctx, id, actor=SECOND)
    assert "1953-02" not in stored(ctx)


@pytest.mark.parametrize("died", [False, True])
def test_a_release_made_after_the_agreement_had_the_person(
    ctx: Context, died: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An officer agreed in the morning, or a run died before anybody was withdrawn; then a release was made."""
    id, _ = ask(ctx, asked("B"), wish(veto=True), actor=FIRST)
    requests.agree(ctx, id, actor="officer:one")

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    if died:
        with monkeypatch.context() as patch:
            patch.setattr("provision.vault.Vault.withdraw", die)
            with pytest.raises(Killed):
                carry_out(ctx, id, actor=FIRST)
    release, facts = made(ctx, "one")
    assert facts["people"] == 5
    done = carry_out(ctx, id, actor=FIRST)  # whoever: two people have agreed
    assert done["releases"] == [release]
    with pytest.raises(Refused, match="1 people of it were withdrawn"):
        require_all_still_in(ctx, release, "deliver")


def test_a_store_that_comes_back_from_a_backup_is_emptied_of_them_again(ctx: Context, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(ctx.zones.store(), tmp_path / "backup")
    _, done = gone(ctx, asked("B"))
    shutil.rmtree(ctx.zones.store())
    shutil.copytree(tmp_path / "backup", ctx.zones.store(), dirs_exist_ok=True)
    assert "1953-02" in stored(ctx)
    assert [erase_again(ctx, actor=ACTOR) for _ in range(2)] == [done["rows"], 0]
    assert "1953-02" not in stored(ctx)


# -- two people -------------------------------------------------------------------------------------------------------


def test_whoever_took_it_cannot_agree_to_it(ctx: Context) -> None:
    id, said = ask(ctx, asked("B"), wish(), actor=FIRST)
    assert said["found"] == {"group-test-group": {"identities": 1, "doubtful": 0}}
    with pytest.raises(Refused) as refused:
        carry_out(ctx, id, actor=FIRST)
    assert refused.value.rule == "request.four_eyes"
    assert "1953-02" in stored(ctx)
    assert [one["request"] for one in waiting(ctx)] == [id]
    carry_out(ctx, id, actor=SECOND)
    assert waiting(ctx) == []


def test_a_rejected_request_forgets_who_it_was(ctx: Context) -> None:
    id, _ = ask(ctx, asked("B"), wish(), actor=FIRST)
    for _ in range(2):
        reject(ctx, id, basis="not-entitled", actor=SECOND)
    assert not ctx.keys.exists(f"request-{id}")
    with pytest.raises(Refused):
        carry_out(ctx, id, actor=SECOND)
    assert "1953-02" in stored(ctx)
    with pytest.raises(Refused):
        reject(ctx, id, basis="since I say so", actor=SECOND)


def test_what_a_dead_run_sealed_is_dropped(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("provision.ledger.store.Ledger.transition", lambda *_, **__: (_ for _ in ()).throw(KeyError))
        with pytest.raises(KeyError):
            ask(ctx, asked("B"), wish(), actor=FIRST)
    (orphan,) = requests.boxes(ctx).ids()
    id, _ = ask(ctx, asked("B"), wish(), actor=FIRST)
    assert list(requests.boxes(ctx).ids()) == [id] != [orphan]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"erase": False}, "request.asks"),
        ({"basis": "because"}, "request.basis"),
        ({"reference": "架空　一子"}, "request.reference"),
    ],
)
def test_a_request_has_a_ground_and_the_number_of_a_file(ctx: Context, changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(ctx, asked("B"), replace(wish(), **changes), actor=FIRST)
    assert refused.value.rule == rule
    assert not list(ctx.ledger.entries(type="request."))


# -- vetoes -----------------------------------------------------------------------------------------------------------


def test_a_veto_keeps_rows_and_lets_them_go_nowhere(ctx: Context) -> None:
    first, _ = made(ctx, "one")
    _, done = gone(ctx, asked("B"), erase=False, veto=True)
    assert (done["rows"], done["releases"]) == (0, [first])
    assert "1953-02" in stored(ctx)
    assert select(ctx, ctx.plan(PLAN), ctx.profile(ctx.plan(PLAN).profile)).people.height == 4
    with pytest.raises(Refused, match="1 people of it were withdrawn"):
        require_all_still_in(ctx, first, "deliver")


def test_a_veto_holds_for_later_batches_and_other_periods(ctx: Context) -> None:
    from provision.retention.periods import end_period

    gone(ctx, asked("B"), veto=True)
    may = send(ctx, Sent(CLAIMS, "2025-05", 1, NEXT))
    assert "1953-02" not in stored(ctx)
    assert not has(ctx, may, "chart", "1311234567", bill("B", "2025-04").chart)
    end_period(ctx, scope(ctx.source(CLAIMS)), reason="期間満了", with_store=False, actor=ACTOR)
    june = send(ctx, Sent(CLAIMS, "2025-06", 1, tuple(bill(who, "2025-06") for who in "ABC")))
    assert claims_of(ctx, june)["claim"] == {0, 2}
    assert "1953-02" not in stored(ctx)


def test_somebody_nobody_knows_yet_can_object(ctx: Context) -> None:
    _, done = gone(ctx, asked("H"), erase=False, veto=True)
    assert (done["identities"], done["releases"]) == (0, [])
    send(ctx, Sent(CLAIMS, "2025-05", 1, NEXT))
    assert "1953-08" not in stored(ctx)


def test_a_batch_of_vetoed_people_only_is_accepted_and_empty(ctx: Context) -> None:
    gone(ctx, asked("B"), veto=True)
    batch = send(ctx, Sent(CLAIMS, "2025-05", 1, (bill("B", "2025-05"),)))
    (entry,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch)
    assert (entry.payload["records_vetoed"], entry.payload["rows_out"]) == (1, 0)
    assert made(with_plan(ctx, first_month="2025-04", cutoff_month="2025-05"), "one")[1]["people"] == 4


def test_other_numbers_on_a_record_of_theirs_are_theirs(ctx: Context) -> None:
    """One more chart beside the card is learnt; records with that chart are then theirs, and so are earlier ones."""
    gone(ctx, asked("B", chart="", facility=""), veto=True)
    elsewhere = bill("B", "2025-05").but(chart="K999", number="9999")
    both = bill("B", "2025-06").but(chart="K999")
    send(ctx, Sent(CLAIMS, "2025-05", 1, (elsewhere, *NEXT[2:])))
    assert "1953-02" in stored(ctx)  # nobody could know
    send(ctx, Sent(CLAIMS, "2025-06", 1, (both,)))
    july = bill("B", "2025-07").but(chart="K999", number="9999")
    batch = send(ctx, Sent(CLAIMS, "2025-07", 1, (july, bill("C", "2025-07"))))
    assert claims_of(ctx, batch)["claim"] == {1}
    (learnt,) = ctx.ledger.entries(type="request.learnt")
    assert learnt.payload == {"identities": 1}
    everything = with_plan(ctx, cutoff_month="2025-07")
    people = select(everything, everything.plan(PLAN), ctx.profile(ctx.plan(PLAN).profile)).people
    assert "1953-02" not in set(people["birth_month"])
    release, _ = made(with_plan(ctx, first_month="2025-05", cutoff_month="2025-07"), "one")
    assert catch_up(ctx, actor=ACTOR) > 0  # what was learnt late is of somebody who was erased
    assert (ctx.zones.vault() / "presences" / f"{release}.parquet").exists()
    assert catch_up(ctx, actor=ACTOR) == 0
    assert "1953-02" not in stored(ctx)


def test_what_a_dead_run_learnt_is_settled_by_the_next(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    gone(ctx, asked("B", chart="", facility=""), veto=True)
    send(ctx, Sent(CLAIMS, "2025-05", 1, (bill("B", "2025-05").but(chart="K999", number="9999"), *NEXT[2:])))

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    both = Sent(CLAIMS, "2025-06", 1, (bill("B", "2025-06").but(chart="K999"),))
    with monkeypatch.context() as patch:
        patch.setattr("provision.intake.vetoes.Vetoes.settle", die)
        with pytest.raises(Killed):
            send(ctx, both)
    assert not list(ctx.ledger.entries(type="request.learnt"))
    (batch,) = receive(ctx, CLAIMS, actor=ACTOR)
    take_in(ctx, batch, actor=ACTOR)
    assert len(list(ctx.ledger.entries(type="request.learnt"))) == 1


def test_a_former_name_is_known_to_be_theirs(ctx: Context) -> None:
    """A record with the chart bears another name; a card with that name, and no chart we know, is theirs, too."""
    before = bill("B", "2025-05").but(name="架空　旧子", kana="キュウコ")
    send(ctx, Sent(CLAIMS, "2025-05", 1, (before, *NEXT[2:])))
    gone(ctx, asked("B"), veto=True)
    later = bill("B", "2025-06").but(name="架空　旧子", kana="キュウコ", chart="K888")
    batch = send(ctx, Sent(CLAIMS, "2025-06", 1, (later, bill("C", "2025-06"))))
    assert claims_of(ctx, batch)["claim"] == {1}


@pytest.mark.parametrize("other", [{"chart": "K777", "number": "9999"}, {"birth": "19530213"}])
def test_what_is_nearly_theirs_is_taken_and_counted(ctx: Context, other: dict[str, str]) -> None:
    """Their name beside other numbers; their chart beside another birth."""
    gone(ctx, asked("B"), veto=True)
    other_one = bill("B", "2025-05").but(**other)
    batch = send(ctx, Sent(CLAIMS, "2025-05", 1, (other_one, *NEXT[2:])))
    (entry,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch)
    assert entry.payload["warnings"]["veto.doubtful"] == 1
    assert "1953-02" in stored(ctx)


def test_a_register_that_cannot_be_opened_stops_intake(ctx: Context) -> None:
    gone(ctx, asked("B"), veto=True)
    (box,) = (ctx.zones.vault() / "register").iterdir()
    box.write_bytes(b"damaged")
    with pytest.raises(Refused) as refused:
        send(ctx, Sent(CLAIMS, "2025-05", 1, NEXT))
    assert refused.value.rule == "person.sealed"
    assert len(list(ctx.ledger.entries(type="batch.accepted"))) == 1


def test_a_restored_register_is_sealed_anew_with_the_escrow_key(tmp_path: Path) -> None:
    import pyrage

    escrow = pyrage.x25519.Identity.generate()
    plain = releasing_platform(tmp_path, cutoff_month="2025-04")
    own = plain.platform.model_copy(update={"escrow_key": str(escrow.to_public())})
    ctx = replace(plain, platform=own)
    send(ctx, APRIL)
    gone(ctx, asked("B"), veto=True)
    (tmp_path / "scratch").mkdir()
    (saved,) = [unit for unit in vault_units(ctx, tmp_path / "scratch") if "register" in unit.name]
    assert not [place for _, place in saved.files if place.endswith(".key")]
    ctx.keys.destroy(register.KEY)  # no backup has it
    with pytest.raises(Refused, match="reopen"):
        send(ctx, Sent(CLAIMS, "2025-05", 1, NEXT))
    with pytest.raises(Refused):
        register.reopen(ctx, pyrage.x25519.Identity.generate())
    assert [register.reopen(ctx, escrow) for _ in range(2)] == [1, 1]
    (batch,) = [e.subjects["batch"] for e in ctx.ledger.entries(type="batch.received")][1:]
    take_in(ctx, batch, actor=ACTOR)
    assert "1953-02" not in stored(ctx)


# -- who it is --------------------------------------------------------------------------------------------------------


def test_without_a_name_twins_on_one_card_are_two_people(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path, cutoff_month="2025-04")
    one, other = bill("B", "2025-04"), bill("B", "2025-04").but(name="架空　次子", kana="ツギコ", chart="K777")
    send(ctx, replace(APRIL, claims=(*APRIL.claims[2:], one, other)))
    with pytest.raises(Refused) as refused:
        ask(ctx, asked("B", name="", kana="", chart="", facility=""), wish(), actor=FIRST)
    assert refused.value.rule == "person.ambiguous"
    _, done = gone(ctx, asked("B", chart="", facility=""))
    assert done["identities"] == 1
    assert stored(ctx) == {f"1953-{n:02d}" for n in (2, 3, 4, 5)}  # the other one stays


def test_a_number_with_another_birth_is_somebody_else(ctx: Context) -> None:
    assert gone(ctx, asked("B", birth="19530210"))[1]["identities"] == 0
    assert "1953-02" in stored(ctx)


def test_a_scope_that_no_source_has_any_more_is_said(ctx: Context) -> None:
    with pytest.raises(FixConfiguration, match="group-test-group"):
        ask(replace(ctx, sources={}), asked("B"), wish(), actor=FIRST)


# -- the bar: the next release ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("erase", [True, False])
def test_the_recipient_cannot_find_who_left(ctx: Context, erase: bool) -> None:
    """The same selection again would show it, and is refused; with others who leave, it goes out without them."""
    first, facts = made(ctx, "one")
    assert facts["people"] == 5
    gone(ctx, asked("B"), erase=erase, veto=True)
    with pytest.raises(Refused) as refused:
        made(ctx, "two")
    assert (refused.value.rule, refused.value.what.split()[0]) == ("release.difference", "1")
    send(ctx, Sent(CLAIMS, "2025-05", 1, tuple(bill(who, "2025-05") for who in "BFGHI")))
    later = with_plan(ctx, first_month="2025-05", cutoff_month="2025-05")
    _, facts = made(later, "three")
    assert facts["people"] == 4  # F, G, H, I
    (found,) = facts["earlier_releases"]
    assert (found["release"], found["compared"], found["both"]) == (first, True, 0)
    cause = "deletion" if erase else "veto"
    assert found["gone"]["by_cause"] in ({"veto": 1, "period": 4}, {cause: 1, "period": 4})
    assert found["gone"]["exposed"] == {}
    if erase:
        assert "1953-02" not in stored(ctx)


def test_no_identifier_is_anywhere_but_under_seal(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through the command, from a file descriptor: home, output, log."""
    import os

    from provision import cli

    opened: Callable[[], Context] = lambda: ctx  # noqa: E731 - the command's own way in
    monkeypatch.setattr("provision.context.open_context", opened)
    claim = bill("B", "2025-04")
    secret = (claim.name, claim.kana, claim.chart, claim.number, claim.birth)
    for operator, command in ((FIRST, ["erase", "--veto"]), (SECOND, ["agree"])):
        monkeypatch.setattr("provision.commands.person._operator", lambda operator=operator: operator)
        if command[0] == "erase":
            reading, writing = os.pipe()
            os.write(writing, json.dumps(asked("B").as_json()).encode())
            os.close(writing)
            words = ["person", *command, "--basis", "appi-35", "--reference", "R-1", "--fd", str(reading)]
        else:
            (one,) = waiting(ctx)
            words = ["person", "agree", str(one["request"])]
        assert cli.main(words) == 0
        assert not in_clear(tmp_path, claim.name, claim.chart, claim.birth, claim.birth[:4] + "-02-03")
        out = capsys.readouterr()
        assert not [text for text in secret if text in out.out + out.err]
    assert cli.main(["person", "list"]) == 0
    assert capsys.readouterr().out == "no request waits\n"
