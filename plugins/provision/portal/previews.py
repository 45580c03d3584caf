"""下見: what a release holds, from its codebook and description: tables, columns, codes and counts, never a row."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from provision.zones import Zones

DESCRIPTION = "datapackage.json"


def codebook(language: str) -> str:
    """Name of the codebook in a language, in a payload and in a preview."""
    return f"codebook.{language}.csv"


@dataclass(frozen=True)
class Column:
    """One column: its name, what it means, its type, what it may hold and its unit."""

    name: str
    meaning: str
    type: str
    values: str
    unit: str


@dataclass(frozen=True)
class Table:
    """One table: name, title, rows, the files it is in, and its columns."""

    name: str
    title: str
    rows: int
    files: tuple[str, ...]
    columns: tuple[Column, ...]


def preview(zones: Zones, release: str, language: str) -> tuple[Table, ...]:
    """The tables of a release; none where nothing was laid out, or not as we lay it out."""
    folder = zones.home / "previews" / release  # not made here: the portal only reads it
    try:
        described = json.loads((folder / DESCRIPTION).read_text("utf-8"))["resources"]
        columns = _columns(folder / codebook(language))
        return tuple(_tables(described, columns, language))
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return ()


def _columns(path: Path) -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for table, name, meaning, kind, values, unit in rows:
            found.setdefault(table, []).append(Column(name, meaning, kind, values, unit))
    return found


def _tables(described: Sequence[dict[str, object]], columns: dict[str, list[Column]], language: str) -> list[Table]:
    """One a table, whatever formats it comes in."""
    made: dict[str, Table] = {}
    for resource in described:
        path = str(resource["path"])
        name = Path(path).stem
        ja, _, en = str(resource["title"]).partition(" / ")
        files = (*(made[name].files if name in made else ()), path)
        title, rows = (ja if language == "ja" else en), int(str(resource["rows"]))
        made[name] = Table(name, title, rows, files, tuple(columns[name]))
    return list(made.values())
