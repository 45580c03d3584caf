"""One disc made: pieces, notice and lists into a verified image, with its digest and a label beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from provision import paper
from provision.channels._consignment import NOTICE_NAME, notice_text
from provision.channels._image import build_image, verify_image, volume_label
from provision.channels._sheets import label_html
from provision.channels._volumes import (
    JOIN_NAME,
    VOLUME_NAME,
    Volume,
    copy_piece,
    described,
    digest_of,
    joining,
)
from provision.channels.base import Consignment

IMAGE, SUMS = "image.iso", "image.iso.sha256"
SUMS_NAME = "SHA256SUMS.txt"


def make_disc(
    consignment: Consignment, every: Sequence[Volume], volume: Volume, folder: Path, check_size: Callable[[int], None]
) -> dict[str, Any]:
    """Make the disc `volume` in `folder`; gives what the record says of it. `check_size` refuses an image's size."""
    folder.mkdir()
    content, image = folder / "content", folder / IMAGE
    files, parts = _contents(consignment, every, volume, content)
    label = volume_label(consignment.release, volume.number if volume.of > 1 else 0)
    build_image(files, image, label)
    check_size(image.stat().st_size)
    verify_image(image, files, folder / "extracted")
    shutil.rmtree(content)
    digest = digest_of(image)
    disc = {
        "number": volume.number,
        "of": volume.of,
        "volume": label,
        "image": {"name": IMAGE, "size": image.stat().st_size, "sha256": digest},
        "parts": parts,
    }
    (folder / SUMS).write_text(sums(digest))
    (folder / "label.pdf").write_bytes(paper.pdf(label_html(consignment, disc)))
    return disc


def sums(digest: str) -> str:
    """The list of digests beside an image."""
    return f"{digest}  {IMAGE}\n"


def _contents(
    consignment: Consignment, every: Sequence[Volume], volume: Volume, folder: Path
) -> tuple[dict[str, Path], list[dict[str, Any]]]:
    """Name on the disc -> path, and what the pieces are. What is not a file of the outbox is written to `folder`."""
    folder.mkdir()
    files: dict[str, Path] = {}
    parts: list[dict[str, Any]] = []
    for number, piece in enumerate(volume.pieces):
        path = piece.file.path
        if not piece.whole:
            path = folder / f"piece{number}"
            copy_piece(piece, path)
        files[piece.name] = path
        parts.append({"name": piece.name, "size": piece.size, "sha256": digest_of(path)})
    texts = {
        NOTICE_NAME: notice_text(consignment),
        SUMS_NAME: "".join(f"{part['sha256']}  {part['name']}\n" for part in parts),
        VOLUME_NAME: json.dumps(described(consignment, volume, parts), ensure_ascii=False, indent=1) + "\n",
    }
    if volume.of > 1:
        texts[JOIN_NAME] = joining(consignment, every)
    for number, (name, text) in enumerate(texts.items()):
        files[name] = folder / f"text{number}"
        files[name].write_bytes(text.encode())
    return files, parts
