"""Bytes -> resources: decoding by the allow-list's types, and every way in which bytes are none of these.

The decoder makes what the types name and skips the rest, guards its own depth, and takes numbers as text. Of a member
that stands twice the last counts. Resources of kinds that R4 does not know are left out and counted.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Protocol

import msgspec
import pyarrow as pa

from provision import codes
from provision.formats.base import BadFile
from provision.formats.fhirelements import check
from provision.formats.fhirpaths import types

BOM = b"\xef\xbb\xbf"
UNKNOWN = "fhir.unknown_kind"
_PLACE = re.compile(r" - at `\$\.?([A-Za-z0-9_.\[\]…]*)`")
_LARGE = 64 * 1024
_AGAIN = "ask the sender for the file again"


class Kind(msgspec.Struct):
    """Of what kind a resource is."""

    kind: str | None = msgspec.field(default=None, name="resourceType")


@cache
def _resources() -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(types().resource)


@cache
def _whole() -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(types().whole)


@cache
def _bundles(sealed: bool) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(types().sealed if sealed else types().bundle)


@cache
def _kinds() -> msgspec.json.Decoder[Kind]:
    return msgspec.json.Decoder(Kind)


def bundle(data: bytes, counts: Counter[str], *, look: bool) -> Any:
    """The bundle that is all of `data`; without `look` its elements that stay bytes may not have been looked at. Raises
    `BadFile`."""
    with suppress(ValueError, RecursionError):
        found = _bundles(False).decode(data)
        for entry in found.f_entry or () if look else ():
            check(entry.f_resource)
        return found
    return apart(data, counts)


def resource(data: bytes, *, utf8: bool = False) -> Any:
    """The resource that is all of `data`, of a kind that R4 knows; `utf8` as of `checked`. Raises `BadFile`."""
    text = checked(data, utf8=utf8)
    found = line(text, Counter()) if text != b"null" else None
    if found is None:
        raise BadFile(UNKNOWN, remedy="it is of no kind of resource that FHIR R4 has; ask the sender what it is")
    return found


def checked(data: bytes, *, utf8: bool = False) -> bytes:
    """A whole document without its byte order mark and the spaces around it; `utf8` where it is known to be that.
    Raises `BadFile` ``file.empty``, ``text.encoding``."""
    if not data or data.isspace():
        raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
    if not utf8 and not is_utf8(data):
        raise BadFile("text.encoding", remedy=f"FHIR is written in UTF-8; {_AGAIN}")
    return data.removeprefix(BOM).strip(b" \t\r\n")


def apart(data: bytes, counts: Counter[str]) -> Any:
    """A bundle resource by resource, every element looked at, where one may be of a kind that nobody knows. Raises
    `BadFile`."""
    try:
        if _kinds().decode(data).kind not in {None, "Bundle"}:
            remedy = "it is a single resource; add fhir-resource to the source's formats, or ask the sender for bundles"
            raise BadFile("fhir.no_bundle", remedy=remedy)
        found = _bundles(True).decode(data)
        for entry in found.f_entry or ():
            entry.f_resource = _one(bytes(entry.f_resource), counts)
        return found
    except (ValueError, RecursionError) as error:
        refusal = refused(error)
    raise refusal from None


def _one(raw: bytes, counts: Counter[str]) -> Any:
    """The resource, every element looked at; None where there is none or its kind is unknown. Raises what the decoder
    raises of a resource of which no element stays bytes."""
    if not raw or raw == b"null":
        return None
    with suppress(ValueError, RecursionError):
        found = _resources().decode(raw)
        check(found)
        return found
    try:
        _whole().decode(raw)
    except msgspec.ValidationError:
        if not _unknown(raw):
            raise
        counts[UNKNOWN] += 1
        return None
    raise msgspec.ValidationError("no element alone is wrong, and all together are not right")


def _unknown(raw: bytes) -> bool:
    """Whether a resource is of a kind that R4 does not know."""
    kind = _kinds().decode(raw).kind
    return kind is not None and kind not in known()


@cache
def known() -> frozenset[str]:
    """The kinds of resources of R4."""
    return frozenset(codes.load("fhir_resource").names)


def decoded(raws: Iterable[bytes]) -> list[Any]:
    """What each of these is: its resource, of which elements that stay bytes were not looked at, or the bytes where
    they are none that R4 knows (`line` says why)."""
    decode, made, rest, raw = _resources().decode, [], iter(raws), b""
    while True:  # once around for every one that is none: a call and a try for each would cost a fifth of decoding it
        try:
            for raw in rest:
                made.append(decode(raw))
        except (ValueError, RecursionError):
            made.append(raw)
        else:
            return made


def in_one_go(text: memoryview, count: int) -> list[Any] | None:
    """The resources of which one is behind the other in `text`, elements as of `decoded`; None where there are not so
    many, or one is none that R4 knows."""
    try:
        found = _resources().decode_lines(text)
    except (ValueError, RecursionError):
        return None
    return found if len(found) == count else None


def line(raw: bytes, counts: Counter[str]) -> Any:
    """The resource of one line, None where its kind is unknown. Raises `BadFile`."""
    try:
        return _one(raw, counts)
    except (ValueError, RecursionError) as error:
        refusal = refused(error)
    raise refusal from None


def refused(error: ValueError | RecursionError) -> BadFile:
    """What is wrong, in our words: the element where it is, and nothing of the file."""
    if isinstance(error, RecursionError):
        return BadFile("fhir.depth", remedy=f"elements lie in each other too deep; {_AGAIN}")
    if isinstance(error, UnicodeError):
        return BadFile("text.encoding", remedy=f"FHIR is written in UTF-8; {_AGAIN}")
    if isinstance(error, msgspec.ValidationError):
        place = _PLACE.search(str(error))
        return BadFile(
            "fhir.shape", field=place[1] if place else "", remedy=f"an element is not as FHIR R4 has it; {_AGAIN}"
        )
    return BadFile("fhir.json", remedy=f"it is no JSON; {_AGAIN}")


class _One(Protocol):
    """How one document is read. Raises `BadFile`."""

    def __call__(self, data: bytes, *, utf8: bool) -> Any: ...


def judged(read: _One, datas: Sequence[bytes]) -> list[Any]:
    """What is read of each of many documents, or why it is not."""
    utf8 = are_utf8(datas)
    made: list[Any] = []
    for data in datas:
        try:
            made.append(read(data, utf8=utf8))
        except BadFile as verdict:
            made.append(verdict.with_traceback(None))
    return made


def are_utf8(datas: Sequence[bytes]) -> bool:
    """Whether all of many documents are UTF-8: together they are looked through faster than one by one, and what is
    broken in one does not become whole by the line feed behind it."""
    return is_utf8(b"\n".join(datas))


def is_utf8(data: bytes) -> bool:
    """Whether the whole is UTF-8: the decoder does not look at what it skips."""
    if data.isascii():
        return True
    try:
        if len(data) > _LARGE:  # judged where it lies: without making a text of it, or copying it
            _texts(data).validate(full=True)
        else:
            data.decode()
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return False
    return True


def _texts(data: bytes) -> pa.Array[Any]:
    """An array of one text, which is `data`."""
    ends = pa.py_buffer(struct.pack("=qq", 0, len(data)))  # an array of numbers would have pandas imported
    return pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(data)])
