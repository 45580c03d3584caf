"""Names inside archives: they may say who a file is about, and they may lie. Never used as a path.

Windows in Japan writes names in CP932 and sometimes with ``\\``; others write UTF-8. Anything else is kept as bytes.
"""

from __future__ import annotations

import re
import unicodedata

#: What senders' systems put into folders and archives by themselves: macOS, Windows Explorer.
_JUNK_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_JUNK_FOLDERS = frozenset({"__macosx"})
_DRIVE = re.compile(r"[A-Za-z]:")


def decoded(raw: bytes) -> str:
    """The name as text: UTF-8, else CP932, else bytes as lone surrogates."""
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "surrogateescape")


def cleaned(raw: bytes) -> str:
    """The name with ``/`` between its parts and without ``.`` and empty parts; ValueError where it is absolute, climbs
    (``..``) or holds a NUL."""
    text = unicodedata.normalize("NFC", decoded(raw)).replace("\\", "/")
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if text.startswith("/") or _DRIVE.match(text) or "\0" in text or ".." in parts:
        raise ValueError("path")
    return "/".join(parts)


def is_folder(raw: bytes) -> bool:
    """Whether a name is written as that of a folder."""
    return decoded(raw).endswith(("/", "\\"))


def is_junk(path: str) -> bool:
    """Whether a cleaned name, or the path of a dropped file, is what a system made for itself (``__MACOSX/``,
    ``.DS_Store``, ``Thumbs.db``, ``desktop.ini``)."""
    *folders, last = path.casefold().split("/")
    return last in _JUNK_FILES or not _JUNK_FOLDERS.isdisjoint([*folders, last])
