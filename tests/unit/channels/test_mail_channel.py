"""E-mail: what each answer of a mail server means, against a real one that is told to misbehave."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.servers.smtp import SmtpServer
from demo.servers.tls import make_tls
from provision.channels._letter import build, encoded_size
from provision.channels._smtp import _xtext
from provision.channels.mail import CHANNEL
from provision.errors import DeliveryUnknown, FixConfiguration, Refused, RetryLater
from tests.support.consignments import Connections, Steps, consignment


@pytest.fixture
def connections(smtp_server: SmtpServer) -> Connections:
    return Connections(mail=smtp_server.connection_json())


@pytest.fixture
def plain_server(tmp_path: Path) -> Iterator[SmtpServer]:
    with SmtpServer(tmp_path / "plain", starttls=False) as server:
        yield server


def settings(address: str = "unit@minami.example", **changes: Any) -> dict[str, object]:
    return {"kind": "mail", "connection": "mail", "address": address, **changes}


def deliver(tmp_path: Path, connections: Connections, size: int = 5_000, **changes: Any) -> Any:
    return CHANNEL.deliver(consignment(tmp_path, settings(**changes), size), connections, Steps())


@pytest.mark.parametrize(
    ("address", "error", "code"),
    [
        ("reject@minami.example", Refused, "550 5.1.1"),
        ("full@minami.example", Refused, "552 5.2.2"),
        ("tempfail@minami.example", RetryLater, "451 4.7.1"),
    ],
)
def test_an_answer_to_the_address_is_passed_on_as_its_meaning(
    tmp_path: Path, connections: Connections, smtp_server: SmtpServer, address: str, error: type[Exception], code: str
) -> None:
    with pytest.raises(error, match=code) as caught:
        deliver(tmp_path, connections, address=address)
    assert address not in str(caught.value)
    assert "bucket" not in str(caught.value)  # a smaller message would not help
    assert not smtp_server.messages(address)


@pytest.mark.parametrize(("address", "data_timeout"), [("slow@minami.example", 1), ("drop@minami.example", 20)])
def test_no_answer_after_data_is_unknown(
    tmp_path: Path, connections: Connections, smtp_server: SmtpServer, address: str, data_timeout: int
) -> None:
    before = len(smtp_server.messages(address))
    with pytest.raises(DeliveryUnknown):
        deliver(tmp_path, connections.changed("mail", extra={"data_timeout": data_timeout}), address=address)
    assert len(smtp_server.messages(address)) == before + 1  # it did arrive: a repetition would deliver twice


def test_no_starttls_no_message(tmp_path: Path, plain_server: SmtpServer) -> None:
    with pytest.raises(FixConfiguration, match="STARTTLS"):
        deliver(tmp_path, Connections(mail=plain_server.connection_json()))
    assert plain_server.password not in plain_server.tail()
    assert not list(plain_server.mail.rglob("*.eml"))


@pytest.mark.parametrize("authority", ["another", "system"])
def test_an_untrusted_certificate_ends_it(tmp_path: Path, connections: Connections, authority: str) -> None:
    ca_file = str(make_tls(tmp_path / "another").authority) if authority == "another" else ""
    with pytest.raises(FixConfiguration, match="not trusted"):
        deliver(tmp_path, connections.changed("mail", extra={"ca_file": ca_file}))


def test_a_certificate_for_another_name_ends_it(tmp_path: Path, connections: Connections) -> None:
    with pytest.raises(FixConfiguration, match=r"mail\.tls"):
        deliver(tmp_path, connections.changed("mail", host="127.1"))


def test_a_ca_file_that_is_not_there_is_configuration(tmp_path: Path, connections: Connections) -> None:
    with pytest.raises(FixConfiguration, match="ca_file"):
        deliver(tmp_path, connections.changed("mail", extra={"ca_file": str(tmp_path / "none.pem")}))


def test_a_wrong_password_is_configuration(tmp_path: Path, connections: Connections) -> None:
    with pytest.raises(FixConfiguration, match="535") as caught:
        deliver(tmp_path, connections.changed("mail", password="not-this-one"))
    assert "not-this-one" not in str(caught.value)


@pytest.mark.parametrize("size", [5_200_000, 200_000_000])
def test_above_the_limit_the_alternatives_are_named(tmp_path: Path, connections: Connections, size: int) -> None:
    made = consignment(tmp_path, settings(), 10)
    with made.files[0].path.open("wb") as stream:
        stream.truncate(size)
    large = replace(made, files=(replace(made.files[0], size=size), made.files[1]))
    with pytest.raises(Refused, match="bucket, partner_sftp or disc"):
        CHANNEL.check(large)


def test_the_limit_is_exact(tmp_path: Path, connections: Connections, smtp_server: SmtpServer) -> None:
    address = "exact@minami.example"
    made = consignment(tmp_path, settings(address, limit_bytes=100_000), 50_000)
    size = len(build(made, smtp_server.sender, address, _text(made), made.files).content)
    fitting = replace(made, settings=settings(address, limit_bytes=size))
    with pytest.raises(Refused, match=f"{size} bytes, the limit is {size - 1}"):
        CHANNEL.deliver(replace(made, settings=settings(address, limit_bytes=size - 1)), connections, Steps())
    assert not smtp_server.messages(address)

    receipt = CHANNEL.deliver(fitting, connections, Steps())
    stored = smtp_server.messages(address)[0].read_bytes()
    content = stored[stored.index(b"From:") :]
    assert receipt.evidence["wire_bytes"] == len(content) == size


def _text(made: Any) -> str:
    from provision.channels.mail import _text as text

    return text(made)


def test_the_servers_own_limit_refuses_before_anything_is_sent(tmp_path: Path) -> None:
    with SmtpServer(tmp_path / "narrow", limit=20_000) as server:
        with pytest.raises(Refused, match="limit is 20000"):
            deliver(tmp_path, Connections(mail=server.connection_json()), 50_000)
        assert not server.messages("unit@minami.example")


def test_identity_is_stable_and_comes_back_in_status_notes(
    tmp_path: Path, connections: Connections, smtp_server: SmtpServer
) -> None:
    address = "identity@minami.example"
    made = consignment(tmp_path, settings(address))
    receipt = CHANNEL.deliver(made, connections, Steps())
    assert receipt.evidence["message_id"] == f"<{made.order}.1@operator.example>"
    assert (receipt.evidence["dsn_requested"], receipt.evidence["reply_code"]) == ("yes", 250)
    assert str(receipt.evidence["tls"]).startswith("TLSv1.")
    stored = smtp_server.messages(address)[0].read_text()
    assert f"X-Original-Envelope-Id: {made.order}.1".upper() in stored.upper()
    assert f"Message-ID: {receipt.evidence['message_id']}" in stored


def test_a_long_order_stays_readable_as_message_id(tmp_path: Path) -> None:
    made = consignment(tmp_path, settings(), order="r" * 120 + ".minami.mail.1")
    letter = build(made, "tokumei@operator.example", "a@minami.example", "text")
    assert letter.message_id.encode() in letter.content


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b.example,c@d.example", "a@b.example\r\nBcc: c@d.example", "a b@c.example", "名前@c.example"],
)
def test_exactly_one_plain_address(tmp_path: Path, address: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        CHANNEL.check(consignment(tmp_path, settings(address)))
    assert not address or address not in str(caught.value)


@given(st.integers(min_value=0, max_value=4_000))
def test_encoded_size_is_that_of_base64_lines(size: int) -> None:
    lines = base64.encodebytes(b"x" * size).replace(b"\n", b"\r\n")
    assert encoded_size(size) == len(lines)


@given(st.text(max_size=60))
def test_xtext_is_printable_and_can_be_undone(text: str) -> None:
    coded = _xtext(text)
    assert all("!" <= char <= "~" and char != "=" for char in coded)
    parts = coded.split("+")
    undone = parts[0].encode() + b"".join(bytes([int(each[:2], 16)]) + each[2:].encode() for each in parts[1:])
    assert undone.decode() == text
