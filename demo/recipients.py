"""The four recipients: each fetches what was handed over, opens it with the own key and verifies it."""

from __future__ import annotations

import email
import email.policy
import hashlib
import json
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyrage

from demo.portalvisit import PortalVisit
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from demo.world import World
from provision.packaging.bag import bag_digest


@dataclass(frozen=True)
class Opened:
    """A delivery as its recipient has it."""

    recipient: str
    channel: str
    files: int
    digest: str


def open_mail(world: World, name: str, smtp: SmtpServer, address: str) -> Opened:
    """Attachments of the newest message."""
    message = email.message_from_bytes(smtp.messages(address)[-1].read_bytes(), policy=email.policy.default)
    folder = _received(world, name)
    for part in message.iter_attachments():
        (folder / str(part.get_filename())).write_bytes(part.get_content())
    return _open(world, name, "mail")


def open_disc(world: World, name: str) -> Opened:
    """The image in the staging folder, read back by xorriso."""
    folder = _received(world, name)
    image = next((world.home / "staging").glob("*/*/*.iso"))
    command = ["xorriso", "-osirrox", "on", "-indev", str(image), "-extract", "/", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run(["chmod", "-R", "u+rwX", str(folder)], check=True)
    return _open(world, name, "disc")


def open_portal(world: World, name: str, visit: PortalVisit) -> Opened:
    """Through the recipients' portal: signed in, terms accepted, fetched, opened, and only then confirmed."""
    visit.sign_in()
    page = visit.fetch(_received(world, name))
    opened = _open(world, name, "bucket")
    visit.confirm(page, opened.digest)
    return opened


def open_sftp(world: World, name: str, sftp: SftpServer) -> Opened:
    """The partner's own folder."""
    folder = _received(world, name)
    shutil.copytree(sftp.data / "incoming", folder, dirs_exist_ok=True)
    return _open(world, name, "partner_sftp")


def _received(world: World, name: str) -> Path:
    folder = world.recipient(name) / "received"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _open(world: World, name: str, channel: str) -> Opened:
    """Decrypt with the recipient's key, unpack, verify the bag against the envelope."""
    folder = world.recipient(name)
    cipher = next(folder.rglob("*.zip.age"))
    envelope = json.loads(next(folder.rglob("*.envelope.json")).read_text(encoding="utf-8"))
    if hashlib.sha256(cipher.read_bytes()).hexdigest() != envelope["ciphertext"]["sha256"]:
        raise RuntimeError(f"{name}: the ciphertext is not the one in the envelope")
    identity = pyrage.x25519.Identity.from_str((folder / "identity.txt").read_text().strip())
    pyrage.decrypt_file(str(cipher), str(folder / "payload.zip"), [identity])
    with zipfile.ZipFile(folder / "payload.zip") as archive:
        archive.extractall(folder / "payload")
    bag = next((folder / "payload").iterdir())
    digest = bag_digest(bag)
    if digest != envelope["payload_digest"]:
        raise RuntimeError(f"{name}: the payload is not the approved one")
    return Opened(name, channel, sum(p.is_file() for p in bag.rglob("*")), digest)
