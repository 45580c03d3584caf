"""Nobody gets past the door: every route, with every way of not being signed in."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest

ANY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def routes() -> Iterator[tuple[str, str]]:
    """Every route of the application with every method it answers, and paths nobody serves."""
    from provision.auditing.app import create

    for route in create().routes:
        for method in sorted(route.methods):
            yield (
                method,
                "/provision"
                + route.path_format.format(release="r-x", path="nowhere", seq=1, name="evidence.json", id="p-x"),
            )
    for path in (
        "/docs",
        "/redoc",
        "/openapi.json",
        "/static/style.css",
        "/templates/base.html",
        "/log/",
        "/entry/abc",
        "/entry/-1/bytes",
        "/report/file",
        "/release/r-x/evidence/..%2f..%2fledger.db",
        "//",
        "/%2e%2e/x",
    ):
        yield "GET", "/provision" + path
    for method in ANY_METHOD:
        yield method, "/provision/log"


def test_the_walk_covers_what_there_is() -> None:
    paths = {path for _, path in routes()}
    assert {"/provision/", "/provision/log", "/provision/release/r-x", "/provision/approvals"} <= paths
    assert {"/provision/releases", "/provision/entry/1/receipt", "/provision/report/file"} <= paths
    assert ("POST", "/provision/api/approvals/r-x") in set(routes())
    assert {"/provision/health", "/provision/api/requests/p-x/agree"} <= paths


def test_strangers_get_401_everywhere(browser: Any) -> None:
    for method, path in routes():
        answer = browser.request(method, path, content=b"{not json")
        assert answer.status_code == 401, (method, path)
        assert b"provision" not in answer.content.lower() or answer.headers["content-type"] == "application/json"


def test_a_bad_token_opens_nothing(browser: Any) -> None:
    for method, path in routes():
        for value in ("Bearer nonsense", "Bearer a.b.c", "Basic YTpi"):
            answer = browser.request(method, path, headers={"Authorization": value})
            assert answer.status_code in {401, 403}, (method, path, value)


def test_a_token_signed_with_another_key_opens_nothing(browser: Any, token: Callable[[str], str]) -> None:
    claims = jwt.decode(token("auditor"), options={"verify_signature": False})
    forged = jwt.encode(claims, "another key of at least sixty-four characters, and that is certain now", "HS512")
    unsigned = jwt.encode(claims, "", "none")
    for method, path in routes():
        for value in (forged, unsigned):
            answer = browser.request(method, path, headers={"Authorization": f"Bearer {value}"})
            assert answer.status_code in {401, 403}, (method, path)


def test_a_viewer_and_the_cookie_read_the_pages(browser: Any, token: Callable[[str], str]) -> None:
    fresh = token("auditor")
    for path in ("/", "/log", "/approvals"):
        assert browser.get(f"/provision{path}", headers={"Authorization": f"Bearer {fresh}"}).status_code == 200
        assert browser.get(f"/provision{path}", headers={"Cookie": f"_token={fresh}"}).status_code == 200
    assert browser.get("/provision/docs", headers={"Authorization": f"Bearer {fresh}"}).status_code == 404


def test_reading_needs_the_right_to_read_the_audit_log(
    browser: Any, signed: Callable[[str], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

    asked = []

    def deny(self: object, *, method: str, resource_name: str, user: object) -> bool:
        asked.append((method, resource_name))
        return False

    monkeypatch.setattr(SimpleAuthManager, "is_authorized_custom_view", deny)
    for method, path in routes():
        assert browser.request(method, path, headers=signed("auditor")).status_code == 403, (method, path)
    assert set(asked) == {("GET", "Audit Logs")}


def test_without_airflows_sign_in_every_route_is_closed(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a later Airflow moves what the door uses, the pages close instead of opening."""
    from fastapi.testclient import TestClient

    from provision.auditing.app import create

    monkeypatch.setitem(sys.modules, "airflow.api_fastapi.core_api.security", None)
    with TestClient(create()) as client:
        for method, path in routes():
            answer = client.request(method, path.removeprefix("/provision"))
            assert answer.status_code == 503, (method, path)


def test_where_everybody_is_administrator_the_pages_are_closed(
    browser: Any, signed: Callable[[str], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    header = signed("auditor")
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    assert browser.get("/provision/", headers=header).status_code == 503


def test_pages_allow_nothing_from_elsewhere(browser: Any, signed: Callable[[str], dict[str, str]]) -> None:
    header = signed("auditor")
    for path in ("/", "/log", "/approvals", "/api/x"):
        answer = browser.get(f"/provision{path}", headers=header)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        for word in ("http://", "https://", 'src="', "@import", "url("):
            assert word not in answer.text, (path, word)


def test_every_page_has_its_own_nonce(browser: Any, signed: Callable[[str], dict[str, str]]) -> None:
    header = signed("auditor")
    policies = {browser.get("/provision/", headers=header).headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3


def test_a_task_that_imports_the_plugin_does_not_pay_for_the_pages() -> None:
    import subprocess

    code = (
        "import sys, provision.auditing\n"
        "print([m for m in ('fastapi', 'airflow', 'jinja2', 'polars') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_clock_of_the_door_is_five_minutes() -> None:
    from provision.auditing import guard

    assert guard.FRESH_SECONDS == 300
    assert abs(time.time() - guard._issued_at(jwt.encode({"iat": time.time()}, "k" * 64, "HS512"))) < 5
    assert guard._issued_at("nonsense") == 0.0
