"""受領確認リンク: who has the message may say that it arrived, once, of that order; nobody else, and not for ever."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from channels_in_test import Letterbox
from hypothesis import given
from hypothesis import strategies as st

from demo.servers.smtp import SmtpServer
from provision import acknowledging, releasing
from provision.channels import _links, mail
from provision.config import load_platform
from provision.context import open_context
from provision.errors import DeliveryUnknown, Refused
from provision.ledger.verify import verify
from provision.releasing.confirming import confirm
from provision.releasing.resolving import resolve
from tests.support.consignments import Connections, Steps, consignment
from tests.support.house import ACTOR, House
from tests.support.servers import smtp_server

__all__ = ["smtp_server"]
Put = Callable[..., Letterbox]
PORTAL = "https://portal.health-data.example"


@pytest.fixture
def portal(house: House) -> House:
    """A house whose messages carry links."""
    house.edit("platform.yaml", lambda p: p.update(portal_url=PORTAL))
    return house


@pytest.fixture
def order(portal: House, published: str, letterbox: Put) -> str:
    letterbox(at_most_once=False)
    return str(releasing.deliver(portal.open(), published, actor=ACTOR)["order"])


def token_of(house: House, order: str) -> str:
    return acknowledging.link(house.open(), order).rpartition("/")[2]


def test_the_link_is_in_the_message_and_makes_the_delivery_received(
    portal: House, published: str, smtp_server: SmtpServer
) -> None:
    connections = Connections(tokumei_smtp=smtp_server.connection_json())
    ctx = open_context(connections, folder=portal.config, home=portal.home)
    receipt = releasing.deliver(ctx, published, actor=ACTOR)
    path = smtp_server.messages(ctx.recipient("tsukishima-university").channels[0].address)[-1]  # type: ignore[union-attr]
    body = message_from_bytes(path.read_bytes(), policy=default).get_body()
    assert body is not None
    (found,) = re.findall(rf"{PORTAL}/acknowledge/(\S+)", body.get_content())
    assert acknowledging.read(ctx, found) == receipt["order"]
    assert ctx.ledger.state("delivery", str(receipt["order"])) == "handed_over"  # looking is not saying
    for _ in range(2):
        assert acknowledging.acknowledge(ctx, found, actor="recipient") == "received"
    assert len(list(ctx.ledger.entries(type="delivery.received"))) == 1
    assert len(list(ctx.ledger.entries(type="delivery.acknowledged"))) == 1
    assert found not in ctx.zones.ledger().read_bytes().decode("latin-1")
    assert verify(ctx.zones.ledger(), public_key=ctx.signer.public).ok


def test_without_a_portal_the_contact_is_named(house: House, tmp_path: Path) -> None:
    house.edit("platform.yaml", lambda p: p.pop("portal_url", None))
    assert acknowledging.link(house.open(), "r.a.mail.1") == ""
    settings = {"kind": "mail", "connection": "x", "address": "data@minami.example"}
    assert "窓口（privacy@operator.example）に" in mail._text(consignment(tmp_path, settings))


def test_links_of_a_bucket_carry_it_too(tmp_path: Path) -> None:
    made = replace(consignment(tmp_path, {"kind": "bucket"}), acknowledge=f"{PORTAL}/acknowledge/x")
    assert f"{PORTAL}/acknowledge/x" in _links.text(made, ["a", "b"], datetime.now(UTC))
    assert PORTAL not in repr(made)  # whoever logs a consignment logs no link


def test_a_letter_with_a_link_still_keeps_the_limit(tmp_path: Path, smtp_server: SmtpServer) -> None:
    settings = {"kind": "mail", "connection": "out", "address": "data@minami.example"}
    made = consignment(tmp_path, settings)
    plain = len(mail._letter(made, mail.MailSettings.model_validate(settings), "a@b").content)
    limited = replace(made, settings={**settings, "limit_bytes": plain + 50})
    with pytest.raises(Refused, match=r"mail\.limit"):
        mail.CHANNEL.deliver(
            replace(limited, acknowledge=PORTAL + "/acknowledge/" + "x" * 200),
            Connections(out=smtp_server.connection_json()),
            Steps(),
        )


@given(st.integers(0, 10**6), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_token_is_none(house_of_module: tuple[House, str], place: int, letter: str) -> None:
    house, token = house_of_module
    changed = token[: place % len(token)] + letter + token[place % len(token) + 1 :]
    if changed != token:
        with pytest.raises(Refused, match=r"acknowledge\.token"):
            acknowledging.read(house.open(), changed)


@pytest.fixture(scope="module")
def house_of_module(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, str]:
    from tests.support.house import copy_of_house

    house = copy_of_house(tmp_path_factory.mktemp("house") / "house")
    house.edit("platform.yaml", lambda p: p.update(portal_url=PORTAL))
    return house, token_of(house, "r-a.b.mail.1")


@pytest.mark.parametrize("token", ["", "~", "a" * 5000, "a~b~c", "r.a.mail.1~9999999999~" + "0" * 64, "../etc~1~2"])
def test_what_is_no_token_is_refused_without_repeating_it(portal: House, token: str) -> None:
    with pytest.raises(Refused, match=r"acknowledge\.token") as caught:
        acknowledging.read(portal.open(), token)
    assert not token.strip("~") or token not in str(caught.value)
    assert not portal.open().keys.exists(acknowledging.KEY)  # asking makes no key


def test_a_link_ends(portal: House, order: str) -> None:
    ctx = portal.open()
    past = acknowledging.token(ctx.keys.symmetric(acknowledging.KEY), order, datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(Refused, match=r"acknowledge\.expired"):
        acknowledging.acknowledge(ctx, past, actor="recipient")
    assert ctx.ledger.state("delivery", order) == "handed_over"


def test_destroying_the_key_ends_all_links(portal: House, order: str) -> None:
    token = token_of(portal, order)
    portal.open().keys.destroy(acknowledging.KEY)
    with pytest.raises(Refused, match=r"acknowledge\.token"):
        acknowledging.read(portal.open(), token)
    assert token_of(portal, order)  # a new key, which the old token is not of
    with pytest.raises(Refused, match=r"acknowledge\.token"):
        acknowledging.read(portal.open(), token)


def test_a_portal_elsewhere_needs_one_key_and_no_vault(
    portal: House, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKUMEI_PORTAL_KEYS", str(tmp_path / "portal"))
    token = token_of(portal, order)
    assert [path.name for path in (tmp_path / "portal").iterdir()] == [f"{acknowledging.KEY}.key"]
    assert acknowledging.read(portal.open(), token) == order
    monkeypatch.delenv("TOKUMEI_PORTAL_KEYS")
    with pytest.raises(Refused):
        acknowledging.read(portal.open(), token)


def test_an_order_nobody_knows_is_refused(portal: House) -> None:
    with pytest.raises(Refused, match=r"delivery\.order"):
        acknowledging.acknowledge(portal.open(), token_of(portal, "r-a.b.mail.1"), actor="recipient")


@pytest.mark.parametrize("sent", [True, False])
def test_a_delivery_in_doubt_is_resolved_by_an_operator_only(
    portal: House, published: str, letterbox: Put, sent: bool
) -> None:
    letterbox(at_most_once=True).raises(DeliveryUnknown("cut", rule="mail.unknown", remedy="ask"), sent=True)
    with pytest.raises(DeliveryUnknown):
        releasing.deliver(portal.open(), published, actor=ACTOR)
    order, ctx = f"{published}.tsukishima-university.mail.1", portal.open()
    assert acknowledging.acknowledge(ctx, token_of(portal, order), actor="recipient") == "unknown"
    assert acknowledging.catch_up(ctx, actor=ACTOR) == 0
    resolve(ctx, order, sent=sent, reason="the recipient was asked", actor=ACTOR)
    assert acknowledging.catch_up(ctx, actor=ACTOR) == int(sent)
    assert ctx.ledger.state("delivery", order) == ("received" if sent else "failed")


def test_a_bounced_delivery_stays_bounced(portal: House, order: str) -> None:
    ctx = portal.open()
    confirm(ctx, order, "bounced", how="a note", actor=ACTOR)
    assert acknowledging.acknowledge(ctx, token_of(portal, order), actor="recipient") == "bounced"
    (entry,) = ctx.ledger.entries(type="delivery.acknowledged")
    assert entry.subjects["release"] == order.partition(".")[0]


@pytest.mark.parametrize(
    "url", ["http://portal.example", "ftp://portal.example", "https://portal.example/?x", "https://a b", "portal"]
)
def test_a_portal_has_a_safe_address(house: House, url: str) -> None:
    house.edit("platform.yaml", lambda p: p.update(portal_url=url))
    platform, problems = load_platform(house.config)
    assert platform is None
    assert problems[0].key == "portal_url"
