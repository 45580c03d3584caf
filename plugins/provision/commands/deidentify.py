"""`tokumei deidentify`: parse and de-identify files, without Airflow and without configuration."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say
from provision.errors import FixConfiguration

AUTO, TABLE = "auto", "table"
_NO_QUARANTINE = "there is no quarantine here"

if TYPE_CHECKING:
    from provision.formats.base import Format
    from provision.intake.outcome import FileResult, Outcome


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("deidentify", help="parse and de-identify files; tables as Parquet, counts as JSON")
    command.add_argument(
        "path",
        type=Path,
        help="a file, an archive (zip, tar, gz), or a folder: its files are numbered in the order of their paths",
    )
    command.add_argument(
        "--format", default=AUTO, help="source format, such as uke-medical (tokumei formats); auto: by content"
    )
    command.add_argument("--layout", type=Path, help="config/layouts/<id>.yaml of the files, with --format table")
    command.add_argument("--out", type=Path, required=True, help="folder for the tables; must be empty or missing")
    command.add_argument("--password-file", type=Path, help="file with the password of protected archives")
    command.add_argument("--json", action="store_true", help="print counts as JSON")
    command.add_argument("--quiet", action="store_true", help="show no progress")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """De-identify every file; exit code 2 where a file, or a record of one, had to be refused, or nothing was taken."""
    from provision.intake.offline_files import Offline
    from provision.intake.progress import Progress, on_screen

    source_format = _format(arguments.format, arguments.layout)
    files, password = _files(arguments.path), _password(arguments.password_file)
    out = _empty(arguments.out)
    size = sum(file.stat().st_size for file in files)
    progress = Progress(len(files), size, on_screen(sys.stderr, quiet=arguments.quiet))
    alone = arguments.path.is_file()
    root = arguments.path.parent if alone else arguments.path
    outcome = Offline(out, source_format, progress, password, _ask).run(files, root, alone=alone)
    _say(outcome, arguments.json)
    return 2 if outcome.refused or outcome.held or not outcome.taken else 0


def _format(name: str, path: Path | None) -> Format | None:
    """The format named, that of a layout, or None where every file's is to be recognised."""
    from provision import formats
    from provision.checking import layout_problems
    from provision.config import load_file
    from provision.formats.configured import ConfiguredTable
    from provision.layouts import Layout

    if path is None and name != TABLE:
        return None if name == AUTO else formats.get(name)
    if path is None or name != TABLE:
        raise FixConfiguration(
            "--layout and --format table belong together", where="--layout", rule="layout", remedy="write both"
        )
    layout, problems = load_file(path, Layout)
    problems += list(layout_problems(path, layout)) if layout is not None else []
    if layout is None or problems:
        first = problems[0]
        where = f"{first.file}:{first.line}"
        raise FixConfiguration(f"{first.key}: {first.what}", where=where, rule="layout", remedy=first.remedy)
    return ConfiguredTable(layout)


def _files(path: Path) -> list[Path]:
    from provision.intake.archives.names import is_junk
    from provision.intake.offline_files import MARKER

    found = [path]
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file() and p.name != MARKER)
        found = [p for p in inside if not is_junk(p.relative_to(path).as_posix())]
    if not found or not found[0].is_file():
        raise FixConfiguration(
            "there is no such file", where="PATH", rule="path", remedy="name a file or a folder of files"
        )
    return found


def _empty(out: Path) -> Path:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FixConfiguration("the output is no empty folder", where=str(out), rule="out", remedy="name an empty one")
    out.mkdir(parents=True, exist_ok=True)
    return out


def _password(path: Path | None) -> bytes | None:
    """The first line of the file: a password on the command line would be seen by everybody on the machine."""
    if path is None:
        return None
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        lines = []
    if not lines or not lines[0]:
        raise FixConfiguration(
            "there is no password in the password file",
            where=str(path),
            rule="password_file",
            remedy="write the password into its first line",
        )
    return lines[0]


def _ask() -> bytes | None:
    """The password, typed by a person who sits at a terminal."""
    if not sys.stdin.isatty():
        return None
    return getpass.getpass("\nPassword of the archives: ", stream=sys.stderr).encode() or None


def _say(outcome: Outcome, as_json: bool) -> None:
    lines = [line for result in outcome.results for line in _lines(result)]
    lines += [f"passed over: {count:,} files: {rule}" for rule, count in sorted(outcome.passed.items())]
    if outcome.files > 1:
        lines.append(f"{outcome.files} files, {outcome.refused} refused")
    if outcome.files and not outcome.taken:
        lines.append("nothing was taken")
    if outcome.held:
        lines.append(f"{outcome.held} records were left out of the tables. They are kept nowhere: {_NO_QUARANTINE}.")
    say(outcome.plain(), as_json=as_json, text="\n".join(lines))


def _lines(result: FileResult) -> list[str]:
    known = [f"  {result.format}: {result.reason}"] if result.format else []
    if result.problem is not None:
        p = result.problem
        place = " ".join(filter(None, (f"record {p.record}" if p.record else "", p.field))) or "the whole file"
        return [f"{p.file}: refused, {place}: {p.rule} -> {p.remedy}", *known]
    rows_out = sum(result.tables.values())
    many = f" ({result.documents:,} files)" if result.documents > 1 else ""
    lines = [f"{result.file}{many}: {result.records:,} records, {result.people:,} people, {rows_out:,} rows", *known]
    lines += [f"  {name}: {rows:,} rows" for name, rows in result.tables.items()]
    lines += [f"  rule {name}: {cells:,} cells" for name, cells in result.rules.items()]
    lines += [f"  warning {name}: {count:,}" for name, count in result.warnings.items()]
    return lines + [f"  left out: record {p.record}: {p.rule}" for p in result.held]
