"""The pages as people see them: a real API server, a real browser, inside Airflow's own frame."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    import requests

    try:
        return requests.get(f"{address}/api/v2/version", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.fixture
def server(airflow_database: Path, world: Any, tmp_path: Path) -> Iterator[str]:
    """Address of an API server in its own process group, which is ended as a group."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
    }
    with (tmp_path / "api-server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "api-server"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=tmp_path,
        )
        try:
            give_up = time.monotonic() + 120
            while not answers(address):
                assert process.poll() is None, (tmp_path / "api-server.log").read_text()[-2000:]
                assert time.monotonic() < give_up, "the API server did not start"
                time.sleep(0.3)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def page(server: str, password_of: Callable[[str], str]) -> Iterator[Any]:
    """A browser page signed in as an officer; anything asked of another address fails the test."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        pytest.skip("no chromium here")
    elsewhere: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        found = browser.new_page(viewport={"width": 1400, "height": 900}, locale="ja-JP")
        found.on(
            "request", lambda one: None if one.url.startswith((server, "blob:", "data:")) else elsewhere.append(one.url)
        )
        found.goto(server)
        found.wait_for_selector("input[name=username]", timeout=60_000)
        found.fill("input[name=username]", "officer_a")
        found.fill("input[name=password]", password_of("officer_a"))
        found.click("button[type=submit]")
        found.wait_for_url(lambda url: "/auth" not in url, timeout=60_000)
        yield found
        browser.close()
    assert elsewhere == []


def fill(world: Any, facts: Any) -> str:
    """A log worth looking at."""
    batch = {"source": "hospital-one", "period": "2026-02", "sequence": 1, "files": 3, "digest": "ab" * 32}
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
