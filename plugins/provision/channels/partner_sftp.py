"""SFTP: upload to the partner's server, resumable, complete only under its final name, closed by a marker.

Files lie in ``<directory>/<order>/``; the marker ``<directory>/<order>.done`` comes last, so a partner who waits for it
never takes half a delivery. A partner may take files away at once: then the marker alone says they were there.
"""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from provision.channels._consignment import (
    NOTICE_NAME,
    check_consignment,
    check_digests,
    notice_text,
    numbered,
    recall_text,
    receipt,
    settings_of,
    total_bytes,
)
from provision.channels._progress import Meter, chunks
from provision.channels._withdrawal import Withdrawal
from provision.channels.base import Consignment, Evidence, OutboxFile, Progress, Receipt
from provision.connections import Resolver
from provision.errors import FixConfiguration, Refused, RetryLater
from provision.model import SftpSettings
from provision.remote.quiet import quiet
from provision.remote.ssh import session

if TYPE_CHECKING:
    from paramiko import SFTPClient, SFTPFile

_PIECE = 1 << 18


@dataclass(frozen=True)
class _Item:
    """One remote file to be: an outbox file, the notice or the marker."""

    name: str
    size: int
    sha256: str
    open: Callable[[], IO[bytes]]
    counts: bool = False  # whether its bytes are part of the progress


class SftpChannel:
    """Plain rename refuses to replace a file, which makes a second, different delivery impossible by itself."""

    kind = "partner_sftp"
    title: Mapping[str, str] = {
        "ja": "SFTP(提供先サーバへのアップロード)",
        "en": "Upload to the recipient's SFTP server",
    }
    at_most_once = False

    def check(self, consignment: Consignment) -> None:
        """Raises `FixConfiguration` (settings, directory) and `Refused` (files)."""
        settings = settings_of(consignment, SftpSettings)
        check_consignment(consignment)
        parts = settings.directory.split("/")
        if not settings.directory.strip("/") or ".." in parts or not settings.directory.isprintable():
            raise FixConfiguration(
                "the directory is not a plain path",
                where=f"recipient {consignment.recipient}, channel partner_sftp",
                rule="sftp.directory",
                remedy="write the path the partner named, without '..'",
            )

    def deliver(self, consignment: Consignment, resolver: Resolver, progress: Progress) -> Receipt:
        """Upload, verify, rename, mark. The receipt proves what lay on the server, read back where allowed."""
        self.check(consignment)
        check_digests(consignment)
        settings = settings_of(consignment, SftpSettings)
        credentials = resolver.get(settings.connection)
        meter = Meter(progress, total_bytes(consignment))
        with quiet("paramiko"), session(credentials, settings.connection) as (client, host_key):
            upload = _Upload(client, consignment, settings, meter)
            already_there = upload.run()
        meter.finish()
        evidence: dict[str, str | int] = {
            "server": credentials.host,
            "host_key": host_key,
            "marker": upload.marker,
            "verified": "read back" if settings.read_back else "size",
            "resumed_bytes": upload.resumed,
        }
        for index, file in enumerate(consignment.files):
            path = posixpath.join(upload.folder, file.name)
            evidence |= numbered(index, {"path": path, "sha256": file.sha256, "size": file.size})
        return receipt(consignment, self.kind, evidence, already_there=already_there)

    def rehearse(self, consignment: Consignment, resolver: Resolver) -> Evidence:
        """The host key is the pinned one, we are let in, and the agreed directory is there."""
        self.check(consignment)
        settings = settings_of(consignment, SftpSettings)
        credentials = resolver.get(settings.connection)
        with quiet("paramiko"), session(credentials, settings.connection) as (client, host_key):
            client.stat(settings.directory.rstrip("/") or "/")
        return {"server": credentials.host, "host_key": host_key, "directory": "there"}

    def recall(self, consignment: Consignment, resolver: Resolver, reason: str) -> Evidence:
        """Remove what is still there and allowed, and leave ``<order>.recalled.txt`` that asks to destroy the rest."""
        settings = settings_of(consignment, SftpSettings)
        credentials = resolver.get(settings.connection)
        with quiet("paramiko"), session(credentials, settings.connection) as (client, host_key):
            withdrawal = Withdrawal(client, consignment, settings.directory.rstrip("/"))
            return {
                "server": credentials.host,
                "host_key": host_key,
                **withdrawal.run(recall_text(consignment, reason)),
            }


class _Upload:
    """One run over an open session."""

    def __init__(self, client: SFTPClient, consignment: Consignment, settings: SftpSettings, meter: Meter) -> None:
        self.client, self.consignment, self.settings, self.meter = client, consignment, settings, meter
        self.directory = settings.directory.rstrip("/")
        self.folder = posixpath.join(self.directory, consignment.order)
        self.marker = f"{self.folder}.done"
        self.resumed = 0

    def run(self) -> bool:
        """True where everything, the marker included, was there before."""
        marker = _text_item(self.marker, _marker_text(self.consignment))
        closed = self._compare(self.marker, marker)
        if not closed:
            self._make_folder()
        notice = _text_item(NOTICE_NAME, notice_text(self.consignment))
        for item in (notice, *map(_file_item, self.consignment.files)):
            self._place(item, posixpath.join(self.folder, item.name), closed)
        if not closed:
            self._place(marker, self.marker, closed)
        return closed

    def _make_folder(self) -> None:
        self.client.stat(self.directory)  # a missing agreed directory is a mistake, not something to make
        try:
            self.client.stat(self.folder)
        except FileNotFoundError:
            self.client.mkdir(self.folder)

    def _place(self, item: _Item, path: str, closed: bool) -> None:
        """Bring one file under its final name. `closed`: the marker is there, so an absent file was taken away."""
        if not (self._compare(path, item) or closed):
            self._send(item, f"{path}.part")
            try:
                self.client.rename(f"{path}.part", path)
            except OSError as error:
                if error.errno is not None or not self._compare(path, item):
                    raise
                self.client.remove(f"{path}.part")  # somebody else was faster with the same bytes
        elif item.counts:
            self.meter.add(item.size)

    def _compare(self, path: str, item: _Item) -> bool:
        """Whether `path` holds this item; `Refused` when it holds something else."""
        try:
            size = self.client.stat(path).st_size
        except FileNotFoundError:
            return False
        if size == item.size and self._digest(path, item.size, needed=False) in (item.sha256, None):
            return True
        raise Refused(
            "the server holds something else under the name of this order",
            where=f"connection {self.settings.connection}",
            rule="sftp.taken",
            remedy="nothing was overwritten; clear it with the partner, then make a new delivery order",
        )

    def _send(self, item: _Item, part: str) -> None:
        """Write the fragment to its end, from where an earlier attempt stopped, and verify it."""
        start = self._resume_point(item, part)
        with item.open() as local, self.client.open(part, "r+b" if start else "wb") as remote:
            local.seek(start)
            remote.seek(start)
            if item.counts:
                self.resumed += start
                self.meter.add(start)
            self._write(local, remote, item)
        whole = self.client.stat(part).st_size == item.size
        if whole and self.settings.read_back:
            whole = self._digest(part, item.size) == item.sha256
        if not whole:
            self.client.remove(part)
            remedy = "the fragment was removed and is sent again"
            where = f"connection {self.settings.connection}"
            raise RetryLater("what lies there is not what was sent", where=where, rule="sftp.verify", remedy=remedy)

    def _write(self, local: IO[bytes], remote: SFTPFile, item: _Item) -> None:
        piece = local.read(_PIECE)
        while piece:
            following = local.read(_PIECE)
            # Only a write that waits collects the answers to those before it, a full disk among them.
            remote.set_pipelined(bool(following))
            remote.write(piece)
            if item.counts:
                self.meter.add(len(piece))
            piece = following

    def _resume_point(self, item: _Item, part: str) -> int:
        """Bytes of the fragment that are a true beginning of the item; 0 starts over."""
        try:
            size = self.client.stat(part).st_size or 0
        except FileNotFoundError:
            return 0
        if not 0 < size <= item.size:
            return 0
        with item.open() as local:
            ours = hashlib.sha256()
            for piece in chunks(_Limited(local, size)):
                ours.update(piece)
        return size if self._digest(part, size, needed=False) == ours.hexdigest() else 0

    def _digest(self, path: str, size: int, *, needed: bool = True) -> str | None:
        """SHA-256 of `size` remote bytes. None where the partner forbids reading and it is not `needed`."""
        try:
            with self.client.open(path, "rb") as remote:
                remote.prefetch(size)
                digest = hashlib.sha256()
                for piece in chunks(remote, 1 << 15):
                    digest.update(piece)
                return digest.hexdigest()
        except PermissionError:
            if needed or self.settings.read_back:
                raise
            return None


class _Limited:
    """The first bytes of a stream."""

    def __init__(self, stream: IO[bytes], left: int) -> None:
        self._stream, self._left = stream, left

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(min(size, self._left))
        self._left -= len(piece)
        return piece


def _file_item(file: OutboxFile) -> _Item:
    return _Item(file.name, file.size, file.sha256, lambda: file.path.open("rb"), counts=True)


def _text_item(name: str, text: str) -> _Item:
    content = text.encode()
    return _Item(name, len(content), hashlib.sha256(content).hexdigest(), lambda: io.BytesIO(content))


def _marker_text(consignment: Consignment) -> str:
    """JSON: order, release, and name, size and SHA-256 of each file. The same for every attempt."""
    files = [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in consignment.files]
    document = {"order": consignment.order, "release": consignment.release, "folder": consignment.order, "files": files}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


CHANNEL = SftpChannel()
