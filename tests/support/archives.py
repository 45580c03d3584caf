"""Archives as senders' programs make them: Python's own modules, and 7-Zip for what these cannot write."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

Files = Mapping[str, bytes]


def zipped(files: Files | Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip; a name that ends with ``/`` is a folder."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items() if isinstance(files, Mapping) else files:
            archive.writestr(name, data)
    return made.getvalue()


def zipped_cp932(files: Files) -> bytes:
    """As Windows Explorer in Japan: names in CP932, nothing says so."""
    placeholders = {f"{number:0{len(name.encode('cp932'))}d}": name for number, name in enumerate(files)}
    made = zipped({placeholder: files[name] for placeholder, name in placeholders.items()})
    for placeholder, name in placeholders.items():
        made = made.replace(placeholder.encode(), name.encode("cp932"))
    return made


def zipped_to_pipe(files: Files) -> bytes:
    """As written to a stream: sizes and checksums follow the data."""

    class Pipe(io.RawIOBase):
        parts: list[bytes] = []  # noqa: RUF012 - one per call of the function

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.parts.append(bytes(data))  # type: ignore[call-overload]
            return len(self.parts[-1])

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        for name, data in files.items():
            archive.writestr(name, data)
    return b"".join(pipe.parts)


def seven_zipped(folder: Path, files: Files, *options: str) -> bytes:
    """A zip by 7-Zip, which knows encryption and Deflate64."""
    program = shutil.which("7zz") or shutil.which("7z")
    if not program:
        pytest.skip("the program 7zz is missing; install the Debian package 7zip")
    source = folder / "source"
    for name, data in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    subprocess.run(
        [program, "a", "-tzip", *options, str(folder / "made.zip"), "."],
        cwd=source, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return (folder / "made.zip").read_bytes()


def tarred(files: Files, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name, data in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return made.getvalue()


def gzipped(data: bytes) -> bytes:
    """A gzip file, the same whenever it is made."""
    return gzip.compress(data, 1, mtime=0)
