"""What the auditors' pages show, and that they show nothing as markup that the log holds as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Signed = Callable[[str], dict[str, str]]
HTML = {"Accept": "text/html"}


@pytest.fixture
def read(browser: Any, signed: Signed) -> Callable[[str], Any]:
    """Reads a page as the auditor."""
    header = {**signed("auditor"), **HTML}
    return lambda path: browser.get(f"/provision{path}", headers=header)


def fill(world: Any, count: int) -> None:
    for number in range(count):
        world.ledger.append("test.note", actor="tester", subjects={"thing": f"t{number}"}, payload={"number": number})


def test_the_overview_counts_what_the_log_holds(read: Callable[[str], Any], world: Any, facts: Any) -> None:
    facts.gate_one(world)
    page = read("/").text
    assert "承認を待つ提供が 1 件" in page
    assert world.ledger.root().hex() in page
    assert "承認待ち" in page


def test_an_empty_log_is_a_page_too(read: Callable[[str], Any]) -> None:
    for path in ("/", "/log", "/approvals"):
        assert read(path).status_code == 200


def test_without_a_log_the_page_says_so(read: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKUMEI_HOME", "/nowhere/at/all")
    answer = read("/")
    assert answer.status_code == 503
    assert "Traceback" not in answer.text


def test_the_log_is_newest_first_and_page_by_page(read: Callable[[str], Any], world: Any) -> None:
    fill(world, 120)
    first = read("/log").text
    assert first.index("t119") < first.index("t70")
    assert "<code>t69</code>" not in first
    assert "before=70" in first
    second = read("/log?before=70").text
    assert "<code>t69</code>" in second
    assert "<code>t70</code>" not in second
    last = read("/log?before=20").text
    assert "<code>t0</code>" in last
    assert "古い記録" not in last


def test_the_log_is_searched_by_type_and_text(read: Callable[[str], Any], world: Any, facts: Any) -> None:
    fill(world, 60)
    release = facts.gate_one(world)
    by_type = read("/log?type=release.gated").text
    assert release in by_type
    assert "<code>t1</code>" not in by_type
    by_text = read("/log?text=T5").text
    assert "<code>t5</code>" in by_text
    assert "<code>t59</code>" in by_text
    assert release not in by_text


def test_the_story_of_a_release_is_in_order_and_has_its_digest(
    read: Callable[[str], Any], world: Any, facts: Any
) -> None:
    page = read(f"/release/{facts.gate_one(world)}").text
    assert page.index("提供: 起案") < page.index("提供: 作成済み") < page.index("提供: 承認待ち")
    assert facts.digest in page


def test_an_unknown_release_is_404_and_not_repeated(read: Callable[[str], Any]) -> None:
    for path in ("/release/<script>alert(1)</script>", "/approvals/r-none"):
        answer = read(path)
        assert answer.status_code == 404
        assert "alert(1)" not in answer.text


def test_text_of_the_log_never_becomes_markup(read: Callable[[str], Any], world: Any) -> None:
    evil = "<img src=x onerror=alert(1)>"
    world.ledger.append("test.note", actor=evil, subjects={"thing": evil}, payload={evil: [evil, {evil: evil}]})
    for path in ("/", "/log", f"/log?text={evil}", f"/log?type={evil}"):
        page = read(path).text
        assert "<img" not in page
        assert "onerror" in page or path.startswith("/log?type")


def test_bad_queries_are_refused_plainly(read: Callable[[str], Any]) -> None:
    assert read("/log?before=x").status_code == 422
    for path in ("/log?before=-5", f"/log?before=-{10**30}", f"/log?before={10**30}", f"/releases?before={10**30}"):
        assert read(path).status_code == 200
    assert read(f"/entry/{10**30}").status_code == 404


def test_links_are_relative(read: Callable[[str], Any], world: Any, facts: Any) -> None:
    """Airflow may stand below any path; a link that starts with a slash would leave it."""
    release = facts.gate_one(world)
    pages = ("/", "/log", "/releases", "/report", "/entry/0", f"/release/{release}", f"/release/{release}/evidence")
    for path in (*pages, "/approvals", f"/approvals/{release}"):
        assert 'href="/' not in read(path).text
    assert 'href="../approvals/' in read(f"/release/{release}").text
    assert 'data-root="../"' in read(f"/approvals/{release}").text


def test_an_error_is_told_in_the_readers_language(read: Callable[[str], Any]) -> None:
    japanese = read("/release/r-none?lang=ja").text
    assert "お探しのものは見つかりません" in japanese
    assert "the log has no such release" in japanese  # as the operators' messages have it
    english = read("/release/r-none?lang=en").text
    assert "the log has no such release" in english
    assert "お探しの" not in english


def test_every_status_of_an_error_has_japanese_words() -> None:
    from provision.auditing import refusals

    assert set(refusals.PAGES) >= {401, 403, 404, 409, 422, 500, 503}
    assert refusals.page_reason(418) == refusals.page_reason(503)


def test_an_error_nobody_expected_is_a_page_that_says_nothing_of_it(
    browser: Any, signed: Signed, airflow_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastapi.testclient import TestClient

    from provision.auditing import watching

    def broken(context: object) -> list[object]:
        raise ZeroDivisionError("山田太郎 must not be shown")

    monkeypatch.setattr(watching.health, "signs", broken)
    client = TestClient(airflow_app, raise_server_exceptions=False)
    answer = client.get("/provision/health?lang=ja", headers={**signed("auditor"), **HTML})
    assert answer.status_code == 500
    assert "予期しない誤り" in answer.text
    assert "山田" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


def test_who_did_not_pass_the_door_reads_why_and_sees_no_menu(browser: Any) -> None:
    answer = browser.get("/provision/log", headers={**HTML, "Accept-Language": "ja"})
    assert answer.status_code == 401
    assert "サインインしていません" in answer.text
    assert "<nav" not in answer.text
    assert browser.get("/provision/log").headers["content-type"] == "application/json"


def test_what_waits_but_cannot_be_decided_is_named(
    read: Callable[[str], Any], world: Any, facts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = facts.gate_one(world)
    assert "決定できない" not in read("/approvals").text
    from provision import approvals

    monkeypatch.setattr(approvals, "_decidable", lambda ctx, release: None)
    page = read("/approvals").text
    assert "ここで決定できない提供が 1 件" in page
    assert release in page
