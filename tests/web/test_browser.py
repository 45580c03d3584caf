"""The pages as people see them: a real API server, a real browser, inside Airflow's own frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import browsing

pytestmark = pytest.mark.slow


@pytest.fixture
def server(airflow_database: Path, world: Any, tmp_path: Path) -> Iterator[str]:
    with browsing.api_server(tmp_path) as address:
        yield address


@pytest.fixture
def page(server: str, password_of: Callable[[str], str]) -> Iterator[Any]:
    """A browser page signed in as an officer; anything asked of another address fails the test."""
    if not browsing.CHROMIUM:
        pytest.skip("no chromium here")
    elsewhere: list[str] = []
    with browsing.browser() as browser:
        found = browser.new_page(viewport={"width": 1400, "height": 900}, locale="ja-JP")
        found.on(
            "request", lambda one: None if one.url.startswith((server, "blob:", "data:")) else elsewhere.append(one.url)
        )
        browsing.sign_in(found, server, "officer_a", password_of("officer_a"))
        yield found
    assert elsewhere == []


def fill(world: Any, facts: Any) -> str:
    """A log worth looking at."""
    batch = {"source": "hospital-one", "period": "2026-02", "sequence": 1, "files": 3, "digest": "ab" * 32}
    batch["legal_status"] = "personal"
    for number in range(3):
        name, subjects = f"B{number:016x}", {"source": "hospital-one"}
        world.ledger.transition("batch", name, "received", actor="airflow:intake/r", subjects=subjects, payload=batch)
    done = {"rows_in": 86392, "rows_out": 86011, "tables": {"claim": 4120, "diagnosis": 81891}}
    world.ledger.transition("batch", name, "accepted", actor="airflow:intake/r", subjects=subjects, payload=done)
    return str(facts.gate_one(world))


def test_an_officer_reads_the_log_and_approves_inside_airflow(
    page: Any, server: str, world: Any, facts: Any, password_of: Callable[[str], str], tmp_path: Path
) -> None:
    release = fill(world, facts)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)

    page.goto(f"{server}/plugin/provision-log")
    frame = page.frame_locator("iframe")
    frame.get_by_text("最近の記録").wait_for(timeout=30_000)
    assert world.ledger.root().hex() in frame.locator("main").inner_text()
    page.screenshot(path=tmp_path / "overview.png")

    frame.locator("nav").get_by_text("記録").click()
    frame.get_by_text("記録の一覧").wait_for()
    assert "release.gated" in frame.locator("main").inner_text()
    page.screenshot(path=tmp_path / "log.png")
    frame.get_by_text(release).first.click()
    frame.get_by_text("提供の経緯").wait_for()
    page.screenshot(path=tmp_path / "story.png")

    page.goto(f"{server}/plugin/release-approvals")
    frame.get_by_text("確認して決定").click()
    frame.locator("#digest").wait_for()
    assert frame.locator("#digest").inner_text() == facts.digest
    page.screenshot(path=tmp_path / "review.png")
    frame.locator("input[name=password]").fill("wrong")
    frame.locator("input[name=read]").check()
    frame.get_by_role("button", name="承認する").click()
    frame.get_by_text("サインインできませんでした").wait_for()
    assert world.ledger.state("release", release) == "gated"
    frame.locator("input[name=password]").fill(password_of("officer_a"))
    frame.locator("textarea").fill("確認しました")
    frame.get_by_role("button", name="承認する").click()
    frame.get_by_text("もう一人の承認を待ちます").wait_for(timeout=15_000)
    page.screenshot(path=tmp_path / "approved.png")

    given = next(world.ledger.entries(type="release.approval"))
    assert given.subjects["officer"] == "officer-a"
    assert given.payload["digest"] == facts.digest
    # The wrong password is a 401 the browser itself reports; anything else would be ours.
    assert [text for text in errors if "401" not in text and "provision" in text] == []

    page.emulate_media(color_scheme="dark")
    page.goto(f"{server}/plugin/provision-log")
    frame.get_by_text("最近の記録").wait_for(timeout=30_000)
    page.screenshot(path=tmp_path / "dark.png")
    background = frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert background == "rgb(18, 22, 28)"
