"""The portal on a provision log in PostgreSQL, moved there as the documents say, under a database login of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from provision import acknowledging
from provision.cli import main
from provision.ledger import proof
from tests.support.portals import CONTACT, MEMBER, Portal, Template, digest_of, opened_portal, post
from tests.support.postgres import Cluster, cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

#: What whoever took over the portal's login might try.
FORBIDDEN = (
    "UPDATE provision_log.entry SET type = 'x'",
    "DELETE FROM provision_log.entry",
    "TRUNCATE provision_log.key",
    "INSERT INTO provision_log.entry VALUES (0, 'x', '', '')",
    "SELECT provision_log.keep(1, 'a checkpoint')",
    "ALTER TABLE provision_log.entry DISABLE TRIGGER only_grows",
    "UPDATE access_log.visit SET actor = 'somebody else'",
    "DELETE FROM access_log.visit",
    "SELECT access_log.expire(1)",
    "SET ROLE tokumei_steward",
    "SET ROLE tokumei_owner",
    "CREATE TABLE provision_log.mine (x int)",
    "CREATE TABLE public.mine (x int)",
)


class Moved:
    """A portal whose log lies in PostgreSQL; everybody has a login, and one at a time is in the environment."""

    def __init__(self, portal: Portal, server: Cluster, patch: pytest.MonkeyPatch) -> None:
        self.portal, self.patch = portal, patch
        self.database, self._server = server.database(), server
        home = portal.desk.zones.home
        patch.setenv("TOKUMEI_HOME", str(home))
        patch.setenv("TOKUMEI_CONFIG", str(portal.config))
        self.runs("tasks", "ledger", "move", str(home / "ledger" / "ledger.db"))
        for file in (home / "ledger").glob("ledger.db*"):
            file.rename(file.with_name(f"old-{file.name}"))
        self.login("portal")

    def url(self, login: str) -> str:
        """Address of the log for a login."""
        return self._server.url(self.database, login)

    def login(self, login: str) -> None:
        """Go on as somebody else."""
        self.patch.setenv("TOKUMEI_LEDGER", self.url(login))

    def runs(self, login: str, *words: str) -> None:
        """A command of somebody, which goes well."""
        self.login(login)
        assert main(list(words)) == 0, words


@pytest.fixture
def moved(template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moved]:
    server = cluster()
    with opened_portal(template, tmp_path) as portal:
        made = Moved(portal, server, monkeypatch)
        yield made
    server.drop(made.database)


def test_a_recipients_way_on_a_log_in_postgresql(moved: Moved) -> None:
    portal = moved.portal
    assert portal.client.get("/health").text == "ok"
    contact = portal.sign_in(CONTACT)
    assert post(contact, "/members", {"address": MEMBER}, at="/members").status_code == 303
    member = portal.enter(MEMBER, portal.link(MEMBER), portal.browser())
    assert portal.accept(member).status_code == 303
    data, envelope = portal.links(member)
    cipher = member.get(data).content
    assert member.get(envelope).status_code == 200
    done = post(member, f"{portal.page}/confirm", {"digest": digest_of(cipher, portal)[:12]}, at=portal.page)
    assert done.headers["location"] == f"{portal.page}?done=received"
    assert "受領確認済み" in member.get(portal.page).text

    with portal.desk.context() as ctx:
        link = acknowledging.link(ctx, portal.order).removeprefix("https://portal.example")
    assert "ありがとうございます" in post(portal.client, link, {}, at=link).text

    said = {entry.type for entry in everything(portal)}
    assert said >= {"member.invited", "delivery.terms_accepted", "delivery.received", "delivery.acknowledged"}
    assert {action for _, action, _ in portal.visits()} >= {"view", "download", "acknowledge"}
    assert not (portal.desk.zones.home / "ledger" / "ledger.db").exists()
    proved(moved)


def everything(portal: Portal) -> list[object]:
    """All entries as the portal reads them."""
    with portal.desk.context() as ctx:
        return list(ctx.ledger.entries())


def proved(moved: Moved) -> None:
    """Tasks sign what the portal wrote; an auditor verifies all of it, and a receipt of the confirmation."""
    moved.runs("tasks", "ledger", "checkpoint")
    (received,) = moved.portal.log("delivery.received")
    with moved.portal.desk.context() as ctx:
        text = proof.receipt(ctx.ledger, received.seq, ctx.signer)
        signed = proof.verify_receipt(text, ctx.ledger.entry_bytes(received.seq), ctx.signer.public)
        assert signed.size == ctx.ledger.size > received.seq
    moved.runs("auditor", "ledger", "verify")


def test_the_portals_login_can_add_entries_and_nothing_else(moved: Moved) -> None:
    moved.portal.sign_in(CONTACT)
    with psycopg.connect(moved.url("portal"), autocommit=True) as taken_over:
        for statement in FORBIDDEN:
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
                taken_over.execute(statement.encode())
    assert moved.portal.client.get("/").status_code == 200


def test_without_the_database_the_portal_is_closed_and_says_no_word_of_it(moved: Moved) -> None:
    moved.portal.sign_in(CONTACT)
    moved.patch.setenv("TOKUMEI_LEDGER", moved.url("portal").replace(moved.database, "nowhere"))
    for path in ("/", moved.portal.page, "/health"):
        answer = moved.portal.client.get(path)
        assert answer.status_code == 503, path
        assert "nowhere" not in answer.text
        assert "postgres" not in answer.text.lower()
