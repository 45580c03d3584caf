"""`tokumei formats` and `tokumei datasets`: what can be read, what becomes of every field, and what is stored."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say

if TYPE_CHECKING:
    from provision.catalogue import Catalogue
    from provision.formats.base import Dataset, Format


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    listed = subparsers.add_parser("formats", help="source formats; with --coverage, what becomes of every field")
    listed.add_argument("format", nargs="?", default="", metavar="FORMAT", help="only this one")
    listed.add_argument("--coverage", action="store_true", help="every field of every edition and what happens to it")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=_formats)
    datasets = subparsers.add_parser("datasets", help="datasets, tables and columns with class and domain")
    datasets.add_argument("--json", action="store_true")
    datasets.set_defaults(run=_datasets)


def _known() -> Catalogue:
    """What there is, with the tables of the layouts that hold (`tokumei config check` says which do not)."""
    from provision.catalogue import Catalogue
    from provision.config import config_folder, load_layouts

    return Catalogue(load_layouts(config_folder()).items)


def _formats(arguments: argparse.Namespace) -> int:
    known = _known()
    found = [known.format(arguments.format)] if arguments.format else [f for _, f in sorted(known.formats().items())]
    if arguments.coverage:
        return _coverage(found, arguments.json)
    titles = {f.id: dict(f.title) for f in found}
    width = max(map(len, titles))
    say(titles, as_json=arguments.json, text="\n".join(f"{i:{width}} {t['ja']} / {t['en']}" for i, t in titles.items()))
    return 0


def _coverage(found: list[Format], as_json: bool) -> int:
    from provision.formats.coverage import counts, coverage, editions

    whole, lines = [], []
    for source in found:
        fields, tables = coverage(source), editions(source)
        lines.append(f"{source.id}  {source.title['ja']} / {source.title['en']}: {len(fields)} fields")
        for table in tables:
            own = [f for f in fields if f.edition == table.dataset.edition]
            lines.append(f"  edition {table.dataset.edition}{months(table.since, table.until)}: {len(own)} fields")
            lines += [f"    {count:5} {happens}" for happens, count in sorted(counts(own).items())]
        whole.append(
            {
                "format": source.id,
                "title": dict(source.title),
                "dataset": source.dataset.id,
                "editions": [
                    {"edition": t.dataset.edition, "since": t.since, "until": t.until, "fields": len(t.fields)}
                    for t in tables
                ],
                "counts": counts(fields),
                "fields": [asdict(field) for field in fields],
            }
        )
    say({"formats": whole}, as_json=as_json, text="\n".join(lines))
    return 0


def months(since: str, until: str) -> str:
    """The claim months of an edition in words, with a space in front; "" where it is not bounded."""
    return f" (claim months {since or '…'} to {until or '…'})" if since or until else ""


def _datasets(arguments: argparse.Namespace) -> int:
    from provision import codes
    from provision.formats.coverage import editions

    names = codes.load("content_category").names
    lines, whole = [], []
    for _, source in sorted(_known().formats().items()):
        dataset, found = source.dataset, [t.dataset.edition for t in editions(source)]
        lines.append(f"{dataset.id}  {dataset.ja} / {dataset.en}  (editions {', '.join(found)})")
        lines += _tables(dataset)
        numbers = sorted({c.category for t in dataset.tables for c in t.columns if c.category})
        words = {n: dict(zip(("ja", "en"), names[str(n)], strict=True)) for n in numbers}
        whole.append({**asdict(dataset), "format": source.id, "editions": found, "content_categories": words})
    lines += ["", "content categories:", *(f"  {code}  {ja} / {en}" for code, (ja, en) in names.items())]
    say(whole, as_json=arguments.json, text="\n".join(lines))
    return 0


def _tables(dataset: Dataset) -> list[str]:
    lines = []
    for table in dataset.tables:
        lines.append(f"  {table.name}  {table.ja} / {table.en}")
        lines += [
            f"    {c.name:24} {c.cls:14} {c.domain:28} {c.unit:8} {c.category or '-'}  {c.ja} / {c.en}"
            for c in table.columns
        ]
    return lines
