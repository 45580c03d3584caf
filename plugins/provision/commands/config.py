"""`tokumei config`: check every configuration file, write JSON Schemas for editors."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from provision.commands import Subparsers, say


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("config", help="check the configuration, write JSON Schemas")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    check = inner.add_parser("check", help="every file; exit code 5 where anything is wrong")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=_check)
    schema = inner.add_parser("schema", help="JSON Schemas of the configuration files")
    schema.add_argument("--out", type=Path, help="folder for one file per kind; default: print all")
    schema.set_defaults(run=_schema)


def _check(arguments: argparse.Namespace) -> int:
    from provision.checking import check_all
    from provision.config import config_folder

    problems = check_all(config_folder())
    text = "\n".join(p.message for p in problems) or "the configuration holds"
    say({"ok": not problems, "problems": [asdict(p) for p in problems]}, as_json=arguments.json, text=text)
    return 5 if problems else 0


def _schema(arguments: argparse.Namespace) -> int:
    from provision.layouts import Layout
    from provision.model import Noun, Plan, Platform, Profile, Recipient, Source

    nouns: dict[str, type[Noun]] = {
        "platform": Platform,
        "source": Source,
        "layout": Layout,
        "recipient": Recipient,
        "release": Plan,
        "profile": Profile,
    }
    schemas: dict[str, object] = {name: noun.model_json_schema() for name, noun in nouns.items()}
    if arguments.out is None:
        print(json.dumps(schemas, ensure_ascii=False, indent=1))
        return 0
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas.items():
        text = json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
        (arguments.out / f"{name}.schema.json").write_text(text, encoding="utf-8")
    return 0
