"""`tokumei notices`: what the public was told, what a plan would announce, and whether every page can be read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from provision.commands import Subparsers, say

if TYPE_CHECKING:
    from collections.abc import Mapping


def add(subparsers: Subparsers) -> None:
    """Declare the commands."""
    command = subparsers.add_parser("notices", help="announcements to the public (公表): list, preview, verify")
    inner = command.add_subparsers(metavar="ACTION", required=True)
    listed = inner.add_parser("list", help="every announcement, oldest first")
    preview = inner.add_parser("preview", help="what a plan would announce, and what of it is new")
    preview.add_argument("plan")
    verify = inner.add_parser("verify", help="read every announcement back from where the public reads it")
    for one, run in ((listed, _list), (preview, _preview), (verify, _verify)):
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=run)


def _list(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.notices.register import announcements

    found = list(announcements(open_context()))
    say(found, as_json=arguments.json, text="\n".join(map(_line, found)) or "nothing was announced")
    return 0


def _line(one: Mapping[str, Any]) -> str:
    changes = f"{len(one['items'])} items (+{len(one['added'])} -{len(one['removed'])})"
    return f"{one['on']}\t{one['plan']}\tart. {', '.join(one['articles'])}\t{changes}\t{one['url']}"


def _preview(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.notices.contents import contents_of
    from provision.notices.register import difference

    ctx = open_context()
    contents = contents_of(ctx, ctx.plan(arguments.plan))
    found = difference(ctx, contents)
    said = {**vars(found), "articles": contents.articles, "items": contents.lines, "method": contents.method_line}
    marks = dict.fromkeys(found.added, "+") | dict.fromkeys(found.removed, "-")
    lines = [f"{marks.get(item, ' ')} {item}" for item in (*contents.lines, *found.removed)]
    head = "needs a new announcement" if found.needed else f"stands already: {found.current}"
    method = f"method{' (changed)' if found.method else ''}: {contents.method_line}"
    say(said, as_json=arguments.json, text="\n".join([f"art. {', '.join(contents.articles)}: {head}", method, *lines]))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from provision.context import open_context
    from provision.errors import RetryLater
    from provision.notices.reading import require_readable
    from provision.notices.register import announcements

    ctx, found = open_context(), []
    for one in announcements(ctx):
        try:
            require_readable(ctx.platform, ctx.zones.published(), one["name"], one["sha256"])
            found.append({"name": one["name"], "readable": True, "why": ""})
        except RetryLater as error:
            found.append({"name": one["name"], "readable": False, "why": error.what})
    lines = [f"{'ok ' if one['readable'] else 'NO '} {one['name']} {one['why']}".rstrip() for one in found]
    say(found, as_json=arguments.json, text="\n".join(lines) or "nothing was announced")
    return 0 if all(one["readable"] for one in found) else 4
