"""Bucket: wrong keys, strangers, expiry, interrupted uploads and links, against a real object store."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from demo.servers.s3 import S3Server
from demo.servers.smtp import SmtpServer
from provision.channels._progress import Meter
from provision.channels._s3 import metadata, put_new, read_back
from provision.channels.base import Consignment
from provision.channels.bucket import CHANNEL
from provision.errors import FixConfiguration, Refused, RetryLater
from tests.support.consignments import Connections, Steps, consignment
from tests.support.proxy import CuttingProxy
from tests.support.servers import BUCKET

ADDRESS = "bucket@minami.example"


@pytest.fixture
def connections(smtp_server: SmtpServer, s3_server: S3Server) -> Connections:
    return Connections(mail=smtp_server.connection_json(), store=s3_server.connection_json())


def settings(**changes: Any) -> dict[str, object]:
    base = {"kind": "bucket", "connection": "store", "bucket": BUCKET, "prefix": "unit", "mail_connection": "mail"}
    return {**base, "address": ADDRESS, **changes}


def keys(server: S3Server, made: Consignment) -> set[str]:
    found = server.client().list_objects_v2(Bucket=BUCKET, Prefix=f"unit/{made.release}/").get("Contents", [])
    return {each["Key"].rpartition("/")[2] for each in found}


def links(server: SmtpServer, made: Consignment, address: str = ADDRESS) -> list[list[str]]:
    """The links of each message about this order."""
    messages = [message_from_bytes(path.read_bytes(), policy=default) for path in server.messages(address)]
    bodies = [str(each.get_content()) for each in messages if made.order in str(each["Message-ID"])]
    return [re.findall(r"http://\S+", body) for body in bodies]


def status(link: str) -> int:
    try:
        return int(urllib.request.urlopen(link).status)
    except urllib.error.HTTPError as answer:
        return answer.code


def test_a_wrong_secret_is_configuration_and_stores_nothing(
    tmp_path: Path, connections: Connections, s3_server: S3Server
) -> None:
    made = consignment(tmp_path, settings())
    wrong = connections.changed("store", password="a-secret-of-somebody-else")
    with pytest.raises(FixConfiguration, match="connection store") as caught:
        CHANNEL.deliver(made, wrong, Steps())
    assert "somebody-else" not in str(caught.value)
    assert keys(s3_server, made) == set()


def test_a_bucket_that_is_not_there_is_configuration(tmp_path: Path, connections: Connections) -> None:
    with pytest.raises(FixConfiguration, match="NoSuchBucket"):
        CHANNEL.deliver(consignment(tmp_path, settings(bucket="no-such-bucket")), connections, Steps())


def test_strangers_and_changed_links_are_turned_away(
    tmp_path: Path, connections: Connections, s3_server: S3Server, smtp_server: SmtpServer
) -> None:
    made = consignment(tmp_path, settings())
    receipt = CHANNEL.deliver(made, connections, Steps())
    (sent,) = links(smtp_server, made)
    assert [status(link) for link in sent] == [200, 200]
    assert status(f"{s3_server.endpoint}/{BUCKET}/{receipt.evidence['key']}") == 403
    assert status(sent[0].replace("payload.tar.age", "envelope.json", 1)) == 403
    assert status(re.sub(r"X-Amz-Expires=\d+", "X-Amz-Expires=604800", sent[0])) == 403


def test_a_link_ends_with_the_consignment(tmp_path: Path, connections: Connections, smtp_server: SmtpServer) -> None:
    expires = datetime.now(UTC) + timedelta(seconds=4)
    made = consignment(tmp_path, settings(), expires=expires)
    receipt = CHANNEL.deliver(made, connections, Steps())
    assert receipt.evidence["link_expires"] == expires.replace(microsecond=0).isoformat()
    (sent,) = links(smtp_server, made)
    assert status(sent[0]) == 200
    time.sleep(max(0.0, (expires - datetime.now(UTC)).total_seconds()) + 1.2)
    assert status(sent[0]) == 403
    with pytest.raises(Refused, match=r"bucket\.expired"):
        CHANNEL.check(made)


def test_metadata_says_what_it_is(tmp_path: Path, connections: Connections, s3_server: S3Server) -> None:
    made = consignment(tmp_path, settings())
    receipt = CHANNEL.deliver(made, connections, Steps())
    facts = s3_server.client().head_object(Bucket=BUCKET, Key=receipt.evidence["key"])
    assert facts["Metadata"]["sha256"] == made.files[0].sha256
    assert "anonymously processed information" in urllib.request.unquote(facts["Metadata"]["notice"])  # type: ignore[attr-defined]


def test_links_are_sent_once_but_again_after_a_failure(
    tmp_path: Path, connections: Connections, s3_server: S3Server, smtp_server: SmtpServer
) -> None:
    made = consignment(tmp_path, settings(address="tempfail@minami.example"))
    with pytest.raises(RetryLater, match="451"):
        CHANNEL.deliver(made, connections, Steps())
    assert keys(s3_server, made) == {"payload.tar.age", "envelope.json"}

    mended = replace(made, settings=settings(), attempt=2)
    assert CHANNEL.deliver(mended, connections, Steps()).already_there is False
    assert CHANNEL.deliver(replace(mended, attempt=3), connections, Steps()).already_there is True
    assert len(links(smtp_server, made)) == 1
    assert keys(s3_server, made) == {"payload.tar.age", "envelope.json", ".notified.json"}


def test_an_unanswered_message_with_links_is_sent_again(
    tmp_path: Path, connections: Connections, smtp_server: SmtpServer
) -> None:
    made = consignment(tmp_path, settings(address="drop@minami.example"))
    with pytest.raises(RetryLater, match=r"bucket\.links") as caught:
        CHANNEL.deliver(made, connections, Steps())
    assert "http" not in str(caught.value)


def test_nothing_is_overwritten_even_in_a_race(tmp_path: Path, s3_server: S3Server) -> None:
    client = s3_server.client()
    for size in (4_000, 9_000_000):  # in one piece, and in parts
        made = consignment(tmp_path, settings(), size)
        key, file = f"unit/race/{size}", made.files[0]
        client.put_object(Bucket=BUCKET, Key=key, Body=b"first")
        meter = Meter(Steps(), file.size)
        assert put_new(client, BUCKET, key, file, metadata(file, "notice"), meter) is False
        assert client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"first"
        assert "Uploads" not in client.list_multipart_uploads(Bucket=BUCKET, Prefix=key)


def test_a_damaged_object_is_found_by_reading_it_back(
    tmp_path: Path, connections: Connections, s3_server: S3Server
) -> None:
    made = consignment(tmp_path, settings())
    file = made.files[0]
    key = f"unit/{made.release}/{made.order}/{file.name}"
    damaged = bytes([file.path.read_bytes()[0] ^ 1]) + file.path.read_bytes()[1:]
    s3_server.client().put_object(Bucket=BUCKET, Key=key, Body=damaged, Metadata={"sha256": file.sha256})
    with pytest.raises(Refused, match=r"bucket\.taken"):
        CHANNEL.deliver(made, connections, Steps())


def test_an_interrupted_upload_leaves_no_parts_and_is_finished_later(
    tmp_path: Path, connections: Connections, s3_server: S3Server
) -> None:
    made = consignment(tmp_path, settings(), 40_000_000)
    with CuttingProxy(s3_server.port, 3_000_000) as proxy:
        bad = connections.changed("store", extra={"endpoint_url": f"http://127.0.0.1:{proxy.port}"})
        with pytest.raises(RetryLater, match=r"bucket\.network"):
            CHANNEL.deliver(made, bad, Steps())
        assert proxy.cuts
    steps = Steps()
    CHANNEL.deliver(replace(made, attempt=2), connections, steps)
    steps.assert_complete(sum(file.size for file in made.files))
    prefix = f"unit/{made.release}/"
    assert "Uploads" not in s3_server.client().list_multipart_uploads(Bucket=BUCKET, Prefix=prefix)


def test_parts_of_a_killed_attempt_are_aborted(tmp_path: Path, connections: Connections, s3_server: S3Server) -> None:
    made = consignment(tmp_path, settings(), 9_000_000)
    key = f"unit/{made.release}/{made.order}/{made.files[0].name}"
    client = s3_server.client()
    upload = client.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    client.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=b"x" * 5_242_880)
    CHANNEL.deliver(made, connections, Steps())
    assert "Uploads" not in client.list_multipart_uploads(Bucket=BUCKET, Prefix=key)


class _Older:
    """A client as of a store that takes no notice of checksums (Ceph 16)."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def create_multipart_upload(self, **words: Any) -> Any:
        return self._client.create_multipart_upload(**{k: v for k, v in words.items() if k != "ChecksumAlgorithm"})

    def upload_part(self, **words: Any) -> dict[str, Any]:
        done = self._client.upload_part(**words)
        done.pop("ChecksumSHA256", None)
        return dict(done)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_a_store_without_checksums_of_parts_is_read_back_all_the_same(tmp_path: Path, s3_server: S3Server) -> None:
    file = consignment(tmp_path, settings(), 12_000_000).files[0]
    client = _Older(s3_server.client())
    assert put_new(client, BUCKET, "unit/older", file, metadata(file, "x"), Meter(lambda *_: None, file.size))  # type: ignore[arg-type]
    assert read_back(client, BUCKET, "unit/older") == file.sha256  # type: ignore[arg-type]


@pytest.mark.parametrize("prefix", ["../up", "a//b", "with space", "漢字"])
def test_a_prefix_is_a_plain_path(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(FixConfiguration, match="prefix"):
        CHANNEL.check(consignment(tmp_path, settings(prefix=prefix)))


def test_a_receipt_is_json_without_links(tmp_path: Path, connections: Connections) -> None:
    receipt = CHANNEL.deliver(consignment(tmp_path, settings()), connections, Steps())
    assert {"bucket", "key", "sha256", "size", "etag", "link_expires"} <= receipt.evidence.keys()
    assert "http" not in json.dumps(dict(receipt.evidence))
