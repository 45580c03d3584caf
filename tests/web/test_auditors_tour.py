"""The auditor's tour in a real browser inside Airflow's own frame, and axe's judgement of every page.

Everything an auditor does: sign in, find a release, open its evidence, verify, take the report away, verify that too;
by keyboard where a keyboard must do. `scripts/make_pictures.py` walks the same way and takes pictures.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from provision.exporting import verifying
from tests.support import browsing, stories

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

AXE = Path(__file__).parents[2] / ".venv" / "axe" / "axe.min.js"
DESK, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
EVIDENCE = "<!doctype html><html lang=ja><title>架空の証拠</title><style>p{color:#123}</style><p>加工の証拠</p></html>"


@pytest.fixture
def told(world: Any) -> list[str]:
    """A log worth an audit, signed; the newest release has evidence that lies where the log says."""
    releases = stories.write(world.zones.ledger(), 30)
    files = {"evidence.ja.html": EVIDENCE.encode(), "evidence.en.html": EVIDENCE.encode(), "evidence.json": b"{}"}
    stories.evidence(world.zones.home, world.ledger, releases[-1], files)
    stories.sign(world.zones.ledger(), world.zones.home / "key.pem")
    return releases


@pytest.fixture
def server(airflow_database: Path, world: Any, told: list[str], tmp_path: Path) -> Iterator[str]:
    with browsing.api_server(tmp_path) as address:
        yield address


@pytest.fixture
def chromium() -> Iterator[Any]:
    if not browsing.CHROMIUM:
        pytest.skip("no chromium here (make setup-all installs it)")
    with browsing.browser() as found:
        yield found


def test_an_auditor_finds_verifies_and_takes_away(
    chromium: Any, server: str, world: Any, told: list[str], facts: Any, password_of: Callable[[str], str],
    tmp_path: Path,
) -> None:  # fmt: skip
    page = chromium.new_page(viewport={"width": 1400, "height": 900}, locale="ja-JP")
    elsewhere: list[str] = []
    errors: list[str] = []
    page.on(
        "request", lambda one: None if one.url.startswith((server, "blob:", "data:")) else elsewhere.append(one.url)
    )
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    browsing.sign_in(page, server, "auditor", password_of("auditor"))
    page.goto(f"{server}/plugin/provision-log")
    frame = page.frame_locator("iframe")
    frame.get_by_text("最近の記録").wait_for(timeout=60_000)

    _finds(frame, told[-1])
    _opens_the_evidence(frame)
    _verifies(page, frame, world)
    _takes_the_report_away(page, frame, world, tmp_path)
    _by_keyboard(page, server)
    assert elsewhere == []
    assert [text for text in errors if "provision" in text or "Content Security" in text] == []
    if AXE.exists():
        facts.gate_one(world)  # so that there is something to decide on, too
        _axe_finds_nothing(chromium, page.context, server, world, told)


def _finds(frame: Any, release: str) -> None:
    """By recipient and state, in the list; to the story."""
    frame.get_by_role("link", name="提供", exact=True).click()
    frame.get_by_role("heading", name="提供の一覧").wait_for()
    recipient = release.removeprefix("r-").rpartition("-to-")[2].rpartition("-")[0]
    frame.get_by_label("提供先").select_option(f"fictitious-{recipient}")
    frame.get_by_role("button", name="絞り込む").click()
    frame.get_by_text("解除").wait_for()
    frame.get_by_role("link", name=release).click()
    frame.get_by_role("heading", name="提供の経緯").wait_for()


def _opens_the_evidence(frame: Any) -> None:
    frame.get_by_role("link", name="証拠書類を開く").click()
    frame.frame_locator("iframe").get_by_text("加工の証拠").wait_for()
    assert frame.get_by_text("一致", exact=True).count() == 3
    frame.locator(".crumb a").last.click()
    frame.get_by_role("heading", name="提供の経緯").wait_for()


def _verifies(page: Any, frame: Any, world: Any) -> None:
    """All proofs of the release in this browser; one entry step by step; and what is forged is found."""
    outcome = frame.locator("#proof-outcome")
    frame.get_by_role("button", name="このブラウザーで検証する").click()
    frame.locator("#proof-outcome[data-tone=good]").wait_for()
    assert "このブラウザーで計算しました" in outcome.inner_text()
    assert "この公開鍵の署名です" in frame.locator("#proof-steps").inner_text()

    frame.locator("ol.story a").first.click()
    frame.get_by_role("heading", name="記録 #").wait_for()
    frame.get_by_role("button", name="このブラウザーで検証する").click()
    frame.locator("#proof-outcome[data-tone=good]").wait_for()
    assert world.ledger.root().hex() in frame.locator("#proof-steps").inner_text()
    note = world.ledger.last_note()
    frame.get_by_label("お手元のチェックポイント").fill(note)
    frame.get_by_role("button", name="このチェックポイントで検証する").click()
    frame.get_by_text("お手元のチェックポイント（").last.wait_for()
    frame.locator("#proof-outcome[data-tone=good]").wait_for()
    _forged_is_found(page, frame, note)


def _forged_is_found(page: Any, frame: Any, note: str) -> None:
    lines = note.splitlines()
    other = "\n".join([*lines[:2], "A" * 43 + "=", *lines[3:]])
    frame.get_by_label("お手元のチェックポイント").fill(other)
    frame.get_by_role("button", name="このチェックポイントで検証する").click()
    frame.locator("#proof-outcome[data-tone=bad]").wait_for()
    inner = next(one for one in page.frames if one != page.main_frame and "/entry/" in one.url)
    for forge in _FORGERIES:
        page.route("**/provision/entry/*", partial(_forged, forge))
        inner.goto(inner.url)
        frame.get_by_role("button", name="このブラウザーで検証する").click()
        frame.locator("#proof-outcome[data-tone=bad]").wait_for()
        page.unroute("**/provision/entry/*")


#: What a server might give to a browser instead of the truth.
_FORGERIES: tuple[Callable[[dict[str, Any]], object], ...] = (
    lambda given: given["entries"][0].update(bytes=base64.b64encode(b"forged").decode()),
    lambda given: given["entries"][0]["path"].pop(),
    lambda given: given["entries"][0].update(seq=given["entries"][0]["seq"] + 1),
    lambda given: given.update(note=re.sub(r"\n[0-9]+\n", "\n7\n", given["note"])),
    lambda given: given.update(key=given["key"].replace("+", "+0", 1)),
)


def _forged(forge: Callable[[dict[str, Any]], object], route: Any) -> None:
    """Answer with the page as it is, except for what its script is given."""
    answer = route.fetch()
    head, data, rest = re.split(r'(?<=id="proof-data")(.*?</script>)', answer.text(), maxsplit=1, flags=re.DOTALL)
    start, end = data.index(">") + 1, data.rindex("</script>")
    given = json.loads(data[start:end])
    forge(given["proofs"])
    route.fulfill(response=answer, body=head + data[:start] + json.dumps(given) + data[end:] + rest)


def _takes_the_report_away(page: Any, frame: Any, world: Any, folder: Path) -> None:
    """The PDF of a period, saved through Airflow's sandboxed frame, and verified with nothing but the key."""
    frame.get_by_role("link", name="報告", exact=True).click()
    frame.get_by_label("最初の日").fill("2025-06-01")
    frame.get_by_label("最後の日").fill("2025-08-31")
    frame.get_by_label("PDF").check()
    with page.expect_download(timeout=60_000) as saving:
        frame.get_by_role("button", name="報告と証明を保存する").click()
    assert saving.value.suggested_filename == "provision-log_2025-06-01_2025-08-31.pdf.zip"
    saving.value.save_as(folder / "report.zip")
    key = world.zones.ledger().with_name("log.vkey").read_text()
    assert verifying.verify((folder / "report.zip").read_bytes(), key).form == "pdf"


def _by_keyboard(page: Any, server: str) -> None:
    """Past the menu with one key, and the proof computed without a mouse; what has the focus can be seen."""
    page.goto(f"{server}/provision/entry/20")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "verify":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("#proof-outcome[data-tone=good]")


def _axe_finds_nothing(chromium: Any, signed_in: Any, server: str, world: Any, told: list[str]) -> None:
    """Every page with everything opened that can be, in both languages, light and dark: no violation of any rule, and
    nothing wider than a phone."""
    gated = next(e.subjects["release"] for e in world.ledger.entries(type="release.drafted", start=400)
                 if e.payload["plan"] == "claims-to-a")  # fmt: skip
    paths = ["", "releases", "releases?text=none", f"release/{told[-1]}", f"release/{told[3]}", "log?type=release.",
             f"release/{told[-1]}/evidence", "entry/20", "report", "health", "approvals", f"approvals/{gated}",
             "release/r-none"]  # fmt: skip
    found = []
    for scheme, language in (("light", "ja"), ("dark", "ja"), ("light", "en"), ("dark", "en")):
        context = chromium.new_context(storage_state=signed_in.storage_state(), color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        for path in paths:
            page.goto(f"{server}/provision/{path}{'&' if '?' in path else '?'}lang={language}")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            page.evaluate(AXE.read_text(encoding="utf-8"))
            judged = page.evaluate("axe.run({ resultTypes: ['violations'] })")
            found += [(scheme, language, path, one["id"], one["nodes"][0]["html"]) for one in judged["violations"]]
            page.set_viewport_size(PHONE)
            width = page.evaluate("document.documentElement.scrollWidth")
            found += [(scheme, language, path, "wider than a phone", str(width))] if width > PHONE["width"] else []
            page.set_viewport_size(DESK)
        context.close()
    assert found == []


def test_axe_is_here_where_a_browser_is() -> None:
    """Without it the tour judges nothing, and says so here instead of passing in silence."""
    if not AXE.exists():
        pytest.skip("axe-core is not here (make setup-all fetches it)")
    assert AXE.stat().st_size > 100_000
