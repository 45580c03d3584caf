"""Uploading one order to a partner's server in two steps: everything as fragments, then every name at once.

A file gets its name only when all of them, the marker too, lie there whole as ``name.part`` and are verified. So a
partner never sees half a delivery, and the marker's fragment says afterwards that the second step had begun: what is
then found under neither name was taken away by a partner who sweeps.
"""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from provision.channels._consignment import NOTICE_NAME, notice_text
from provision.channels._pace import Pace
from provision.channels._progress import Meter, Readable, chunks
from provision.channels.base import Consignment, OutboxFile
from provision.errors import Refused, RetryLater
from provision.model import SftpSettings

if TYPE_CHECKING:
    from provision.remote.sftp import Client
    from provision.remote.ssh import Session

_PIECE = 1 << 18


@dataclass(frozen=True)
class Item:
    """One remote file to be: an outbox file, the notice or the marker."""

    name: str
    path: str
    size: int
    sha256: str
    open: Callable[[], IO[bytes]]
    counts: bool = False  # whether its bytes are part of the progress

    @property
    def part(self) -> str:
        """Where it lies until it is whole."""
        return f"{self.path}.part"


class Upload:
    """One run over an open session."""

    def __init__(self, opened: Session, consignment: Consignment, settings: SftpSettings, meter: Meter) -> None:
        self.opened, self.client, self.settings = opened, opened.client, settings
        self.meter, self.pace = meter, Pace(settings.bytes_per_second)
        self.directory = settings.directory.rstrip("/")
        self.folder = posixpath.join(self.directory, consignment.order)
        self.marker = _text_item(f"{self.folder}.done", _marker_text(consignment))
        notice = _text_item(posixpath.join(self.folder, NOTICE_NAME), notice_text(consignment))
        self.items = [notice, *(_file_item(self.folder, file) for file in consignment.files)]
        self.resumed, self.flushed = 0, True
        self._lock = threading.Lock()

    def run(self) -> bool:
        """True where everything, the marker included, was there before."""
        if self._compare(self.marker):
            self._look()
            return True
        self._make_folder()
        waiting = self._to_send()
        self._check_room(waiting)
        self._send_all(waiting)
        self._send(self.client, self.marker)
        for item in [*waiting, self.marker]:
            self._name(item)
        return False

    def _look(self) -> None:
        """The marker is there: what is still beside it must be ours, what is not was taken away."""
        for item in self.items:
            self._compare(item)
            self._count(item, item.size)

    def _make_folder(self) -> None:
        self.client.stat(self.directory)  # a missing agreed directory is a mistake, not something to make
        try:
            self.client.stat(self.folder)
        except FileNotFoundError:
            self.client.mkdir(self.folder)

    def _to_send(self) -> list[Item]:
        """Items that have not got their names yet; counts those that have."""
        begun = self.settings.sweeps and self._holds(self.marker.part, self.marker)
        waiting = []
        for item in self.items:
            if self._compare(item) or (begun and self._size(item.part) is None):
                self._count(item, item.size)
            else:
                waiting.append(item)
        return waiting

    def _check_room(self, waiting: list[Item]) -> None:
        """Ask before the disk is full, where the server tells; a fragment's bytes need no room any more."""
        free = self.client.room(self.directory)
        needed = sum(max(0, item.size - (self._size(item.part) or 0)) for item in [*waiting, self.marker])
        if free is not None and free < needed:
            raise RetryLater(
                f"{needed} bytes are to be sent and the server's disk has room for {free}",
                where=f"connection {self.settings.connection}",
                rule="sftp.space",
                remedy="nothing was sent; ask the partner to make room, the same is tried again",
            )

    def _send_all(self, waiting: list[Item]) -> None:
        """Each file by a client of its own where several are allowed; the first failure stops those not begun."""
        count = min(self.settings.parallel_files, len(waiting))
        clients: queue.SimpleQueue[Client] = queue.SimpleQueue()
        for client in [self.client, *(self.opened.another() for _ in range(count - 1))]:
            clients.put(client)

        def send(item: Item) -> None:
            client = clients.get()
            try:
                self._send(client, item)
            finally:
                clients.put(client)

        with ThreadPoolExecutor(max(1, count)) as pool:
            running = [pool.submit(send, item) for item in waiting]
            try:
                for each in running:
                    each.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _send(self, client: Client, item: Item) -> None:
        """Write the fragment to its end, from where an earlier attempt stopped, and verify it."""
        start = self._resume_point(client, item)
        with item.open() as local, client.open_for_bulk(item.part, "r+b" if start else "wb") as remote:
            local.seek(start)
            remote.seek(start)
            self._resume(item, start)
            piece = local.read(_PIECE)
            while piece:
                following = local.read(_PIECE)
                # Only a write that waits collects the answers to those before it, a full disk among them.
                remote.set_pipelined(bool(following))
                self.pace.wait(len(piece))
                remote.write(piece)
                self._count(item, len(piece))
                piece = following
            flushed = client.flush(remote)
        self.flushed = self.flushed and flushed
        self._verify(client, item)

    def _verify(self, client: Client, item: Item) -> None:
        whole = client.stat(item.part).st_size == item.size
        if whole and self.settings.read_back:
            whole = self._digest(client, item.part) == item.sha256
        if not whole:
            client.remove(item.part)
            remedy = "the fragment was removed and is sent again"
            where = f"connection {self.settings.connection}"
            raise RetryLater("what lies there is not what was sent", where=where, rule="sftp.verify", remedy=remedy)

    def _resume_point(self, client: Client, item: Item) -> int:
        """Bytes of the fragment that are a true beginning of the item; 0 starts over."""
        size = self._size(item.part, client) or 0
        if not 0 < size <= item.size:
            return 0
        with item.open() as local:
            ours = hashlib.sha256()
            for piece in chunks(_Limited(local, size)):
                ours.update(piece)
        return size if self._digest(client, item.part) == ours.hexdigest() else 0

    def _name(self, item: Item) -> None:
        """Give a verified fragment its name. Plain rename never replaces a file."""
        try:
            self.client.rename(item.part, item.path)
        except OSError as error:
            if error.errno is not None or not self._compare(item):
                raise
            self.client.remove(item.part)  # somebody else was faster with the same bytes

    def _compare(self, item: Item) -> bool:
        """Whether the item lies under its name; `Refused` when something else does."""
        if self._size(item.path) is None:
            return False
        if self._holds(item.path, item):
            return True
        raise Refused(
            "the server holds something else under the name of this order",
            where=f"connection {self.settings.connection}",
            rule="sftp.taken",
            remedy="nothing was overwritten; clear it with the partner, then make a new delivery order",
        )

    def _holds(self, path: str, item: Item) -> bool:
        """Whether these are the item's bytes: by size where the partner lets nobody read."""
        return self._size(path) == item.size and self._digest(self.client, path) in (item.sha256, None)

    def _size(self, path: str, client: Client | None = None) -> int | None:
        """Size of a remote file, None where there is none."""
        try:
            return (client or self.client).stat(path).st_size or 0
        except FileNotFoundError:
            return None

    def _digest(self, client: Client, path: str) -> str | None:
        """SHA-256 of a remote file. None where there is none any more, or where nobody may read by agreement."""
        size = self._size(path, client)
        if size is None:
            return None
        try:
            with client.open_for_bulk(path, "rb") as remote:
                digest = hashlib.sha256()
                for piece in client.read_ahead(remote, size, self.pace.wait):
                    digest.update(piece)
                return digest.hexdigest()
        except FileNotFoundError:
            return None  # it was taken away between the two questions
        except PermissionError:
            if self.settings.read_back:
                raise
            return None

    def _resume(self, item: Item, start: int) -> None:
        with self._lock:
            self.resumed += start if item.counts else 0
        self._count(item, start)

    def _count(self, item: Item, size: int) -> None:
        if item.counts:
            self.meter.add(size)


class _Limited:
    """The next bytes of a stream."""

    def __init__(self, stream: Readable, left: int) -> None:
        self._stream, self._left = stream, left

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(min(size, self._left))
        self._left -= len(piece)
        return piece


def _file_item(folder: str, file: OutboxFile) -> Item:
    path = posixpath.join(folder, file.name)
    return Item(file.name, path, file.size, file.sha256, lambda: file.path.open("rb"), counts=True)


def _text_item(path: str, text: str) -> Item:
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()
    return Item(posixpath.basename(path), path, len(content), digest, lambda: io.BytesIO(content))


def _marker_text(consignment: Consignment) -> str:
    """JSON: order, release, and name, size and SHA-256 of each file. The same for every attempt."""
    files = [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in consignment.files]
    document = {"order": consignment.order, "release": consignment.release, "folder": consignment.order, "files": files}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
