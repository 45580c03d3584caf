"""Receiving: what becomes a batch, what is left alone, what goes to quarantine, and that names stay inside the seal."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from provision.context import Context
from provision.errors import Quarantined, Refused
from provision.intake import receive, take_in
from provision.intake.landing.inbox import Inbox
from provision.intake.quarantine import key_name
from provision.intake.sealed import opened, read_manifest, seal_stream
from provision.releasing.batches import batches_in_force
from tests.support.intake import ACTOR, drop, hospital, in_clear, platform
from tests.support.uke import CHART, KANA, NAME, Claim, file

SOURCE = "test-hospital"
PLANTED = (NAME, NAME.split("　")[0], KANA, CHART)
SENDERS_NAME = "架空山花子様分.UKE"


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return platform(tmp_path / "home", hospital())


def card(period: str = "2025-05", sequence: int = 1, supersedes: int | None = None) -> str:
    return f'period: "{period}"\nsequence: {sequence}\n' + (f"supersedes: {supersedes}\n" if supersedes else "")


def received(ctx: Context) -> list[str]:
    return receive(ctx, SOURCE, actor=ACTOR)


def entries(ctx: Context, kind: str) -> list[dict[str, object]]:
    return [entry.payload for entry in ctx.ledger.entries(type=kind)]


def quarantined(ctx: Context) -> list[dict[str, object]]:
    """Reports of the quarantine zone."""
    reports = sorted(ctx.zones.quarantine().glob("*/report.json"))
    return [problem for path in reports for problem in json.loads(path.read_text("utf-8"))]


def test_a_drop_becomes_a_sealed_batch(ctx: Context) -> None:
    folder = drop(ctx, SOURCE, {SENDERS_NAME: file(), "sub/second.UKE": file(Claim(points=5))})
    (batch,) = received(ctx)
    assert not folder.exists()
    assert in_clear(ctx.zones.home, *PLANTED, "second") == []
    sealed = ctx.zones.landing() / batch
    assert sorted(p.name for p in sealed.iterdir()) == ["0001.age", "0002.age", "manifest.age"]
    identity = ctx.keys.identity(f"batch-{batch}")
    names = {item.name: item for item in read_manifest(sealed, identity)}
    assert set(names) == {SENDERS_NAME, "sub/second.UKE"}
    with opened(sealed / names[SENDERS_NAME].sealed_name(), identity) as stream:
        assert stream.read() == file()
    (payload,) = entries(ctx, "batch.received")
    assert (payload["files"], payload["period"], payload["sequence"], payload["supersedes"]) == (2, "2025-05", 1, {})


def test_a_drop_without_its_marker_is_left_alone(ctx: Context) -> None:
    folder = drop(ctx, SOURCE, {"a.UKE": file()}, card="")
    (ctx.zones.inbox(SOURCE) / "batch.yaml").write_text(card())
    assert received(ctx) == []
    assert (folder / "a.UKE").read_bytes() == file()
    assert ctx.ledger.size == 0


def test_a_drop_that_is_a_link_is_left_alone(ctx: Context, tmp_path: Path) -> None:
    folder = drop(ctx, SOURCE, {"a.UKE": file()})
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert received(ctx) == []
    assert (tmp_path / "elsewhere" / "a.UKE").exists()


def test_links_in_a_drop_are_never_followed(ctx: Context, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(NAME)
    folder = drop(ctx, SOURCE, {"a.UKE": file()})
    (folder / "b.UKE").symlink_to(tmp_path / "secret")
    (batch,) = received(ctx)
    assert len(read_manifest(ctx.zones.landing() / batch, ctx.keys.identity(f"batch-{batch}"))) == 1
    assert (tmp_path / "secret").exists()


def test_files_are_found_in_every_folder_but_behind_links(tmp_path: Path) -> None:
    for name in ("drop/batch.yaml", "drop/a/b/c/1.UKE", "drop/2.UKE", "elsewhere/3.UKE"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "drop" / "a" / "linked").symlink_to(tmp_path / "elsewhere")
    (found,) = Inbox(tmp_path).drops()
    assert [item.name for item in found.listing.items] == ["2.UKE", "a/b/c/1.UKE"]
    assert found.again() == found
    (tmp_path / "drop" / "2.UKE").write_bytes(b"xy")
    assert found.again() != found
    shutil.rmtree(tmp_path / "drop")
    assert found.again() is None


def test_the_same_content_twice_is_one_batch(ctx: Context) -> None:
    drop(ctx, SOURCE, {"a.UKE": file()})
    (batch,) = received(ctx)
    drop(ctx, SOURCE, {"renamed.UKE": file()}, "again")
    assert received(ctx) == [batch]
    take_in(ctx, batch, actor=ACTOR)
    drop(ctx, SOURCE, {"a.UKE": file()}, "once more")
    assert received(ctx) == []
    assert len(entries(ctx, "batch.received")) == len(entries(ctx, "batch.accepted")) == 1
    assert len(entries(ctx, "batch.duplicate")) == 2
    assert list(ctx.zones.inbox(SOURCE).iterdir()) == []


@pytest.mark.parametrize(
    ("second", "text", "rule"),
    [
        (file(Claim(points=7)), card(), "receive.sequence"),
        (file(), card(sequence=2), "receive.duplicate"),
        (file(), card("2025-06"), "receive.duplicate"),
        (file(Claim(points=7)), card(sequence=3, supersedes=3), "receive.supersedes"),
    ],
)
def test_what_contradicts_an_earlier_batch_goes_to_quarantine(
    ctx: Context, second: bytes, text: str, rule: str
) -> None:
    drop(ctx, SOURCE, {"a.UKE": file()})
    (batch,) = received(ctx)
    drop(ctx, SOURCE, {SENDERS_NAME: second}, NAME, card=text)
    assert received(ctx) == [batch]
    assert [p["rule"] for p in entries(ctx, "drop.quarantined")] == [rule]
    assert [p["rule"] for p in quarantined(ctx)] == [rule]
    assert list(ctx.zones.inbox(SOURCE).iterdir()) == []
    assert in_clear(ctx.zones.home, *PLANTED) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "period: 2025-13\nsequence: 1",
        "period: 2025-13-45\nsequence: 1",
        "period: 2025-05",
        "- 1",
        "{",
        "a: &x [*x]",
        'period: "2025-05"\nsequence: "1"',
        'period: "2025-05"\nsequence: 0',
        'period: "2025-05"\nperiod: "2025-06"\nsequence: 1',
        f'period: "2025-05"\nsequence: 1\nnote: {NAME}',
        'period: "2025-05"\nsequence: 1\nsupersedes: 0',
        "!!python/object/apply:os.getcwd []",
        "[" * 5000,
    ],
)
def test_a_marker_that_does_not_hold_quarantines_its_drop_only(ctx: Context, text: str) -> None:
    folder = drop(ctx, SOURCE, {SENDERS_NAME: file()}, "bad")
    (folder / "batch.yaml").write_text(text, encoding="utf-8")
    drop(ctx, SOURCE, {"a.UKE": file(Claim(points=3))}, "good")
    assert len(received(ctx)) == 1
    assert [p["rule"] for p in quarantined(ctx)] == ["receive.card"]
    assert in_clear(ctx.zones.home, *PLANTED) == []


def test_a_marker_that_is_no_utf8(ctx: Context) -> None:
    folder = drop(ctx, SOURCE, {"a.UKE": file()})
    (folder / "batch.yaml").write_bytes(f"period: {NAME}".encode("cp932"))
    with pytest.raises(Quarantined) as caught:
        received(ctx)
    assert NAME not in str(caught.value)


def test_a_drop_without_files_is_quarantined(ctx: Context) -> None:
    drop(ctx, SOURCE, {"empty/.keep": b""}).joinpath("empty", ".keep").unlink()
    with pytest.raises(Quarantined):
        received(ctx)
    assert [p["rule"] for p in quarantined(ctx)] == ["receive.empty"]


def test_quarantine_can_be_opened_with_its_own_key_only(ctx: Context) -> None:
    drop(ctx, SOURCE, {SENDERS_NAME: file()}, card="sequence: 1")
    with pytest.raises(Quarantined):
        received(ctx)
    (folder,) = ctx.zones.quarantine().iterdir()
    identity = ctx.keys.identity(key_name(folder.name))
    (item,) = [i for i in read_manifest(folder, identity) if i.name == SENDERS_NAME]
    with opened(folder / item.sealed_name(), identity) as stream:
        assert stream.read() == file()
    ctx.keys.destroy(key_name(folder.name))
    with pytest.raises(Refused):
        ctx.keys.identity(key_name(folder.name))


def test_a_superseded_batch_is_out_of_force_whatever_the_folders_are_called(ctx: Context) -> None:
    drop(ctx, SOURCE, {"a.UKE": file(Claim(points=9))}, "a-corrected", card=card(sequence=2, supersedes=1))
    drop(ctx, SOURCE, {"a.UKE": file()}, "b-first", card=card())
    drop(ctx, SOURCE, {"a.UKE": file(Claim(month="202506"))}, "c-next", card=card("2025-06"))
    first, second, other = received(ctx)
    take_in(ctx, first, actor=ACTOR)
    assert [b.batch for b in batches_in_force(ctx, [SOURCE])] == [first]
    take_in(ctx, second, actor=ACTOR)
    take_in(ctx, other, actor=ACTOR)
    assert {b.batch for b in batches_in_force(ctx, [SOURCE])} == {second, other}
    assert batches_in_force(ctx, ["another"]) == ()


def test_a_batch_supersedes_one_that_comes_after_it(ctx: Context) -> None:
    drop(ctx, SOURCE, {"a.UKE": file(Claim(points=9))}, card=card(sequence=2, supersedes=1))
    (second,) = received(ctx)
    take_in(ctx, second, actor=ACTOR)
    drop(ctx, SOURCE, {"a.UKE": file()}, card=card())
    (first,) = received(ctx)
    take_in(ctx, first, actor=ACTOR)
    assert [b.batch for b in batches_in_force(ctx, [SOURCE])] == [second]


def test_a_chain_leaves_its_last_batch_also_where_one_in_the_middle_was_broken(ctx: Context) -> None:
    drop(ctx, SOURCE, {"a.UKE": file()}, "1", card=card())
    drop(ctx, SOURCE, {"a.UKE": b"broken"}, "2", card=card(sequence=2, supersedes=1))
    drop(ctx, SOURCE, {"a.UKE": file(Claim(points=9))}, "3", card=card(sequence=3, supersedes=2))
    first, second, third = received(ctx)
    take_in(ctx, third, actor=ACTOR)
    take_in(ctx, first, actor=ACTOR)
    with pytest.raises(Quarantined):
        take_in(ctx, second, actor=ACTOR)
    assert [b.batch for b in batches_in_force(ctx, [SOURCE])] == [third]


def test_two_batches_for_one_are_refused_unless_the_first_could_not_be_taken(ctx: Context) -> None:
    drop(ctx, SOURCE, {"a.UKE": file()}, "1", card=card())
    drop(ctx, SOURCE, {"a.UKE": b"broken"}, "2", card=card(sequence=2, supersedes=1))
    first, second = received(ctx)
    drop(ctx, SOURCE, {"a.UKE": file(Claim(points=9))}, "3", card=card(sequence=3, supersedes=1))
    assert received(ctx) == [first, second]
    assert [p["rule"] for p in entries(ctx, "drop.quarantined")] == ["receive.supersedes"]
    take_in(ctx, first, actor=ACTOR)
    with pytest.raises(Quarantined):
        take_in(ctx, second, actor=ACTOR)
    drop(ctx, SOURCE, {"a.UKE": file(Claim(points=9))}, "4", card=card(sequence=4, supersedes=1))
    (fourth,) = received(ctx)
    take_in(ctx, fourth, actor=ACTOR)
    assert [b.batch for b in batches_in_force(ctx, [SOURCE])] == [fourth]


def test_a_superseding_batch_that_cannot_be_taken_replaces_nothing(ctx: Context) -> None:
    drop(ctx, SOURCE, {"a.UKE": file()}, "1", card=card())
    drop(ctx, SOURCE, {"a.UKE": b"broken"}, "2", card=card(sequence=2, supersedes=1))
    first, second = received(ctx)
    take_in(ctx, first, actor=ACTOR)
    with pytest.raises(Quarantined):
        take_in(ctx, second, actor=ACTOR)
    assert [b.batch for b in batches_in_force(ctx, [SOURCE])] == [first]


def test_file_names_that_are_no_utf8_are_sealed_too(ctx: Context) -> None:
    """A sender's Windows share gives names in CP932."""
    folder = drop(ctx, SOURCE, {"a.UKE": file()}, card="")
    raw = os.fsencode(folder) + b"/" + SENDERS_NAME.encode("cp932")
    os.rename(folder / "a.UKE", raw)
    (folder / "batch.yaml").write_text(card())
    (batch,) = received(ctx)
    assert take_in(ctx, batch, actor=ACTOR)["people"] == 1
    assert in_clear(ctx.zones.home, *PLANTED) == []


def test_a_file_that_changes_while_it_is_received_is_not_sealed(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = drop(ctx, SOURCE, {"a.UKE": file()})

    def changing(plain: BinaryIO, *rest: object) -> tuple[str, int]:
        if (folder / "a.UKE").read_bytes() == file():
            (folder / "a.UKE").write_bytes(file(Claim(points=1)))
        return seal_stream(plain, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("provision.intake.unpacking.seal_stream", changing)
    with pytest.raises(Quarantined):
        received(ctx)
    assert [p["rule"] for p in quarantined(ctx)] == ["receive.changed"]
    assert list(ctx.zones.landing().iterdir()) == []
    assert [p.name for p in (ctx.zones.vault() / "keys").glob("batch-*")] == []


def test_a_drop_that_never_rests_stays_for_the_next_run(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = drop(ctx, SOURCE, {"a.UKE": file()})

    def restless(plain: BinaryIO, *rest: object) -> tuple[str, int]:
        with (folder / "a.UKE").open("ab") as growing:
            growing.write(b"\n")
        return seal_stream(plain, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("provision.intake.unpacking.seal_stream", restless)
        with pytest.raises(Quarantined, match=r"receive\.changed"):
            received(ctx)
    assert entries(ctx, "drop.quarantined") == []
    assert list(ctx.zones.quarantine().iterdir()) == []
    assert len(received(ctx)) == 1


def test_a_file_that_comes_after_the_marker_is_not_lost(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = drop(ctx, SOURCE, {"a.UKE": file()})

    def late(plain: BinaryIO, *rest: object) -> tuple[str, int]:
        if not (folder / "b.UKE").exists():
            (folder / "b.UKE").write_bytes(file(Claim(points=2)))
        return seal_stream(plain, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("provision.intake.unpacking.seal_stream", late)
    with pytest.raises(Quarantined):
        received(ctx)
    (payload,) = entries(ctx, "drop.quarantined")
    assert (payload["rule"], payload["files"]) == ("receive.changed", 3)


def test_a_drop_whose_end_is_in_the_log_is_only_taken_away(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after dying between the entry and the removal: nothing is sealed again, and the log does not grow."""
    drop(ctx, SOURCE, {"a.UKE": file()})
    with monkeypatch.context() as patched:
        patched.setattr("provision.intake.landing.inbox.InboxDrop.take_away", lambda self: None)
        (batch,) = received(ctx)
    size = ctx.ledger.size
    assert received(ctx) == [batch]
    assert ctx.ledger.size == size
    assert list(ctx.zones.inbox(SOURCE).iterdir()) == []


def test_a_batch_that_was_lost_before_it_was_taken_in_is_received_again(ctx: Context) -> None:
    drop(ctx, SOURCE, {"a.UKE": file()})
    (batch,) = received(ctx)
    shutil.rmtree(ctx.zones.landing() / batch)
    drop(ctx, SOURCE, {"a.UKE": file()})
    assert received(ctx) == [batch]
    assert take_in(ctx, batch, actor=ACTOR)["people"] == 1


def test_what_a_system_put_beside_the_files_is_left_out(ctx: Context) -> None:
    drop(ctx, SOURCE, {"a.UKE": file(), "sub/.DS_Store": b"x", "__MACOSX/._a.UKE": b"x", "Thumbs.db": b"x"})
    (batch,) = received(ctx)
    (payload,) = entries(ctx, "batch.received")
    assert (payload["files"], payload["left_out"]) == (1, 3)
    assert list(ctx.zones.inbox(SOURCE).iterdir()) == []
    assert take_in(ctx, batch, actor=ACTOR)["people"] == 1


def test_every_folder_and_key_is_for_the_owner_only(ctx: Context) -> None:
    drop(ctx, SOURCE, {"a.UKE": file()})
    (batch,) = received(ctx)
    take_in(ctx, batch, actor=ACTOR)
    for path in (ctx.zones.home / zone for zone in ("landing", "vault", "store", "vault/keys", "landing/inbox")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for path in (ctx.zones.vault() / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
