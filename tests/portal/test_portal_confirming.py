"""Receipts, destruction and reports: by a person, with proof, in the provision log, without a word that was typed."""

from __future__ import annotations

import json

import pytest

from provision import acknowledging
from provision.accesslog.visit import TOKYO
from provision.portal.confirmations import read_report
from tests.support.portals import CONTACT, RECIPIENT, Portal, post


@pytest.fixture
def fetched(portal: Portal) -> Portal:
    """Both files were fetched whole by the contact."""
    portal.sign_in(CONTACT)
    portal.accept()
    for link in portal.links():
        assert portal.client.get(link).status_code == 200
    return portal


def digest(portal: Portal) -> str:
    return str(portal.log("delivery.ordered")[0].payload["digest"])


def confirm(portal: Portal, typed: str) -> int:
    return int(post(portal.client, f"{portal.page}/confirm", {"digest": typed}, at=portal.page).status_code)


def test_fetched_is_not_received_before_a_person_says_so(fetched: Portal) -> None:
    assert fetched.log("delivery.received") == []
    assert "受領の確認待ち" in fetched.client.get("/").text
    for wrong in ("0" * 64, "", "12345", digest(fetched)[:7], "x" * 8, digest(fetched)[1:9]):
        assert confirm(fetched, wrong) in (422,), wrong
    assert fetched.log("delivery.received") == []
    assert confirm(fetched, f"  {digest(fetched)[:8].upper()} ") == 303
    assert confirm(fetched, digest(fetched)) == 303  # twice is once
    (received,) = fetched.log("delivery.received")
    assert received.payload["how"].startswith("portal: m-")


def test_guessing_digests_is_stopped(fetched: Portal) -> None:
    answers = [confirm(fetched, f"{number:08x}") for number in range(21)]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {422}


def test_without_a_whole_download_the_digest_alone_is_no_receipt(portal: Portal) -> None:
    portal.sign_in(CONTACT)
    portal.accept()
    portal.client.get(portal.links()[0], headers={"Range": "bytes=1-"})
    portal.client.get(portal.links()[1])
    assert confirm(portal, digest(portal)[:8]) == 409
    portal.client.get(portal.links()[0], headers={"Range": "bytes=0-0"})
    assert confirm(portal, digest(portal)[:8]) == 303


def test_destruction_is_confirmed_with_way_and_day(fetched: Portal) -> None:
    today = fetched.log("delivery.handed_over")[0].when.astimezone(TOKYO).date().isoformat()

    def destroy(**form: str) -> int:
        said = {"way": "erased", "day": "2999-01-01", "copies": "yes", **form}
        return int(post(fetched.client, f"{fetched.page}/destroyed", said, at=fetched.page).status_code)

    assert destroy(day=today) == 409  # not received yet: there is no such transition
    assert confirm(fetched, digest(fetched)) == 303
    assert destroy() == 422
    assert destroy(day="2020-01-01") == 422
    assert destroy(day="no day") == 422
    assert destroy(way="eaten", day=today) == 422
    assert destroy(copies="", day=today) == 422
    link = fetched.links()[0]
    assert destroy(day=today) == 303
    (entry,) = fetched.log("delivery.destroyed")
    assert f"erased on {today}" in entry.payload["how"]
    assert fetched.client.get(link).status_code == 410
    assert "廃棄済み" in fetched.client.get("/").text


def test_a_report_goes_into_the_log_without_its_words(fetched: Portal) -> None:
    words = "架空 花子さんの名前が見えます"
    form = {"kind": "identifiable", "words": words}
    assert post(fetched.client, f"{fetched.page}/report", form, at=fetched.page).status_code == 303
    (entry,) = fetched.log("delivery.reported")
    assert entry.payload["kind"] == "identifiable"
    assert "花子" not in json.dumps(entry.payload, ensure_ascii=False)
    assert read_report(fetched.desk, entry.payload["report"]) == (fetched.order, "identifiable", words)
    letter = fetched.letters("operators@health-data.example")[-1]
    assert entry.payload["report"] in letter
    assert "花子" not in letter
    database = (fetched.desk.zones.portal() / "portal.db").read_bytes()
    assert "花子".encode() not in database
    for kind, said in (("nonsense", "x"), ("other", " "), ("other", "x" * 2001)):
        bad = {"kind": kind, "words": said}
        assert post(fetched.client, f"{fetched.page}/report", bad, at=fetched.page).status_code == 422


def test_the_link_of_a_message_says_that_it_arrived_only_when_the_button_is_pressed(portal: Portal) -> None:
    with portal.desk.context() as ctx:
        link = acknowledging.link(ctx, portal.order).removeprefix("https://portal.example")
    for _ in range(2):
        assert portal.order in portal.client.get(link).text
    assert portal.log("delivery.acknowledged") == []
    assert portal.client.post(link, data={"form": "0" * 64}).status_code == 403
    assert "ありがとうございます" in post(portal.client, link, {}, at=link).text
    assert len(portal.log("delivery.acknowledged")) == 1
    assert portal.client.get(link[:-1] + ("0" if link[-1] != "0" else "1")).status_code == 404
    assert ("acknowledge", f"delivery/{portal.order}") in [visit[1:] for visit in portal.visits()]


def test_operators_end_accounts_and_read_reports_by_command(
    fetched: Portal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from provision.cli import main

    monkeypatch.setenv("TOKUMEI_CONFIG", str(fetched.config))
    monkeypatch.setenv("TOKUMEI_HOME", str(fetched.desk.zones.home))
    assert main(["portal", "people", RECIPIENT]) == 0
    listed = capsys.readouterr().out
    assert CONTACT in listed
    assert main(["portal", "reset", listed.split()[0]]) == 0
    assert fetched.client.get("/").status_code == 303
    assert main(["portal", "remove", "m-nobody"]) == 6
    assert main(["portal", "report", "q-none"]) == 6
    assert "portal people" in capsys.readouterr().err
