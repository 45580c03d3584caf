"""Writes docs/formats.md from the source formats: what can be received, how well each layout is known, what is skipped.

Run it after a format, an edition or the sources named in a field table changed; tests/unit/test_docs.py compares the
page with what it makes. What is said of a format is said in its module's docstring (file names in the field stand there
in double backticks) and in the comments of its field tables (``grade A``): this page only puts it side by side.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path

from provision.formats import formats, tables
from provision.formats.base import Format
from provision.formats.coverage import CHECKED, CLAIM_TOKEN, IDENTITY, NEVER_READ, RULES, coverage, editions
from provision.formats.tables import FieldTable

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"

HEAD = """# Source formats (受領形式)

Made by `python scripts/make_formats_page.py` from the formats in `plugins/provision/formats/` and their field tables;
do not edit it by hand. `tokumei formats` lists the formats, `tokumei formats --coverage` counts what becomes of their
fields, and `tokumei formats --coverage uke-medical --json` tells it of every single field. What is stored in which
column is in [datasets](datasets.md); how to add a format is in [adding](adding.md).

**Grade** says how well a layout is known: A the official text was read; B a table that transcribes it (B- one
transcription that nothing was compared with); C inferred from programs that read or write such files; D from memory, a
lead only. Where it is C or D, longer and different records are accepted as far as they cannot be mistaken.

| format | 名称 | name | files | dataset | grade |
|---|---|---|---|---|---|
{formats}

## Editions (版)

An edition is a field table; it is chosen per file, by the claim month where a month is given here.

| format | edition | claim months | grade of the table | fields | never read |
|---|---|---|---|---|---|
{editions}

## What becomes of the fields

Fields of all editions together. Those used for identity or the claim token are turned into keyed codes in memory; what
else happens to them is counted like that of the others.

| format | fields | {happens} | used for identity | used for the claim token |
|---|---|{rules}---|---|
{fates}

## Fields that are never read

Free text and names of facilities and their people are not even read into memory as columns where a reader can skip
them; everything else that is not stored is dropped on receipt.

{unread}
"""

#: What may become of a field, in the order of the page's columns.
HAPPENS = (CHECKED, *(word for rule, word in RULES.items() if rule != "drop-column"), RULES["drop-column"], NEVER_READ)

_GRADE = re.compile(r"\bgrade ([ABCD]-?)(?![A-Za-z])")
_FILES = re.compile(r"``([^`]*[A-Z][^`]*)``")


def page() -> str:
    """The whole page."""
    found = [source for _, source in sorted(formats().items())]
    return HEAD.format(
        formats="\n".join(_row(_format(source)) for source in found),
        editions="\n".join(_row(_edition(source, table)) for source in found for table in editions(source)),
        happens=" | ".join(HAPPENS),
        rules="---|" * len(HAPPENS),
        fates="\n".join(_row(_fates(source)) for source in found),
        unread="\n".join(line for source in found if (line := _unread(source))),
    )


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _format(source: Format) -> tuple[str, ...]:
    known = sorted({*_GRADE.findall(_module(source)), *(g for table in editions(source) for g in grades(table))})
    return (
        f"`{source.id}`", source.title["ja"], source.title["en"], ", ".join(f"`{name}`" for name in file_names(source)),
        f"`{source.dataset.id}`", ", ".join(known),
    )  # fmt: skip


def _module(source: Format) -> str:
    """The docstring of the module a format is made in."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith("provision.formats.") and getattr(module, "FORMAT", None) is source:
            return module.__doc__ or ""
    return ""


def file_names(source: Format) -> list[str]:
    """What such files are called in the field: the names in the first paragraph of the format's module."""
    return _FILES.findall(_module(source).split("\n\n")[0])


def grades(table: FieldTable) -> list[str]:
    """Grades named in the comments of a field table, the best first."""
    folder = files("provision.formats") / "fields"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if tables.load(file.name.removesuffix(".tsv")).fields == table.fields:
            lines = file.read_text(encoding="utf-8").splitlines()
            return sorted(set(_GRADE.findall("\n".join(line for line in lines if line.startswith("# ")))))
    return []


def _edition(source: Format, table: FieldTable) -> tuple[str, ...]:
    own = [f for f in coverage(source) if f.edition == table.dataset.edition]
    months = f"{table.since or '…'} to {table.until or '…'}" if table.since or table.until else "all"
    skipped = sum(f.happens == NEVER_READ for f in own)
    return (
        f"`{source.id}`", table.dataset.edition, months, ", ".join(grades(table)), str(len(own)), str(skipped or ""),
    )  # fmt: skip


def _fates(source: Format) -> tuple[str, ...]:
    fields = coverage(source)
    happens, used = Counter(f.happens for f in fields), Counter(f.used_for for f in fields)
    told = [happens[word] for word in HAPPENS] + [used[IDENTITY], used[CLAIM_TOKEN]]
    return (f"`{source.id}`", str(len(fields)), *(str(count or "") for count in told))


def _unread(source: Format) -> str:
    """The records and places that the reader skips, each once over all editions."""
    places: dict[str, set[int]] = {}
    for field in coverage(source):
        if field.happens == "never read":
            places.setdefault(field.record, set()).add(field.index)
    told = "; ".join(f"{record} {', '.join(map(str, sorted(found)))}" for record, found in places.items())
    return f"* `{source.id}`, record and index from 0: {told}." if told else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
