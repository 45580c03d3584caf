"""`tokumei person`: a person asks to be erased or not to be used any more; two operators, and no identifier in a log.

Who it is goes in through the terminal, or through a file descriptor (``--fd 3 3< <(gpg -d request.gpg)``): never on the
command line, which the shell's history and the list of processes keep.
"""

from __future__ import annotations

import argparse
import os
import pwd
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say

if TYPE_CHECKING:
    from provision.persons.asked import Asked

#: Fields and what the terminal asks, birth and sex once for all records.
_ASKED_ONCE = (("birth", "生年月日 YYYYMMDD"), ("sex", "性別 1 男 male, 2 女 female"))
_ASKED = (
    ("kana", "カナ氏名"), ("name", "氏名"),
    ("insurer", "保険者番号"), ("symbol", "被保険者記号"), ("number", "被保険者番号"),
    ("branch", "枝番"), ("care_insurer", "介護保険者番号"), ("care_number", "介護被保険者番号"),
    ("facility", "医療機関・事業所コード"), ("chart", "カルテ番号"), ("phone", "電話"), ("address", "住所"),
)  # fmt: skip


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("person", help="a person's request: erase their data, use it no more")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    for name, help in (("erase", "take a request to erase a person"), ("veto", "take a request not to receive them")):
        taken = inner.add_parser(name, help=help)
        taken.add_argument("--basis", required=True, help="appi-35, consent-withdrawn, policy or order")
        taken.add_argument("--reference", required=True, help="number of the file the request stands in; no name")
        taken.add_argument(
            "--fd", type=int, help="file descriptor that gives the person as JSON; else the terminal asks"
        )
        taken.set_defaults(run=_ask, veto=name == "veto", erase=name == "erase", alone=False, quarantine=False)
    erase = inner.choices["erase"]
    erase.add_argument("--veto", action="store_true", help="and do not receive them any more")
    erase.add_argument("--alone", action="store_true", help="nobody else uses the card, telephone and address")
    erase.add_argument("--quarantine", action="store_true", help="destroy what may be theirs in quarantine, too")
    lifted = inner.add_parser("lift", help="take a request to lift a veto: receive and use their data again")
    lifted.add_argument("request", metavar="REQUEST", help="the request the veto stands under: tokumei person vetoes")
    lifted.add_argument("--basis", required=True, help="objection-withdrawn, wrong-person or order")
    lifted.add_argument("--reference", required=True, help="number of the file it stands in; no name")
    lifted.set_defaults(run=_lift)
    vetoes = inner.add_parser("vetoes", help="vetoes that stand, by their requests")
    vetoes.add_argument("--json", action="store_true")
    vetoes.set_defaults(run=_vetoes)
    agreed = inner.add_parser("agree", help="as a second person: agree, and carry it out; again where it died")
    agreed.add_argument("request", metavar="REQUEST")
    agreed.set_defaults(run=_agree)
    rejected = inner.add_parser("reject", help="do nothing, and forget who it was")
    rejected.add_argument("request", metavar="REQUEST")
    rejected.add_argument("--basis", required=True, help="not-entitled or withdrawn")
    rejected.set_defaults(run=_reject)
    listed = inner.add_parser("list", help="requests that are not over")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=_list)
    opened = inner.add_parser("reopen", help="after the vault was restored: seal the register of vetoes anew")
    opened.add_argument("--identity", type=Path, required=True, help="file with the escrow key's private half")
    opened.set_defaults(run=_reopen)
    inner.add_parser("again", help="after the store was restored: erased people go again").set_defaults(run=_again)


def _ask(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.persons.requests import Wish, ask

    wish = Wish(
        arguments.erase, arguments.veto, arguments.basis, arguments.reference, not arguments.alone, arguments.quarantine
    )
    context, asked = open_context(), _person(arguments.fd)
    id, said = ask(context, asked, wish, actor=_operator())
    _taken(id, said)
    return 0


def _lift(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.persons.lifting import ask

    _taken(*ask(
        open_context(), arguments.request, basis=arguments.basis, reference=arguments.reference, actor=_operator()
    ))  # fmt: skip
    return 0


def _taken(id: str, said: Mapping[str, object]) -> None:
    say({"request": id, **said}, as_json=True, text="")
    print(f"tokumei: another operator now runs: tokumei person agree {id}", file=sys.stderr)


def _vetoes(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.persons.lifting import standing

    found = standing(open_context())
    lines = [f"{one.request}\t{one.since}\t{one.basis}\t{one.reference}" for one in found]
    say([asdict(one) for one in found], as_json=arguments.json, text="\n".join(lines) or "no veto stands")
    return 0


def _agree(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.persons import erasing, lifting

    context, id = open_context(), arguments.request
    carry_out = lifting.carry_out if lifting.is_lifting(context, id) else erasing.carry_out
    say(carry_out(context, id, actor=_operator()), as_json=True, text="")
    return 0


def _reject(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.persons.requests import reject

    reject(open_context(), arguments.request, basis=arguments.basis, actor=_operator())
    say({}, as_json=False, text=f"{arguments.request} is rejected; who it was is forgotten")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.persons.requests import waiting

    found = waiting(open_context())
    lines = [f"{one['request']}\t{one['state']}\t{one['at']}\t{one['asks']}\t{one['reference']}" for one in found]
    say(found, as_json=arguments.json, text="\n".join(lines) or "no request waits")
    return 0


def _again(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.persons.erasing import erase_again

    rows = erase_again(open_context(), actor=_operator())
    say({"rows": rows}, as_json=False, text=f"{rows} rows of people who were erased are gone again")
    return 0


def _reopen(arguments: argparse.Namespace) -> int:
    from provision.backup.sealing import identity
    from provision.context import open_context
    from provision.persons.register import reopen

    people = reopen(open_context(), identity(arguments.identity))
    say({"people": people}, as_json=False, text=f"{people} people of the register are sealed under its new key")
    return 0


def _operator() -> str:
    """By the account that runs the command; two people need two accounts. ``LOGNAME`` may say anything."""
    number = os.getuid()
    try:
        return f"operator:{pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"operator:uid-{number}"


def _person(descriptor: int | None) -> Asked:
    from provision.errors import Refused
    from provision.persons.asked import checked, parse

    if descriptor is not None:
        try:
            with os.fdopen(descriptor, encoding="utf-8") as stream:
                return parse(stream.read())
        except (OSError, UnicodeDecodeError):
            raise Refused(
                "the file descriptor cannot be read", rule="person.form", remedy="give it as 3< file, in UTF-8"
            ) from None
    if not sys.stdin.isatty():
        raise Refused("there is no terminal to ask on", rule="person.form", remedy="give the person as JSON with --fd")
    return checked(_asked_records())


def _asked_records() -> list[dict[str, str]]:
    """From the terminal: as many cards and charts as there are."""
    from provision.persons.asked import FIELDS

    once = {field: input(f"{words}: ").strip() for field, words in _ASKED_ONCE}
    records = []
    while True:
        said = {field: input(f"{words} (空欄可 may be empty): ").strip() for field, words in _ASKED}
        records.append({**dict.fromkeys(FIELDS, ""), **once, **said})
        if input("別の保険証・診察券 another card or chart? (y/N): ").strip().lower() != "y":
            return records
