"""公表: a static page for every announcement, at an address that never changes, with its history beside it.

Written, read back, entered in the log; what stands already is not announced again. A run that died writes the same
bytes once more.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provision.context import Context
from provision.errors import Refused
from provision.ledger.entry import Entry
from provision.notices.contents import Contents, contents_of
from provision.notices.pages import page, shelf
from provision.notices.reading import address, require_readable
from provision.notices.register import PUBLISHED, announcements, difference, latest
from provision.releasing.drafting import drafted_plan, today


def announce(ctx: Context, contents: Contents, *, release: str, actor: str) -> dict[str, Any]:
    """The announcement that says these contents: the one that stands, or a new one. Gives name, digest, address, day.

    Raises `RetryLater` where it cannot be read back from where the public reads it.
    """
    with _one_at_a_time(ctx):
        return _announce(ctx, contents, release, actor)


@contextmanager
def _one_at_a_time(ctx: Context) -> Iterator[None]:
    """Runs of several plans share the list of all announcements; the lock dies with its process."""
    with (ctx.zones.ledger().parent / "announcing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _announce(ctx: Context, contents: Contents, release: str, actor: str) -> dict[str, Any]:
    folder = ctx.zones.published()
    last = latest(ctx, contents.plan, contents.stage)
    if last is not None and last["content"] == contents.digest and _stands(folder, contents, last):
        _write(folder / "index.html", shelf(ctx.platform, announcements(ctx)))
        _require_both(ctx, last)
        return _told(last)
    made, before = _new(ctx, folder, contents), list(announcements(ctx))
    _write(folder / "index.html", shelf(ctx.platform, [*before, {"plan": contents.plan, **made}]))
    _require_both(ctx, made)
    ctx.ledger.append(
        PUBLISHED, actor=actor, key=f"notice:{made['name']}:{len(before)}",
        subjects={"plan": contents.plan, "release": release}, payload=made,
    )  # fmt: skip
    return _told(made)


def require_announced(ctx: Context, release: str) -> None:
    """`Refused` unless exactly the items and the method of this release were announced, `RetryLater` unless the public
    can read it now: nothing opens before (APPI arts. 43(4), 44: あらかじめ)."""
    plan = drafted_plan(ctx, release)
    told = _announced(ctx, release).payload["announcement"]
    if told.get("promise") != contents_of(ctx, plan).promise:
        raise Refused(
            "what was announced is not what this release holds, or not how it goes out", where=release,
            rule="deliver.announcement", remedy="nothing was sent; release anew, so that it is announced as it is",
        )  # fmt: skip
    require_readable(ctx.platform, ctx.zones.published(), str(told["name"]), str(told["sha256"]))


def _announced(ctx: Context, release: str) -> Entry:
    for entry in ctx.ledger.entries(type="release.published", kind="release", subject=release):
        return entry
    raise Refused(
        "the release was never announced", where=release, rule="deliver.announcement", remedy="run its task publish"
    )


def _stands(folder: Path, contents: Contents, last: Mapping[str, Any]) -> bool:
    """Whether both pages are in the folder as announced; lost ones are written again where they still can be."""
    if all(_is_there(folder / str(last[name]), str(last["sha256"])) for name in ("name", "current")):
        return True
    body = page(contents, str(last["on"]))
    if hashlib.sha256(body.encode()).hexdigest() != last["sha256"]:
        return False
    _shelve(folder, contents, str(last["name"]), body)
    return True


def _is_there(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _new(ctx: Context, folder: Path, contents: Contents) -> dict[str, Any]:
    """A page of today, in the folder, and what the log is to say of it."""
    day, changes = today().isoformat(), difference(ctx, contents)
    body = page(contents, day)
    digest = hashlib.sha256(body.encode()).hexdigest()
    name = f"{contents.plan}-{digest[:12]}.html"
    _shelve(folder, contents, name, body)
    return {
        "stage": contents.stage, "articles": list(contents.articles), "name": name, "sha256": digest, "on": day,
        "url": address(ctx.platform, name), "content": contents.digest, "promise": contents.promise,
        "items": contents.lines, "method": contents.method_line,
        "title": {"ja": contents.title[0], "en": contents.title[1]}, "current": current(contents),
        "added": list(changes.added), "removed": list(changes.removed),
    }  # fmt: skip


def current(contents: Contents) -> str:
    """The page that always shows the newest announcement of a plan."""
    return f"{contents.plan}.html" if contents.stage == "provision" else f"{contents.plan}.making.html"


def _shelve(folder: Path, contents: Contents, name: str, body: str) -> None:
    _write(folder / name, body)
    _write(folder / current(contents), body)


def _require_both(ctx: Context, made: Mapping[str, Any]) -> None:
    """The page under its own address, which never changes, and under that of the plan's newest one."""
    for name in (made["name"], made["current"]):
        require_readable(ctx.platform, ctx.zones.published(), str(name), str(made["sha256"]))


def _told(made: Mapping[str, Any]) -> dict[str, Any]:
    """What the entry of a release says of its announcement."""
    return {name: made[name] for name in ("name", "sha256", "on", "url", "content", "promise", "articles")}


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8", newline="")
    os.replace(temporary, path)
