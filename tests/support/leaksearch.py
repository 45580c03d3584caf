"""The search for people where nobody may be: every value, in every encoding, in every container. Shows no value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pyrage

from tests.support.needles import Needles
from tests.support.opening import Opener

_JIS = re.compile(rb"\x1b\$[@B].*?(?:\x1b\([BJ]|\Z)", re.DOTALL)
_JSON = re.compile(rb"(?:\\+u[0-9a-fA-F]{4})+")
_PERCENT = re.compile(rb"(?:%[0-9a-fA-F]{2})+")
_ENTITY = re.compile(rb"&#(x?)([0-9a-fA-F]{1,6});")


@dataclass(frozen=True, order=True)
class Hit:
    """A value of this kind stands in this file; `inside` says in which container and view, "" for its plain bytes."""

    kind: str
    file: str
    inside: str


def search(
    roots: Iterable[Path],
    values: Iterable[tuple[str, str]] | Needles,
    *,
    excluding: Iterable[Path] = (),
    identities: Sequence[pyrage.x25519.Identity] = (),
) -> list[Hit]:
    """Every place below `roots` where one of the (kind, value) pairs stands: names of files and folders, their bytes,
    and everything their containers hold; `excluding` and what is below it is not looked at.
    Whoever searches often makes the `Needles` once. Raises ValueError without
    values, FileNotFoundError where a root is missing: a search that looks at nothing must not look like a clean one.
    """
    needles, opener = values if isinstance(values, Needles) else Needles(values), Opener(identities)
    if not needles.size:
        raise ValueError("there are no values to search for")
    kept_out = {path.resolve() for path in excluding}
    hits: set[Hit] = set()
    for root in roots:
        root = root.resolve()
        if not root.exists():
            raise FileNotFoundError(root)
        for path in _walk(root, kept_out):
            hits |= set(_named(path, root, needles))
            if path.is_file() and not path.is_symlink():
                hits |= set(_held(path, root, needles, opener))
    return sorted(hits)


def _walk(path: Path, kept_out: set[Path]) -> Iterator[Path]:
    if path in kept_out:
        return
    yield path
    if path.is_dir() and not path.is_symlink():
        for child in sorted(path.iterdir()):
            yield from _walk(child, kept_out)


def _named(path: Path, root: Path, needles: Needles) -> Iterator[Hit]:
    name = b"" if path == root else path.name.encode(errors="surrogateescape")
    for kind in _kinds(name, needles):
        yield Hit(kind, _shown(path.parent, root, needles), "name of an entry")


def _held(path: Path, root: Path, needles: Needles, opener: Opener) -> Iterator[Hit]:
    for label, content in opener.file(path):
        for view, text in _views(content):
            for kind in needles.kinds_in(text):
                yield Hit(kind, _shown(path, root, needles), label + view)


def _kinds(content: bytes, needles: Needles) -> set[str]:
    return {kind for _, text in _views(content) for kind in needles.kinds_in(text)}


def _shown(path: Path, root: Path, needles: Needles) -> str:
    """The path below the root, without the parts that are themselves a value."""
    parts = path.relative_to(root).parts if path != root else ()
    return str(
        Path(root.name, *("…" if _kinds(part.encode(errors="surrogateescape"), needles) else part for part in parts))
    )


def _views(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes as they are; without escapes; and as UTF-8 where the whole is a text of another encoding."""
    yield "", content
    plain = _unescaped(content)
    if plain != content:
        yield " (unescaped)", plain
    try:
        content.decode()
    except UnicodeDecodeError:
        for encoding in ("cp932", "utf-16-le", "utf-16-be", "euc_jp"):
            try:
                yield f" ({encoding})", content.decode(encoding).encode()
            except UnicodeError:
                continue


def _unescaped(content: bytes) -> bytes:
    if b"\x1b$" in content:
        content = _JIS.sub(lambda m: m[0].decode("iso2022_jp", errors="replace").encode(), content)
    if b"\\u" in content:
        content = _JSON.sub(lambda m: _utf16(m[0]), content)
    if b"%" in content:
        content = _PERCENT.sub(lambda m: unquote_to_bytes(m[0]), content)
    if b"&#" in content:
        content = _ENTITY.sub(lambda m: _character(m[2], 16 if m[1] else 10), content)
    return content


def _utf16(escapes: bytes) -> bytes:
    units = re.findall(rb"u([0-9a-fA-F]{4})", escapes)
    return bytes.fromhex(b"".join(units).decode()).decode("utf-16-be", errors="replace").encode()


def _character(digits: bytes, base: int) -> bytes:
    try:
        return chr(int(digits, base)).encode()
    except (ValueError, OverflowError, UnicodeEncodeError):
        return b""
