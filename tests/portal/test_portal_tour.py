"""The recipient's tour in Chromium, against `tokumei portal` as a process: every step, both languages, phone width.

``TOKUMEI_PICTURES=docs/pictures`` writes the screenshots of the documentation there; all lie in the test's own folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage
import pytest

from demo.servers.portal import PortalServer
from demo.servers.s3 import S3Server
from demo.servers.smtp import SmtpServer
from provision.context import open_context
from provision.packaging.codebook import write_codebook
from provision.portal import totp
from provision.releasing.tables import layout
from tests.support.portals import CONTACT, MEMBER, PLAN, RECIPIENT, Template, delivered, newest_link, seed_on, text_of
from tests.support.proxy import CuttingProxy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PICTURES = os.environ.get("TOKUMEI_PICTURES", "")
DOCUMENTED = {
    f"portal-{name}" for name in ("signin", "home", "terms", "interrupted", "download-phone", "english")
}  # fmt: skip
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SIZE = 24_000_000


@dataclass
class Tour:
    """A browser before a running portal, the recipient's own computer, and what was wrong with any page."""

    page: Any
    url: str
    template: Template
    folder: Path
    seeds: dict[str, bytes] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def goes(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.url + path)

    def looks(self, name: str) -> None:
        """Judge the page as it is: axe in both colour schemes, nothing wider than a phone; and a picture."""
        from axe_playwright_python.sync_playwright import Axe

        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)
            for found in Axe().run(self.page).response["violations"]:
                nodes = [node["html"][:120] for node in found["nodes"][:3]]
                self.wrong.append(f"{name} ({scheme}): {found['id']}: {nodes}")
        self.page.set_viewport_size(PHONE)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            self.wrong.append(f"{name}: {width} pixels wide on a phone")
        self._picture(f"{name}-phone")
        self.page.set_viewport_size(DESK)
        self._picture(name)

    def _picture(self, name: str) -> None:
        """Of the whole page, on the recipient's computer; those of the documentation in its folder, too."""
        made = self.folder / f"{name}.png"
        self.page.screenshot(path=made, full_page=True)
        if PICTURES and name in DOCUMENTED:
            shutil.copy(made, Path(PICTURES) / made.name)

    def link(self, address: str) -> str:
        """Path of the newest one-time link that this portal sent; other tests' portals write to the same people."""
        give_up = time.monotonic() + 30
        while True:
            letters = [text_of(path) for path in self.template.smtp.messages(address)]
            ours = [text for text in letters if f"{self.url}/enter/" in text]
            if ours:
                return newest_link(ours[-1])
            assert time.monotonic() < give_up, "no letter came"
            time.sleep(0.2)

    def types_code(self, address: str) -> None:
        """Type the code the app shows; waits for the next one where this one was used."""
        seed = seed_on(self.page.content())
        self.seeds[address] = seed or self.seeds[address]
        while (step := int(time.time()) // totp.STEP_SECONDS) <= self.used.get(address, 0):
            time.sleep(0.5)
        self.used[address] = step
        self.page.fill("#code", totp.code(self.seeds[address], step))
        self.page.click("main button.primary")

    def curl(self, url: str, name: str, given: str) -> subprocess.CompletedProcess[str]:
        """The command of the page, with the pass in a file."""
        (self.folder / "tokumei.curl").write_text(f'header = "Authorization: Bearer {given}"\n')
        words = ["curl", "--silent", "--fail", "--location", "-C", "-", "-K", "tokumei.curl", "-o", name, url]
        return subprocess.run(words, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def tour(tmp_path: Path, smtp_server: SmtpServer, s3_server: S3Server) -> Iterator[Tour]:
    """Everything started; afterwards nothing may have been asked of anybody else."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        pytest.skip("no chromium here")
    connections = {"tokumei_smtp": smtp_server.connection_json(), "tokumei_s3": s3_server.connection_json()}
    server = PortalServer(tmp_path / "server", tmp_path / "config", tmp_path / "home", connections)
    template = delivered(tmp_path, smtp_server, s3_server, size=SIZE, url=server.url)
    lay_out_codebook(template)
    elsewhere: list[str] = []
    with server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport=DESK, locale="ja-JP", reduced_motion="reduce")
        page.on("request", lambda one: None if one.url.startswith(server.url) else elsewhere.append(one.url))
        page.on("console", lambda said: elsewhere.append(said.text) if _is_ours(said) else None)
        (tmp_path / "recipient").mkdir()
        made = Tour(page, server.url, template, tmp_path / "recipient")
        yield made
        browser.close()
    assert elsewhere == []
    assert made.wrong == []


def _is_ours(said: Any) -> bool:
    """An error of the page; that a refused form was answered with 422 is what the browser says of it."""
    return said.type == "error" and "status of 422" not in said.text


def lay_out_codebook(template: Template) -> None:
    """The codebook of the plan's tables, as the steps lay it out for a payload with tables in it."""
    context = open_context(folder=template.folder / "config", home=template.folder / "home")
    release = template.order.partition(f".{RECIPIENT}.")[0]
    folder, shapes = context.zones.previews(release), layout(context.plan(PLAN), context.catalogue)
    write_codebook(folder / "codebook", context.plan(PLAN), shapes)
    for path in (folder / "codebook").glob("*.csv"):
        path.rename(folder / path.name)
    described = [
        {"path": f"tables/{shape.name}.parquet", "title": f"{shape.ja} / {shape.en}", "rows": 12_340 * number}
        for number, shape in enumerate(shapes, 1)
    ]
    (folder / "datapackage.json").write_text(json.dumps({"resources": described}), encoding="utf-8")


def test_the_recipients_tour(tour: Tour) -> None:
    page, order = tour.page, tour.template.order
    tour.goes("/")
    assert page.url.endswith("/signin")
    tour.looks("portal-signin")
    page.fill("#address", CONTACT)
    page.click("main button.primary")
    page.get_by_text("メールをご確認ください").wait_for()
    tour.goes(tour.link(CONTACT))
    tour.looks("portal-enrol")
    tour.types_code(CONTACT)
    page.get_by_role("heading", name="提供データ").wait_for()
    tour.looks("portal-home")

    page.get_by_role("link", name="利用者").click()
    page.fill("#address", MEMBER)
    page.get_by_role("button", name="招待を送る").click()
    page.get_by_text("招待のメールを送りました").wait_for()
    tour.looks("portal-people")
    page.get_by_role("button", name="サインアウト", exact=True).click()
    page.get_by_role("heading", name="サインイン").wait_for()

    tour.goes(tour.link(MEMBER))
    tour.types_code(MEMBER)
    page.get_by_role("link", name="受け取る").click()
    page.get_by_role("heading", name="利用条件を確かめる").wait_for()
    page.locator("aside summary").first.click()
    tour.looks("portal-terms")
    page.check("#read")
    page.get_by_role("button", name="承諾してダウンロードへ").click()
    page.get_by_text("利用条件を承諾しました").wait_for()

    with page.expect_download() as coming:
        page.get_by_role("link", name=re.compile("^ダウンロード .*envelope.json")).click()
    coming.value.save_as(tour.folder / "envelope.json")
    digest = fetch_interrupted(tour, order)

    tour.goes(f"/releases/{order}")
    page.set_input_files("#own", next(tour.folder.glob("*.zip.age")))
    page.get_by_text("一致しました").wait_for()
    tour.looks("portal-download")
    page.fill("#digest", "0123456789")
    page.get_by_role("button", name="受領を確認します").click()
    page.get_by_role("heading", name="確認コードが一致しません").wait_for()
    tour.goes(f"/releases/{order}")
    page.fill("#digest", digest[:12])
    page.get_by_role("button", name="受領を確認します").click()
    page.get_by_text("受領を確認しました").wait_for()
    tour.looks("portal-received")
    tour.goes("/help?lang=en")
    page.get_by_role("heading", name="Guide").wait_for()
    tour.looks("portal-guide")
    tour.goes(f"/releases/{order}")
    page.get_by_role("heading", name="Receipt confirmed").wait_for()
    tour.looks("portal-english")
    with open_context(folder=tour.template.folder / "config", home=tour.template.folder / "home").ledger as ledger:
        assert ledger.state("delivery", order) == "received"


def fetch_interrupted(tour: Tour, order: str) -> str:
    """Fetch the data by curl over a line that breaks, look at the page, go on; gives D of what was opened."""
    page = tour.page
    page.get_by_text("curl で取得する").first.click()
    page.get_by_role("button", name="取得パスを発行").click()
    page.get_by_role("heading", name="curl で取得する").wait_for()
    tour.looks("portal-curl")
    shown = page.locator("main").inner_text()
    given = re.search(r"Bearer ([\w-]+)", shown)
    path = re.search(r"-o (\S+\.zip\.age) \\\s+http://[^/]+(/d/[0-9a-f]{40})", shown)
    assert given
    assert path
    with CuttingProxy(int(tour.url.rpartition(":")[2]), None, back=SIZE // 2) as line:
        cut = tour.curl(f"http://127.0.0.1:{line.port}{path[2]}", path[1], given[1])
    assert cut.returncode == 18, cut.stderr  # CURLE_PARTIAL_FILE
    tour.goes(f"/releases/{order}")
    page.locator("progress[value]").first.wait_for()
    tour.looks("portal-interrupted")
    done = tour.curl(tour.url + path[2], path[1], given[1])
    assert done.returncode == 0, done.stderr
    return opened(tour, path[1])


def opened(tour: Tour, name: str) -> str:
    """Decrypt, unpack and verify with plain tools; gives the digest to confirm with."""
    cipher = tour.folder / name
    wanted = re.search(r'"ciphertext": \{\s*"sha256": "([0-9a-f]{64})"', (tour.folder / "envelope.json").read_text())
    assert wanted
    assert hashlib.sha256(cipher.read_bytes()).hexdigest() == wanted[1]
    pyrage.decrypt_file(str(cipher), str(tour.folder / "payload.zip"), [tour.template.identity])
    with zipfile.ZipFile(tour.folder / "payload.zip") as archive:
        archive.extractall(tour.folder / "payload")
    bag = next((tour.folder / "payload").iterdir())
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        checked = subprocess.run(["sha256sum", "--quiet", "-c", manifest], cwd=bag, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stdout
    return hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
