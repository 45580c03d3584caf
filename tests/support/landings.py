"""Drops on real servers, as a sender puts them there and sees what becomes of them."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from provision.model import BucketLanding, SftpLanding
from tests.support.servers import BUCKET

CARD = 'period: "2025-05"\nsequence: 1\n'
_numbers = itertools.count(1)


class Sender(Protocol):
    """The sender's side of a landing."""

    def settings(self, **changes: Any) -> BucketLanding | SftpLanding:
        """What the source's configuration says."""

    def connection(self) -> str:
        """The connection, as JSON."""

    def put(self, name: str, data: bytes) -> None:
        """Put one file there."""

    def names(self) -> list[str]:
        """What lies there."""


def send(sender: Sender, drop: str, files: Mapping[str, bytes], card: str = CARD) -> None:
    """A drop, its marker last; with `card` empty it has none yet."""
    for name, data in files.items():
        sender.put(f"{drop}/{name}", data)
    if card:
        sender.put(f"{drop}/batch.yaml", card.encode())


@dataclass(frozen=True)
class BucketSender:
    """A prefix of its own in a bucket."""

    server: S3Server
    prefix: str

    def settings(self, **changes: Any) -> BucketLanding:
        return BucketLanding.model_validate(
            {"kind": "bucket", "connection": "sender", "bucket": BUCKET, "prefix": self.prefix, **changes}
        )

    def connection(self) -> str:
        return self.server.connection_json()

    def put(self, name: str, data: bytes) -> None:
        self.server.client().put_object(Bucket=BUCKET, Key=f"{self.prefix}/{name}", Body=data)

    def names(self) -> list[str]:
        found = self.server.client().list_objects_v2(Bucket=BUCKET, Prefix=f"{self.prefix}/").get("Contents", [])
        return sorted(entry["Key"].removeprefix(f"{self.prefix}/") for entry in found)


@dataclass(frozen=True)
class SftpSender:
    """A directory of its own on a server."""

    server: SftpServer
    directory: str

    def settings(self, **changes: Any) -> SftpLanding:
        return SftpLanding.model_validate(
            {"kind": "sftp", "connection": "sender", "directory": self.directory, **changes}
        )

    def connection(self) -> str:
        return self.server.connection_json()

    @property
    def folder(self) -> Path:
        return self.server.data / self.directory

    def put(self, name: str, data: bytes) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(data)

    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if not path.is_dir())

    def clear(self) -> None:
        shutil.rmtree(self.folder)


def bucket_sender(server: S3Server) -> BucketSender:
    """A fresh prefix."""
    return BucketSender(server, f"senders/test-{next(_numbers)}")


def sftp_sender(server: SftpServer) -> SftpSender:
    """A fresh directory."""
    sender = SftpSender(server, f"incoming/test-{next(_numbers)}")
    sender.folder.mkdir(parents=True)
    return sender
