"""A recall: the log first, then every delivery once, going on after a failure; nothing is delivered afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from channels_in_test import Letterbox

from provision import cli, releasing
from provision.errors import IllegalTransition, Refused, RetryLater
from provision.ledger.verify import verify
from provision.releasing.recalling import recall
from provision.releasing.rehearsing import rehearse
from tests.support.house import ACTOR, House

Put = Callable[..., Letterbox]


def delivered(house: House, release: str, put: Put) -> Letterbox:
    box = put(at_most_once=False)
    releasing.deliver(house.open(), release, actor=ACTOR)
    return box


def test_everything_is_taken_back_once(house: House, published: str, letterbox: Put) -> None:
    box = delivered(house, published, letterbox)
    for _ in range(2):
        done = recall(house.open(), published, reason="a person asked", actor=ACTOR)
    assert list(done.values()) == ["recalled before"]
    assert box.recalled == ["a person asked"]
    assert list(box.folder.iterdir()) == []
    ctx = house.open()
    assert ctx.ledger.state("release", published) == "recalled"
    assert len(list(ctx.ledger.entries(type="delivery.recalled"))) == 1
    assert not list((house.home / "outbox").rglob("*.age"))
    assert verify(ctx.zones.ledger(), public_key=ctx.signer.public).ok
    with pytest.raises(Refused):
        recall(ctx, published, reason=" ", actor=ACTOR)


def test_a_channel_that_is_away_is_asked_again(house: House, published: str, letterbox: Put) -> None:
    box = delivered(house, published, letterbox)
    box.raises(RetryLater("away", rule="x.away", remedy="later"), sent=False)
    with pytest.raises(RetryLater):
        recall(house.open(), published, reason="an error", actor=ACTOR)
    assert house.open().ledger.state("release", published) == "recalled"
    box.works()
    assert list(recall(house.open(), published, reason="an error", actor=ACTOR).values()) == ["recalled"]


def test_an_address_that_left_the_agreement_does_not_keep_data_there(
    house: House, published: str, letterbox: Put
) -> None:
    box = delivered(house, published, letterbox)
    house.edit("recipients/tsukishima-university.yaml", lambda r: r["agreement"].update(addresses=["else@example.jp"]))
    assert list(recall(house.open(), published, reason="an error", actor=ACTOR).values()) == ["recalled"]
    assert list(box.folder.iterdir()) == []
    with pytest.raises(Refused, match="names no such address"):
        rehearse(house.open(), "tsukishima-university", "mail")


def test_what_never_went_out_cannot_be_recalled(house: House, published: str) -> None:
    with pytest.raises(IllegalTransition):
        recall(house.open(), published, reason="an error", actor=ACTOR)


def test_a_rehearsal_leaves_no_trace(house: House, letterbox: Put) -> None:
    box = letterbox(at_most_once=True)
    ctx = house.open()
    before = ctx.ledger.size
    assert rehearse(ctx, "tsukishima-university", "mail") == {"folder": "there"}
    assert (ctx.ledger.size, box.attempts) == (before, [])
    box.refuse = Refused("too large", rule="mail.size", remedy="another channel")
    with pytest.raises(Refused):
        rehearse(ctx, "tsukishima-university", "mail")


def test_commands(
    house: House, published: str, letterbox: Put, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    delivered(house, published, letterbox)
    monkeypatch.setattr("provision.context.open_context", house.open)
    assert cli.main(["delivery", "rehearse", "tsukishima-university", "mail"]) == 0
    assert "is ready" in capsys.readouterr().out
    assert cli.main(["releases", "recall", published, "--reason", "an error"]) == 0
    assert "is recalled" in capsys.readouterr().out
