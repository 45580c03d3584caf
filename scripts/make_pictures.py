"""Writes the pictures of the auditors' pages into ``docs/pictures/``: Airflow's own server and a real browser.

    make demo && python scripts/make_pictures.py            # --out FOLDER to look at them first

The world is that of the demonstration (``var/demo``), after a year of made-up releases, so that charts have something
to show. Needs Chromium (``make setup-all``). Everything and everybody in the pictures is fictitious.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from provision import states  # noqa: E402
from provision.ledger.reading import LedgerReader  # noqa: E402
from provision.ledger.store import Ledger  # noqa: E402
from tests import conftest  # noqa: E402
from tests.support import browsing, stories  # noqa: E402

SIZE = {"width": 1440, "height": 960}


def main() -> None:
    """Prepare the world, serve it, walk through it."""
    parser = argparse.ArgumentParser(prog="make_pictures", description=__doc__)
    parser.add_argument("--demo", type=Path, default=ROOT / "var" / "demo", help="folder of the demonstration")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tokumei-pictures-") as name:
        folder = Path(name)
        release = world(arguments.demo.resolve(), folder / "home")
        migrate(folder)
        settings = {"TOKUMEI_HOME": str(folder / "home"), "TOKUMEI_CONFIG": str(arguments.demo.resolve() / "config")}
        with browsing.api_server(folder, settings) as address, browsing.browser() as browser:
            walk(browser, address, release, arguments.out)


def world(demo: Path, home: Path) -> str:
    """A year of stories, then everything the demonstration did, in one signed log; gives one of its releases."""
    path = home / "ledger" / "ledger.db"
    start = datetime.now(UTC) - timedelta(days=372)
    recipients = sorted(file.stem for file in (demo / "config" / "recipients").glob("*.yaml"))[:4]
    stories.write(path, 36, first=start, recipients=recipients)
    with LedgerReader.read(demo / "home" / "ledger" / "ledger.db") as done, Ledger.open(path) as ledger:
        for entry in done.entries():
            _again(ledger, entry)
        release = next(iter(done.entries(type="release.open"))).subjects["release"]
    shutil.copytree(demo / "home" / "releases" / release / "evidence", home / "releases" / release / "evidence")
    stories.sign(path, home / "key.pem")
    return release


def _again(ledger: Ledger, entry: Any) -> None:
    """Append an entry of another log as it was, its time included."""
    ledger._clock = lambda: entry.when
    kind, _, state = entry.type.partition(".")
    said: dict[str, Any] = {"actor": entry.actor, "payload": entry.payload, "key": entry.key or None}
    if state in states.TRANSITIONS.get(kind, {}):
        ledger.transition(kind, entry.subjects[kind], state, subjects=entry.subjects, **said)
    else:
        ledger.append(entry.type, subjects=entry.subjects, **said)


def migrate(folder: Path) -> None:
    """Airflow's own tables, in the session's home (`tests.conftest` made it and takes it away)."""
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(command, check=True, capture_output=True, timeout=300, cwd=folder)


def walk(browser: Any, address: str, release: str, out: Path) -> None:
    """The auditor's tour: overview, list, story, evidence, proof, report; some of it in English and dark."""
    page = browser.new_page(viewport=SIZE, locale="ja-JP")
    browsing.sign_in(page, address, "auditor", conftest.password("auditor"))

    def take(name: str, path: str, before: Callable[[Any], None] | None = None) -> None:
        page.goto(f"{address}/plugin/{path.partition('/')[0]}")
        page.frame_locator("iframe").locator("main").wait_for(timeout=60_000)
        inner = next(one for one in page.frames if one != page.main_frame and "/provision/" in one.url)
        inner.goto(f"{address}/provision/{path.partition('/')[2]}")
        if before:
            before(inner)
        page.wait_for_timeout(400)
        page.screenshot(path=out / f"{name}.png")

    def verified(inner: Any) -> None:
        inner.click("#verify")
        inner.wait_for_selector("#proof-outcome[data-tone=good]")
        inner.eval_on_selector("#proof", "panel => panel.scrollIntoView({ block: 'start' })")

    take("provision-log", "provision-log/")
    take("auditors-releases", "provision-log/releases?state=open")
    take("auditors-release", f"provision-log/release/{release}")
    take("auditors-evidence", f"provision-log/release/{release}/evidence")
    take("auditors-proof", "provision-log/entry/150", verified)
    take("auditors-report", "provision-log/report")
    page.emulate_media(color_scheme="dark")
    take("auditors-overview-en-dark", "provision-log/?lang=en")
    take("auditors-release-en-dark", f"provision-log/release/{release}")


if __name__ == "__main__":
    main()
