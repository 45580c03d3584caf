"""What the database, the logs and the pages hold: nothing that opens anything, no markup, no address, not for ever."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

import pytest
from pydantic import ValidationError

from provision.config import load_platform
from provision.errors import FixConfiguration, TokumeiError
from provision.model import Platform
from provision.portal import sessions, totp
from provision.portal.secrecy import Secrecy
from tests.support.portals import CONTACT, MEMBER, RECIPIENT, Portal, post, seed_on


def test_the_database_opens_nothing(portal: Portal) -> None:
    """Tokens lie there as digests, seeds encrypted: none of what people hold is in the file."""
    portal.sign_in(CONTACT)
    portal.accept()
    given = post(portal.client, f"{portal.page}/pass", {}, at=portal.page).text.split("Bearer ")[1].split("&")[0]
    link = portal.link(CONTACT).rpartition("/")[2]
    held = [given, link, portal.client.cookies["__Host-tokumei"], *(path[3:] for path in portal.links())]
    assert len({*held}) == 5
    assert min(len(token) for token in held) >= 40
    with portal.desk.database.opened() as rows:
        rows.execute("SELECT 1")
    content = b"".join(path.read_bytes() for path in portal.desk.zones.portal().glob("portal.db*"))
    for token in held:
        assert token.encode() not in content
    assert portal.seeds[CONTACT] not in content
    assert portal.seeds[CONTACT].hex().encode() not in content
    assert (portal.desk.zones.portal() / "portal.db").stat().st_mode & 0o077 == 0


def test_a_seal_opens_for_its_owner_only() -> None:
    one, other = Secrecy(b"1" * 32), Secrecy(b"2" * 32)
    sealed = one.seal(b"seed", "m-1")
    assert one.open(sealed, "m-1") == b"seed"
    assert one.seal(b"seed", "m-1") != sealed
    for key, content, owner in ((one, sealed, "m-2"), (other, sealed, "m-1"), (one, sealed[:-1] + b"x", "m-1")):
        with pytest.raises(FixConfiguration, match=r"portal\.key"):
            key.open(content, owner)
    assert one.mac("form", "a", "bc") != one.mac("form", "ab", "c")
    assert one.mac("form", "a") != one.mac("link", "a")
    assert "1111" not in repr(one)


def test_logs_hold_no_link_no_code_and_no_address(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    portal.sign_in(CONTACT)
    portal.accept()
    for link in portal.links():
        portal.client.get(link)
    post(portal.client, "/signin", {"address": "nobody@elsewhere.example"}, at="/signin")
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "faker", "asyncio"))]
    said = "\n".join(record.getMessage() for record in ours) + str(portal.visits())
    for entry in (e for type in ("delivery.", "member.") for e in portal.log(type)):
        said += entry.canonical().decode()
    used = portal.link(CONTACT).rpartition("/")[2]
    for secret in (CONTACT, "nobody@", "X-Amz-Signature", used, portal.client.cookies["__Host-tokumei"]):
        assert secret not in said


def test_what_configuration_and_log_say_is_no_markup(portal: Portal) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x>"
    portal.edit(f"recipients/{RECIPIENT}.yaml", lambda data: data["name"].update(ja=evil, en=evil))
    portal.edit("releases/linked-for-pharma.yaml", lambda data: data["title"].update(ja=evil, en=evil))
    portal.sign_in(CONTACT)
    for path in ("/", portal.page, "/members", "/help"):
        page = portal.client.get(path).text
        assert "<script>alert" not in page, path
        assert "<img" not in page, path
        assert "&lt;script&gt;" in page, path


def test_people_are_told_what_is_kept(portal: Portal) -> None:
    post(portal.client, "/signin", {"address": CONTACT}, at="/signin")
    assert "記録するのは、このアドレスと" in portal.client.get(portal.link(CONTACT)).text
    assert "We keep this address" in portal.client.get(portal.link(CONTACT) + "?lang=en").text


def test_what_is_over_is_tidied_away(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    portal.desk.database.tidy(portal.clock())
    assert portal.client.get("/").status_code == 200
    portal.desk.database.tidy(portal.clock() + 2 * 86_400)
    with portal.desk.database.opened() as rows:
        left = [rows.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("ticket", "session", "attempt")]
        assert left == [0, 0, 0]
        assert rows.execute("SELECT count(*) FROM member").fetchone()[0] == 1


@pytest.mark.parametrize("url", ["http://portal.example", "ftp://portal.example", "portal.example", "https://"])
def test_an_address_without_tls_is_no_configuration(portal: Portal, url: str) -> None:
    platform, _ = load_platform(portal.config)
    assert platform is not None
    with pytest.raises(ValidationError):
        Platform.model_validate({**platform.model_dump(), "portal_url": url})


def test_one_link_and_one_code_let_one_in_however_many_try(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    post(portal.client, "/signin", {"address": CONTACT}, at="/signin")
    token, code = portal.link(CONTACT).rpartition("/")[2], portal.code(CONTACT)
    entered: list[str] = []

    def try_it() -> None:
        with suppress(TokumeiError):
            entered.append(sessions.enter(portal.desk, token, code)[0])

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entered) == 1


def test_an_app_that_was_never_confirmed_lets_nobody_in(portal: Portal) -> None:
    """The seed shown behind one invitation is not that of another, and counts only once it was confirmed."""
    portal.sign_in(CONTACT)
    post(portal.client, "/members", {"address": MEMBER}, at="/members")
    first = portal.link(MEMBER)
    seed = seed_on(portal.browser().get(first).text)
    assert seed == seed_on(portal.browser().get(first).text)
    browser = portal.browser()
    post(browser, "/signin", {"address": MEMBER}, at="/signin")
    second = portal.link(MEMBER)
    assert seed_on(browser.get(second).text) != seed
    wrong = totp.code(seed, int(portal.clock()) // totp.STEP_SECONDS)
    assert post(browser, second, {"code": wrong}, at=second).status_code == 422
