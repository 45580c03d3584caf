"""The same release over each of the four channels, opened by tools that recipients have: age or gpg, 7-Zip, sha256sum,
Python's csv. Nothing of ours helps the recipient, and everywhere the payload is the approved one, byte for byte.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from provision import approvals, channels
from provision.channels.base import Consignment, OutboxFile
from provision.model import AgeKey, OpenPgpKey
from provision.packaging.encryption import schemes
from provision.packaging.envelope import envelope
from provision.packaging.sealing import seal_bag
from provision.releasing.making import made_folder
from tests.support.consignments import Connections, Steps, consignment
from tests.support.house import House, copy_of_house
from tests.support.pgp import keeper
from tests.support.publishing import approve_and_publish
from tests.support.servers import BUCKET
from tests.support.verdicts import gate_without_engine

PLAN = "care-for-institute"
TOOLS = ("age", "age-keygen", "gpg", "sha256sum")


def tool(*words: str, cwd: Path | None = None) -> str:
    """A program's answer; it must succeed."""
    return subprocess.run(words, cwd=cwd, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def seven_zip() -> str:
    """7-Zip by either of its names. The other tools are asked for, too: without them there is nothing to test."""
    absent = [name for name in TOOLS if shutil.which(name) is None]
    found = shutil.which("7zz") or shutil.which("7z")
    if absent or not found:
        pytest.skip(f"programs are missing: {', '.join([*absent, *(() if found else ('7zz',))])}; make setup")
    return found


@dataclass(frozen=True)
class Person:
    """A recipient with a key of one kind: the public key we have, and the command that opens with the private one."""

    key: AgeKey | OpenPgpKey
    opens: Callable[[Path, Path], Sequence[str]]


@pytest.fixture(scope="module", params=["age", "openpgp"])
def person(request: pytest.FixtureRequest, seven_zip: str) -> Iterator[Person]:
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="tk-") as folder:  # gpg's sockets need a short path
        if request.param == "age":
            private = Path(folder) / "key.txt"
            tool("age-keygen", "-o", str(private))
            public = tool("age-keygen", "-y", str(private)).strip()
            key = AgeKey(kind="age", key=public, confirmed_on=date(2026, 4, 1), confirmed_by="data-team")
            yield Person(key, lambda cipher, plain: ["age", "-d", "-i", str(private), "-o", str(plain), str(cipher)])
            return
        ring = keeper(Path(folder) / "partner")
        ring.gpg("--quick-gen-key", "partner@example.jp", "future-default", "default", "1y")
        gpg = ["gpg", "--homedir", str(ring.home), "--batch", "--passphrase", ""]
        yield Person(
            ring.key("partner@example.jp"),
            lambda cipher, plain: [*gpg, "--output", str(plain), "--decrypt", str(cipher)],
        )
        ring.close()


@dataclass(frozen=True)
class Approved:
    """A release that two officers approved and that was published."""

    house: House
    release: str

    @property
    def bag(self) -> Path:
        return made_folder(self.house.open(), self.release) / "bag"

    def consignment(self, folder: Path, settings: dict[str, object], key: AgeKey | OpenPgpKey) -> Consignment:
        """Sealed for one delivery to somebody with this key, with its envelope."""
        context = self.house.open()
        order, scheme = f"{self.release}.partner-{key.kind}.{settings['kind']}.1", schemes()[key.kind]
        folder.mkdir()
        cipher, beside = folder / f"{self.release}.zip{scheme.ending}", folder / f"{self.release}.envelope.json"
        digest, size = seal_bag(self.bag, self.release, cipher, scheme, [key])
        beside.write_bytes(envelope(context, approvals.request(context, self.release), order, digest, size))
        files = [
            OutboxFile(path, path.name, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
            for path in (cipher, beside)
        ]
        made = {"order": order, "release": self.release, "files": tuple(files), "staging": folder / "staging"}
        return consignment(folder, settings, **made)


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Approved:
    house = copy_of_house(tmp_path_factory.mktemp("plain") / "house")
    with pytest.MonkeyPatch.context() as patch:
        release = gate_without_engine(house, PLAN, patch)
    return Approved(house, approve_and_publish(house, release))


class Recipient:
    """Gets at what was delivered, into a folder of one's own, as somebody does who has only the usual programs."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path, seven_zip: str) -> None:
        self.request, self.folder, self.seven_zip = request, folder, seven_zip

    def message(self, address: str, order: str) -> Any:
        server: SmtpServer = self.request.getfixturevalue("smtp_server")
        messages = [message_from_bytes(path.read_bytes(), policy=default) for path in server.messages(address)]
        return next(each for each in reversed(messages) if order in str(each["Message-ID"]))

    def mail(self, made: Consignment) -> None:
        for part in self.message("plain@partner.example", made.order).iter_attachments():
            (self.folder / part.get_filename()).write_bytes(part.get_content())

    def disc(self, made: Consignment) -> None:
        (image,) = made.staging.glob("*/VOL01/image.iso")
        tool(self.seven_zip, "x", f"-o{self.folder}", str(image))
        tool("sha256sum", "-c", "SHA256SUMS.txt", cwd=self.folder)

    def bucket(self, made: Consignment) -> None:
        body = self.message("links@partner.example", made.order).get_content()
        for name, link in re.findall(r"(\S+)\r?\n(http://\S+)", body):
            (self.folder / name).write_bytes(urllib.request.urlopen(link).read())

    def partner_sftp(self, made: Consignment) -> None:
        server: SftpServer = self.request.getfixturevalue("sftp_server")
        shutil.copytree(server.data / "incoming" / made.order, self.folder, dirs_exist_ok=True)


def settings_of(channel: str) -> dict[str, object]:
    known: dict[str, dict[str, object]] = {
        "mail": {"connection": "mail", "address": "plain@partner.example", "limit_bytes": 39_000_000},
        "disc": {"medium": "cd-r", "postal_address": "〒100-0001 東京都千代田区架空1-1"},
        "bucket": {
            **{"connection": "store", "bucket": BUCKET, "prefix": "plain"},
            **{"mail_connection": "mail", "address": "links@partner.example"},
        },
        "partner_sftp": {"connection": "partner", "directory": "incoming"},
    }
    return {"kind": channel, **known[channel]}


def test_the_same_payload_over_four_channels_by_plain_tools(
    request: pytest.FixtureRequest, tmp_path: Path, approved: Approved, person: Person, seven_zip: str, xorriso: str,
    smtp_server: SmtpServer, s3_server: S3Server, sftp_server: SftpServer,
) -> None:  # fmt: skip
    known = Connections(
        mail=smtp_server.connection_json(), store=s3_server.connection_json(), partner=sftp_server.connection_json()
    )
    expected = {p.relative_to(approved.bag).as_posix(): p.read_bytes() for p in approved.bag.rglob("*") if p.is_file()}
    digest = hashlib.sha256(expected["tagmanifest-sha256.txt"]).hexdigest()
    orders = []
    for name in sorted(channels.channels()):
        made = approved.consignment(tmp_path / f"{name}-{person.key.kind}", settings_of(name), person.key)
        channels.get(name).deliver(made, known, Steps())
        received = tmp_path / f"received-{name}"
        received.mkdir()
        getattr(Recipient(request, received, seven_zip), name)(made)
        bag, said = opened(received, approved.release, person, seven_zip)
        assert said["payload_digest"] == digest
        assert {p.relative_to(bag).as_posix(): p.read_bytes() for p in bag.rglob("*") if p.is_file()} == expected
        orders.append(made.order)
    assert len(set(orders)) == 4


def opened(received: Path, release: str, person: Person, seven_zip: str) -> tuple[Path, dict[str, str]]:
    """What docs/recipients.md tells to do, step by step; gives the bag's folder and the envelope."""
    (cipher,) = (p for p in received.iterdir() if p.name.startswith(f"{release}.zip."))
    said = json.loads((received / f"{release}.envelope.json").read_text("utf-8"))
    assert tool("sha256sum", cipher.name, cwd=received).split()[0] == said["ciphertext"]["sha256"]
    tool(*person.opens(cipher, received / "plain.zip"))
    tool(seven_zip, "x", f"-o{received / 'open'}", str(received / "plain.zip"))
    bag = received / "open" / release
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        tool("sha256sum", "--strict", "-c", manifest, cwd=bag)
    assert tool("sha256sum", "tagmanifest-sha256.txt", cwd=bag).split()[0] == said["payload_digest"]
    for resource in json.loads((bag / "data/datapackage.json").read_text("utf-8"))["resources"]:
        if resource["format"] == "csv":
            with (bag / "data" / resource["path"]).open(encoding="utf-8", newline="") as table:
                head, *rows = csv.reader(table, strict=True)
            assert head == [field["name"] for field in resource["schema"]["fields"]]
            assert len(rows) == resource["rows"] > 0
    return bag, said
