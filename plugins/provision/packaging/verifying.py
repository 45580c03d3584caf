"""検証: a payload as its recipient has it, a folder or the ZIP, checked offline by another program than the one that
made it: bagit reads the bag, and every table is counted and hashed against ``datapackage.json``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provision.errors import Refused
from provision.packaging.bag import TAG_MANIFEST


@dataclass(frozen=True)
class Verified:
    """What was found whole. `digest` is D, what officers approved."""

    release: str
    digest: str
    files: int
    tables: int
    rows: int


def verify_payload(path: Path) -> Verified:
    """Check a payload in full. `Refused` names the first file that is wrong."""
    with _folder(path) as bag:
        files = _whole_bag(bag)
        release, tables = _description(bag)
        rows = [_checked(bag / "data", table) for table in tables]
        digest = hashlib.sha256((bag / TAG_MANIFEST).read_bytes()).hexdigest()
        return Verified(release, digest, files, len(rows), sum(rows))


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """The bag's folder; a ZIP is unpacked for the time of checking."""
    if path.is_dir():
        yield _bag_in(path)
        return
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise _wrong(
            "this is neither a folder nor a ZIP", "decrypt it first: age --decrypt -i key.txt -o FILE.zip FILE.zip.age"
        )
    with tempfile.TemporaryDirectory(prefix="tokumei-verify-") as temporary:
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(temporary)  # names that lead elsewhere are made harmless by zipfile
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError):
            raise _wrong("the ZIP is damaged") from None
        yield _bag_in(Path(temporary))


def _bag_in(folder: Path) -> Path:
    """`folder`, or the only folder in it, whichever is a bag."""
    for candidate in (folder, *sorted(p for p in folder.iterdir() if p.is_dir())):
        if (candidate / "bagit.txt").is_file():
            return candidate
    raise _wrong("there is no bagit.txt", "name the folder that holds bagit.txt")


def _whole_bag(bag: Path) -> int:
    """Every digest, every size, nothing missing and nothing too much; gives the number of payload files."""
    import bagit

    try:
        read = bagit.Bag(str(bag))
        read.validate(completeness_only=False)
    except bagit.BagValidationError as error:
        details = [str(getattr(detail, "path", "")) for detail in getattr(error, "details", ())]
        raise _wrong(
            f"the bag is not whole: {', '.join(sorted(filter(None, details))) or 'its files are not those listed'}"
        ) from None
    except (bagit.BagError, OSError, UnicodeDecodeError):
        raise _wrong("this is no bag that can be read") from None
    if not (bag / TAG_MANIFEST).is_file():
        raise _wrong(f"{TAG_MANIFEST} is missing")
    return len(list(read.payload_files()))


@dataclass(frozen=True)
class _Table:
    """One resource of the description."""

    path: str
    hash: str
    rows: int
    format: str


def _description(bag: Path) -> tuple[str, list[_Table]]:
    """Release and tables as described. Every file in ``tables/`` must be, and nothing else may be."""
    try:
        described = json.loads((bag / "data" / "datapackage.json").read_text("utf-8"))
        release = str(described["release"])
        tables = [_Table(r["path"], r["hash"], r["rows"], r["format"]) for r in described["resources"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise _wrong("datapackage.json is missing or not as we write it") from None
    present = {
        path.relative_to(bag / "data").as_posix() for path in (bag / "data" / "tables").rglob("*") if path.is_file()
    }
    if not tables or len(tables) != len(present) or {table.path for table in tables} != present:
        raise _wrong("datapackage.json describes other tables than there are")
    return release, tables


def _checked(data: Path, table: _Table) -> int:
    """Rows of a table that is what its description says."""
    with (data / table.path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if table.hash != f"sha256:{digest}":
        raise _wrong(f"{table.path} has another digest than datapackage.json says")
    rows = _rows(data / table.path, table.format)
    if rows != table.rows:
        raise _wrong(f"{table.path} has {rows} rows, datapackage.json says {table.rows}")
    return rows


def _rows(path: Path, kind: str) -> int:
    if kind == "csv":
        with path.open(encoding="utf-8", newline="") as file:
            return sum(1 for _ in csv.reader(file)) - 1
    if kind == "xlsx":
        return _rows_of_sheet(path)
    import polars as pl

    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _rows_of_sheet(path: Path) -> int:
    """Rows below the header of the only sheet."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        if len(book.sheet_names) == 1:
            return int(book.get_sheet_by_index(0).height) - 1
    except (CalamineError, OSError):
        pass
    raise _wrong(f"tables/{path.name} is no workbook of one sheet")


def _wrong(what: str, remedy: str = "do not use the data; tell the operator") -> Refused:
    return Refused(what, where="payload", rule="package.verify", remedy=remedy)
