"""Signing in: links once, codes once, limits, locks, sessions that end, forms that are ours."""

from __future__ import annotations

import pytest

from provision.portal import sessions
from tests.support.portals import CONTACT, HTML, MEMBER, URL, Portal, post, seed_on


def test_the_answer_says_nothing_about_accounts(portal: Portal) -> None:
    known = post(portal.client, "/signin", {"address": CONTACT}, at="/signin")
    unknown = post(portal.client, "/signin", {"address": "nobody@aozora-pharma.example"}, at="/signin")

    def plain(text: str) -> str:
        return text.replace(text.split('nonce="')[1].split('"')[0], "")

    assert plain(known.text) == plain(unknown.text)
    assert portal.letters("nobody@aozora-pharma.example") == []
    assert "nobody@" not in str(portal.visits())
    assert ("unknown", "signin") in portal.refusals()


def test_a_link_is_used_once_and_looking_at_it_does_not_use_it(portal: Portal) -> None:
    post(portal.client, "/signin", {"address": CONTACT}, at="/signin")
    link = portal.link(CONTACT)
    for _ in range(3):  # what mail gateways do
        assert portal.browser().get(link).status_code == 200
    portal.enter(CONTACT, link)
    assert portal.browser().get(link).status_code == 410


def test_a_link_ends_after_ten_minutes(portal: Portal) -> None:
    post(portal.client, "/signin", {"address": CONTACT}, at="/signin")
    portal.clock.ahead += sessions.LINK_SECONDS + 1
    assert portal.client.get(portal.link(CONTACT)).status_code == 410


def test_a_code_counts_once(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    used = "".join(chr(ord(digit) + 0xFEE0) for digit in portal.code(CONTACT))  # as a Japanese keyboard may write it
    browser = portal.browser()
    post(browser, "/signin", {"address": CONTACT}, at="/signin")
    link = portal.link(CONTACT)
    assert post(browser, link, {"code": used}, at=link).status_code == 303
    again = portal.browser()
    post(again, "/signin", {"address": CONTACT}, at="/signin")
    link = portal.link(CONTACT)
    assert post(again, link, {"code": used}, at=link).status_code == 422
    assert ("replayed", "signin") in portal.refusals()
    assert "使用済みの認証コード" in portal.letters(CONTACT)[-1]


def test_wrong_codes_lock_the_account_and_use_up_the_link(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    browser = portal.browser()
    post(browser, "/signin", {"address": CONTACT}, at="/signin")
    link = portal.link(CONTACT)
    answers = [post(browser, link, {"code": "000000"}, at=link).status_code for _ in range(sessions.LOCK_AFTER)]
    assert set(answers) <= {422, 410}
    assert browser.get(link).status_code == 410
    assert any("15分間サインインを止めました" in letter for letter in portal.letters(CONTACT)[-2:])
    told = portal.letters("operators@health-data.example")[-1]
    assert "tokumei portal remove m-" in told
    assert CONTACT not in told
    post(browser, "/signin", {"address": CONTACT}, at="/signin")
    link = portal.link(CONTACT)
    assert post(browser, link, {"code": portal.code(CONTACT)}, at=link).status_code == 429
    portal.clock.ahead += sessions.LOCK_SECONDS
    post(browser, "/signin", {"address": CONTACT}, at="/signin")
    portal.enter(CONTACT, portal.link(CONTACT), browser)
    assert ("code", "signin") in portal.refusals()
    assert ("locked", "signin") in portal.refusals()


def test_asking_for_links_again_and_again_is_stopped(portal: Portal) -> None:
    answers = [post(portal.client, "/signin", {"address": MEMBER}, at="/signin").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert post(portal.client, "/signin", {"address": CONTACT}, at="/signin").status_code == 200
    portal.clock.ahead += 1000
    assert post(portal.client, "/signin", {"address": MEMBER}, at="/signin").status_code == 200


@pytest.mark.parametrize(
    ("pause", "times"), [(sessions.IDLE_SECONDS + 1, 1), (sessions.IDLE_SECONDS - 60, 25)], ids=["idle", "longest"]
)
def test_sessions_end(portal: Portal, pause: float, times: int) -> None:
    portal.sign_in(CONTACT)
    assert portal.client.get("/").status_code == 200
    answers = []
    for _ in range(times):
        portal.clock.ahead += pause
        answers.append(portal.client.get("/").status_code)
    assert answers[-1] == 303
    assert answers[:-1] == [] or answers[0] == 200


def test_signing_out_ends_the_session_and_its_passes(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    portal.accept()
    link = portal.links()[0]
    page = post(portal.client, f"{portal.page}/pass", {}, at=portal.page).text
    given = page.split("Bearer ")[1].split("&")[0].split('"')[0]
    curl = {"Authorization": f"Bearer {given}", "Accept": "*/*"}
    assert portal.browser().get(link, headers=curl).status_code == 200
    cookies = dict(portal.client.cookies)
    post(portal.client, "/signout", {}, at="/")
    assert portal.browser().get(link, headers=curl).status_code == 401
    old = portal.browser()
    old.cookies.update(cookies)
    assert old.get("/").status_code == 303


def test_signing_in_again_gives_another_session(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    first = portal.client.cookies["__Host-tokumei"]
    portal.sign_in(CONTACT)
    assert portal.client.cookies["__Host-tokumei"] != first


def test_cookies_are_for_this_host_and_no_script(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    post(portal.client, "/signin", {"address": CONTACT}, at="/signin")
    link = portal.link(CONTACT)
    given = post(portal.client, link, {"code": portal.code(CONTACT)}, at=link).headers["set-cookie"]
    assert given.startswith("__Host-tokumei=")
    for word in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"):
        assert word in given
    assert "Domain" not in given


@pytest.mark.parametrize("how", ["none", "wrong", "other browser", "other site", "null origin", "cross-site"])
def test_a_form_that_is_not_ours_does_nothing(portal: Portal, how: str) -> None:
    portal.sign_in(CONTACT)
    page = portal.client.get("/members").text
    token = page.split('name="form" value="')[1].split('"')[0]
    if how == "other browser":
        token = portal.browser().get("/signin").text.split('name="form" value="')[1].split('"')[0]
    data = {"address": MEMBER, "form": {"none": "", "wrong": "0" * 64}.get(how, token)}
    headers = {
        "other site": {"Origin": "https://evil.example"},
        "null origin": {"Origin": "null"},
        "cross-site": {"Sec-Fetch-Site": "cross-site"},
    }.get(how, {})
    assert portal.client.post("/members", data=data, headers=headers).status_code in (403, 422)
    assert portal.log("member.invited") == []
    good = portal.client.post("/members", data={"address": MEMBER, "form": token}, headers={"Origin": URL})
    assert (good.status_code == 303) == (how != "other browser")


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/enter/abc", "/releases/../x", "/\\evil"])
def test_nobody_is_led_to_another_site(portal: Portal, to: str) -> None:
    assert 'name="to" value="/"' in portal.client.get("/signin", params={"to": to}).text
    post(portal.client, "/signin", {"address": CONTACT, "to": to}, at="/signin")
    link = portal.link(CONTACT)
    portal.seeds[CONTACT] = seed_on(portal.client.get(link).text)
    entered = post(portal.client, link, {"code": portal.code(CONTACT)}, at=link)
    assert entered.headers["location"] == "/"


def test_every_answer_carries_its_headers_and_no_page_has_anything_inline(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    for path in ("/", portal.page, "/members", "/help", "/signin", "/nowhere", "/health"):
        answer = portal.client.get(path, headers=HTML)
        for name in (
            "content-security-policy",
            "referrer-policy",
            "x-content-type-options",
            "strict-transport-security",
        ):
            assert name in answer.headers, (path, name)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert " style=" not in answer.text
        assert " onclick=" not in answer.text
        assert "http://" not in answer.text.replace("http://www.w3.org", ""), path


def test_a_reset_asks_for_a_new_app(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    post(portal.client, "/members", {"address": MEMBER}, at="/members")
    member = portal.enter(MEMBER, portal.link(MEMBER), portal.browser())
    before = portal.seeds[MEMBER]
    (invited,) = portal.log("member.invited")
    post(portal.client, f"/members/{invited.subjects['member']}/reset", {}, at="/members")
    assert member.get("/").status_code == 303
    portal.enter(MEMBER, portal.link(MEMBER), member)
    assert portal.seeds[MEMBER] != before
    assert "認証アプリが登録されました" in portal.letters(MEMBER)[-1]


def test_signing_out_everywhere(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    elsewhere = portal.sign_in(CONTACT, portal.browser())
    assert "現在 2 件" in elsewhere.get("/members").text
    gone = post(portal.client, "/signout/all", {}, at="/members")
    assert gone.headers["clear-site-data"] == '"cache", "storage"'
    assert [browser.get("/").status_code for browser in (portal.client, elsewhere)] == [303, 303]
