"""Mail through a real Postfix, and what comes back of it, read from the Maildir and from a real Dovecot by IMAP."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from provision.channels.mail import CHANNEL
from provision.errors import FixConfiguration, RetryLater
from provision.model import ImapReturns, MaildirReturns
from provision.remote.mailbox import opened
from provision.remote.statusnotes import StatusNote, parse
from tests.support.consignments import Connections, Steps, consignment
from tests.support.postoffice import KNOWN, LATE, SENDER, UNKNOWN, Dovecot, Postfix, post_office

pytestmark = pytest.mark.slow
IMAP = ImapReturns(kind="imap", connection="returns")


@pytest.fixture(scope="module")
def office() -> Iterator[tuple[Postfix, Dovecot]]:
    if os.geteuid() or not all(map(shutil.which, ("/usr/sbin/postfix", "/usr/sbin/dovecot"))):
        pytest.skip("needs root, postfix and dovecot-imapd (make setup-all)")
    with post_office() as servers:
        yield servers


@pytest.fixture
def connections(office: tuple[Postfix, Dovecot]) -> Connections:
    postfix, dovecot = office
    return Connections(mail=postfix.connection_json(), returns=dovecot.connection_json())


def deliver(folder: Path, connections: Connections, address: str) -> Any:
    made = consignment(folder, {"kind": "mail", "connection": "mail", "address": address})
    receipt = CHANNEL.deliver(made, connections, Steps())
    assert receipt.evidence["dsn_requested"] == "yes"
    assert receipt.evidence["queue_id"]
    return made


def notes(
    settings: MaildirReturns | ImapReturns, connections: Connections, wanted: Callable[[StatusNote], bool]
) -> list[StatusNote]:
    """Wait for a note, put the notes aside, give those that are wanted."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with opened(settings, connections) as box:
            found = [(name, parse(content or b"")) for name, content in box.messages()]
            ours = [(name, note) for name, note in found if note is not None and wanted(note)]
            for name, _ in ours:
                box.put_aside(name)
        if ours:
            return [note for _, note in ours]
        time.sleep(0.5)
    raise AssertionError("no note came back")


@pytest.mark.parametrize(
    ("address", "action", "status"),
    [(KNOWN, "delivered", "2.0.0"), (UNKNOWN, "failed", "5.1.1"), (LATE, "delayed", "4.4.1")],
)
@pytest.mark.parametrize("kind", ["maildir", "imap"])
def test_what_becomes_of_a_message_comes_back(
    tmp_path: Path,
    office: tuple[Postfix, Dovecot],
    connections: Connections,
    address: str,
    action: str,
    status: str,
    kind: str,
) -> None:
    folder = office[1].mail / "operator.example" / "tokumei"
    settings = IMAP if kind == "imap" else MaildirReturns(kind="maildir", folder=str(folder))
    made = deliver(tmp_path, connections, address)
    found = notes(settings, connections, lambda note: note.order == made.order)
    assert found == [StatusNote(made.order, 1, False, action, status)]
    with opened(settings, connections) as box:
        assert made.order not in {note.order for _, content in box.messages() if (note := parse(content or b""))}


def test_the_message_arrives_whole(tmp_path: Path, office: tuple[Postfix, Dovecot], connections: Connections) -> None:
    made = deliver(tmp_path, connections, KNOWN)
    notes(IMAP, connections, lambda note: note.order == made.order)
    stored = [path.read_bytes() for path in (office[1].mail / "minami.example" / "data" / "new").iterdir()]
    messages = [message_from_bytes(each, policy=default) for each in stored]
    (message,) = [each for each in messages if made.order in str(each["Message-ID"])]
    assert {part.get_filename(): part.get_content() for part in message.iter_attachments()} == {
        file.name: file.path.read_bytes() for file in made.files
    }


def test_a_mailbox_that_cannot_be_read_says_why(connections: Connections) -> None:
    wrong = [
        (FixConfiguration, "let us in", connections.changed("returns", password="not-this-one"), IMAP),
        (FixConfiguration, "not trusted", connections.changed("returns", extra={"ca_file": ""}), IMAP),
        (
            FixConfiguration,
            "no such folder",
            connections,
            ImapReturns(kind="imap", connection="returns", folder="None"),
        ),
        (FixConfiguration, "no certificates", connections.changed("returns", extra={"ca_file": "/none.pem"}), IMAP),
        (RetryLater, "no talk", connections.changed("returns", port=9), IMAP),
    ]
    for error, what, known, settings in wrong:
        with pytest.raises(error, match=what) as caught, opened(settings, known) as box:
            list(box.messages())
        assert SENDER not in str(caught.value)
