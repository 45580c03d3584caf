"""The two demonstration officers: they sign in, read the request on our pages, sign in again and approve.

They live here, outside the packages, and a production configuration refuses their accounts (`demo: true`).
"""

from __future__ import annotations

import re

import requests

from demo.airflow import Airflow, Client


def waiting(airflow: Airflow) -> dict[str, str]:
    """Release -> digest of the releases that wait, as the approvals pages show them to an officer."""
    client = airflow.client("officer1")
    client.sign_in()
    releases = sorted(set(re.findall(r"approvals/(r-[a-z0-9-]+)", _page(client, "/provision/approvals"))))
    found = {}
    for release in releases:
        shown = re.search(r'id="digest">([0-9a-f]{64})<', _page(client, f"/provision/approvals/{release}"))
        if shown:
            found[release] = shown[1]
    return found


def approve(airflow: Airflow, release: str, digest: str) -> None:
    """Both officers approve this digest, one after the other, each signing in anew."""
    for login in ("officer1", "officer2"):
        client = airflow.client(login)
        client.sign_in()
        reason = "内容・検査結果・リスクを確認 (demonstration)"
        body = {"digest": digest, "decision": "approve", "reason": reason}
        client.call("POST", f"/provision/api/approvals/{release}", json=body)


def _page(client: Client, path: str) -> str:
    answer = requests.get(f"{client.url}{path}", headers={"Authorization": f"Bearer {client.token}"}, timeout=60)
    answer.raise_for_status()
    return answer.text
