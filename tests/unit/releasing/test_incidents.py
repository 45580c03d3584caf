"""An incident: what left, to whom, under which measures, by the log alone; papers without a person; one recall."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from channels_in_test import Letterbox

from provision import cli, releasing
from provision.context import Context
from provision.errors import Refused, RetryLater
from provision.incidents.deadlines import deadlines
from provision.incidents.gathering import Question, gather
from provision.incidents.pages import pages
from provision.incidents.writing import recall_all, write
from provision.releasing.drafting import TOKYO
from tests.support.house import ACTOR, House

Put = Callable[..., Letterbox]
TODAY = datetime.now(TOKYO).date()
KNOWN = date(2026, 11, 1)


@pytest.fixture
def delivered(house: House, published: str, letterbox: Put) -> str:
    letterbox(at_most_once=False)
    releasing.deliver(house.open(), published, actor=ACTOR)
    return published


def test_what_left_to_whom_under_which_measures(house: House, delivered: str) -> None:
    ctx = house.open()
    record = gather(ctx, Question((delivered,), known=KNOWN))
    (one,) = record["releases"]
    assert (one["release"], one["state"], one["recipient"]) == (delivered, "open", "tsukishima-university")
    made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=delivered))).payload
    assert (one["digest"], one["people"], one["tables"]) == (made["digest"], made["people"], made["tables"])
    assert one["measures"]["gate_passed"] is True
    assert one["measures"]["officers"] == ["demo-officer-1", "demo-officer-2"]
    (delivery,) = one["deliveries"]
    assert (delivery["state"], delivery["may_have_left"], delivery["attempts"]) == ("handed_over", True, 1)
    assert len(delivery["encrypted_to"]) == 2  # the recipient's key and the operator's own
    assert len(delivery["handed_over_at"]) == 1
    assert record["counts"] == {
        "releases": 1, "recipients": 1, "deliveries": 1, "people_at_most": made["people"], "open_to_recall": 1,
    }  # fmt: skip
    assert {item["table"] for item in one["items"]} == set(made["tables"])
    assert "年齢階級" in {item["ja"] for item in one["items"]}


def test_by_recipient_and_by_day(house: House, delivered: str) -> None:
    ctx = house.open()
    assert gather(ctx, Question(recipient="tsukishima-university", known=KNOWN))["counts"]["deliveries"] == 1
    assert gather(ctx, Question(since=TODAY, known=KNOWN))["counts"]["releases"] == 1
    for nothing in (
        Question(recipient="aozora-pharma", known=KNOWN),
        Question(since=TODAY + timedelta(2), known=KNOWN),
    ):
        with pytest.raises(Refused) as refused:
            gather(ctx, nothing)
        assert refused.value.rule == "incident.asked"


@pytest.mark.parametrize(
    "question", [Question(known=KNOWN), Question(("r-x",), known=KNOWN), Question(recipient="tsukishima-university")]
)
def test_what_cannot_be_answered_is_refused(house: House, question: Question) -> None:
    with pytest.raises(Refused):
        gather(house.open(), question)


def test_a_release_that_never_left_can_be_asked_for_by_name(house: House, published: str) -> None:
    record = gather(house.open(), Question((published,), known=KNOWN))
    assert record["counts"]["deliveries"] == record["counts"]["open_to_recall"] == 0


def test_a_recipient_whose_file_is_gone_is_named_by_id(house: House, delivered: str) -> None:
    ctx = replace(house.open(), recipients={})
    (one,) = gather(ctx, Question((delivered,), known=KNOWN))["releases"]
    assert one["recipient_name"] == {"ja": "tsukishima-university", "en": "tsukishima-university"}


def test_of_a_plan_nobody_has_any_more_the_rest_is_said(
    house: House, delivered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise Refused("the plan was changed since", remedy="none")

    monkeypatch.setattr("provision.incidents.gathering.plan_of", gone)
    record = gather(house.open(), Question((delivered,), known=KNOWN))
    (one,) = record["releases"]
    assert (one["items"], one["title"]["en"]) == ([], "claims-for-university")
    assert one["deliveries"]
    assert "from the codebook" in pages(record, "en")["report.en"]


@pytest.mark.parametrize(("wrong_purpose", "last"), [(False, date(2026, 11, 30)), (True, date(2026, 12, 30))])
def test_the_day_it_was_known_is_the_first(wrong_purpose: bool, last: date) -> None:
    found = deadlines(KNOWN, wrong_purpose=wrong_purpose)
    assert (found.first_report, found.first_report_latest) == (date(2026, 11, 3), date(2026, 11, 5))
    assert found.final_report == last


def test_pages_ask_for_what_the_law_asks_and_name_nobody(house: House, delivered: str) -> None:
    record = gather(house.open(), Question((delivered,), known=KNOWN))
    for language in ("ja", "en"):
        report, notice = (pages(record, language)[f"{name}.{language}"] for name in ("report", "notice"))
        assert report.count("<h2>") == 9  # 規則8条1項
        assert delivered in report
        assert delivered not in notice  # persons need no ids of ours
        for person in house.truth("people")[:80]:
            surname, given = person["names"][0]  # type: ignore[index]
            assert f"{surname}{given}" not in report + notice
    japanese = pages(record, "ja")
    assert "原因" in japanese["report.ja"]
    assert "引渡し済み" in japanese["report.ja"]
    assert record["releases"][0]["made_at"] not in japanese["report.ja"]  # times are those of Japan
    assert "レセプト共通" in japanese["report.ja"]
    assert japanese["notice.ja"].count('class="open"') == 4  # 規則10条: 8条1項1号、4号、5号、9号; the items are known


def test_papers_are_written_once_and_again_when_something_happened(house: House, delivered: str) -> None:
    ctx, question = house.open(), Question((delivered,), known=KNOWN)
    incident, folder, _ = write(ctx, question, actor=ACTOR)
    names = {f"{page}.{language}.{ending}" for page in ("report", "notice") for language in ("ja", "en")
             for ending in ("html", "pdf")}  # fmt: skip
    assert {path.name for path in folder.iterdir()} == {*names, "incident.json"}
    assert all((folder / name).read_bytes().startswith(b"%PDF-") for name in names if name.endswith("pdf"))
    assert write(house.open(), question, actor=ACTOR)[0] == incident
    assert len(list(ctx.ledger.entries(type="incident.gathered"))) == 1


def without_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting pages takes seconds, and has a test of its own."""
    monkeypatch.setattr("provision.incidents.writing.pdf", lambda html: b"%PDF-")


def test_the_command_gathers_and_recalls(
    house: House, delivered: str, letterbox: Put, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_paper(monkeypatch)
    opened: Callable[[], Context] = house.open
    monkeypatch.setattr("provision.context.open_context", opened)
    words = ["incident", "--recipient", "tsukishima-university", "--known", "2026-11-01"]
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    assert not [text for text in ("deliveries 1", "2026-11-05", "2026-11-30") if text not in out]
    assert house.open().ledger.state("release", delivered) == "open"
    assert cli.main([*words, "--recall", "誤送付の疑い", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["releases"][0]["state"] == "recalled"
    assert record["releases"][0]["deliveries"][0]["recalled_at"]
    assert cli.main([*words, "--recall", "誤送付の疑い"]) == 0
    assert "recalled before" in capsys.readouterr().out
    assert len(list(house.open().ledger.entries(type="incident.gathered"))) == 2
    with pytest.raises(SystemExit):
        cli.main(["incident", "--since", "yesterday", "--known", "2026-11-01"])


def test_a_recall_that_stands_still_is_said_and_goes_on(house: House, published: str, letterbox: Put) -> None:
    box = letterbox(at_most_once=False)
    releasing.deliver(house.open(), published, actor=ACTOR)
    record = gather(house.open(), Question((published,), known=KNOWN))
    box.raises(RetryLater("away", rule="x.away", remedy="later"), sent=False)
    with pytest.raises(Refused, match="away") as refused:
        recall_all(house.open(), record, reason="an error", actor=ACTOR)
    assert refused.value.rule == "incident.recall"
    box.works()
    assert list(recall_all(house.open(), record, reason="an error", actor=ACTOR).values()) == ["recalled"]


def test_days_are_days_in_japan(house: House, delivered: str) -> None:
    ctx = house.open()
    (entry,) = ctx.ledger.entries(type="delivery.handed_over")
    assert gather(ctx, Question(since=entry.when.astimezone(TOKYO).date(), known=KNOWN))["counts"]["deliveries"] == 1
    assert datetime.now(UTC).astimezone(TOKYO).date() >= TODAY
