"""Who may not, does not, and it is written down: strangers, colleagues' links, leavers, ended agreements, recalls."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from tests.support.portals import CONTACT, MEMBER, OTHER, RECIPIENT, STRANGER, URL, Portal, post

DAY = 86_400.0


@pytest.fixture
def member(portal: Portal) -> Portal:
    """A portal in which the contact has accepted and may fetch."""
    portal.sign_in(CONTACT)
    portal.accept()
    return portal


def test_nobody_sees_anything_without_signing_in(portal: Portal) -> None:
    for path in ("/", portal.page, "/members", "/help"):
        answer = portal.client.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/signin")
        assert portal.client.get(path, headers={"Accept": "application/json"}).status_code == 401
    assert portal.client.get("/d/" + "0" * 40).status_code == 404


def test_another_organisation_finds_nothing_of_ours(member: Portal) -> None:
    link = member.links()[0]
    theirs = member.sign_in(STRANGER, member.browser())
    assert member.order not in theirs.get("/").text
    assert theirs.get(member.page).status_code == 404
    assert theirs.get(link).status_code == 403
    for path in ("accept", "pass", "confirm", "report", "destroyed"):
        form = {"terms": "0" * 64, "read": "yes", "digest": "0" * 8, "kind": "other", "words": "x", "way": "erased"}
        answer = post(theirs, f"{member.page}/{path}", {**form, "day": "2026-11-28", "copies": "yes"}, at="/")
        assert answer.status_code == 404, path
    found = member.refusals()
    assert ("unknown", f"delivery/{member.order}") in found
    assert ("forwarded", f"delivery/{member.order}") in found


def test_a_forwarded_link_opens_nothing(member: Portal) -> None:
    """Without a sign-in it leads to signing in; for a colleague it is refused, who has a link of their own."""
    link = member.links()[0]
    assert member.browser().get(link).headers["location"] == f"/signin?to={link}"
    assert member.browser().get(link, headers={"Accept": "*/*"}).status_code == 401
    post(member.client, "/members", {"address": MEMBER}, at="/members")
    colleague = member.enter(MEMBER, member.link(MEMBER), member.browser())
    assert colleague.get(link).status_code == 403
    assert member.refusals() == [("forwarded", f"delivery/{member.order}")]
    member.accept(colleague)
    assert member.links(colleague) != member.links()
    assert colleague.get(member.links(colleague)[0]).status_code == 200


def test_whoever_leaves_is_out_at_once(member: Portal) -> None:
    post(member.client, "/members", {"address": MEMBER}, at="/members")
    leaver = member.enter(MEMBER, member.link(MEMBER), member.browser())
    member.accept(leaver)
    link = member.links(leaver)[0]
    (invited,) = member.log("member.invited")
    post(member.client, f"/members/{invited.subjects['member']}/remove", {}, at="/members")
    assert leaver.get("/").status_code == 303
    assert leaver.get(link).status_code == 404
    post(leaver, "/signin", {"address": MEMBER}, at="/signin")
    assert ("unknown", "signin") in member.refusals()  # no letter went out
    assert member.log("member.removed")[0].actor.startswith(f"recipient:{RECIPIENT}/m-")
    with member.desk.database.opened() as rows:
        kept = rows.execute("SELECT seed FROM member WHERE removed IS NOT NULL").fetchall()
    assert [row["seed"] for row in kept] == [None]


def test_whoever_is_taken_out_of_the_configuration_is_out_at_once(member: Portal) -> None:
    link = member.links()[0]
    new = "shin@aozora-pharma.example"
    member.edit(f"recipients/{RECIPIENT}.yaml", lambda data: data["portal"].update(contact=new))
    assert member.client.get(link).status_code == 403
    assert member.client.get("/").status_code == 303
    assert ("role", "session") in member.refusals()
    now = member.sign_in(new, member.browser())
    assert "前の契約窓口" in now.get("/members").text
    former = now.get("/members").text.split("/members/m-")[1].split("/")[0]
    assert post(now, f"/members/m-{former}/remove", {}, at="/members").status_code == 303
    assert post(now, "/members", {"address": CONTACT}, at="/members").status_code == 303
    assert member.enter(CONTACT, member.link(CONTACT)).get("/").status_code == 200


@pytest.mark.parametrize("without", ["portal", "agreement"])
def test_without_portal_or_with_another_agreement_nothing_is_fetched(member: Portal, without: str) -> None:
    link = member.links()[0]

    def change(data: dict[str, object]) -> None:
        if without == "portal":
            data.pop("portal")
        else:
            data["agreement"].update(id="提供契約-2027-001")  # type: ignore[attr-defined]

    member.edit(f"recipients/{RECIPIENT}.yaml", change)
    assert member.client.get(link).status_code == 403
    assert member.refusals()[-1][0] == ("access" if without == "portal" else "agreement")


def test_an_ended_agreement_closes_downloads_and_leaves_the_page(member: Portal) -> None:
    link, yesterday = member.links()[0], date.today() - timedelta(days=2)
    member.edit(f"recipients/{RECIPIENT}.yaml", lambda data: data["agreement"].update(ends=yesterday))
    assert member.client.get(link).status_code == 403
    assert ("agreement", f"delivery/{member.order}") in member.refusals()
    page = member.client.get(member.page)
    assert page.status_code == 200
    assert "契約の期間外です" in page.text
    assert link not in page.text


def test_a_recalled_release_is_gone_and_says_why(member: Portal) -> None:
    link = member.links()[0]
    release = member.order.partition(f".{RECIPIENT}.")[0]
    with member.desk.context() as ctx:
        ctx.ledger.transition("release", release, "recalled", actor="test", payload={"reason": "架空の理由"})
    assert member.client.get(link).status_code == 410
    assert ("recalled", f"delivery/{member.order}") in member.refusals()
    assert "架空の理由" in member.client.get(member.page).text


def test_after_the_days_of_the_portal_nothing_is_fetched(member: Portal) -> None:
    link = member.links()[0]
    member.clock.ahead += 31 * DAY
    assert member.client.get(link).status_code == 303  # the sign-in is over, too
    member.sign_in(CONTACT)
    assert member.client.get(link).status_code == 410
    assert ("expired", f"delivery/{member.order}") in member.refusals()


def test_nothing_is_fetched_before_the_terms_were_accepted(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    assert portal.links() == []
    portal.accept()
    link = portal.links()[0]
    portal.edit(f"recipients/{RECIPIENT}.yaml", lambda data: data["agreement"].update(destroy_within_days=10))
    assert portal.client.get(link).status_code == 409
    page = portal.client.get(portal.page).text
    assert "利用条件が改定されました" in page
    assert link not in page
    stale = post(portal.client, f"{portal.page}/accept", {"terms": "0" * 64, "read": "yes"}, at=portal.page)
    assert stale.status_code == 409
    unread = post(portal.client, f"{portal.page}/accept", {"terms": "0" * 64}, at=portal.page)
    assert unread.status_code == 409
    portal.accept()
    assert portal.client.get(link).status_code == 200
    assert len(portal.log("delivery.terms_accepted")) == 2


def test_a_file_outside_the_recipients_own_prefix_is_not_fetched(member: Portal) -> None:
    link = member.links()[0]
    member.edit(f"recipients/{RECIPIENT}.yaml", lambda data: data["channels"][0].update(prefix=OTHER))
    assert member.client.get(link).status_code == 403
    assert member.refusals()[-1] == ("place", f"delivery/{member.order}")


def test_only_the_contact_manages_people_and_only_agreed_addresses_get_in(member: Portal) -> None:
    for address in ("somebody@elsewhere.example", "x@evil.aozora-pharma.example", f"{CONTACT}\n", "a b@c", ""):
        answer = post(member.client, "/members", {"address": address}, at="/members")
        assert answer.status_code in (403, 422), address
    post(member.client, "/members", {"address": MEMBER}, at="/members")
    colleague = member.enter(MEMBER, member.link(MEMBER), member.browser())
    assert post(colleague, "/members", {"address": "other@aozora-pharma.example"}, at="/members").status_code == 403
    (invited,) = member.log("member.invited")
    remove = f"/members/{invited.subjects['member']}/remove"
    assert post(colleague, remove, {}, at="/members").status_code == 403
    assert MEMBER not in str(invited)


def test_trouble_of_the_operators_is_told_to_nobody_else(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    """A broken configuration: people read that it is not available, programs too; what it is stands in the log."""
    portal.sign_in(CONTACT)
    (portal.config / "platform.yaml").write_text("broken: [", encoding="utf-8")
    for path in ("/", portal.page, "/signin", "/health"):
        page = portal.client.get(path)
        assert page.status_code == 503, path
        assert "ただいま利用できません" in page.text
        assert "Not available now" in page.text
        answer = portal.client.get(path, headers={"Accept": "application/json"})
        assert answer.json()["error"] == "the portal cannot answer at this moment"
        for inside in ("yaml", "tokumei config", str(portal.config)):
            assert inside not in page.text + answer.text, inside
    assert "platform.yaml" in caplog.text


def test_a_refusal_leads_back_to_the_page_it_came_from_and_nowhere_else(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    for came, back in (
        (f"{URL}/members", 'href="/members"'),
        ("https://elsewhere.example/members", ""),
        (f"{URL}//evil.example/x", ""),
    ):
        form = re.search(r'name="form" value="([0-9a-f]+)"', portal.client.get("/members").text)
        assert form
        said = {"form": form[1], "address": "somebody@elsewhere.example"}
        page = portal.client.post("/members", data=said, headers={"Referer": came})
        assert page.status_code == 403
        assert ("前の画面へ戻る" in page.text) == bool(back)
        assert back in page.text
        assert "evil.example" not in page.text


def test_who_was_invited_is_invited_again_and_a_full_house_is_said_so(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.sign_in(CONTACT)
    assert post(portal.client, "/members", {"address": MEMBER}, at="/members").status_code == 303
    page = portal.client.get("/members").text
    assert "招待を送り直す" in page
    assert "認証アプリを登録し直す" not in page
    monkeypatch.setattr("provision.portal.members.MOST", 2)
    full = post(portal.client, "/members", {"address": f"x{MEMBER}"}, at="/members")
    assert full.status_code == 409
    assert "人数の上限" in full.text
