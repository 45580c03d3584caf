"""証拠書類: the evidence pack of a release, each file compared with the digest in the log before it is shown.

A file that is not what the log says is never sent. Pages of the pack are shown in a frame of their own that runs no
script and loads nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from provision.auditing import log, releases
from provision.auditing.pages import UNKNOWN, shown
from provision.auditing.seen import seen
from provision.errors import Refused
from provision.zones import home_folder

router = APIRouter()

#: What a file of the pack is, by its ending.
MEDIA = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "json": "application/json"}
_NAME = re.compile(r"evidence(\.(ja|en))?\.(html|pdf|json)", re.ASCII)
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)
#: Ids of releases are letters, digits and hyphens: one never leaves its folder.
_RELEASE = re.compile(r"r-[a-z0-9][a-z0-9-]*", re.ASCII)


@dataclass(frozen=True)
class File:
    """A file the log names: its SHA-256 there, its size here (None where it is gone), and whether it is that one."""

    name: str
    sha256: str
    size: int | None
    whole: bool


@router.get("/release/{release}/evidence", response_class=HTMLResponse)
def pack(request: Request, release: str) -> HTMLResponse:
    """The files of the pack and the page in the reader's language."""
    with log.opened() as ledger:
        told = releases.found(ledger, release)
    files = [_looked_at(release, name, digest) for name, digest in sorted(told.evidence.items())]
    seen(request, "view", f"release/{release}/evidence")
    return shown(request, "evidence.html", "releases", story=told, release=release, files=files, frames=True)


@router.get("/release/{release}/evidence/{name}")
def file(request: Request, release: str, name: str) -> Response:
    """One file of the pack. `Refused` where the log names no such file, or it is not what the log says."""
    with log.opened() as ledger:
        digest = releases.found(ledger, release).evidence.get(name)
    kind = _NAME.fullmatch(name)
    if digest is None or kind is None:
        raise Refused("the log names no such file", rule=UNKNOWN, remedy="go back to the evidence of the release")
    content = _read(release, name)
    if content is None or hashlib.sha256(content).hexdigest() != digest:
        raise Refused(
            "the file is not what the log says", rule="pages.evidence", remedy=f"tokumei evidence verify {release}"
        )
    seen(request, "view" if kind[3] == "html" else "download", f"release/{release}/evidence/{name}")
    return Response(content, media_type=MEDIA[kind[3]], headers=_headers(content, kind[3], f"{release}.{name}"))


def _headers(content: bytes, kind: str, name: str) -> dict[str, str]:
    """For pages a policy that allows their own styles, by digest; everything else is a file to be saved."""
    if kind != "html":
        return {"Content-Disposition": f'attachment; filename="{name}"'}
    styles = " ".join(f"'sha256-{_digest(style)}'" for style in _STYLE.findall(content)) or "'none'"
    return {"Content-Security-Policy": f"sandbox; default-src 'none'; style-src {styles}; frame-ancestors 'self'"}


def _digest(style: bytes) -> str:
    return base64.b64encode(hashlib.sha256(style).digest()).decode()


def _looked_at(release: str, name: str, digest: str) -> File:
    content = _read(release, name)
    whole = content is not None and hashlib.sha256(content).hexdigest() == digest
    return File(name, digest, None if content is None else len(content), whole)


def _read(release: str, name: str) -> bytes | None:
    """The bytes of a file of the pack, None where there is none. Makes no folder, unlike `Zones.release`."""
    if not _RELEASE.fullmatch(release) or not _NAME.fullmatch(name):
        return None
    try:
        return (home_folder() / "releases" / release / "evidence" / name).read_bytes()
    except OSError:
        return None
