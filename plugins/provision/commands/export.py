"""`tokumei export`: a period of the provision log as a report with its proof, and checking one offline."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from provision.commands import Subparsers, say
from provision.errors import FixConfiguration
from provision.zones import Zones, home_folder


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("export", help="what was provided in a period, with its proof")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    write = inner.add_parser("write", help="write a ZIP of report and proof into the folder OUT")
    write.add_argument("--since", type=_day, required=True, help="first day, YYYY-MM-DD, in Japan")
    write.add_argument("--until", type=_day, required=True, help="last day")
    write.add_argument("--form", choices=("csv", "json", "pdf"), default="csv")
    write.add_argument("--language", choices=("ja", "en"), default="ja", help="of a PDF")
    write.add_argument("--out", type=Path, default=Path(), help="default: here")
    write.add_argument("--path", type=Path, help="ledger database; default: the platform's")
    verify = inner.add_parser("verify", help="offline; exit code 8 where anything is wrong")
    verify.add_argument("file", type=Path)
    verify.add_argument("--key", required=True, help="the log's public key, from a source you trust")
    for one, action in ((write, _write), (verify, _verify)):
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=action)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _write(arguments: argparse.Namespace) -> int:
    from provision.exporting.package import export
    from provision.exporting.period import Period
    from provision.ledger.reading import LedgerReader

    period = Period(arguments.since, arguments.until)
    with LedgerReader.read(arguments.path or Zones(home_folder()).ledger()) as ledger:
        made = export(ledger, period, arguments.form, arguments.language)
    target = arguments.out / made.name
    try:
        target.write_bytes(made.content)
    except OSError:
        raise FixConfiguration(
            "the export cannot be written", where=target.name, rule="path", remedy="name a folder that can be written"
        ) from None
    say({"file": str(target), "bytes": len(made.content)}, as_json=arguments.json, text=str(target))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from provision.exporting.verifying import verify

    try:
        content = arguments.file.read_bytes()
    except OSError:
        raise FixConfiguration(
            "the file cannot be read", where=arguments.file.name, rule="path", remedy="name an export"
        ) from None
    found = verify(content, arguments.key)
    text = (
        f"verified: {found.releases} releases, {found.provisions} provisions from {found.period.since} to "
        f"{found.period.until}; entries {found.first} to {found.last}, all of them, of a signed log of {found.size}"
    )
    say(found.as_json(), as_json=arguments.json, text=text)
    return 0
