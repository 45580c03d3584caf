"""BagIt 1.0 (RFC 8493): the payload's container. Digest D is the SHA-256 of its tag manifest.

The tag manifest covers the manifest, the manifest covers every file: one digest stands for every byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"


def close_bag(folder: Path, info: Mapping[str, str]) -> str:
    """Turn a folder with ``data/`` into a bag; gives digest D. The same contents give the same bag."""
    (folder / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", encoding="utf-8")
    files = sorted(path for path in (folder / "data").rglob("*") if path.is_file())
    octets = sum(path.stat().st_size for path in files)
    lines = [*(f"{key}: {value}" for key, value in info.items()), f"Payload-Oxum: {octets}.{len(files)}"]
    (folder / "bag-info.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _manifest(folder, folder / MANIFEST, files)
    _manifest(folder, folder / TAG_MANIFEST, [folder / n for n in ("bag-info.txt", "bagit.txt", MANIFEST)])
    return bag_digest(folder)


def bag_digest(folder: Path) -> str:
    """Digest D of a bag whose every file agrees with its manifests; "" where any does not."""
    listed = _listed(folder / TAG_MANIFEST) | _listed(folder / MANIFEST)
    present = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} - {TAG_MANIFEST}
    if present != listed.keys() or any(_sha256(folder / name) != digest for name, digest in listed.items()):
        return ""
    return _sha256(folder / TAG_MANIFEST)


def _listed(manifest: Path) -> dict[str, str]:
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split("  ", 1) for line in lines if line)
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2}


def _manifest(folder: Path, manifest: Path, files: list[Path]) -> None:
    lines = [f"{_sha256(path)}  {path.relative_to(folder).as_posix()}" for path in files]
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
