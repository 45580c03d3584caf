"""`tokumei formats` and `tokumei datasets`: what can be read, and what it becomes."""

from __future__ import annotations

import argparse

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    listed = subparsers.add_parser("formats", help="source formats")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=_formats)
    datasets = subparsers.add_parser("datasets", help="datasets, tables and columns with class and domain")
    datasets.add_argument("--json", action="store_true")
    datasets.set_defaults(run=_datasets)


def _formats(arguments: argparse.Namespace) -> int:
    from provision.formats import formats

    found = {f.id: dict(f.title) for f in formats().values()}
    say(
        found, as_json=arguments.json, text="\n".join(f"{i:20} {t['ja']} / {t['en']}" for i, t in sorted(found.items()))
    )
    return 0


def _datasets(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from provision.formats import formats

    datasets = [f.dataset for _, f in sorted(formats().items())]
    lines = []
    for dataset in datasets:
        lines.append(f"{dataset.id}  {dataset.ja} / {dataset.en}  (edition {dataset.edition})")
        for table in dataset.tables:
            lines.append(f"  {table.name}  {table.ja} / {table.en}")
            lines += [f"    {c.name:24} {c.cls:14} {c.domain:24} {c.ja} / {c.en}" for c in table.columns]
    say([asdict(d) for d in datasets], as_json=arguments.json, text="\n".join(lines))
    return 0
