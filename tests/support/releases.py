"""Releases for the fault tests: configuration with own keys, a store with people in it, and what recipients have."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyrage

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from provision import approvals, intake, releasing
from provision.context import Context, open_context
from provision.packaging.bag import close_bag
from provision.releasing import verdicts
from provision.releasing.tables import layout
from provision.sampledata.world import write_world
from tests.support.processes import PROJECT, Stage
from tests.support.servers import BUCKET

#: channel -> plan of the example configuration that goes out over it.
PLANS = {
    "mail": "claims-for-university",
    "disc": "care-for-institute",
    "bucket": "linked-for-pharma",
    "partner_sftp": "checkups-for-foundation",
}
RUN = "proof"


def write_config(folder: Path) -> pyrage.x25519.Identity:
    """The example configuration with one key pair for every recipient; gives the private part."""
    identity = pyrage.x25519.Identity.generate()
    shutil.copytree(PROJECT / "config", folder)
    for path in [*(folder / "recipients").glob("*.yaml"), folder / "platform.yaml"]:
        text = re.sub(r"(key: )age1[a-z0-9]+", rf"\g<1>{identity.to_public()}", path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
    return identity


@contextmanager
def opened(config: Path, home: Path) -> Iterator[Context]:
    """The platform, closed at the end. Zones must not be copied while it is open: closing any other descriptor of a
    SQLite file frees this process's locks on it (https://www.sqlite.org/howtocorrupt.html, section 2.2)."""
    context = open_context(folder=config, home=home)
    with context.ledger:
        yield context


def fill_store(config: Path, home: Path, world: Path, *, people: int) -> None:
    """A platform that has taken in everything three senders sent."""
    write_world(world, seed=41, people=people, months=["2025-04", "2025-05"])
    with opened(config, home) as context:
        for folder in sorted((world / "senders").iterdir()):
            shutil.copytree(folder, context.zones.inbox(folder.name), dirs_exist_ok=True)
            for batch in intake.receive(context, folder.name, actor="test"):
                intake.take_in(context, batch, actor="test")


def approve(config: Path, home: Path, release: str) -> None:
    """Both officers approve what was gated."""
    with opened(config, home) as context:
        digest = approvals.request(context, release).digest
        for login in ("officer1", "officer2"):
            approvals.decide(context, release, login=login, digest=digest, approve=True, reason="読んだ")


def published_release(config: Path, home: Path, plan: str, size: int) -> str:
    """A published release whose payload is `size` random bytes: for tests of delivering, not of making.

    Draft, approvals and announcement are the real steps; what making and the gate found is written by hand.
    """
    with opened(config, home) as context:
        release = _handmade(context, plan, size)
    approve(config, home, release)
    with opened(config, home) as context:
        releasing.publish(context, release, actor="test")
    return release


def _handmade(context: Context, plan: str, size: int) -> str:
    release = releasing.draft(context, plan, RUN, actor="test")
    bag = context.zones.release(release) / "made" / "bag"
    (bag / "data").mkdir(parents=True)
    (bag / "data" / "random.bin").write_bytes(np.random.default_rng(7).bytes(size))
    digest = close_bag(bag, {"External-Identifier": release})
    rows = {shape.name: 1 for shape in layout(context.plan(plan), context.catalogue)}
    facts = {"digest": digest, "tables": rows, "risk": {}, "batches": [], "profile": {}, "people": 1, "claims": 1}
    subjects = {"plan": plan, "recipient": context.plan(plan).recipient}
    context.ledger.transition("release", release, "made", actor="test", subjects=subjects, payload=facts)
    said = {"digest": digest, "passed": True, "failures": [], "known_values": "checked"}
    gated = {"digest": digest, "verdict": said | verdicts.versions(context, release)}
    context.ledger.transition("release", release, "gated", actor="test", subjects=subjects, payload=gated)
    return release


@dataclass
class Partners:
    """The three real servers; the fourth channel is a folder."""

    smtp: SmtpServer
    s3: S3Server
    sftp: SftpServer

    def connections(self) -> dict[str, str]:
        """Connection id -> JSON, as the example configuration names them."""
        return {
            "tokumei_smtp": self.smtp.connection_json(),
            "tokumei_s3": self.s3.connection_json(),
            "partner_midori": self.sftp.connection_json(),
        }

    def place(self, config: Path, case: str) -> None:
        """Give a case places of its own: address, prefix and directory."""
        changes = [
            (r"address: [\w.-]+@[\w.-]+", f"address: {case}@recipient.example"),
            (r"addresses: \[[^\]]*\]", 'addresses: ["@recipient.example"]'),
            (r"contact: [\w.-]+@[\w.-]+", f"contact: {case}@recipient.example"),
            (r"domains: \[[^\]]*\]", "domains: [recipient.example]"),
            (r"limit_bytes: \d+", "limit_bytes: 39000000"),
            (r"bucket: \w+", f"bucket: {BUCKET}"),
            (r"prefix: [\w-]+", f"prefix: {case}"),
            (r"directory: \w+", f"directory: {case}"),
        ]
        for path in (config / "recipients").glob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            for pattern, replacement in changes:
                text = re.sub(rf"(?<![_\w]){pattern}", replacement, text)
            path.write_text(text, encoding="utf-8")
        (self.sftp.data / case).mkdir()


@dataclass
class Delivered:
    """What is at the recipient's end: complete file sets, and names of fragments that look like no delivery."""

    sets: list[dict[str, bytes]]
    fragments: list[str]


def at_recipient(channel: str, stage: Stage, partners: Partners, case: str) -> Delivered:
    """Look where the recipient of a channel looks."""
    look = {"mail": _mailbox, "disc": _staging, "bucket": _bucket, "partner_sftp": _directory}[channel]
    return look(stage, partners, case)


def _mailbox(stage: Stage, partners: Partners, case: str) -> Delivered:
    import email
    import email.policy

    sets = []
    for path in partners.smtp.messages(f"{case}@recipient.example"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        sets.append({str(part.get_filename()): part.get_content() for part in message.iter_attachments()})
    return Delivered(sets, [])


def _staging(stage: Stage, partners: Partners, case: str) -> Delivered:
    folders = [f for f in (stage.home / "staging").glob("*") if not f.name.startswith(".")]
    hidden = [f.name for f in (stage.home / "staging").glob(".*")]
    sets = []
    for folder in folders:
        out = stage.scratch / f"read-{folder.name}"
        command = [
            "xorriso",
            "-osirrox",
            "on",
            "-indev",
            str(folder / "VOL01" / "image.iso"),
            "-extract",
            "/",
            str(out),
        ]
        subprocess.run(command, check=True, capture_output=True)
        subprocess.run(["chmod", "-R", "u+rwX", str(out)], check=True)
        sets.append({path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()})
        shutil.rmtree(out)
    return Delivered(sets, hidden)


def _bucket(stage: Stage, partners: Partners, case: str) -> Delivered:
    client = partners.s3.client()
    listed = [item["Key"] for item in client.list_objects_v2(Bucket=BUCKET, Prefix=f"{case}/").get("Contents", [])]
    uploads = client.list_multipart_uploads(Bucket=BUCKET, Prefix=f"{case}/").get("Uploads", [])
    sets: dict[str, dict[str, bytes]] = {}
    for key in listed:
        folder, _, name = key.rpartition("/")
        if not name.startswith("."):
            sets.setdefault(folder, {})[name] = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return Delivered(list(sets.values()), [upload["Key"] for upload in uploads])


def _directory(stage: Stage, partners: Partners, case: str) -> Delivered:
    """Only a folder with a marker is a delivery: that is what partners are told to wait for."""
    root = partners.sftp.data / case
    sets = []
    for marker in root.glob("*.done"):
        said = json.loads(marker.read_text(encoding="utf-8"))
        folder = root / said["folder"]
        assert all((folder / item["name"]).stat().st_size == item["size"] for item in said["files"])
        sets.append({path.name: path.read_bytes() for path in folder.iterdir()})
    return Delivered(sets, [path.name for path in root.rglob("*.part")])


def payload_digests(files: dict[str, bytes], identity: pyrage.x25519.Identity) -> list[str]:
    """SHA-256 of the tag manifest of every payload among the files of one delivery, opened with the recipient's key."""
    import hashlib

    digests = []
    for name, content in files.items():
        if name.endswith(".zip.age"):
            with zipfile.ZipFile(io.BytesIO(pyrage.decrypt(content, [identity]))) as archive:
                assert archive.testzip() is None
                tags = [n for n in archive.namelist() if n.endswith("tagmanifest-sha256.txt")]
                digests += [hashlib.sha256(archive.read(tag)).hexdigest() for tag in tags]
    return digests


@contextmanager
def staged(template: Path, folder: Path, config: Path, connections: dict[str, str]) -> Iterator[Stage]:
    """A copy of template zones with a copy of the configuration, removed at the end."""
    shutil.copytree(template, folder / "home")
    shutil.copytree(config, folder / "config")
    try:
        yield Stage(folder, folder / "config", connections)
    finally:
        shutil.rmtree(folder)


def log_of(stage: Stage) -> list[tuple[str, dict[str, Any]]]:
    """Type and payload of every entry."""
    with opened(stage.config, stage.home) as context:
        return [(entry.type, dict(entry.payload)) for entry in context.ledger.entries()]
