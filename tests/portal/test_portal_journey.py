"""A recipient's way through the portal: invited, signed in, accepted, fetched in two parts, opened, confirmed."""

from __future__ import annotations

import hashlib

from tests.support.portals import CONTACT, MEMBER, Portal, digest_of, post


def test_from_the_invitation_to_the_confirmed_receipt(portal: Portal) -> None:
    contact = portal.sign_in(CONTACT)
    assert post(contact, "/members", {"address": MEMBER}, at="/members").status_code == 303
    member = portal.enter(MEMBER, portal.link(MEMBER), portal.browser())
    assert portal.order in member.get("/").text
    assert portal.links(member) == []

    assert portal.accept(member).headers["location"] == f"{portal.page}?done=accepted"
    data, envelope = portal.links(member)
    first = member.get(data, headers={"Range": "bytes=0-99999"})
    assert first.status_code == 206
    assert "99%" in member.get(portal.page).text or "%</span>" in member.get(portal.page).text
    rest = member.get(data, headers={"Range": "bytes=100000-", "If-Range": first.headers["etag"]})
    whole = first.content + rest.content
    assert first.headers["content-range"].endswith(f"/{len(whole)}")
    assert f'"{hashlib.sha256(whole).hexdigest()}"' == first.headers["etag"]

    digest = digest_of(whole, portal)
    early = post(member, f"{portal.page}/confirm", {"digest": digest[:8]}, at=portal.page)
    assert early.status_code == 409  # the envelope was not fetched yet
    assert member.get(envelope).status_code == 200
    done = post(member, f"{portal.page}/confirm", {"digest": digest[:8].upper()}, at=portal.page)
    assert done.headers["location"] == f"{portal.page}?done=received"

    (received,) = portal.log("delivery.received")
    assert received.subjects["delivery"] == portal.order
    assert received.actor.startswith("recipient:aozora-pharma/m-")
    assert MEMBER not in str(received)
    assert "受領確認済み" in member.get(portal.page).text
