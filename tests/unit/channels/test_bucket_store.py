"""Bucket: what the store must do by itself is looked at, not believed: encryption, privacy, versions, expiry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote

import pytest

from demo.servers.s3 import S3Server
from demo.servers.smtp import SmtpServer
from provision.channels._s3 import read_back
from provision.channels._storing import expire_with
from provision.channels.bucket import CHANNEL
from provision.errors import FixConfiguration
from tests.support.consignments import Connections, Steps, consignment
from tests.support.servers import BUCKET
from tests.unit.channels.test_bucket_channel import keys, links, settings, status

VERSIONED, PUBLIC = "versioned", "open-to-all"


@pytest.fixture
def connections(smtp_server: SmtpServer, s3_server: S3Server) -> Connections:
    return Connections(mail=smtp_server.connection_json(), store=s3_server.connection_json())


@pytest.fixture(scope="module")
def encrypting_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """SeaweedFS with a key of its own, so that it really encrypts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEED_S3_SSE_KEY", "5" * 64)
        with S3Server(tmp_path_factory.mktemp("encrypting"), [BUCKET]) as server:
            yield server


def test_a_store_that_encrypts_is_used(
    tmp_path: Path, smtp_server: SmtpServer, encrypting_store: S3Server, connections: Connections
) -> None:
    known = Connections(mail=smtp_server.connection_json(), store=encrypting_store.connection_json())
    made = consignment(tmp_path, settings(encryption="sse-s3"), 9_000_000)
    receipt = CHANNEL.deliver(made, known, Steps())
    assert (receipt.evidence["encryption"], receipt.evidence["encryption_2"]) == ("AES256", "AES256")
    assert keys(encrypting_store, made) == {"payload.tar.age", "envelope.json", ".notified.json"}  # no probe is left
    assert CHANNEL.rehearse(made, known)["bucket"] == BUCKET


def test_a_store_without_a_key_is_refused(tmp_path: Path, connections: Connections, s3_server: S3Server) -> None:
    made = consignment(tmp_path, settings(encryption="sse-s3"))
    with pytest.raises(FixConfiguration, match=r"cannot encrypt.*bucket\.encryption"):
        CHANNEL.deliver(made, connections, Steps())
    with pytest.raises(FixConfiguration, match=r"bucket\.encryption"):
        CHANNEL.rehearse(made, connections)
    assert keys(s3_server, made) == set()


class _Lying(BaseHTTPRequestHandler):
    """As much of a store as a probe sees: says of encryption what it was asked for, or nothing."""

    echoes = True
    told = ""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).told = self.headers.get("x-amz-server-side-encryption", "") if self.echoes else ""
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer(b"<ListVersionsResult/>" if "versions" in self.path else b"<ListBucketResult/>")

    def _answer(self, body: bytes = b"") -> None:
        self.send_response(200)
        if self.told:
            self.send_header("x-amz-server-side-encryption", self.told)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep still."""


@pytest.mark.parametrize(("echoes", "said"), [(True, "claims any encryption"), (False, "ignores it")])
def test_a_store_that_only_says_so_is_refused(
    tmp_path: Path, connections: Connections, echoes: bool, said: str
) -> None:
    handler = type("Handler", (_Lying,), {"echoes": echoes})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        lying = connections.changed("store", extra={"endpoint_url": f"http://127.0.0.1:{server.server_port}"})
        with pytest.raises(FixConfiguration, match=said):
            CHANNEL.deliver(consignment(tmp_path, settings(encryption="sse-s3")), lying, Steps())
    finally:
        server.shutdown()
        server.server_close()


def test_nobody_is_told_of_a_bucket_that_anybody_can_read(
    tmp_path: Path, connections: Connections, s3_server: S3Server, smtp_server: SmtpServer
) -> None:
    client, all_of_it = s3_server.client(), f"arn:aws:s3:::{PUBLIC}/*"
    client.create_bucket(Bucket=PUBLIC)
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": all_of_it}
    client.put_bucket_policy(Bucket=PUBLIC, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    made = consignment(tmp_path, settings(bucket=PUBLIC))
    with pytest.raises(FixConfiguration, match=r"anybody can read.*bucket\.public"):
        CHANNEL.deliver(made, connections, Steps())
    assert "Contents" not in client.list_objects_v2(Bucket=PUBLIC)
    assert links(smtp_server, made) == []
    client.delete_bucket_policy(Bucket=PUBLIC)
    assert CHANNEL.deliver(made, connections, Steps()).evidence["bucket"] == PUBLIC


def test_links_open_the_version_that_was_verified(
    tmp_path: Path, connections: Connections, s3_server: S3Server, smtp_server: SmtpServer
) -> None:
    client = s3_server.client()
    client.create_bucket(Bucket=VERSIONED)
    client.put_bucket_versioning(Bucket=VERSIONED, VersioningConfiguration={"Status": "Enabled"})
    made = consignment(tmp_path, settings(bucket=VERSIONED))
    receipt = CHANNEL.deliver(made, connections, Steps())
    assert receipt.evidence["version"] != receipt.evidence["version_2"]
    (sent,) = links(smtp_server, made)
    assert f"versionId={receipt.evidence['version']}" in sent[0]
    client.put_object(Bucket=VERSIONED, Key=receipt.evidence["key"], Body=b"somebody put another version on top")
    import urllib.request

    assert urllib.request.urlopen(sent[0]).read() == made.files[0].path.read_bytes()
    assert CHANNEL.recall(made, connections, "架空の理由")["removed"] == 4
    assert status(sent[0]) == 404


def test_the_store_removes_objects_when_links_have_ended(
    tmp_path: Path, connections: Connections, s3_server: S3Server
) -> None:
    client = s3_server.client()
    old = f"tokumei-{datetime.now(UTC) - timedelta(days=40):%Y%m%d}-abc"
    theirs = {"Status": "Enabled", "Expiration": {"Days": 400}}
    rules = [{"ID": name, "Filter": {"Prefix": name}, **theirs} for name in ("of-somebody-else", old)]
    client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": rules})
    made = consignment(tmp_path, settings(expire_objects=True), expires=datetime.now(UTC) + timedelta(days=6, hours=1))
    for _ in range(2):
        CHANNEL.deliver(made, connections, Steps())
    found = {rule["ID"]: rule for rule in client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]}
    client.delete_bucket_lifecycle(Bucket=BUCKET)
    (ours,) = found.keys() - {"of-somebody-else"}
    assert "of-somebody-else" in found
    assert found[ours]["Expiration"] == {"Days": 7}
    assert unquote(found[ours]["Filter"]["Prefix"]) == f"unit/{made.release}/{made.order}/"
    assert found[ours]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 2


def test_a_large_object_is_read_back_in_its_order(tmp_path: Path, s3_server: S3Server) -> None:
    made = consignment(tmp_path, settings(), 70_000_001)
    client = s3_server.client()
    client.upload_file(str(made.files[0].path), BUCKET, "unit/large")
    assert read_back(client, BUCKET, "unit/large") == made.files[0].sha256


def test_rules_of_two_orders_stand_side_by_side(s3_server: S3Server) -> None:
    client, ends = s3_server.client(), datetime.now(UTC) + timedelta(days=2)
    for order in ("a", "b", "a"):
        expire_with(client, BUCKET, f"unit/r/{order}", ends, "here")
    rules = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    client.delete_bucket_lifecycle(Bucket=BUCKET)
    assert sorted(rule["Filter"]["Prefix"] for rule in rules) == ["unit/r/a/", "unit/r/b/"]
