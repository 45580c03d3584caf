"""形式の判別: of which format a file is, by its content alone. Names of files are the sender's and say nothing.

Every format judges the beginning of the file (`Format.recognise`). One must say yes: none or several is a refusal,
not a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provision.formats import formats
from provision.formats.base import BadFile, Format


@dataclass(frozen=True)
class Recognition:
    """The format's id, and why, in words without a value of the file."""

    format: str
    reason: str


def claimants(head: bytes) -> dict[str, str]:
    """Ids of all formats that recognise a file beginning with `head`, each with its reason."""
    said = {name: source_format.recognise(head) for name, source_format in sorted(formats().items())}
    return {name: reason for name, reason in said.items() if reason}


def recognise(head: bytes) -> Recognition:
    """The one format of a file that begins with these bytes (up to `HEAD_BYTES`, or the whole file).

    Raises `BadFile`: ``file.empty``, ``format.unknown`` where no format recognises it, ``format.ambiguous`` where
    several do.
    """
    if not head:
        raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
    found = claimants(head)
    if not found:
        raise BadFile(
            "format.unknown",
            remedy="if you know what it is, name its format (tokumei formats)",
        )
    if len(found) > 1:
        raise BadFile("format.ambiguous", remedy=f"it could be each of these, so name its format: {', '.join(found)}")
    return Recognition(*next(iter(found.items())))


def of_file(expected: Sequence[Format], head: bytes) -> Format:
    """The one of a source's formats that a file beginning with `head` is of.

    Where the source has one format, it is that (`refuse_another`). Where it has several, exactly one must recognise the
    file: no reader is tried on a guess. Raises `BadFile`: ``file.empty``, ``format.ambiguous`` where several of them
    recognise it, ``format.another`` where only other formats do, ``format.unknown`` where none at all does.
    """
    if len(expected) == 1:
        refuse_another(expected[0], head)
        return expected[0]
    if not head:
        raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
    ours = [one for one in expected if one.recognise(head)]
    if len(ours) == 1:
        return ours[0]
    names = ", ".join(one.id for one in ours or expected)
    if ours:
        raise BadFile("format.ambiguous", remedy=f"it could be each of {names}; let the source have only one of these")
    if found := claimants(head):
        raise BadFile(
            "format.another",
            remedy=f"it looks like {' or '.join(found)}, none of {names}; ask the sender, or correct the source",
        )
    raise BadFile("format.unknown", remedy=f"it is none of {names}; ask the sender what it is, or to leave it out")


def refuse_another(source_format: Format, head: bytes) -> None:
    """Raise `BadFile` ``format.another`` where other formats than the expected one recognise the file.

    A file that nobody recognises passes: the expected format's reader judges it.
    """
    if source_format.recognise(head):
        return
    if found := claimants(head):
        raise BadFile(
            "format.another",
            remedy=f"it looks like {' or '.join(found)}, not {source_format.id}; ask the sender, or correct the source",
        )
