"""A real API server of Airflow and a real browser, for tests and pictures. Whoever starts one ends it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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


@contextmanager
def api_server(folder: Path, more: Mapping[str, str] | None = None) -> Iterator[str]:
    """Address of an API server in its own process group, which is ended as a group; it logs into `folder`."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        **(more or {}),
    }
    command = [sys.executable, "-m", "airflow", "api-server"]
    with (folder / "api-server.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True, cwd=folder)
        try:
            _wait(process, address, folder / "api-server.log")
            yield address
        finally:
            _end(process)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    give_up = time.monotonic() + 240
    while not answers(address):
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < give_up, "the API server did not start"
        time.sleep(0.3)


def _end(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield found
        finally:
            found.close()


def sign_in(page: Any, address: str, login: str, password: str) -> None:
    """Sign in to Airflow as people do, on the page of its embedded sign-in or of FAB's."""
    page.goto(address)
    page.wait_for_selector("input[name=username]", timeout=60_000)
    page.fill("input[name=username]", login)
    page.fill("input[name=password]", password)
    page.click("button[type=submit], input[type=submit]")
    page.wait_for_url(lambda url: "/auth/" not in url, timeout=60_000)
