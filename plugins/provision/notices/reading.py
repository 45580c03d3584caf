"""公表の確認: an announcement is published when it can be read back, byte for byte, from where the public reads it.

By HTTP from the configured address, without following redirects; from the folder only where configuration says that
nothing serves it (the demonstration). Anything else than the very bytes is no publication.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from provision.errors import RetryLater
from provision.model import Platform

#: An announcement is some kilobytes; what is larger is another page.
_LARGEST = 4_000_000
_SECONDS = 30.0


def address(platform: Platform, name: str) -> str:
    """The public address of a page."""
    return f"{platform.operator.announcement_url.rstrip('/')}/{name}"


def require_readable(platform: Platform, folder: Path, name: str, sha256: str) -> None:
    """`RetryLater` unless the page reads back with this digest: web servers and their copies take their time."""
    by_url = platform.publication.verified_at == "url"
    found = _fetched(address(platform, name)) if by_url else _read(folder / name)
    if hashlib.sha256(found).hexdigest() != sha256:
        raise _not_there("what the public reads is not what was written", name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise _not_there("the announcement cannot be read back", path.name) from None


def _fetched(url: str) -> bytes:
    import httpx

    content = bytearray()
    try:
        with httpx.stream("GET", url, timeout=_SECONDS, follow_redirects=False) as response:
            if response.status_code != 200:
                raise _not_there(f"its address answers {response.status_code}", url)
            for block in response.iter_bytes():
                content += block
                if len(content) > _LARGEST:
                    raise _not_there("its address gives another, far larger page", url)
    except (httpx.HTTPError, httpx.InvalidURL):
        raise _not_there("its address cannot be read", url) from None
    return bytes(content)


def _not_there(what: str, where: str) -> RetryLater:
    return RetryLater(
        what, where=where, rule="notice.read_back",
        remedy="see that operator.announcement_url serves the zone published/ unchanged; nothing opens before",
    )  # fmt: skip
