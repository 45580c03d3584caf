"""What `bench_delivery` measures, each in a process of its own: our way and the program it is held against.

Every function gets the folder with the data and words of its own, and gives seconds and, of ours, peak memory. Ours
have their libraries loaded before the clock starts, as a worker has that delivers all day.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from provision.channels.base import Consignment, OutboxFile

DATA = "data.bin"
CIPHER = "aes128-gcm@openssh.com"


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Seconds of the work, and this process's peak memory (MB) after it."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def run(command: list[str], environment: Mapping[str, str] | None = None, told: str = "") -> dict[str, float]:
    """Seconds of another program."""

    def work() -> None:
        subprocess.run(
            command, env={**os.environ, **(environment or {})}, input=told, text=True, check=True, capture_output=True
        )

    return timed(work)


class _One:
    """A `Resolver` of one connection."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get(self, connection_id: str) -> Any:
        from provision.connections import _from_json

        return _from_json(self.text)


def _consignment(folder: Path, settings: Mapping[str, object], digest: str, order: str) -> Consignment:
    path = folder / DATA
    file = OutboxFile(path, DATA, digest, path.stat().st_size)
    words = {"ja": "測定", "en": "Measuring"}
    return Consignment(
        order=order, release="bench", recipient="bench", recipient_name=words, title=words, notice=words,
        operator={"name_ja": "測定", "name_en": "Measuring", "contact": "none"}, files=(file,), settings=settings,
        expires=datetime.now(UTC) + timedelta(days=1), attempt=1, staging=folder / "staging",
    )  # fmt: skip


def sftp_ours(folder: Path, connection: str, digest: str, order: str, *, read_back: bool = False) -> dict[str, float]:
    """The whole upload (names, marker, flush) over an open session, with or without reading back."""
    from provision.channels._progress import Meter
    from provision.channels._upload import Upload
    from provision.model import SftpSettings
    from provision.remote.ssh import session

    import_module("paramiko")
    settings = SftpSettings(kind="partner_sftp", connection="x", directory="incoming", read_back=read_back)
    made = _consignment(folder, settings.model_dump(), digest, order)

    def work() -> None:
        with session(_One(connection).get("x"), "x") as opened:
            Upload(opened, made, settings, Meter(lambda *_: None, made.files[0].size)).run()

    return timed(work)


def sftp_theirs(folder: Path, connection: str, key: str, order: str) -> dict[str, float]:
    """OpenSSH's sftp with the cipher we use, which flushes the file too (-f)."""
    known = json.loads(connection)
    options = [
        f"-oCiphers={CIPHER}",
        "-oStrictHostKeyChecking=no",
        "-oUserKnownHostsFile=/dev/null",
        "-oLogLevel=ERROR",
    ]
    command = ["sftp", "-q", "-b", "-", *options, "-i", key, "-P", str(known["port"]), f"{known['login']}@127.0.0.1"]
    return run(command, told=f"put -f {folder / DATA} incoming/{order}\n")


def s3_ours(folder: Path, connection: str, bucket: str, digest: str, order: str) -> dict[str, float]:
    """Storing one object in parts, each with its SHA-256."""
    from provision.channels._progress import Meter
    from provision.channels._s3 import metadata, put_new
    from provision.remote.s3 import open_client

    import_module("boto3")
    file = _consignment(folder, {}, digest, order).files[0]
    meter = Meter(lambda *_: None, file.size)

    def work() -> None:
        client = open_client(_One(connection).get("x"), "x")
        assert put_new(client, bucket, f"{order}/{DATA}", file, metadata(file, "notice"), meter)

    return timed(work)


def s3_theirs(folder: Path, connection: str, bucket: str, program: str, order: str) -> dict[str, float]:
    """``aws s3 cp``, as it comes, with SHA-256 as its checksum."""
    known = json.loads(connection)
    environment = {
        "AWS_ACCESS_KEY_ID": known["login"], "AWS_SECRET_ACCESS_KEY": known["password"],
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }  # fmt: skip
    target = f"s3://{bucket}/{order}/{DATA}"
    endpoint = ["--endpoint-url", known["extra"]["endpoint_url"]]
    command = [program, *endpoint, "s3", "cp", "--only-show-errors", "--checksum-algorithm", "SHA256"]
    return run([*command, str(folder / DATA), target], environment)


def image_ours(folder: Path, order: str) -> dict[str, float]:
    """The image as the disc channel builds it, without reading it back."""
    from provision.channels._image import build_image, volume_label

    return timed(lambda: build_image({DATA: folder / DATA}, folder / f"{order}.iso", volume_label("bench")))


def image_theirs(folder: Path, order: str) -> dict[str, float]:
    """Bare xorriso."""
    return run(
        ["xorriso", "-as", "mkisofs", "-quiet", "-o", str(folder / f"{order}.iso"), "-R", "-J", str(folder / DATA)]
    )


def age_ours(folder: Path, key: str, order: str) -> dict[str, float]:
    """Encryption as sealing does it, to one key."""
    from provision.model import AgeKey
    from provision.packaging.encryption import schemes

    scheme = schemes()["age"]
    whose = AgeKey(kind="age", key=key, confirmed_on=datetime.now(UTC).date(), confirmed_by="bench")

    def work() -> None:
        with (folder / DATA).open("rb") as plain, (folder / f"{order}.age").open("wb") as cipher:
            scheme.encrypt(plain, cipher, [whose])

    return timed(work)


def age_theirs(folder: Path, key: str, order: str) -> dict[str, float]:
    """The age program."""
    return run(["age", "-r", key, "-o", str(folder / f"{order}.age"), str(folder / DATA)])


def whole(folder: Path, kind: str, settings: str, connections: str, digest: str, order: str) -> dict[str, float]:
    """A whole delivery, everything read back, through a channel: what its memory is judged by."""
    from provision.channels import get

    known = json.loads(connections)

    class Known:
        def get(self, connection_id: str) -> Any:
            return _One(known[connection_id]).get("x")

    made = replace(_consignment(folder, json.loads(settings), digest, order), release=order.split(".")[0])
    with suppress(FileExistsError):
        (folder / "staging").mkdir()
    return timed(lambda: get(kind).deliver(made, Known(), lambda *_: None))
