"""What comes back after handing over: bounces become states, silence becomes an alert, nothing is said twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from channels_in_test import Letterbox

from demo.servers.smtp import SmtpServer
from provision import acknowledging, releasing, stewardship
from provision.config import load_platform
from provision.context import Context, open_context
from provision.errors import DeliveryUnknown, FixConfiguration, Refused, RetryLater
from provision.ledger.verify import verify
from provision.releasing import chasing
from provision.releasing.confirming import confirm
from provision.releasing.recalling import recall
from tests.support.consignments import Connections
from tests.support.house import ACTOR, House
from tests.support.notes import maildir, note
from tests.support.servers import smtp_server

__all__ = ["smtp_server"]
Put = Callable[..., Letterbox]
ALERTS = "operators@health-data.example"
QUIET = {"bounced": 0, "recall_bounced": 0, "unknown": 0, "unconfirmed": 0}


@pytest.fixture
def order(house: House, published: str, letterbox: Put) -> str:
    """A delivery that was handed over."""
    letterbox(at_most_once=False)
    receipt = releasing.deliver(house.open(), published, actor=ACTOR)
    return str(receipt["order"])


@pytest.fixture
def box(house: House) -> Path:
    """The return mailbox, named in platform.yaml."""
    folder = maildir(house.root / "returns")
    house.edit("platform.yaml", lambda p: p.update(returns={"kind": "maildir", "folder": str(folder)}))
    return folder


def opened(house: House, server: SmtpServer) -> Context:
    return open_context(Connections(tokumei_smtp=server.connection_json()), folder=house.config, home=house.home)


def follow_up(house: House, server: SmtpServer) -> tuple[dict[str, int], dict[str, int]]:
    """Counts of notes and of alerts."""
    counts = stewardship.follow_up(opened(house, server), actor=ACTOR)
    cut = {
        kind: {k.removeprefix(kind): v for k, v in counts.items() if k.startswith(kind)}
        for kind in ("notes_", "alerted_")
    }
    return {k: v for k, v in cut["notes_"].items() if v}, cut["alerted_"]


def alerts(server: SmtpServer) -> list[str]:
    messages = [message_from_bytes(path.read_bytes(), policy=default) for path in server.messages(ALERTS)]
    return [str(each.get_content()) for each in messages]


def test_a_bounce_becomes_the_state_and_one_alert(house: House, order: str, box: Path, smtp_server: SmtpServer) -> None:
    before = len(alerts(smtp_server))
    (box / "new" / "1").write_bytes(note(f"{order}.1"))
    assert follow_up(house, smtp_server) == ({"bounced": 1}, {**QUIET, "bounced": 1})
    ctx = house.open()
    assert ctx.ledger.state("delivery", order) == "bounced"
    (entry,) = ctx.ledger.entries(type="delivery.bounced")
    assert "5.1.1" in entry.payload["how"]
    (said,) = ctx.ledger.entries(type="delivery.status_note")
    assert (said.payload["action"], said.payload["attempt"], said.payload["about"]) == ("failed", 1, "delivery")
    assert "minami.example" not in json.dumps([dict(entry.payload), dict(said.payload)])
    (text,) = alerts(smtp_server)[before:]
    assert order in text
    assert follow_up(house, smtp_server) == ({}, QUIET)
    (box / "new" / "1 again").write_bytes(note(f"{order}.1"))  # the same note from the mailbox's backup
    assert follow_up(house, smtp_server) == ({"bounced": 1}, QUIET)
    assert len(list(house.open().ledger.entries(type="delivery.bounced"))) == 1
    assert verify(ctx.zones.ledger(), public_key=ctx.signer.public).ok


def test_a_run_that_died_between_note_and_state_is_finished(
    house: House, order: str, box: Path, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (box / "new" / "1").write_bytes(note(f"{order}.1"))
    with monkeypatch.context() as dying:
        dying.setattr("provision.releasing.returns.confirm", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            follow_up(house, smtp_server)
    assert house.open().ledger.state("delivery", order) == "handed_over"
    assert follow_up(house, smtp_server)[0] == {"bounced": 1}
    assert house.open().ledger.state("delivery", order) == "bounced"
    assert len(list(house.open().ledger.entries(type="delivery.status_note"))) == 1


@pytest.mark.parametrize(
    ("action", "counted"), [("delayed", "delayed"), ("delivered", "arrived"), ("relayed", "arrived")]
)
def test_other_notes_are_recorded_and_say_nothing_of_receipt(
    house: House, order: str, box: Path, smtp_server: SmtpServer, action: str, counted: str
) -> None:
    (box / "new" / "1").write_bytes(note(f"{order}.1", action, "2.0.0"))
    assert follow_up(house, smtp_server) == ({counted: 1}, QUIET)
    assert house.open().ledger.state("delivery", order) == "handed_over"


def test_what_is_not_ours_stays_unread(house: House, order: str, box: Path, smtp_server: SmtpServer) -> None:
    strange = [note("other-2026-001.minami.mail.1.1"), b"Subject: hello\n\nworld\n", note(f"{order}.9", "failed")]
    for number, content in enumerate(strange):
        (box / "new" / str(number)).write_bytes(content)
    notes, _ = follow_up(house, smtp_server)
    assert notes == {"unmatched": 2, "bounced": 1}
    assert {path.name for path in (box / "new").iterdir()} == {"0", "1"}
    assert house.open().ledger.state("delivery", order) == "handed_over"  # there was no ninth attempt


def test_a_delivery_in_doubt_is_not_settled_by_a_note(
    house: House, published: str, letterbox: Put, box: Path, smtp_server: SmtpServer
) -> None:
    letterbox(at_most_once=True).raises(DeliveryUnknown("cut", rule="mail.unknown", remedy="ask"), sent=True)
    with pytest.raises(DeliveryUnknown):
        releasing.deliver(house.open(), published, actor=ACTOR)
    order = f"{published}.tsukishima-university.mail.1"
    (box / "new" / "1").write_bytes(note(f"{order}.1"))
    assert follow_up(house, smtp_server) == ({"bounced": 1}, {**QUIET, "unknown": 1})
    assert house.open().ledger.state("delivery", order) == "unknown"


def test_a_recall_that_came_back_is_an_alert(
    house: House, published: str, order: str, box: Path, smtp_server: SmtpServer
) -> None:
    recall(house.open(), published, reason="an error", actor=ACTOR)
    (box / "new" / "1").write_bytes(note(f"{order}.1.recall"))
    assert follow_up(house, smtp_server) == ({"bounced": 1}, {**QUIET, "recall_bounced": 1})


def _days_later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(days=days)

    monkeypatch.setattr(chasing, "datetime", Later)


def test_silence_becomes_an_alert_once(
    house: House, order: str, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.edit("platform.yaml", lambda p: p.update(unconfirmed_days=3))
    assert follow_up(house, smtp_server)[1] == QUIET
    _days_later(monkeypatch, 4)
    assert follow_up(house, smtp_server)[1] == {**QUIET, "unconfirmed": 1}
    assert follow_up(house, smtp_server)[1] == QUIET


@pytest.mark.parametrize("why", ["received", "recalled"])
def test_no_alert_where_somebody_knows(
    house: House, published: str, order: str, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "received":
        confirm(house.open(), order, "received", how="signed sheet", actor=ACTOR)
    else:
        recall(house.open(), published, reason="an error", actor=ACTOR)
    _days_later(monkeypatch, 400)
    assert follow_up(house, smtp_server)[1] == QUIET


def test_an_alert_that_cannot_be_sent_is_sent_later(
    house: House, order: str, box: Path, smtp_server: SmtpServer
) -> None:
    (box / "new" / "1").write_bytes(note(f"{order}.1"))
    away = Connections(tokumei_smtp=smtp_server.connection_json()).changed("tokumei_smtp", port=9)
    with pytest.raises(RetryLater):
        stewardship.follow_up(open_context(away, folder=house.config, home=house.home), actor=ACTOR)
    assert follow_up(house, smtp_server)[1] == {**QUIET, "bounced": 1}


@pytest.mark.parametrize(
    ("listed", "fits"),
    [
        (["data@tsukishima-univ.example"], True),
        (["@TSUKISHIMA-univ.example"], True),
        (["other@tsukishima-univ.example"], False),
        (["@univ.example", "@sub.tsukishima-univ.example"], False),
        ([], False),
    ],
)
def test_nothing_goes_to_an_address_outside_the_agreement(
    house: House, published: str, letterbox: Put, listed: list[str], fits: bool
) -> None:
    box = letterbox(at_most_once=True)
    house.edit("recipients/tsukishima-university.yaml", lambda r: r["agreement"].update(addresses=listed))
    if fits:
        releasing.deliver(house.open(), published, actor=ACTOR)
    else:
        with pytest.raises(Refused, match=r"channel\.address") as caught:
            releasing.deliver(house.open(), published, actor=ACTOR)
        assert "tsukishima-univ.example" not in str(caught.value)
    assert box.deliveries == int(fits)


@pytest.mark.parametrize("returns", [{"kind": "maildir", "folder": "relative"}, {"kind": "pop3", "folder": "x"}])
def test_a_return_mailbox_is_checked(house: House, returns: dict[str, str]) -> None:
    house.edit("platform.yaml", lambda p: p.update(returns=returns))
    platform, problems = load_platform(house.config)
    assert platform is None
    assert problems[0].key.startswith("returns")


def test_a_mailbox_that_is_not_there_keeps_no_alert_back(
    house: House, order: str, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.edit("platform.yaml", lambda p: p.update(returns={"kind": "maildir", "folder": str(house.root / "no")}))
    _days_later(monkeypatch, 15)
    before = len(alerts(smtp_server))
    with pytest.raises(FixConfiguration, match=r"returns\.folder"):
        follow_up(house, smtp_server)
    (text,) = alerts(smtp_server)[before:]
    assert order in text


@pytest.mark.parametrize("used", [True, False])
def test_a_link_that_stays_unused_is_an_alert(
    house: House, order: str, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch, used: bool
) -> None:
    house.edit("platform.yaml", lambda p: p.update(portal_url="https://portal.health-data.example"))
    token = acknowledging.link(house.open(), order).rpartition("/")[2]
    if used:
        acknowledging.acknowledge(house.open(), token, actor="recipient")
    _days_later(monkeypatch, 15)
    assert follow_up(house, smtp_server)[1] == {**QUIET, "unconfirmed": int(not used)}
