"""ディスク媒体: verified ISO images with labels and a cover sheet in the staging folder, to be burned and carried.

The folder of an order appears under its name only when everything in it is complete and verified.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provision import paper
from provision.channels._consignment import (
    check_consignment,
    check_digests,
    numbered,
    receipt,
    settings_of,
    total_bytes,
)
from provision.channels._discs import IMAGE, SUMS, make_disc, sums
from provision.channels._image import check_tools
from provision.channels._progress import Meter
from provision.channels._sheets import CAPACITY, cover_html, recall_html, record, record_json
from provision.channels._volumes import OVERHEAD, Volume, digest_of, volumes
from provision.channels.base import Consignment, Evidence, Progress, Receipt
from provision.connections import Resolver
from provision.errors import Refused, RetryLater
from provision.model import DiscSettings

RECORD, COVER = "handover.json", "cover.pdf"


class DiscChannel:
    """Hands over through ``staging/<order>/``; the person who carries the discs signs the cover sheet."""

    kind = "disc"
    title: Mapping[str, str] = {"ja": "ディスク媒体(手渡し・送付)", "en": "Disc, carried or posted"}
    at_most_once = False

    def check(self, consignment: Consignment) -> None:
        """Raises `FixConfiguration` (settings, xorriso missing) and `Refused` (files, more discs than is sensible)."""
        settings = settings_of(consignment, DiscSettings)
        check_consignment(consignment)
        check_tools()
        volumes(consignment, CAPACITY[settings.medium])

    def deliver(self, consignment: Consignment, resolver: Resolver, progress: Progress) -> Receipt:
        """Build, extract, compare, then give the folder its name. The receipt proves what is ready to be burned."""
        self.check(consignment)
        check_digests(consignment)
        settings = settings_of(consignment, DiscSettings)
        folder = consignment.staging / consignment.order
        already_there = folder.exists()
        if not already_there:
            _build(consignment, settings, folder, progress)
        facts = _compared(consignment, settings, folder)
        Meter(progress, total_bytes(consignment)).finish()
        evidence: dict[str, str | int] = {
            "medium": settings.medium, "folder": consignment.order, "discs": len(facts["discs"])
        }  # fmt: skip
        for index, disc in enumerate(facts["discs"]):
            image = disc["image"]
            seen = {"image_sha256": image["sha256"], "image_size": image["size"], "volume": disc["volume"]}
            evidence |= numbered(index, seen)
        for index, file in enumerate(consignment.files):
            evidence |= numbered(index, {"sha256": file.sha256, "size": file.size})
        return receipt(consignment, self.kind, evidence, already_there=already_there)

    def rehearse(self, consignment: Consignment, resolver: Resolver) -> Evidence:
        """The tools are there, the staging folder can be written and has room for the discs."""
        self.check(consignment)
        settings = settings_of(consignment, DiscSettings)
        every = volumes(consignment, CAPACITY[settings.medium])
        try:
            consignment.staging.mkdir(parents=True, exist_ok=True)
            _check_space(consignment, every)
        except OSError as error:
            raise _later(consignment, f"the staging folder cannot be written (error {error.errno})") from None
        paper.pdf(cover_html(consignment, settings, record(consignment, settings, [])))
        free = shutil.disk_usage(consignment.staging).free
        return {"discs": len(every), "medium": settings.medium, "free_bytes": free}

    def recall(self, consignment: Consignment, resolver: Resolver, reason: str) -> Evidence:
        """Remove images that may not be burned yet, and leave a letter to post: a disc itself comes back by hand."""
        settings = settings_of(consignment, DiscSettings)
        folder, letter = consignment.staging / consignment.order, consignment.staging / f"{consignment.order}.recall"
        there = folder.exists()
        try:
            shutil.rmtree(folder, ignore_errors=True)
            letter.mkdir(parents=True, exist_ok=True)
            (letter / "recall.pdf").write_bytes(paper.pdf(recall_html(consignment, settings, reason)))
        except OSError as error:
            raise _later(consignment, f"the staging folder cannot be written (error {error.errno})") from None
        return {"removed": int(there), "told": "letter to post", "folder": letter.name}


def _build(consignment: Consignment, settings: DiscSettings, folder: Path, progress: Progress) -> None:
    consignment.staging.mkdir(parents=True, exist_ok=True)
    temporary = consignment.staging / f".{consignment.order}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)  # an attempt that died left it; nobody else writes this order
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
    every = volumes(consignment, CAPACITY[settings.medium])
    _check_space(consignment, every)
    temporary.mkdir()
    meter, discs = Meter(progress, total_bytes(consignment)), []
    for volume in every:
        disc = make_disc(
            consignment, every, volume, temporary / volume.folder, lambda size: _fits(consignment, settings, size)
        )
        discs.append(disc)
        meter.add(total_bytes(consignment) // (len(every) + 1))
    facts = record(consignment, settings, discs)
    (temporary / COVER).write_bytes(paper.pdf(cover_html(consignment, settings, facts)))
    (temporary / RECORD).write_text(record_json(facts), encoding="utf-8")


def _compared(consignment: Consignment, settings: DiscSettings, folder: Path) -> dict[str, Any]:
    """The record of a folder in which everything is what was made: settings, files, every image."""
    every = volumes(consignment, CAPACITY[settings.medium])
    try:
        facts = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        same = facts == record(consignment, settings, facts["discs"]) and len(facts["discs"]) == len(every)
        same = same and all(_is_as_made(folder / v.folder, d) for v, d in zip(every, facts["discs"], strict=True))
    except (OSError, ValueError, TypeError, KeyError):
        same = False
    if not same:
        raise Refused(
            "the staging folder of this order is incomplete or holds something else", where=consignment.order,
            rule="disc.staging", remedy="find out who changed it, move it away, then deliver again",
        )  # fmt: skip
    return dict(facts)


def _is_as_made(folder: Path, disc: Mapping[str, Any]) -> bool:
    digest = digest_of(folder / IMAGE)
    return digest == disc["image"]["sha256"] and (folder / SUMS).read_text() == sums(digest)


def _fits(consignment: Consignment, settings: DiscSettings, size: int) -> None:
    capacity = CAPACITY[settings.medium]
    if size > capacity:
        raise Refused(
            f"{size} bytes do not fit the medium {settings.medium} ({capacity} bytes)", where=consignment.order,
            rule="disc.capacity", remedy="choose a larger medium in config/recipients, or another channel",
        )  # fmt: skip


def _check_space(consignment: Consignment, every: tuple[Volume, ...]) -> None:
    """All images, and of one disc at a time the pieces and the extracted copy."""
    largest = max(sum(piece.size for piece in volume.pieces) for volume in every)
    needed = total_bytes(consignment) + 2 * largest + (len(every) + 2) * OVERHEAD
    free = shutil.disk_usage(consignment.staging).free
    if free < needed:
        raise _later(consignment, f"the staging folder has {free} bytes free, {needed} are needed")


def _later(consignment: Consignment, what: str) -> RetryLater:
    remedy = "remove images that were handed over, or correct the folder's rights; the task is run again"
    return RetryLater(what, where=consignment.order, rule="disc.space", remedy=remedy)


CHANNEL = DiscChannel()
