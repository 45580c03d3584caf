"""`tokumei sources`: help with the configuration of new sources."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from provision.commands import Subparsers
from provision.errors import FixConfiguration


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("sources", help="draft the layout of a table from a file of it")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    propose = inner.add_parser("propose", help="headings and shapes of a file, no value of it, as a layout to confirm")
    propose.add_argument("file", type=Path, help="delimited text, an Excel workbook (.xlsx) or a Parquet file")
    propose.add_argument("--id", default="new-table", help="id of the layout and of its dataset")
    propose.add_argument("--sheet", default="", help="sheet of the workbook, where it has several")
    propose.add_argument("--header-row", type=int, default=1, help="row with the headings, from 1")
    propose.set_defaults(run=_propose)


def _propose(arguments: argparse.Namespace) -> int:
    from provision.proposing import propose

    if not re.fullmatch(r"[a-z][a-z0-9-]{1,39}", arguments.id):
        remedy = "2 to 40 lower-case letters, digits and hyphens, a letter first"
        raise FixConfiguration("it is no id", where="--id", rule="propose", remedy=remedy)
    if not 1 <= arguments.header_row <= 50:
        raise FixConfiguration(
            "there is no such row", where="--header-row", rule="propose", remedy="a row from 1 to 50"
        )
    print(propose(arguments.file, arguments.id, sheet=arguments.sheet, header_row=arguments.header_row), end="")
    return 0
