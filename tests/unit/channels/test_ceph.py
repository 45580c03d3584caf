"""Bucket over Ceph's gateway: what the first store does otherwise, or cannot do: a user's quota, encryption that is
taken and ignored, links that end."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.servers.smtp import SmtpServer
from provision.channels.bucket import CHANNEL
from provision.errors import FixConfiguration, RetryLater
from tests.support.ceph import CephStore
from tests.support.consignments import Connections, Steps, consignment
from tests.support.servers import BUCKET
from tests.unit.channels.test_bucket_channel import keys, links, settings, status

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def connections(smtp_server: SmtpServer, ceph_store: CephStore) -> Connections:
    return Connections(mail=smtp_server.connection_json(), store=ceph_store.connection_json())


def test_a_quota_that_is_used_up_means_later_and_leaves_nothing(
    tmp_path: Path, connections: Connections, ceph_store: CephStore, smtp_server: SmtpServer
) -> None:
    made = consignment(tmp_path, settings(), 20_000_000)
    ceph_store.admin("quota", "set", "--quota-scope=bucket", "--uid=demo", "--max-size=9000000")
    ceph_store.admin("quota", "enable", "--quota-scope=bucket", "--uid=demo")
    try:
        with pytest.raises(RetryLater, match=r"QuotaExceeded.*bucket\.room"):
            CHANNEL.deliver(made, connections, Steps())
    finally:
        ceph_store.admin("quota", "disable", "--quota-scope=bucket", "--uid=demo")
    assert keys(ceph_store, made) == set()
    assert "Uploads" not in ceph_store.client().list_multipart_uploads(Bucket=BUCKET)
    assert links(smtp_server, made) == []
    CHANNEL.deliver(replace(made, attempt=2), connections, Steps())
    assert keys(ceph_store, made) == {"payload.tar.age", "envelope.json", ".notified.json"}


def test_encryption_that_is_taken_and_ignored_is_noticed(
    tmp_path: Path, connections: Connections, ceph_store: CephStore
) -> None:
    made = consignment(tmp_path, settings(encryption="sse-s3"))
    with pytest.raises(FixConfiguration, match=r"bucket\.encryption"):
        CHANNEL.deliver(made, connections, Steps())
    assert keys(ceph_store, made) == set()


def test_links_end_and_changed_ones_are_turned_away(
    tmp_path: Path, connections: Connections, smtp_server: SmtpServer
) -> None:
    made = consignment(tmp_path, settings(), expires=datetime.now(UTC) + timedelta(seconds=10))
    CHANNEL.deliver(made, connections, Steps())
    ((link, _),) = links(smtp_server, made)
    assert status(link) == 200
    assert status(link.replace("X-Amz-Expires=", "X-Amz-Expires=9")) == 403
    assert status(link.partition("?")[0]) == 403
    time.sleep(max(0.0, (made.expires - datetime.now(UTC)).total_seconds() + 1))
    assert status(link) == 403


def test_a_bucket_that_anybody_can_read_is_noticed(
    tmp_path: Path, connections: Connections, ceph_store: CephStore, smtp_server: SmtpServer
) -> None:
    client, name = ceph_store.client(), "open-to-all"
    client.create_bucket(Bucket=name)
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    client.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))
    made = consignment(tmp_path, settings(bucket=name))
    with pytest.raises(FixConfiguration, match=r"bucket\.public"):
        CHANNEL.deliver(made, connections, Steps())
    assert client.list_objects_v2(Bucket=name).get("Contents", []) == []
    assert links(smtp_server, made) == []
