"""ISO 9660 images with xorriso: the same files give the same bytes, and every file is read back before use."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from provision.errors import FixConfiguration, RetryLater

#: Every date on every disc: 2020-01-01T00:00:00Z. A disc's dates would otherwise differ from attempt to attempt;
#: when it was made and handed over stands in the provision log and on the cover sheet.
EPOCH = 1_577_836_800


def check_tools() -> str:
    """Path of xorriso. Raises `FixConfiguration` where it is not installed."""
    found = shutil.which("xorriso")
    if not found:
        raise FixConfiguration("the program xorriso is missing", rule="disc.tools", remedy="install Debian's xorriso")
    return found


def volume_label(release: str, number: int = 0) -> str:
    """Volume name from the release: d-characters (A-Z 0-9 _), at most 32 (ECMA-119, section 8.4.7).

    A longer release name is shortened and closed with eight hexadecimal digits of its digest. `number`: which disc.
    """
    label, ending = re.sub(r"[^A-Z0-9_]", "_", release.upper()), f"_V{number:02d}" if number else ""
    if len(label) > 32 - len(ending):
        label = f"{label[: 23 - len(ending)]}_{hashlib.sha256(release.encode()).hexdigest()[:8].upper()}"
    return label + ending


def build_image(files: Mapping[str, Path], image: Path, label: str) -> None:
    """Write `image` with `files` (name on the disc -> path): ISO level 3, Rock Ridge, Joliet with long names."""
    grafts = [f"{_escaped(name)}={_escaped(str(path.resolve()))}" for name, path in sorted(files.items())]
    options = ["-quiet", "-o", str(image), "-V", label, "-iso-level", "3", "-J", "-joliet-long", "-R"]
    options += ["-input-charset", "UTF-8", "-uid", "0", "-gid", "0", "-file-mode", "0444", "-dir-mode", "0755"]
    options += ["--set_all_file_dates", f"={EPOCH}", "-graft-points", *grafts]
    _xorriso(["-no_rc", "-as", "mkisofs", *options])


def verify_image(image: Path, files: Mapping[str, Path], folder: Path) -> None:
    """Extract everything into `folder`, compare names and SHA-256 with `files`, and remove the copies again.

    Also compares the names of the Joliet tree, which is what Windows shows. Raises `RetryLater`.
    """
    folder.mkdir()
    _xorriso(["-no_rc", "-osirrox", "on", "-indev", str(image), "-extract", "/", str(folder)])
    found = {path.name: _digest(path) for path in folder.iterdir()}
    shutil.rmtree(folder)
    listing = _xorriso(["-no_rc", "-read_fs", "norock", "-indev", str(image), "-find", "/", "-type", "f"])
    joliet = sorted(line.strip().strip("'").removeprefix("/") for line in listing.splitlines() if line.strip())
    if found != {name: _digest(path) for name, path in files.items()} or joliet != sorted(files):
        raise RetryLater(
            "the image read back is not what was written",
            where=image.name,
            rule="disc.verify",
            remedy="the image was thrown away; if it happens again, test the disk of the staging folder",
        )


def _xorriso(arguments: Sequence[str]) -> str:
    # Character set, time zone and date must not depend on who runs it.
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(EPOCH)}
    done = subprocess.run([check_tools(), *arguments], env=environment, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RetryLater(
            f"xorriso ended with status {done.returncode}",
            rule="disc.image",
            remedy="see whether the staging folder is writable and has space, then run the task again",
        )
    return done.stdout.decode(errors="replace")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
