"""Ten gigabytes in one file, over SFTP and into a bucket: every byte's place is beyond what 32 bits can say.

The file is sparse here and whole on the server, in one order of two attempts: the first is cut beyond 4 GiB.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from provision.channels import bucket, partner_sftp
from provision.channels.base import OutboxFile
from provision.errors import RetryLater
from tests.support.consignments import Connections, Steps, consignment
from tests.support.proxy import CuttingProxy
from tests.support.servers import BUCKET, smtp_server

__all__ = ["smtp_server"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SIZE = 10 * 10**9
#: What is no zero stands where an offset of 32 bits, signed or not, would go astray, and at both ends.
MARKS = (0, 2**31 - 8, 2**32 - 8, 2**33, SIZE - 16)
CUT = 4_500_000_000
SETTINGS = {"kind": "partner_sftp", "connection": "partner", "directory": "incoming"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Gone afterwards: other tests search everything that lies in the shared temporary folder."""
    made = tmp_path_factory.mktemp("ten")
    if shutil.disk_usage(made).free < 2 * SIZE:
        pytest.skip("this test needs 20 GB of free disk")
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def large(folder: Path) -> OutboxFile:
    path = folder / "payload.zip.age"
    with path.open("wb") as file:
        for mark in MARKS:
            file.seek(mark)
            file.write(os.urandom(16))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return OutboxFile(path, path.name, digest, SIZE)


def marks_of(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return [file.read(16) for mark in MARKS if file.seek(mark) == mark]


def test_over_sftp_and_gone_on_with_beyond_four_gigabytes(folder: Path, large: OutboxFile) -> None:
    made = consignment(folder, SETTINGS)
    made = replace(made, files=(large, made.files[1]))
    with SftpServer(folder / "sftp") as server:
        known = Connections(partner=server.connection_json())
        with CuttingProxy(server.port, CUT) as proxy, pytest.raises(RetryLater, match=r"sftp\.network"):
            partner_sftp.CHANNEL.deliver(made, known.changed("partner", port=proxy.port), Steps())
        steps = Steps()
        receipt = partner_sftp.CHANNEL.deliver(replace(made, attempt=2), known, steps)
        assert 2**32 < int(receipt.evidence["resumed_bytes"]) <= CUT
        assert receipt.evidence["sha256"] == large.sha256
        steps.assert_complete(SIZE + made.files[1].size)
        (there,) = server.data.rglob(large.name)
        assert there.stat().st_size == SIZE
        assert marks_of(there) == marks_of(large.path)
        there.unlink()


def test_into_a_bucket(folder: Path, large: OutboxFile, smtp_server: SmtpServer) -> None:
    settings = {"kind": "bucket", "connection": "store", "bucket": BUCKET, "prefix": "ten", "mail_connection": "mail"}
    made = consignment(folder, {**settings, "address": "ten@minami.example"})
    made = replace(made, files=(large, made.files[1]))
    with S3Server(folder / "s3", buckets=[BUCKET]) as server:
        known = Connections(store=server.connection_json(), mail=smtp_server.connection_json())
        receipt = bucket.CHANNEL.deliver(made, known, Steps())
        assert receipt.evidence["sha256"] == large.sha256
        found = server.client().list_objects_v2(Bucket=BUCKET, Prefix=f"ten/{made.release}/")["Contents"]
        (key,) = (each["Key"] for each in found if each["Key"].endswith(large.name))
        for mark, wanted in zip(MARKS, marks_of(large.path), strict=True):
            part = server.client().get_object(Bucket=BUCKET, Key=key, Range=f"bytes={mark}-{mark + 15}")
            assert part["Body"].read() == wanted
    assert smtp_server.messages("ten@minami.example")
