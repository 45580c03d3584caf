"""ディスク媒体: a verified ISO image with label and cover sheet in the staging folder, to be burned and carried.

The folder of an order appears under its name only when everything in it is complete and verified.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from provision.channels._consignment import (
    check_consignment,
    check_digests,
    numbered,
    receipt,
    settings_of,
    total_bytes,
)
from provision.channels._image import LARGEST_FILE, build_image, check_tools, verify_image, volume_label
from provision.channels._progress import Meter
from provision.channels._sheets import CAPACITY, contents, cover_html, handover_json, label_html, sheet_facts
from provision.channels.base import Consignment, Progress, Receipt
from provision.connections import Resolver
from provision.errors import Refused, RetryLater
from provision.model import DiscSettings

_OVERHEAD = 4_000_000  # directory records and path tables, generously: the image itself is measured afterwards
IMAGE = "image.iso"


class DiscChannel:
    """Hands over through ``staging/<order>/``; the person who carries the disc signs the cover sheet."""

    kind = "disc"
    title: Mapping[str, str] = {"ja": "ディスク媒体(手渡し・送付)", "en": "Disc, carried or posted"}
    at_most_once = False

    def check(self, consignment: Consignment) -> None:
        """Raises `FixConfiguration` (settings, xorriso missing) and `Refused` (files, more than the medium holds)."""
        settings = settings_of(consignment, DiscSettings)
        check_consignment(consignment)
        check_tools()
        if max(file.size for file in consignment.files) > LARGEST_FILE:
            raise _refused(consignment, "a file has 4 GiB or more, which ISO 9660 cannot hold in one piece")
        _check_capacity(consignment, settings, total_bytes(consignment) + _OVERHEAD)

    def deliver(self, consignment: Consignment, resolver: Resolver, progress: Progress) -> Receipt:
        """Build, extract, compare, then give the folder its name. The receipt proves what is ready to be burned."""
        self.check(consignment)
        check_digests(consignment)
        settings = settings_of(consignment, DiscSettings)
        folder = consignment.staging / consignment.order
        already_there = folder.exists()
        if not already_there:
            _build(consignment, settings, folder, progress)
        image = folder / IMAGE
        if not image.is_file():
            raise _other(consignment)
        digest = _digest(image)
        if already_there:
            _compare(consignment, settings, folder, digest)
        Meter(progress, total_bytes(consignment)).finish()
        evidence: dict[str, str | int] = {
            "image_sha256": digest,
            "image_size": image.stat().st_size,
            "volume": volume_label(consignment.release),
            "medium": settings.medium,
            "folder": consignment.order,
        }
        for index, file in enumerate(consignment.files):
            evidence |= numbered(index, {"sha256": file.sha256, "size": file.size})
        return receipt(consignment, self.kind, evidence, already_there=already_there)


def _build(consignment: Consignment, settings: DiscSettings, folder: Path, progress: Progress) -> None:
    consignment.staging.mkdir(parents=True, exist_ok=True)
    temporary = consignment.staging / f".{consignment.order}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)  # an attempt that died left it; nobody else writes this order
    _check_space(consignment)
    try:
        _fill(consignment, settings, temporary, progress)
        temporary.rename(folder)
    except OSError as error:
        raise _later(
            consignment, f"the staging folder cannot be written ({type(error).__name__} {error.errno})"
        ) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _fill(consignment: Consignment, settings: DiscSettings, temporary: Path, progress: Progress) -> None:
    temporary.mkdir()
    meter = Meter(progress, total_bytes(consignment))
    content, image = temporary / "content", temporary / IMAGE
    files = contents(consignment, content)
    build_image(files, image, volume_label(consignment.release))
    meter.add(total_bytes(consignment) // 2)
    _check_capacity(consignment, settings, image.stat().st_size)
    verify_image(image, files, temporary / "extracted")
    shutil.rmtree(content)
    digest = _digest(image)
    facts = sheet_facts(consignment, settings, image.stat().st_size, digest)
    (temporary / f"{IMAGE}.sha256").write_text(_sums(digest))
    (temporary / "label.html").write_text(label_html(consignment, facts), encoding="utf-8")
    (temporary / "cover.html").write_text(cover_html(consignment, settings, facts), encoding="utf-8")
    (temporary / "handover.json").write_text(handover_json(facts), encoding="utf-8")


def _compare(consignment: Consignment, settings: DiscSettings, folder: Path, digest: str) -> None:
    """Accept the folder only if it is what would be built now: same image, same hand-over record."""
    facts = sheet_facts(consignment, settings, (folder / IMAGE).stat().st_size, digest)
    try:
        recorded = json.loads((folder / "handover.json").read_text(encoding="utf-8"))
        same = {**recorded, "handover": None} == {**facts, "handover": None}  # people fill in `handover`
        same = same and (folder / f"{IMAGE}.sha256").read_text() == _sums(digest)
    except (OSError, ValueError, TypeError):
        same = False
    if not same:
        raise _other(consignment)


def _check_capacity(consignment: Consignment, settings: DiscSettings, size: int) -> None:
    capacity = CAPACITY[settings.medium]
    if size > capacity:
        raise _refused(consignment, f"{size} bytes do not fit the medium {settings.medium} ({capacity} bytes)")


def _check_space(consignment: Consignment) -> None:
    """Image and extracted copy lie side by side for a while."""
    needed = 2 * (total_bytes(consignment) + _OVERHEAD)
    free = shutil.disk_usage(consignment.staging).free
    if free < needed:
        raise _later(consignment, f"the staging folder has {free} bytes free, {needed} are needed")


def _sums(digest: str) -> str:
    return f"{digest}  {IMAGE}\n"


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _later(consignment: Consignment, what: str) -> RetryLater:
    remedy = "remove images that were handed over, or correct the folder's rights; the task is run again"
    return RetryLater(what, where=consignment.order, rule="disc.space", remedy=remedy)


def _other(consignment: Consignment) -> Refused:
    return Refused(
        "the staging folder of this order is incomplete or holds something else",
        where=consignment.order,
        rule="disc.staging",
        remedy="find out who changed it, move it away, then deliver again",
    )


def _refused(consignment: Consignment, what: str) -> Refused:
    remedy = "choose a larger medium in config/recipients, or deliver through bucket or partner_sftp"
    return Refused(what, where=consignment.order, rule="disc.capacity", remedy=remedy)


CHANNEL = DiscChannel()
