"""Reads a workbook (.xlsx, ECMA-376) of a payload: one sheet of texts and numbers, and nothing else that it could hold.

Everything but the cells is a shell that must be, byte for byte, one that people have looked at, and the package must be
its parts from the first byte to the last. So there are no formulas, links, comments, hidden rows, programs, pictures,
names of authors, or strings that no cell uses, in whatever part or attribute these could stand.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from expectations.read import Unreadable
from expectations.worksheet import read_cells

if TYPE_CHECKING:
    import polars as pl

#: Bytes of a package, of what its sheet unpacks to, and of any other part.
MOST_BYTES, MOST_UNPACKED, _SMALL = 64 << 20, 1 << 30, 1 << 20
_PIECE = 1 << 18
#: Where the sheet lies.
SHEET = "xl/worksheets/sheet1.xml"
_PARTS = (
    *("[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "docProps/core.xml", "xl/_rels/workbook.xml.rels"),
    *("xl/styles.xml", "xl/theme/theme1.xml", "xl/workbook.xml"),
)
#: SHA-256 of shells: what writes them, and that somebody has read them.
SHELLS = {
    "5473e43ea333a64b6d0890db7732b546a5c1afc2dd63a53a7cdbe8c464c25529": "XlsxWriter 3.3.1: first row bold and frozen",
    "1b26119f950a22961c9d6c9e15ec7447a7058e35009a4a4b0ed7e36e17c1df1d": "the same, of a table without any text",
}
_NAME = re.compile(rb'<sheet name="([A-Za-z0-9_]{1,31})"')


@dataclass(frozen=True, repr=False)
class Workbook:
    """Name and header of the sheet, the type of each column (string, number, refused:mixed), and its rows as text."""

    sheet: str
    header: tuple[str, ...]
    types: tuple[str, ...]
    frame: pl.DataFrame


def read_workbook(stream: BinaryIO) -> Workbook:
    """Read it whole. Raises `Unreadable` (``xlsx.<what>``) for anything but cells in a shell of the list."""
    try:
        with zipfile.ZipFile(stream) as package:
            _check_package(package, stream)
            name, parts = _named({part: package.read(part) for part in _PARTS})
            with package.open(SHEET) as sheet:
                cells = read_cells(sheet)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        raise Unreadable("xlsx.broken") from None
    if shell_digest(parts, cells.around) not in SHELLS:
        raise Unreadable("xlsx.shell")
    return Workbook(name, cells.header, cells.types, cells.frame)


def shell_digest(parts: dict[str, bytes], around: bytes) -> str:
    """SHA-256 of the parts in the order of their names, and of the sheet without its cells."""
    total = hashlib.sha256(around)
    for name in sorted(parts):
        total.update(b"\0" + name.encode() + b"\0" + parts[name])
    return total.hexdigest()


def _named(parts: dict[str, bytes]) -> tuple[str, dict[str, bytes]]:
    """The sheet's name, and the parts without it."""
    found = _NAME.search(parts["xl/workbook.xml"])
    if found is None:
        raise Unreadable("xlsx.shell")
    name = found.group(1)
    for part, around in (("xl/workbook.xml", b'<sheet name="%s"'), ("docProps/app.xml", b"<vt:lpstr>%s</vt:lpstr>")):
        parts[part] = parts[part].replace(around % name, around % b"")
    return name.decode(), parts


def _check_package(package: zipfile.ZipFile, stream: BinaryIO) -> None:
    """Exactly the parts of the list, one behind the other from the first byte to the last, nothing between them."""
    if sorted(info.filename for info in package.infolist()) != sorted((SHEET, *_PARTS)):
        raise Unreadable("xlsx.parts")
    place, listed = 0, 0
    for info in sorted(package.infolist(), key=lambda info: info.header_offset):
        most = MOST_UNPACKED if info.filename == SHEET else _SMALL
        packed = info.compress_type == zipfile.ZIP_DEFLATED and not (info.flag_bits or info.extra or info.comment)
        if not packed or info.header_offset != place or info.file_size > most:
            raise Unreadable("xlsx.package")
        _check_stream(stream, place + 30 + len(info.filename), info.compress_size)
        place += 30 + len(info.filename) + info.compress_size
        listed += 46 + len(info.filename)
    size = stream.seek(0, 2)
    if package.comment or package.start_dir != place or size != place + listed + 22 or size > MOST_BYTES:
        raise Unreadable("xlsx.package")


def _check_stream(stream: BinaryIO, begin: int, size: int) -> None:
    """The compressed bytes of a part end where the package says: readers skip what stands behind their end."""
    inflate = zlib.decompressobj(-15)
    stream.seek(begin)
    while size and not inflate.eof:
        piece = stream.read(min(size, _PIECE))
        size -= len(piece) or size
        while piece and not inflate.eof:
            inflate.decompress(piece, _PIECE)
            piece = inflate.unconsumed_tail
    if not inflate.eof or inflate.unused_data or size:
        raise Unreadable("xlsx.package")
