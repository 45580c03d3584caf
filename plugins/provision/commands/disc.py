"""`tokumei disc`: the custody register of discs (媒体管理簿): each step of a disc is an entry in the log."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from provision.commands import Subparsers, say

if TYPE_CHECKING:
    from provision.releasing.custody import Disc


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("disc", help="custody of discs: burned, sent, received, lost, destroyed")
    actions = command.add_subparsers(metavar="ACTION", required=True)
    burned = actions.add_parser("burned", help="a disc was burned from an order's image")
    burned.add_argument("order")
    burned.add_argument("--volume", type=int, default=1, help="which of the order's discs")
    burned.add_argument("--serial", required=True, help="the number written on the disc")
    burned.add_argument("--read-back", type=Path, metavar="DEVICE", help="the drive: read the disc and compare it")
    sent = actions.add_parser("sent", help="a disc was handed to a carrier")
    sent.add_argument("serial")
    sent.add_argument("--carrier", required=True, help='name of the carrier, or "by hand"')
    sent.add_argument("--tracking", required=True, help="tracking number, or number of the receipt")
    for name, help in (
        ("received", "the recipient has it"),
        ("lost", "it did not arrive"),
        ("destroyed", "unreadable"),
    ):
        step = actions.add_parser(name, help=help)
        step.add_argument("serial")
        step.add_argument("--how", required=True, help="how you know, such as the signed cover sheet's number")
    listed = actions.add_parser("list", help="every disc and where it is")
    listed.add_argument("order", nargs="?")
    for name, action in actions.choices.items():
        action.add_argument("--json", action="store_true")
        action.set_defaults(run=_list if name == "list" else _step, step=name)


def _step(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.releasing import custody

    ctx, actor = open_context(), f"operator:{getpass.getuser()}"
    if arguments.step == "burned":
        disc = custody.burned(
            ctx,
            arguments.order,
            volume=arguments.volume,
            serial=arguments.serial,
            disc=arguments.read_back,
            actor=actor,
        )
    elif arguments.step == "sent":
        disc = custody.sent(ctx, arguments.serial, carrier=arguments.carrier, tracking=arguments.tracking, actor=actor)
    else:
        record = {"received": custody.received, "lost": custody.lost, "destroyed": custody.destroyed}[arguments.step]
        disc = record(ctx, arguments.serial, how=arguments.how, actor=actor)
    say(vars(disc), as_json=arguments.json, text=_line(disc))
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.releasing.custody import register

    discs = register(open_context(), arguments.order)
    say(
        [vars(disc) for disc in discs],
        as_json=arguments.json,
        text="\n".join(map(_line, discs)) or "no disc was burned",
    )
    return 0


def _line(disc: Disc) -> str:
    return f"{disc.serial}\t{disc.order}\tvolume {disc.volume}\t{disc.state}"
