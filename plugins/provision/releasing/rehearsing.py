"""予行: is a recipient's channel ready? Everything up to the first byte, without a release and without a delivery."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from provision import channels
from provision.channels.base import Consignment, OutboxFile
from provision.context import Context
from provision.model import Words
from provision.releasing.consigning import consigned

_TITLE = Words(ja="予行", en="Rehearsal")


def rehearse(ctx: Context, recipient_id: str, kind: str) -> Mapping[str, str | int]:
    """What the recipient's channel says to a delivery that is not made. Raises as a delivery would."""
    recipient = ctx.recipient(recipient_id)
    name = f"rehearsal.{recipient.id}.{kind}.{datetime.now(UTC):%Y%m%d%H%M%S}"
    with tempfile.TemporaryDirectory(prefix="tokumei-rehearsal-") as folder:
        files = tuple(_small(Path(folder), f"rehearsal.{ending}") for ending in ("zip.age", "envelope.json"))
        made: Consignment = consigned(ctx, recipient, kind, name, "rehearsal", _TITLE, files, 1)
        return channels.get(kind).rehearse(made, ctx.resolver)


def _small(folder: Path, name: str) -> OutboxFile:
    content = b"nothing is delivered by a rehearsal\n"
    (folder / name).write_bytes(content)
    return OutboxFile(folder / name, name, hashlib.sha256(content).hexdigest(), len(content))
