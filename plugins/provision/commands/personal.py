"""`tokumei personal`: register and list provisions of personal data (APPI arts. 29, 30), which are never releases."""

from __future__ import annotations

import argparse
import getpass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say

if TYPE_CHECKING:
    from provision.personalregister import Registered

CASES = ("consent", "law", "life", "public-body", "research")


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("personal", help="the register of provisions of personal data (個人情報の提供記録)")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    new = inner.add_parser("register", help="enter one, with its document; who the persons are stays in the document")
    new.add_argument("--direction", choices=("provided", "received"), default="provided")
    new.add_argument("--case", choices=CASES, required=True, help="which of the policy's five cases")
    new.add_argument("--on", type=date.fromisoformat, required=True, help="its day in Japan, YYYY-MM-DD")
    new.add_argument("--party", required=True, help="name of the organisation; of a private person: a private person")
    new.add_argument("--item", action="append", required=True, metavar="ITEM", help="an item of the data; repeat it")
    new.add_argument("--persons", type=int, required=True, help="of how many people")
    new.add_argument("--acquired", required=True, help="how the data were acquired (取得の経緯)")
    new.add_argument("--basis", required=True, help="statute, consent form or request it rests on")
    new.add_argument("--reference", required=True, help="where the document is kept, such as its number")
    new.add_argument("--document", type=Path, required=True, help="the document; only its SHA-256 goes into the log")
    new.add_argument("--corrects", default="", metavar="NUMBER", help="the entry that this one stands for")
    listed = inner.add_parser("list", help="every entry, or those of a case or a year")
    listed.add_argument("--case", choices=CASES)
    listed.add_argument("--year", type=int)
    for one, run in ((new, _register), (listed, _list)):
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=run)


def _register(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.personalregister import Case, Provision, register

    said = Provision(
        direction=arguments.direction, case=Case(arguments.case), on=arguments.on, party=arguments.party,
        items=tuple(arguments.item), persons=arguments.persons, acquired=arguments.acquired, basis=arguments.basis,
        reference=arguments.reference,
    )  # fmt: skip
    actor = f"operator:{getpass.getuser()}"
    made = register(open_context(), said, arguments.document, actor=actor, corrects=arguments.corrects)
    say(_told(made), as_json=arguments.json, text=_line(made))
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.personalregister import listed

    found = [
        one for one in listed(open_context())
        if arguments.case in {None, one.provision.case} and arguments.year in {None, one.provision.on.year}
    ]  # fmt: skip
    say(
        [_told(one) for one in found], as_json=arguments.json, text="\n".join(map(_line, found)) or "nothing registered"
    )
    return 0


def _told(one: Registered) -> dict[str, object]:
    """For programs, with the provision of the Act in both languages."""
    from provision.personalregister import BASIS

    said, (ja, en) = one.provision, BASIS[one.provision.case]
    return {
        "id": one.id, **vars(said), "on": said.on.isoformat(), "law": {"ja": ja, "en": en},
        "document_sha256": one.document, "recorded": one.recorded, "actor": one.actor,
        "keep_until": one.keep_until.isoformat(), "corrected_by": one.corrected_by,
    }  # fmt: skip


def _line(one: Registered) -> str:
    said = one.provision
    ended = f"\tcorrected by {one.corrected_by}" if one.corrected_by else ""
    what = f"{said.party}\t{', '.join(said.items)}\t{said.persons} people"
    return f"{one.id}\t{said.on}\t{said.direction}\t{said.case}\t{what}\tkeep until {one.keep_until}{ended}"
