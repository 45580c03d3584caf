"""The store's own rules: a key that may only read one recipient's prefix is all the portal needs, and opens no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from demo.servers.s3 import S3Server
from demo.servers.smtp import SmtpServer
from provision.portal import shipments
from provision.remote.s3 import open_client
from tests.support.portals import CONTACT, RECIPIENT, Template, delivered, opened_portal
from tests.support.servers import BUCKET

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

READER, SECRET = "AKFICTITIOUSREADER", "fictitious-secret-of-a-reader"


@pytest.fixture
def template(tmp_path: Path, smtp_server: SmtpServer) -> Iterator[Template]:
    """A delivery into a store that also knows a reader of the recipient's prefix."""
    (tmp_path / "s3").mkdir()
    rights = {
        ("AKFICTITIOUSWRITER", "fictitious-secret-of-a-writer"): ["Admin", "Read", "Write", "List", "Tagging"],
        (READER, SECRET): [f"Read:{BUCKET}/{RECIPIENT}/*"],
    }
    known = [
        {"name": key, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
        for (key, secret), actions in rights.items()
    ]
    (tmp_path / "s3" / "s3.json").write_text(json.dumps({"identities": known}))
    with S3Server(tmp_path / "s3", [BUCKET]) as s3:
        made = delivered(tmp_path / "made", smtp_server, s3, size=200_000)
        s3.client().put_object(Bucket=BUCKET, Key="tsukishima-university/r/o/file", Body=b"somebody else's")
        connections = made.connections.changed("tokumei_s3", login=READER, password=SECRET)
        yield replace(made, connections=connections)


def test_a_key_that_reads_one_prefix_is_enough_and_opens_nothing_else(template: Template, tmp_path: Path) -> None:
    with opened_portal(template, tmp_path / "portal") as portal:
        portal.sign_in(CONTACT)
        portal.accept()
        assert [portal.client.get(link).status_code for link in portal.links()] == [200, 200]
        with portal.desk.context() as ctx:
            ours = shipments.shipment(ctx, ctx.recipients[RECIPIENT], portal.order).files[0].key
    reader: Any = open_client(template.connections.get("tokumei_s3"), "tokumei_s3")
    assert reader.get_object(Bucket=BUCKET, Key=ours)["ContentLength"] > 0
    for refused in (
        lambda: reader.get_object(Bucket=BUCKET, Key="tsukishima-university/r/o/file"),
        lambda: reader.put_object(Bucket=BUCKET, Key=ours, Body=b"x"),
        lambda: reader.delete_object(Bucket=BUCKET, Key=ours),
        lambda: reader.list_objects_v2(Bucket=BUCKET),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
