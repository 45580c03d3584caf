"""schemathesis against the portal's OpenAPI: whatever is sent, by a stranger or by somebody signed in, nothing breaks.

Forms get a token of ours, so that what is behind it is reached, too.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.support.portals import CONTACT, Portal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

#: What an answer may be: a page, a part of a file, a way on, or a refusal. Never 500.
ANSWERS = {200, 206, 303, 400, 401, 403, 404, 405, 409, 410, 416, 422, 429}
ENDINGS = {"/signout", "/signout/all"}
ENOUGH = settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
)


@pytest.mark.parametrize("who", ["stranger", "contact"])
def test_no_request_breaks_it(portal: Portal, who: str) -> None:
    if who == "contact":
        portal.sign_in(CONTACT)
        portal.accept()
    seen: Counter[tuple[str, int]] = Counter()
    schema = schemathesis.openapi.from_asgi("/openapi.json", portal.client.app)
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        if operation.path not in ENDINGS:
            ENOUGH(given(case=operation.as_strategy())(_asker(portal, seen)))()
    assert {path for path, _ in seen} == {o.path for o in operations} - ENDINGS
    assert {status for _, status in seen} <= ANSWERS, seen
    if who == "contact":
        assert portal.client.get("/").status_code == 200


def _asker(portal: Portal, seen: Counter[tuple[str, int]]) -> Any:
    """Sends one generated request, to the delivery there is where an order is asked for."""
    form = re.search(r'name="form" value="([0-9a-f]+)"', portal.client.get("/signin").text)
    assert form

    def ask(case: schemathesis.Case) -> None:
        path = case.path.replace("{order}", portal.order) if "{order}" in case.path else case.formatted_path
        body = {**case.body, "form": form[1]} if isinstance(case.body, dict) else None
        answer = portal.client.request(case.method, path, params=dict(case.query or {}), data=body)
        seen[case.path, answer.status_code] += 1
        assert "Traceback" not in answer.text

    return ask
