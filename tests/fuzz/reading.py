"""One spoiled file read to the end as intake does, and how that ended. This module runs in a process of its own.

It ends well where every parcel was de-identified, the file was refused by `BadFile`, or a document was passed over. Any
other exception, a value of the file in what a refusal shows, somebody's name in a stored table, a character put where
bytes were none, or a document that is refused only when a parcel is made of it, is a finding.
"""

from __future__ import annotations

import io
import json
import re
import resource
import struct
import sys
import traceback
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from anonymization.receipt import Applied
from provision.formats import get
from provision.formats.base import BadFile, Format, Parcel, Report
from provision.formats.documents import DocumentFormat, PassedOver, whole
from provision.identity import card_marks, identities
from provision.intake.deidentify import deidentify

#: Address space a process may use on top of what it has when everything is imported.
ROOM = 4 * 1024**3
#: What decoders put where bytes are no character; readers never may.
REPLACED = "\ufffd"
_NAMING = ("name", "kana", "symbol", "address")
_WORD = re.compile(r"[^\x00-\x7f]{3,}|[0-9]{7,}")


class Dribble(io.BytesIO):
    """A stream that gives a few thousand bytes at a time, as archives and sockets do."""

    def read(self, size: int | None = -1) -> bytes:
        """At most 4,096 bytes."""
        return super().read(4096 if size is None or size < 0 else min(size, 4096))


def attempt(source: Format, data: bytes, names: Collection[str], *, dribble: bool = False) -> dict[str, str]:
    """How reading ended: ``end`` is parsed, refused, passed, crash, leak or named; ``rule`` and ``text`` say more."""
    report, applied = Report(), Applied()
    has_replaced = any(REPLACED.encode(encoding) in data for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
    stream = Dribble(data) if dribble else io.BytesIO(data)
    try:
        for parcel in _parcels(source, cast(BinaryIO, stream), report):
            unwanted = [*names, *([] if has_replaced else [REPLACED])]
            if found := _left(parcel, source, report, applied, unwanted):
                return {"end": "named", "rule": found, "text": "a name, or a replaced character"}
    except BadFile as error:
        return _refused(error, data, report)
    except PassedOver as error:
        leaked = [word for word in words(data) if word in repr(error)]
        return {"end": "leak" if leaked else "passed", "rule": error.rule, "text": ""}
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames]
        return {"end": "crash", "rule": type(error).__name__, "text": " ".join(places[-8:]) + f" {error}"[:300]}
    shown = repr(report)
    leaked = [word for word in words(data) if not word.isdigit() and word in shown]
    return {"end": "leak", "rule": "report", "text": shown} if leaked else {"end": "parsed", "rule": "", "text": ""}


def _parcels(source: Format, stream: BinaryIO, report: Report) -> Iterator[Parcel]:
    """As `source.read` gives them; of a document in the two steps in which intake takes it."""
    if not isinstance(source, DocumentFormat):
        yield from source.read(stream, report, {})
        return
    document = source.document(whole(stream), {})
    try:
        parcel = source.parcel([document], report, {})
    except BadFile as error:
        raise AssertionError(f"refused by {error.rule} only when a parcel was made") from None
    yield parcel


def _left(parcel: Parcel, source: Format, report: Report, applied: Applied, unwanted: Collection[str]) -> str:
    """De-identify one parcel; the first column in which anything `unwanted` is left, "" where nothing is."""
    if (
        REPLACED in unwanted
        and parcel.people.select(pl.any_horizontal(pl.col(pl.String).str.contains(REPLACED).any())).item()
    ):
        return "people"
    identities(parcel.people, b"k" * 32, "fuzz")
    card_marks(parcel.people)
    for table, frame in deidentify(parcel, source.dataset, report, applied).items():
        for column in frame.select(pl.col(pl.String)):
            text = "\n".join(column.drop_nulls().unique())
            if any(word in text for word in unwanted):
                return f"{table}.{column.name}"
    return ""


def _refused(error: BadFile, data: bytes, report: Report) -> dict[str, str]:
    shown = "".join(traceback.format_exception_only(error)) + repr(vars(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        shown += "".join(traceback.format_exception_only(cause))
    if not error.rule or not error.remedy or any(word in shown for word in words(data)):
        return {"end": "leak", "rule": error.rule, "text": shown[:500]}
    return {"end": "refused", "rule": error.rule, "text": ""}


def words(data: bytes) -> set[str]:
    """What could be a value in a text about the file: runs of Japanese, and long numbers."""
    texts = (data[:200_000].decode(encoding, "ignore") for encoding in ("cp932", "utf-8", "iso2022_jp"))
    return {word for text in texts for word in _WORD.findall(text)} - _OURS


#: Words that refusals say by themselves.
_OURS = {"介護給付費請求書", "明細書"}


def names_in(source: Format, data: bytes) -> list[str]:
    """The names and symbols of the people of a good file, whole and in their parts, as far as they are Japanese."""
    found: set[str] = set()
    for parcel in source.read(io.BytesIO(data), Report(), {}):
        for column in _NAMING:
            for text in parcel.people[column].drop_nulls():
                found |= {part for part in re.split(r"[\s　]", text) if len(part) >= 3 and not part.isascii()}
    return sorted(found)


def peak_mb() -> int:
    """Most memory this process has used. `getrusage` would count what its parent used before it."""
    found = re.search(r"VmHWM:\s+([0-9]+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0


def main() -> int:
    """Read jobs from standard input (length and bytes) and answer each with a line of JSON.

    Arguments: the format, names that may not be left, and the module of a format that only tests have, if it is one.
    """
    with ExitStack() as known:
        for module in sys.argv[3:]:
            known.enter_context(import_module(module).registered())
        _answer(get(sys.argv[1]), json.loads(sys.argv[2]))
    return 0


def _answer(source: Format, names: list[str]) -> None:
    entered, answers = sys.stdin.buffer, sys.stdout
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, resource.RLIM_INFINITY))
    while head := entered.read(5):
        size, dribble = struct.unpack(">I?", head)
        answer: dict[str, object] = dict(attempt(source, entered.read(size), names, dribble=dribble))
        answer["peak_mb"] = peak_mb()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    sys.exit(main())
