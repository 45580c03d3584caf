"""Stewardship: every clock runs out once, also after a run that died, and running again changes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from provision import intake, stewardship
from provision.context import Context
from provision.errors import Quarantined
from provision.intake.quarantine import key_name
from provision.ledger.store import Ledger
from provision.ledger.verify import verify
from tests.support.house import ACTOR, House, copy_of_house
from tests.support.verdicts import gate_without_engine

PLAN = "claims-for-university"
NOTHING = {
    "quarantine_destroyed": 0, "landing_waiting_too_long": 0, "store_ended": 0, "vault_periods_over": 0,
    "releases_emptied": 0, "outbox_emptied": 0, "staging_emptied": 0, "releases_expired": 0,
    "erasures_settled": 0, "rows_erased": 0,
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> House:
    return copy_of_house(tmp_path / "house")


def past(house: House, **ago: int) -> Context:
    """The platform as it was: its ledger's clock stands still in the past."""
    ctx = house.open()
    at = datetime.now(UTC) - timedelta(**ago)
    ctx.__dict__["ledger"] = Ledger.open(ctx.zones.ledger(), clock=lambda: at)
    return ctx


def run(house: House) -> dict[str, int]:
    """Counts of one run, without the size of the log."""
    counts = stewardship.run(house.open(), actor=ACTOR)
    assert counts.pop("ledger_size") == house.open().ledger.size
    return counts


def drop(ctx: Context, content: bytes) -> None:
    folder = ctx.zones.inbox("kita-hospital") / "drop"
    folder.mkdir()
    (folder / "RECEIPTC.UKE").write_bytes(content)
    (folder / "batch.yaml").write_text('period: "2025-10"\nsequence: 1\n')


def quarantined(house: House, days: int) -> str:
    """A batch that went to quarantine so many days ago."""
    ctx = past(house, days=days)
    drop(ctx, b"this is no claim file\r\n")
    (batch,) = intake.receive(ctx, "kita-hospital", actor=ACTOR)
    with pytest.raises(Quarantined):
        intake.take_in(ctx, batch, actor=ACTOR)
    assert (ctx.zones.quarantine() / batch).is_dir()
    return batch


def test_a_quiet_day(house: House) -> None:
    size = house.open().ledger.size
    assert run(house) == NOTHING
    assert house.open().ledger.size == size
    assert verify(house.home / "ledger" / "ledger.db", public_key=house.open().signer.public).ok


def test_quarantine_ends_with_key_files_and_an_entry(house: House) -> None:
    batch = quarantined(house, days=31)
    assert run(house) == NOTHING | {"quarantine_destroyed": 1}
    ctx = house.open()
    assert not ctx.keys.exists(key_name(batch))
    assert not (ctx.zones.quarantine() / batch).exists()
    (entry,) = ctx.ledger.entries(type="quarantine.destroyed")
    assert entry.subjects == {"batch": batch, "source": "kita-hospital"}
    assert run(house) == NOTHING


def test_quarantine_waits_for_its_day(house: House) -> None:
    batch = quarantined(house, days=29)
    assert run(house) == NOTHING
    assert house.open().keys.exists(key_name(batch))


def test_what_a_dead_run_destroyed_is_attested_by_the_next(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = quarantined(house, days=31)

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("provision.retention.received.shutil.rmtree", die)
        with pytest.raises(Killed):
            run(house)
    assert not house.open().keys.exists(key_name(batch))
    assert list(house.open().ledger.entries(type="quarantine.destroyed")) == []
    assert run(house) == NOTHING | {"quarantine_destroyed": 1}
    assert not (house.home / "quarantine" / batch).exists()


def test_a_batch_that_nobody_takes_in_is_counted_and_kept(house: House) -> None:
    ctx = past(house, days=8)
    drop(ctx, b"anything")
    (batch,) = intake.receive(ctx, "kita-hospital", actor=ACTOR)
    for _ in range(2):
        assert run(house) == NOTHING | {"landing_waiting_too_long": 1}
    assert (ctx.zones.landing() / batch).is_dir()


@pytest.mark.parametrize(("days", "emptied"), [(31, 1), (29, 0)])
def test_the_outbox_is_emptied_in_time(house: House, days: int, emptied: int) -> None:
    ctx, order = past(house, days=days), "r-1.somebody.mail.1"
    facts: dict[str, dict[str, object]] = {
        "ordered": {"release": "r-1", "recipient": "somebody", "channel": "mail", "digest": "0"},
        "attempting": {"attempt": 1, "ciphertext_sha256": "0"},
        "handed_over": {"receipt": {}},
    }
    for state, payload in facts.items():
        ctx.ledger.transition("delivery", order, state, actor=ACTOR, payload=payload)
    (ctx.zones.outbox(order) / "r-1.zip.age").write_bytes(b"cipher")
    assert run(house) == NOTHING | {"outbox_emptied": emptied}
    assert (house.home / "outbox" / order).is_dir() is not bool(emptied)
    assert len(list(house.open().ledger.entries(type="outbox.emptied"))) == emptied
    assert run(house) == NOTHING


class Before(House):
    """The house 71 hours ago."""

    def open(self) -> Context:
        return past(House(self.root), hours=71)


@pytest.fixture
def waiting(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    """A release gated 71 hours ago; its plan gives officers 72."""
    return gate_without_engine(Before(house.root), PLAN, monkeypatch)


def test_a_release_waits_as_long_as_its_plan_says(house: House, waiting: str) -> None:
    assert run(house) == NOTHING
    house.edit(f"releases/{PLAN}.yaml", lambda plan: plan.update(deadline_hours=70))
    assert run(house) == NOTHING | {"releases_expired": 1}
    assert house.open().ledger.state("release", waiting) == "expired"
    assert run(house) == NOTHING


def test_a_release_ends_with_its_agreement(house: House, waiting: str) -> None:
    house.edit("recipients/tsukishima-university.yaml", lambda r: r["agreement"].update(ends=date(2026, 4, 2)))
    assert run(house) == NOTHING | {"releases_expired": 1}


def test_a_slip_of_the_keyboard_ends_no_release(house: House, waiting: str) -> None:
    house.replace(f"releases/{PLAN}.yaml", "linkage:", "linkages:")
    assert run(house) == NOTHING
    house.replace(f"releases/{PLAN}.yaml", "linkages:", "linkage:")
    house.replace("recipients/tsukishima-university.yaml", "representative:", "representativ:")
    assert run(house) == NOTHING
    assert house.open().ledger.state("release", waiting) == "gated"
