"""Opens what `scan` is pointed at: folders, archives, Parquet and texts in the encodings of Japanese systems.

Nothing is written to disk, archives are opened in memory within limits, and what cannot be opened is reported as
unread: a scan that silently skips a file would say "clean" about something it never saw.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from expectations.encoding import guess_encoding
from expectations.file_kinds import MARK, file_kind
from expectations.layouts import Part, parts_of_text
from expectations.packings import Packing, is_tar, members, packing_of
from expectations.pdf import MOST_BYTES, is_pdf, read_pdf
from expectations.read import Unreadable
from expectations.workbook import SHEET, Workbook, read_workbook

MAX_DEPTH = 4
MAX_MEMBERS = 20_000
MAX_MEMBER_BYTES = 512 << 20
MAX_TOTAL_BYTES = 4 << 30
MAX_RATIO = 200
_HEAD = 1 << 16


@dataclass(frozen=True)
class Unread:
    """A file or a part of one that could not be looked into, and why (a stable slug)."""

    file: str
    reason: str


@dataclass
class Budget:
    """Bytes and members that archives may still unpack in this scan."""

    bytes: int = MAX_TOTAL_BYTES
    members: int = MAX_MEMBERS


def unwrap(path: Path) -> Iterator[Part | Unread]:
    """Everything readable in a file, or in all files below a folder, sorted by path; links are not followed."""
    budget = Budget()
    files = [path] if not path.is_dir() else sorted(p for p in path.rglob("*") if p.is_symlink() or not p.is_dir())
    for file in files:
        name = file.name if file == path else file.relative_to(path).as_posix()
        yield Part(name, "(file name)", "", dict.fromkeys(_name_pieces(name), 1))
        if file.is_symlink() or not file.is_file():
            yield Unread(name, "not_a_plain_file")
            continue
        try:
            with file.open("rb") as stream:
                yield from _open(stream, name, 0, budget)
        except Exception as error:  # one broken file must not hide the others, nor its text show
            yield Unread(name, type(error).__name__)


def _name_pieces(name: str) -> list[str]:
    pieces = [piece for part in name.split("/") for piece in (part, part.rsplit(".", 1)[0])]
    return [name, *pieces, *(word for piece in pieces for word in piece.split("_"))]


def _open(stream: BinaryIO, name: str, depth: int, budget: Budget) -> Iterator[Part | Unread]:
    head = stream.read(_HEAD)
    stream.seek(0)
    packing = packing_of(head)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        yield from _zip(stream, name, depth, budget)
    elif packing:
        yield from _packed(stream, name, depth, budget, packing)
    elif is_tar(head):
        yield from _tar(stream, name, depth, budget)
    elif kind := file_kind(head):
        yield Part(name, "(file kind)", "", {MARK + kind: 1})
        yield Unread(name, "not_text")
    elif head[:4] == b"PAR1":
        yield from _parquet(stream, name)
    elif is_pdf(head):
        yield from _pdf(stream, name)
    elif not head:
        return
    else:
        encoding = guess_encoding(stream, head)
        if encoding is None:
            yield Unread(name, "not_text")
        else:
            yield from parts_of_text(io.TextIOWrapper(stream, encoding, errors="replace", newline=""), name)


def _pdf(stream: BinaryIO, name: str) -> Iterator[Part | Unread]:
    try:
        found = read_pdf(stream.read(MOST_BYTES + 1))
    except Unreadable as refusal:
        yield Unread(name, refusal.rule)
        return
    yield from parts_of_text(io.StringIO("\n".join(found.pages)), name)
    yield Part(name, "(metadata)", "", dict.fromkeys(found.beside, 1))
    yield from (Unread(name, reason) for reason in found.unread)


def _zip(stream: BinaryIO, name: str, depth: int, budget: Budget) -> Iterator[Part | Unread]:
    if depth >= MAX_DEPTH:
        yield Unread(name, "archive_too_deep")
        return
    with zipfile.ZipFile(stream) as archive:
        if archive.comment:
            yield Part(name, "(archive comment)", "", {archive.comment.decode("utf-8", "replace"): 1})
        book = _workbook(archive, stream)
        if book is not None:
            yield from _sheet(book, name)
        for number, info in enumerate(archive.infolist(), start=1):
            if book is not None and info.filename == SHEET:
                continue
            inner = _member_name(info)
            label = f"{name}!{inner}"
            yield Part(f"{name}!{number}", "(file name)", "", dict.fromkeys(_name_pieces(inner), 1))
            if info.comment:
                yield Part(label, "(archive comment)", "", {info.comment.decode("utf-8", "replace"): 1})
            if info.is_dir():
                continue
            refusal = _refusal(info, budget)
            if refusal:
                yield Unread(label, refusal)
                continue
            try:
                content = io.BytesIO(_unpack(archive, info, budget))
                yield from _open(content, label, depth + 1, budget)
            except Exception as error:
                yield Unread(label, type(error).__name__)


def _workbook(archive: zipfile.ZipFile, stream: BinaryIO) -> Workbook | None:
    """A workbook as we write them, or None: others are read part by part, like any archive of texts."""
    if SHEET not in archive.namelist() or archive.getinfo(SHEET).file_size > MAX_MEMBER_BYTES:
        return None
    try:
        return read_workbook(stream)
    except Unreadable:
        return None


def _sheet(book: Workbook, name: str) -> Iterator[Part | Unread]:
    """Column by column, each under its heading."""
    yield Part(name, "(header)", "", dict.fromkeys(book.header, 1))
    for place, (column, kind) in enumerate(zip(book.header, book.types, strict=True)):
        counted = book.frame.to_series(place).drop_nulls().value_counts(sort=False)
        yield Part(name, column, column, dict(counted.iter_rows()), number=kind == "number")


def _packed(stream: BinaryIO, name: str, depth: int, budget: Budget, packing: Packing) -> Iterator[Part | Unread]:
    if depth >= MAX_DEPTH:
        yield Unread(name, "archive_too_deep")
        return
    data = bytearray()
    with packing(stream) as unpacked:
        while chunk := unpacked.read(1 << 20):
            data += chunk
            if len(data) > min(MAX_MEMBER_BYTES, budget.bytes):
                yield Unread(name, "archive_too_large")
                return
            if len(data) > 1 << 20 and len(data) > MAX_RATIO * max(1, stream.tell()):
                yield Unread(name, "archive_ratio")
                return
    budget.bytes -= len(data)
    yield from _open(io.BytesIO(data), name, depth + 1, budget)


def _tar(stream: BinaryIO, name: str, depth: int, budget: Budget) -> Iterator[Part | Unread]:
    if depth >= MAX_DEPTH:
        yield Unread(name, "archive_too_deep")
        return
    for number, (member, data) in enumerate(members(stream), start=1):
        label = f"{name}!{member}"
        yield Part(f"{name}!{number}", "(file name)", "", dict.fromkeys(_name_pieces(member), 1))
        if data is None:
            yield Unread(label, "not_a_plain_file")
        elif budget.members <= 0 or data.size > min(MAX_MEMBER_BYTES, budget.bytes):
            yield Unread(label, "archive_too_large")
        else:
            budget.members -= 1
            budget.bytes -= data.size
            try:
                yield from _open(io.BytesIO(data.read()), label, depth + 1, budget)
            except Exception as error:
                yield Unread(label, type(error).__name__)


def _member_name(info: zipfile.ZipInfo) -> str:
    """Names without the UTF-8 flag are CP437 by the book and CP932 on Japanese machines."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("cp932")
    except UnicodeError:
        return info.filename


def _refusal(info: zipfile.ZipInfo, budget: Budget) -> str:
    if info.flag_bits & 0x1:
        return "archive_encrypted"
    if budget.members <= 0 or info.file_size > min(MAX_MEMBER_BYTES, budget.bytes):
        return "archive_too_large"
    if info.file_size > 1 << 20 and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return "archive_ratio"
    return ""


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    with archive.open(info) as member:
        data = member.read(info.file_size + 1)
    if len(data) > info.file_size:
        raise zipfile.BadZipFile("member larger than declared")
    budget.bytes -= len(data)
    budget.members -= 1
    return data


def _parquet(stream: BinaryIO, name: str) -> Iterator[Part | Unread]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(stream) as file:
        schema = file.schema_arrow
        yield Part(name, "(header)", "", dict.fromkeys(schema.names, 1))
        texts = [t for pair in (file.metadata.metadata or {}).items() for t in pair if pair[0] != b"ARROW:schema"]
        yield Part(name, "(metadata)", "", {text.decode("utf-8", "replace"): 1 for text in texts})
        for number, field in enumerate(schema):
            if schema.names.count(field.name) > 1:
                yield Unread(name, f"column_{number + 1}_not_unique")
                continue
            for batch in file.iter_batches(columns=[field.name], batch_size=1 << 18):
                yield _column(name, field, batch.column(0))


def _column(name: str, field: Any, values: Any) -> Part:
    import pyarrow as pa

    kind = field.type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        texts = [_text(value) for value in values.to_pylist() if value is not None]
        return Part(name, field.name, field.name, {text: texts.count(text) for text in set(texts)})
    if pa.types.is_dictionary(kind):
        values = values.dictionary_decode()
    counted: dict[str, int] = {}
    for pair in values.value_counts().to_pylist():
        if pair["values"] is not None:
            text = _text(pair["values"])
            counted[text] = counted.get(text, 0) + pair["counts"]
    return Part(name, field.name, field.name, counted, number=number)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
