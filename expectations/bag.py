"""The payload's outside: a BagIt bag (RFC 8493) whose files, and no others, are exactly what the digest covers."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TAG_FILES = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
TAG_MANIFEST = "tagmanifest-sha256.txt"
_DECLARATION = re.compile(rb"BagIt-Version: (?:0\.97|1\.0)\r?\nTag-File-Character-Encoding: UTF-8\r?\n")
_LINE = re.compile(r"([0-9a-f]{64}) {1,2}\*?([^\r\n]+)")
_CHUNK = 1 << 20


class BadBag(Exception):
    """The bag is not whole, not only what it says, or not the one with the digest. `rule` is a stable slug."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


@dataclass(frozen=True)
class State:
    """What the file system says about every file; equal states mean nothing was touched in between."""

    files: Mapping[str, tuple[int, int, int]]


def survey(payload: Path) -> State:
    """All files below `payload` by relative path. Raises `BadBag` for links and anything that is not a plain file."""
    if payload.is_symlink() or not payload.is_dir():
        raise BadBag("bag.not_a_folder")
    files: dict[str, tuple[int, int, int]] = {}
    for folder, names, leaves in os.walk(payload, followlinks=False):
        for name in [*names, *leaves]:
            path = Path(folder, name)
            state = path.lstat()
            if stat.S_ISDIR(state.st_mode):
                continue
            if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
                raise BadBag("bag.link_or_special_file")
            files[path.relative_to(payload).as_posix()] = (state.st_size, state.st_mtime_ns, state.st_ino)
    return State(files)


def verify(payload: Path, digest: str, state: State) -> None:
    """Every file is listed once with its SHA-256, nothing else is there, and the tag manifest has `digest`.

    Raises `BadBag`. Own code on purpose: the packaging room must not check its own work.
    """
    missing = {*TAG_FILES, TAG_MANIFEST} - state.files.keys()
    if missing:
        raise BadBag("bag.tag_files")
    if sha256(payload / TAG_MANIFEST) != digest:
        raise BadBag("bag.digest")
    if not _DECLARATION.fullmatch((payload / "bagit.txt").read_bytes()):
        raise BadBag("bag.declaration")
    data = {name for name in state.files if name.startswith("data/")}
    _check(payload, _listed(payload / TAG_MANIFEST), state.files.keys() - data - {TAG_MANIFEST})
    _check(payload, _listed(payload / "manifest-sha256.txt"), data)


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, lower-case hexadecimal."""
    total = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()


def _check(payload: Path, listed: Mapping[str, str], present: set[str]) -> None:
    if listed.keys() != present:
        raise BadBag("bag.files_not_as_listed")
    if any(sha256(payload / name) != mark for name, mark in listed.items()):
        raise BadBag("bag.checksum")


def _listed(manifest: Path) -> dict[str, str]:
    listed: dict[str, str] = {}
    for line in manifest.read_text("utf-8").splitlines():
        found = _LINE.fullmatch(line)
        if found is None or found.group(2) in listed:
            raise BadBag("bag.manifest")
        name = found.group(2).replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        listed[name] = found.group(1)
    return listed
