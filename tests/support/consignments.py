"""Fictitious consignments, connections held in memory, and a progress that remembers."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from provision.channels.base import Consignment, OutboxFile
from provision.connections import Credentials, _from_json
from provision.errors import FixConfiguration

_numbers = itertools.count(1)

NOTICE = {
    "ja": "この情報は匿名加工情報です。本人を識別するために他の情報と照合してはなりません。",
    "en": "This is anonymously processed information. It must not be matched to identify anyone.",
}


class Connections:
    """A `Resolver` over connection JSON."""

    def __init__(self, **connections: str) -> None:
        self._known = {name: _from_json(text) for name, text in connections.items()}

    def get(self, connection_id: str) -> Credentials:
        if connection_id not in self._known:
            raise FixConfiguration("no such connection", remedy="none in a test")
        return self._known[connection_id]

    def changed(self, name: str, *, extra: Mapping[str, Any] | None = None, **fields: Any) -> Connections:
        """The same with some fields of one connection replaced."""
        old, fresh = self._known[name], Connections()
        merged = {**old.extra, **(extra or {})}
        fresh._known = {**self._known, name: replace(old, extra=merged, **fields)}
        return fresh

    def secrets(self) -> list[str]:
        """Every password and private key, as lines that must appear nowhere."""
        texts = [each.password for each in self._known.values()]
        texts += [str(each.extra.get("private_key", "")) for each in self._known.values()]
        return [line for text in texts for line in text.splitlines() if len(line) > 8 and not line.startswith("-----")]


class Steps:
    """A progress callback that keeps what it was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.seen.append((done, total))

    def assert_complete(self, total: int) -> None:
        """Never backwards, never beyond the total, and at the total once, at the end."""
        done = [each for each, _ in self.seen]
        assert {each for _, each in self.seen} == {total}
        assert done == sorted(done)
        assert done[-1] == total
        assert done.count(total) == 1


def outbox_file(folder: Path, name: str, content: bytes) -> OutboxFile:
    """One file of the outbox."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return OutboxFile(path, name, hashlib.sha256(content).hexdigest(), len(content))


def consignment(folder: Path, settings: Mapping[str, object], size: int = 5_000, **changes: Any) -> Consignment:
    """A consignment of `size` random bytes and an envelope, under an order of its own."""
    number = next(_numbers)
    release = f"nephro-2026-{number:03d}"
    content = random.Random(number).randbytes(size)
    files = (
        outbox_file(folder / release, "payload.tar.age", content),
        outbox_file(folder / release, "envelope.json", f'{{"release": "{release}"}}'.encode()),
    )
    made = Consignment(
        order=f"{release}.minami.{settings['kind']}.1",
        release=release,
        recipient="minami",
        recipient_name={"ja": "みなみ研究所", "en": "Minami Research Institute"},
        title={"ja": "腎疾患レセプト", "en": "Claims of kidney disease"},
        notice=NOTICE,
        operator={
            "name_ja": "匿名データ株式会社",
            "name_en": "Tokumei Data Inc.",
            "contact": "privacy@operator.example",
        },
        files=files,
        settings=settings,
        expires=datetime.now(UTC) + timedelta(days=7),
        attempt=1,
        staging=folder / "staging",
    )
    return replace(made, **changes)
