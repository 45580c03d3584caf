"""An approver's way in a real browser: the prompt, the page, signing in again, approving; the second officer refuses.

A run of the release DAG waits in this process while two officers sit at Chromium before a real API server. With
TOKUMEI_PICTURES=docs/pictures the pictures of the documentation are made anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import test_browser
import test_waking

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

server = test_browser.server

SIDES = {
    "before": {"people": 1530, "groups": 188, "k": 1, "sample_uniques": 12,
               "attackers": {"prosecutor": "1", "journalist": "1", "marketer": "0.1228758170"}},
    "after": {"people": 1499, "groups": 96, "k": 5, "sample_uniques": 0,
              "attackers": {"prosecutor": "0.2", "journalist": "0.2", "marketer": "0.0640426951"}},
}  # fmt: skip


def share(value: str, low: str, high: str) -> dict[str, str]:
    return {"share": value, "low": low, "high": high}


#: Figures of a making that never was.
RICH: dict[str, Any] = {
    "tables": {"claim": 4120},
    "risk": {"k": 5, "people": 1530, "groups": 188, "smallest_group": 1, "suppressed": 31, "suppressed_ppm": 20261,
             "groups_left": 96, "smallest_group_left": 5, "unique_people": 12, "quasi_identifiers": ["age_band", "sex"],
             "counted": ["age_band", "sex"], **SIDES},
    "trails": [{"columns": ["service_month"], "whose": "A-2026-01", "limits": {"1": "0.02", "2": "0.05", "3": "0.1"},
                "known": {"1": {"unicity": share("0.0013342228", "0.0013342228", "0.0013342228"),
                                "worst": share("0.0040026684", "0.0040026684", "0.0040026684")},
                          "2": {"unicity": share("0.0140093395", "0.0091061021", "0.0214985412"),
                                "worst": share("0.0313542361", "0.0233125441", "0.0420102233")},
                          "3": {"unicity": share("0.0366911274", "0.0280433512", "0.0478901223"),
                                "worst": share("0.0647098065", "0.0525441233", "0.0794220114")}}}],
    "attacks": {"singling_out": {"predicates": 2000, "isolating": share("0.0105", "0.0068", "0.016"),
                                 "by_chance": share("0.0095", "0.006", "0.0148")},
                "linkage": {"by_attributes": "0.0640426951", "by_trail": "0.0366911274", "by_chance": "0.0006671114"},
                "inference": {}},
    "earlier_releases": [], "rules": [], "rare_codes": {"columns": [], "least": 10},
}  # fmt: skip
VERDICT = {
    "rows_checked": 305_412, "canaries": {"planted": 240, "survived": 0, "found": 240, "recall_ppm": 1_000_000},
}  # fmt: skip
EARLIER = {
    "people": 1402, "tables": {"claim": 3980},
    "risk": {**RICH["risk"], "suppressed": 44, "suppressed_ppm": 30428, "groups_left": 91,
             "after": {**SIDES["after"], "attackers": {**SIDES["after"]["attackers"], "marketer": "0.0649072753"}}},
}  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures go."""
    return Path(os.environ.get("TOKUMEI_PICTURES", tmp_path)).resolve()


@pytest.fixture
def house(browser: Any, signed: Any, world: Any, facts: Any, monkeypatch: pytest.MonkeyPatch) -> test_waking.House:
    """A run that waits for officers, of a plan that was released once before."""
    earlier = facts.gate_one(world, "scheduled__2026-02-01", made={**RICH, **EARLIER})
    for login in ("officer_a", "officer_b"):
        approve(world, earlier, login)
    rich = SimpleNamespace(digest=facts.digest, plan=facts.plan, gate_one=partial(facts.gate_one, made=RICH, **VERDICT))
    return test_waking.House(browser, signed, world, rich, monkeypatch)


def approve(world: Any, release: str, login: str) -> None:
    from provision import approvals

    digest = approvals.request(world, release).digest
    approvals.decide(world, release, login=login, digest=digest, approve=True, reason="")


class Officer:
    """Somebody at a browser inside Airflow, signed in."""

    def __init__(self, page: Any, address: str, login: str, secret: str) -> None:
        self.page, self.address, self.secret = page, address, secret
        self.frame = page.frame_locator("iframe")
        page.goto(address)
        page.wait_for_selector("input[name=username]", timeout=60_000)
        page.fill("input[name=username]", login)
        page.fill("input[name=password]", secret)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/auth" not in url, timeout=60_000)

    def open_review(self) -> None:
        self.page.goto(f"{self.address}/plugin/release-approvals")
        self.frame.locator("a.button").first.click(timeout=60_000)
        self.frame.locator("#digest").wait_for(timeout=60_000)

    def decide(self, button: str, reason: str) -> None:
        self.frame.locator("input[name=password]").fill(self.secret)
        self.frame.locator("textarea").fill(reason)
        self.frame.locator("input[name=read]").check()
        self.frame.get_by_role("button", name=button).click()


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=test_browser.CHROMIUM, args=test_browser.ARGUMENTS)
        yield browser
        browser.close()


def test_an_approver_reads_and_approves_and_the_second_refuses(
    house: test_waking.House, server: str, pictures: Path, password_of: Callable[[str], str]
) -> None:
    if not test_browser.CHROMIUM:
        pytest.skip("no chromium here")
    told: dict[str, str] = {}

    def people(house: test_waking.House) -> None:
        house.until_asked()
        with chromium() as browser:
            first = officer(browser, "officer_a", locale="ja-JP", color_scheme="light")
            first.page.goto(f"{server}/required_actions")
            first.page.get_by_role("link", name="診療報酬明細の提供 / Claims for research").click(timeout=60_000)
            link = first.page.get_by_role("link", name="承認ページを開く")
            told["link"] = link.evaluate("link => link.href", timeout=60_000)
            first.page.screenshot(path=pictures / "approver-prompt.png")
            first.open_review()
            told["digest"] = first.frame.locator("#digest").inner_text()
            told["page"] = first.frame.locator("main").inner_text()
            first.page.screenshot(path=pictures / "approver-review.png")
            first.decide("承認する", "前回との差と軌跡の上限を確認しました")
            first.frame.get_by_text("もう一人の承認を待ちます").wait_for(timeout=60_000)
            first.page.screenshot(path=pictures / "approver-approved.png")
            first.open_review()
            first.decide("承認する", "")
            first.frame.get_by_text("あなたは既に決定しています").wait_for(timeout=60_000)
            second = officer(browser, "officer_b", locale="en-GB", color_scheme="dark")
            second.open_review()
            second.page.screenshot(path=pictures / "approver-review-dark.png")
            second.decide("Reject", "The contact point in the notice is last year's")
            second.frame.get_by_text("The rejection is in the log.").wait_for(timeout=60_000)
            second.page.screenshot(path=pictures / "approver-rejected.png")

    def officer(browser: Any, login: str, **looks: str) -> Officer:
        page = browser.new_page(viewport={"width": 1400, "height": 900}, **looks)
        return Officer(page, server, login, password_of(login))

    states = house.run(people)
    assert told["link"] == f"{server}/plugin/release-approvals"
    assert told["digest"] == house.facts.digest
    for fact in ("前回の提供からの変更", "1,402", "1,499", "+97", "上限", "法第43条第3項", "架空大学"):
        assert fact in told["page"], fact
    assert (states["publish"], states["deliver"]) == ("skipped", "skipped")
    decided = [e for e in house.world.ledger.entries(kind="release", subject=house.release) if "officer" in e.subjects]
    assert [(e.type, e.subjects["officer"]) for e in decided] == [
        ("release.approval", "officer-a"), ("release.rejection", "officer-b"),
    ]  # fmt: skip
    assert house.world.ledger.state("release", house.release) == "rejected"
