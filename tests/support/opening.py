"""Every container opened: what is inside a file, as bytes that can be searched, with a label of numbers and kinds only.

A container that cannot be opened (encrypted, cut off) is searched as it lies there, and for compressed streams that
begin anywhere in it.
"""

from __future__ import annotations

import bz2
import email
import email.policy
import io
import lzma
import re
import sqlite3
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyrage

Piece = tuple[str, bytes]
_DEEPEST = 8
_HEADERS = re.compile(rb"(?im)\A(?:[A-Za-z-]+: [^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*)*(?:mime-version|content-type): ")
_STREAM = re.compile(rb"\x1f\x8b\x08|\x28\xb5\x2f\xfd")
_ISO = slice(0x8001, 0x8006)


class Opener:
    """Opens with the age `identities` it is given."""

    def __init__(self, identities: Sequence[pyrage.x25519.Identity] = ()) -> None:
        self.identities = list(identities)

    def file(self, path: Path) -> Iterator[Piece]:
        """The file's own bytes, and everything inside it."""
        content = path.read_bytes()
        yield from self.pieces(content, "")
        if content.startswith(b"SQLite format 3\0"):
            yield from self._database(path)

    def pieces(self, content: bytes, label: str, depth: int = 0) -> Iterator[Piece]:
        """`content` itself, and what it contains, nested ones too."""
        yield label, content
        if depth == _DEEPEST:
            raise RuntimeError(f"containers are nested deeper than {_DEEPEST}: {label}")
        for inner, part in self._inside(content):
            yield from self.pieces(part, f"{label}/{inner}", depth + 1)

    def _inside(self, content: bytes) -> Iterator[Piece]:
        """One level of what is inside; a container that is broken gives what its streams give."""
        try:
            yield from self._contained(content)
        except (OSError, EOFError, ValueError, RuntimeError, LookupError, NotImplementedError, zlib.error,
                lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, pa.ArrowException, pl.exceptions.PolarsError,
                pyrage.DecryptError):  # fmt: skip
            yield from _streams(content)

    def _contained(self, content: bytes) -> Iterator[Piece]:
        if content.startswith(b"PAR1"):
            yield from _parquet(content)
        elif content.startswith(b"ARROW1"):
            yield "arrow", pl.read_ipc(io.BytesIO(content)).write_csv().encode()
        elif content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            yield from _zip(content)
        elif content[_ISO] == b"CD001":
            yield from _iso(content)
        elif content.startswith(b"age-encryption.org/"):
            yield "age", pyrage.decrypt(content, self.identities)
        elif content.startswith(b"BZh"):
            yield "bz2", bz2.decompress(content)
        elif content.startswith(b"\xfd7zXZ\0"):
            yield "xz", lzma.decompress(content)
        elif content.startswith((b"\x78\x01", b"\x78\x9c", b"\x78\xda")):
            yield "zlib", zlib.decompress(content)
        elif content[257:262] == b"ustar":
            yield from _tar(content)
        elif _HEADERS.match(content[:65536]):
            yield from _mail(content)
        else:
            yield from _streams(content)

    def _database(self, path: Path) -> Iterator[Piece]:
        """Every cell of every table, with what the write-ahead log holds; read from a copy, the original stays."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.db"
            for end in ("", "-wal"):
                beside = path.with_name(path.name + end)
                if beside.exists():
                    copy.with_name(copy.name + end).write_bytes(beside.read_bytes())
            with closing(sqlite3.connect(copy)) as database:
                database.text_factory = bytes
                yield from self._tables(database)

    def _tables(self, database: sqlite3.Connection) -> Iterator[Piece]:
        names = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        for number, (name,) in enumerate(names, 1):
            lines: list[bytes] = []
            quoted = name.decode().replace('"', '""')
            try:
                for row in database.execute(f'select * from "{quoted}"'):
                    lines.append(b",".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row))
                    for cell in row:
                        if isinstance(cell, bytes) and len(cell) > 16:
                            for inner, part in self._inside(cell):
                                yield from self.pieces(part, f"/table {number}/{inner}", 1)
            except sqlite3.DatabaseError:
                continue  # a virtual table of a missing module; its shadow tables are read like all others
            yield f"/table {number}", b"\n".join(lines)


def _parquet(content: bytes) -> Iterator[Piece]:
    """All columns as text, row by row, so that neighbouring cells meet; then everything the footer says."""
    file = pq.ParquetFile(io.BytesIO(content))
    for number in range(file.num_row_groups):
        frame = pl.from_arrow(file.read_row_group(number))
        assert isinstance(frame, pl.DataFrame)
        flat = [name for name, dtype in frame.schema.items() if not dtype.is_nested() and dtype != pl.Binary]
        yield f"parquet group {number}", frame.select(flat).write_csv(include_header=False).encode()
        rest = [str(value) for name in frame.columns if name not in flat for value in frame[name].to_list()]
        yield f"parquet group {number} nested", "\n".join(rest).encode()
    said = [str(file.schema_arrow)]
    meta = file.metadata.metadata or {}
    said += [part.decode(errors="replace") for pair in meta.items() for part in pair]
    for group in range(file.num_row_groups):
        for column in range(file.metadata.num_columns):
            said.append(str(file.metadata.row_group(group).column(column).statistics))
    yield "parquet footer", "\n".join(said).encode()


def _zip(content: bytes) -> Iterator[Piece]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        yield "zip names", "\n".join([*archive.namelist(), archive.comment.decode(errors="replace")]).encode()
        for number, info in enumerate(archive.infolist(), 1):
            if not info.is_dir():
                yield f"zip {number}", archive.read(info)


def _tar(content: bytes) -> Iterator[Piece]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = archive.getmembers()
        yield "tar names", "\n".join(member.name for member in members).encode()
        for number, member in enumerate(members, 1):
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield f"tar {number}", stream.read()


def _iso(content: bytes) -> Iterator[Piece]:
    """Files of the image as xorriso gives them back: names with Joliet or Rock Ridge, contents as they are."""
    with tempfile.TemporaryDirectory() as folder:
        image, out = Path(folder) / "image.iso", Path(folder) / "out"
        image.write_bytes(content)
        command = ["xorriso", "-osirrox", "on", "-indev", str(image), "-extract", "/", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        subprocess.run(["chmod", "-R", "u+rwX", str(out)], check=True)
        paths = sorted(out.rglob("*"))
        yield "iso names", "\n".join(str(path.relative_to(out)) for path in paths).encode()
        for number, path in enumerate((p for p in paths if p.is_file()), 1):
            yield f"iso {number}", path.read_bytes()


def _mail(content: bytes) -> Iterator[Piece]:
    """Headers decoded, and every part without its transfer encoding."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    for number, part in enumerate(message.walk(), 1):
        yield f"mail headers {number}", "\n".join(str(value) for value in part.values()).encode(errors="replace")
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            yield f"mail part {number}", body


def _streams(content: bytes) -> Iterator[Piece]:
    """Compressed streams that begin anywhere, as far as they go: gzip in a log volume, pages of a torn Parquet file."""
    for number, match in enumerate(_STREAM.finditer(content), 1):
        part = content[match.start() :]
        text = _gunzip(part) if match[0].startswith(b"\x1f") else _unzstd(part)
        if text:
            yield f"stream {number}", text


def _gunzip(part: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(part)
    except zlib.error:
        return b""


def _unzstd(part: bytes) -> bytes:
    """The Zstandard frame at the start of `part`, alone: pyarrow gives nothing of a frame that something follows."""
    try:
        with pa.CompressedInputStream(pa.BufferReader(part[: _frame_end(part)]), "zstd") as stream:
            return bytes(stream.read())
    except (OSError, pa.ArrowException):
        return b""


def _frame_end(part: bytes) -> int:
    """Length of a Zstandard frame by its block headers (RFC 8878, section 3.1.1)."""
    descriptor = part[4] if len(part) > 4 else 0
    single, checksum = descriptor >> 5 & 1, descriptor >> 2 & 1
    at = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3] + (single, 2, 4, 8)[descriptor >> 6]
    while at < len(part):
        block = int.from_bytes(part[at : at + 3], "little")
        at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
        if block & 1:
            return at + 4 * checksum
    return len(part)
