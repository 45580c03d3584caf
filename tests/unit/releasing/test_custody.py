"""Discs: every step is in the log, in an order that can be, with evidence; all received means the order is received."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from provision import cli
from provision.context import Context
from provision.errors import IllegalTransition, Refused
from provision.ledger.verify import verify
from provision.releasing import custody
from provision.releasing.confirming import confirm
from tests.support.house import copy_of_house

ORDER = "r-1.hinode-institute.disc.1"
IMAGES = (b"first image" * 500, b"second image" * 500)
ACTOR = "operator:kakuu"


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    """An order of two discs that were staged."""
    made: Context = copy_of_house(tmp_path / "house").open()
    about = {"release": "r-1", "recipient": "hinode-institute", "plan": "care-for-institute"}
    evidence: dict[str, str | int] = {"medium": "dvd+r", "discs": 2}
    for suffix, image in zip(("", "_2"), IMAGES, strict=True):
        evidence |= {f"image_sha256{suffix}": hashlib.sha256(image).hexdigest(), f"image_size{suffix}": len(image)}
    ordered = {"release": "r-1", "recipient": "hinode-institute", "channel": "disc", "digest": "0" * 64}
    receipt = {"order": ORDER, "channel": "disc", "evidence": evidence}
    for state, payload in (
        ("ordered", ordered),
        ("attempting", {"attempt": 1, "ciphertext_sha256": "0" * 64}),
        ("handed_over", {"receipt": receipt}),
    ):
        made.ledger.transition("delivery", ORDER, state, actor="airflow", subjects=about, payload=payload)
    return made


def burn(ctx: Context, volume: int, serial: str, disc: Path | None = None) -> custody.Disc:
    return custody.burned(ctx, ORDER, volume=volume, serial=serial, disc=disc, actor=ACTOR)


def test_the_whole_way_of_two_discs(ctx: Context) -> None:
    for volume, serial in ((1, "D-0001"), (2, "D-0002")):
        assert burn(ctx, volume, serial).state == "burned"
        assert custody.sent(ctx, serial, carrier="架空運輸", tracking="1234", actor=ACTOR).state == "sent"
    assert custody.received(ctx, "D-0001", how="signed sheet 1", actor=ACTOR).state == "received"
    assert ctx.ledger.state("delivery", ORDER) == "handed_over"
    custody.received(ctx, "D-0002", how="signed sheet 1", actor=ACTOR)
    assert ctx.ledger.state("delivery", ORDER) == "received"
    for serial in ("D-0001", "D-0002"):
        custody.destroyed(ctx, serial, how="shredded, letter 7", actor=ACTOR)
    assert confirm(ctx, ORDER, "destroyed", how="letter 7", actor=ACTOR) == "destroyed"
    assert [disc.state for disc in custody.register(ctx, ORDER)] == ["destroyed", "destroyed"]
    assert verify(ctx.zones.ledger(), public_key=ctx.signer.public).ok


def test_a_disc_is_read_back(ctx: Context, tmp_path: Path) -> None:
    drive = tmp_path / "sr0"
    drive.write_bytes(IMAGES[0] + bytes(2048))  # drives pad to whole blocks
    assert burn(ctx, 1, "D-1", drive).state == "burned"
    entry = next(iter(ctx.ledger.entries(type="disc.burned")))
    assert entry.payload["read_back"] is True
    for content in (IMAGES[1], IMAGES[0][:-1], b""):
        drive.write_bytes(content)
        with pytest.raises(Refused, match="not the image"):
            burn(ctx, 1, "D-2", drive)
    with pytest.raises(Refused, match="cannot be read"):
        burn(ctx, 1, "D-2", tmp_path / "none")
    assert [disc.serial for disc in custody.register(ctx)] == ["D-1"]


def test_what_cannot_be_is_refused(ctx: Context) -> None:
    with pytest.raises(Refused, match="no volume 3"):
        burn(ctx, 3, "D-1")
    with pytest.raises(Refused, match="no such order"):
        custody.burned(ctx, "r-2.x.disc.1", volume=1, serial="D-1", disc=None, actor=ACTOR)
    burn(ctx, 1, "D-1")
    with pytest.raises(IllegalTransition):
        burn(ctx, 2, "D-1")  # a serial number is one disc
    with pytest.raises(IllegalTransition):
        custody.received(ctx, "D-1", how="it came", actor=ACTOR)  # it was never sent
    with pytest.raises(Refused, match="evidence"):
        custody.sent(ctx, "D-1", carrier="架空運輸", tracking=" ", actor=ACTOR)
    with pytest.raises(Refused, match="no disc has this"):
        custody.sent(ctx, "D-9", carrier="架空運輸", tracking="1", actor=ACTOR)


def test_a_lost_disc_and_a_second_copy(ctx: Context) -> None:
    for serial in ("D-1", "D-1b"):
        burn(ctx, 1, serial)
        custody.sent(ctx, serial, carrier="架空運輸", tracking=serial, actor=ACTOR)
    assert custody.lost(ctx, "D-1", how="the carrier says so", actor=ACTOR).state == "lost"
    custody.received(ctx, "D-1b", how="sheet", actor=ACTOR)
    assert {(d.serial, d.state) for d in custody.register(ctx)} == {("D-1", "lost"), ("D-1b", "received")}


def test_confirming_twice_says_it_once(ctx: Context) -> None:
    for _ in range(2):
        assert confirm(ctx, ORDER, "received", how="by telephone", actor=ACTOR) == "received"
    assert len(list(ctx.ledger.entries(type="delivery.received"))) == 1
    with pytest.raises(Refused, match="evidence"):
        confirm(ctx, ORDER, "destroyed", how=" ", actor=ACTOR)
    with pytest.raises(IllegalTransition):
        confirm(ctx, ORDER, "bounced", how="it came back", actor=ACTOR)


def test_commands(ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("provision.context.open_context", lambda: ctx)
    assert cli.main(["disc", "list"]) == 0
    assert cli.main(["disc", "burned", ORDER, "--serial", "D-1"]) == 0
    assert cli.main(["disc", "sent", "D-1", "--carrier", "by hand", "--tracking", "sheet 3"]) == 0
    assert cli.main(["disc", "received", "D-1", "--how", "sheet 3", "--json"]) == 0
    assert '"state": "received"' in capsys.readouterr().out
    assert cli.main(["delivery", "received", ORDER, "--how", "telephone"]) == 0
    assert cli.main(["disc", "sent", "D-9", "--carrier", "x", "--tracking", "y"]) == 6
