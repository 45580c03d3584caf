"""kill -9 while an archive or a drop on somebody's server is received: one batch in the end, and nobody in clear."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from provision.ledger.reading import LedgerReader
from tests.support.archives import gzipped, tarred, zipped
from tests.support.intake import in_clear
from tests.support.landings import Sender, bucket_sender, send, sftp_sender
from tests.support.processes import PROJECT, Stage
from tests.support.servers import s3_server, sftp_server
from tests.support.uke import CHART, KANA, NAME, Claim, file

__all__ = ["s3_server", "sftp_server"]

SOURCE = "kita-hospital"
PLANTED = (NAME, NAME.split("　")[0], KANA, CHART)
FILES = {
    "1.zip": zipped({f"{NAME}.UKE": file(), "noise": os.urandom(300_000)}),
    "2.tgz": gzipped(tarred({"a.UKE": file(Claim(points=4))})),
    "3.UKE": file(Claim(points=5)),
}


@dataclass
class Place:
    """Where drops lie, and how the source's configuration says so."""

    folder: Path
    sender: Sender | None

    def stage(self, name: str) -> Stage:
        """Fresh zones, and one drop."""
        shutil.copytree(PROJECT / "config", self.folder / name / "config")
        path = self.folder / name / "config" / "sources" / f"{SOURCE}.yaml"
        connections: dict[str, str] = {}
        if self.sender is not None:
            send(self.sender, NAME, FILES)
            landing = self.sender.settings().model_dump_json()  # JSON is YAML
            path.write_text(path.read_text("utf-8").rstrip() + f"\nlanding: {landing}\n", "utf-8")
            connections = {"sender": self.sender.connection()}
        stage = Stage(self.folder / name, self.folder / name / "config", connections)
        if self.sender is None:
            inbox = stage.home / "landing" / "inbox" / SOURCE / NAME
            inbox.mkdir(parents=True)
            for each, data in FILES.items():
                (inbox / each).write_bytes(data)
            (inbox / "batch.yaml").write_text('period: "2025-05"\nsequence: 1\n')
        return stage

    def is_empty(self, stage: Stage) -> bool:
        """Whether the drop was taken away."""
        if self.sender is not None:
            return self.sender.names() == []
        return not list((stage.home / "landing" / "inbox" / SOURCE).iterdir())


@pytest.fixture(params=["inbox", "bucket", "sftp"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made: dict[str, Callable[[], Sender | None]] = {
        "inbox": lambda: None,
        "bucket": lambda: bucket_sender(_server(request, "s3_server", S3Server)),
        "sftp": lambda: sftp_sender(_server(request, "sftp_server", SftpServer)),
    }
    return Place(tmp_path, made[request.param]())


def _server(request: pytest.FixtureRequest, name: str, kind: type[Any]) -> Any:
    server = request.getfixturevalue(name)
    assert isinstance(server, kind)
    return server


def payloads(stage: Stage, type: str) -> list[dict[str, Any]]:
    with LedgerReader.read(stage.home / "ledger" / "ledger.db") as ledger:
        return [{k: v for k, v in entry.payload.items() if k != "drop"} for entry in ledger.entries(type=type)]


def finished(place: Place, stage: Stage) -> dict[str, Any]:
    """Received to the end, twice; gives the one entry."""
    received = stage.step("receive", SOURCE)
    assert received.status == 0, received.errors
    (batch,) = received.said["result"]
    again = stage.step("receive", SOURCE)
    assert again.said["result"] == [batch], again.errors
    assert place.is_empty(stage)
    assert [path.name for path in (stage.home / "landing" / "batches").iterdir()] == [batch]
    assert [path.name for path in (stage.home / "vault" / "keys").glob("batch-*")] == [f"batch-{batch}.key"]
    assert payloads(stage, "batch.duplicate") == payloads(stage, "drop.quarantined") == []
    assert in_clear(stage.folder, *PLANTED) == []
    (entry,) = payloads(stage, "batch.received")
    return entry


def killed_at(place: Place, mark: str) -> dict[str, Any]:
    """Kill at the mark, look for people, and finish; gives the entry of the log."""
    stage = place.stage(mark.replace(":", "-"))
    assert stage.step("receive", SOURCE, mark=mark).killed, mark
    assert in_clear(stage.folder, *PLANTED) == [], mark
    found = finished(place, stage)
    assert (found["files"], found["archives"]) == (4, 3)
    return found


def test_killed_while_archives_are_opened(tmp_path: Path) -> None:
    killed_at(Place(tmp_path, None), "event:9")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_every_change_and_entry(place: Place) -> None:
    plain = place.stage("plain")
    changes = plain.step("receive", SOURCE).said["changes"]
    entry = finished(place, plain)
    for mark in ["after:batch.received", "before:batch.received", *(f"event:{n}" for n in range(1, changes + 1))]:
        assert killed_at(place, mark) == entry, mark
