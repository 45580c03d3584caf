"""`tokumei deidentify`: parse and de-identify files, without Airflow and without configuration."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say
from provision.errors import FixConfiguration

MARKER = "batch.yaml"  # of a sender's drop: says that it is complete, holds no data

if TYPE_CHECKING:
    from provision.intake.offline import FileResult


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("deidentify", help="parse and de-identify files; tables as Parquet, counts as JSON")
    command.add_argument("path", type=Path, help="a file, or a folder of files")
    command.add_argument("--format", required=True, help="source format, such as uke-medical (tokumei formats)")
    command.add_argument("--out", type=Path, required=True, help="folder for the tables; must be empty or missing")
    command.add_argument("--json", action="store_true", help="print counts as JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """De-identify every file; exit code 2 where any had to be refused."""
    from provision import formats
    from provision.intake.offline import deidentify_file

    source_format, out = formats.get(arguments.format), Path(arguments.out)
    files = _files(arguments.path)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FixConfiguration("the output is no empty folder", where=str(out), rule="out", remedy="name an empty one")
    out.mkdir(parents=True, exist_ok=True)
    results = []
    for number, path in enumerate(files, 1):
        target = out if len(files) == 1 else out / f"file-{number:04d}"
        result = deidentify_file(source_format, path, target, f"file {number}")
        results.append(result)
        if result.problem is not None and target != out:
            shutil.rmtree(target, ignore_errors=True)
    _say(results, arguments.json)
    return 2 if any(r.problem is not None for r in results) else 0


def _files(path: Path) -> list[Path]:
    found = [path]
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_file() and p.name != MARKER)
    if not found or not found[0].is_file():
        raise FixConfiguration(
            "there is no such file", where="PATH", rule="path", remedy="name a file or a folder of files"
        )
    return found


def _say(results: list[FileResult], as_json: bool) -> None:
    plain = [asdict(r) for r in results]
    lines = []
    for result in results:
        if result.problem is not None:
            p = result.problem
            lines.append(f"{p.file}: quarantined, record {p.record} {p.field}: {p.rule} -> {p.remedy}")
        else:
            rows_out = sum(result.tables.values())
            lines.append(f"{result.file}: {result.records:,} records, {result.people:,} people, {rows_out:,} rows")
            lines += [f"  {name}: {rows:,} rows" for name, rows in result.tables.items()]
            lines += [f"  rule {name}: {cells:,} cells" for name, cells in result.rules.items()]
            lines += [f"  warning {name}: {count:,}" for name, count in result.warnings.items()]
    say({"files": plain}, as_json=as_json, text="\n".join(lines))
