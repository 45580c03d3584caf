"""De-identifying documents beside the bare parse of the same bytes, in the same run: a part of `make bench-formats`.

Ours reads every document (with every check), makes parcels of them as intake does and de-identifies these, with as many
processes as intake would use for a large batch (``--hands``; 1 for this one alone). The rival is one process and only
parses: `lxml.etree.iterparse` for XML, `orjson.loads` for JSON (NDJSON line by line), the `hl7` package for HL7
version 2 (decoded text); it is chosen by the first bytes of the first document. Each measurement is a process of its
own, its memory set up like an intake task's (`allocation`); ours and the rival take turns. Prints the median of the
rounds' ratios with the lowest and highest (wall clock), the ratio of the CPU times of all processes, and the peak
memory of all at 1, 1,000 and all documents, which should not grow with them. 0.6 is the bar, marked where it is missed;
nothing is asserted, as times belong to a machine. Unless ``--documents`` says how many, about 200 MB are timed, as the
first pieces of a process, whose memory is touched for the first time, take half as long again; of HL7, which its rival
parses for minutes then, a tenth of that. With
``--schemas FOLDER`` the time of reading with and without validation is printed for formats that have this option.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import statistics
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from benchmarks import by_hands

FOLDER = Path("var/bench")
BAR = 0.6
SIZES = (1, 1_000)
_BYTES, _BYTES_OF_HL7 = 200e6, 20e6
_WARM = 20
HEADINGS = (
    f"{'format':22} {'files':>6} {'MB':>5} {'ours':>7} {'parse':>7}  {'ratio (lowest to highest)':33}  {'of CPU':>7}"
    "  peak MB at 1, 1,000 and all"
)


def main(words: list[str] | None = None) -> int:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=0, help="how many are timed; 0 for about 200 MB (HL7: 20)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--hands", type=int, default=by_hands.usual(), help="processes that read; 1 for none beside ours"
    )
    parser.add_argument("--schemas", default="", help="folder of schema files, for formats that validate")
    parser.add_argument("--module", default="", help=argparse.SUPPRESS)  # a format that only tests have
    parser.add_argument("--format", action="append", metavar="FORMAT", help="this format only; may be given again")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args(words)
    with ExitStack() as known:
        if arguments.module:
            known.enter_context(import_module(arguments.module).registered())
        if arguments.measure:
            print(json.dumps(measured(*arguments.measure, schemas=arguments.schemas, hands=arguments.hands)))
            return 0
        unknown = sorted(set(arguments.format or ()) - set(written()))
        if unknown:
            parser.error(f"no sender of documents is known for {', '.join(unknown)}; known: {', '.join(written())}")
        table(arguments.format or written(), arguments)
    return 0


def written() -> list[str]:
    """Formats of documents that the fictitious world writes."""
    from provision.sampledata.deliveries import senders

    return sorted(senders())


def table(names: Iterable[str], arguments: argparse.Namespace) -> None:
    """Print a line per format."""
    print(f"documents: MB/s de-identified and parsed only, {arguments.rounds} rounds")
    print(HEADINGS)
    for name in names:
        print(_line(name, arguments), flush=True)
        if arguments.schemas and (said := _validation(name, arguments)):
            print(said, flush=True)


def _line(name: str, arguments: argparse.Namespace) -> str:
    path = _timed(name, arguments)
    size = path.stat().st_size / 1e6
    pairs = [
        (_run("ours", name, path, arguments), _run("parse", name, path, arguments)) for _ in range(arguments.rounds)
    ]
    peaks = [_run("ours", name, generated(name, n, arguments.module), arguments)["peak_mb"] for n in SIZES]
    peaks.append(max(own["peak_mb"] for own, _ in pairs))
    ours, rival = (statistics.median(size / run["wall"] for run in runs) for runs in zip(*pairs, strict=True))
    ratios = sorted(parse["wall"] / own["wall"] for own, parse in pairs)
    median = statistics.median(ratios)
    cpu = statistics.median(parse["cpu"] / own["cpu"] for own, parse in pairs)
    below = "" if median >= BAR else f"  below {BAR:g}"
    spread = f"{median:5.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}){below:12}"
    passed = pairs[0][1]["files"] - pairs[0][0]["files"]
    note = f"  {passed:.0f} passed over" if passed else ""
    memory = " ".join(f"{peak:5.0f}" for peak in peaks)
    head = f"{name:22} {pairs[0][1]['files']:6.0f} {size:5.1f} {ours:7.1f} {rival:7.1f}"
    return f"{head}  {spread}  {cpu:7.2f}  {memory}{note}"


def _validation(name: str, arguments: argparse.Namespace) -> str:
    """Seconds of reading without and with validation; "" for a format that has no such option."""
    path = _timed(name, arguments)
    plain, validated = (_run(what, name, path, arguments) for what in ("read", "validate"))
    if not validated["files"]:
        return ""
    return f"{name:22} read in {plain['wall']:.2f} s, with validation in {validated['wall']:.2f} s"


def _timed(name: str, arguments: argparse.Namespace) -> Path:
    """The documents that are timed."""
    count = arguments.documents
    if not count:
        few = generated(name, SIZES[-1], arguments.module)
        with few.open("rb") as stream:
            wanted = _BYTES_OF_HL7 if parser_of(next(_documents(stream))) is _hl7 else _BYTES
        count = max(5, round(wanted / few.stat().st_size * SIZES[-1] / 1_000)) * 1_000
    return generated(name, count, arguments.module)


def generated(name: str, documents: int, module: str = "") -> Path:
    """A file of so many documents, one after another, each behind its length."""
    from provision.sampledata.deliveries import document_stream

    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}-{documents}.documents"
    if not path.exists() or module:
        with path.with_suffix(".tmp").open("wb") as file:
            for one in document_stream(name, 1, documents):
                file.write(struct.pack(">I", len(one.data)) + one.data)
        path.with_suffix(".tmp").rename(path)
    return path


def _run(what: str, name: str, path: Path, arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.bench_documents", "--measure", what, name, str(path)]
    command += ["--schemas", arguments.schemas, "--module", arguments.module, "--hands", str(arguments.hands)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def measured(what: str, name: str, file: str, *, schemas: str = "", hands: int = 1) -> dict[str, float]:
    """Time one pass over the documents of a file in this process, drawn one by one. A few have gone through before the
    clock starts: what is imported and loaded once, and a process that is started once, is not what is measured. All
    zeros where a format does not validate."""
    from provision.allocation import keep_freed_memory, pass_over_loaded_objects
    from provision.errors import FixConfiguration

    keep_freed_memory()
    options = {"schemas": schemas} if what == "validate" else {}
    with Path(file).open("rb") as stream, ExitStack() as task:
        drain = {"ours": _ours, "parse": _parse, "read": _read, "validate": _read}[what]
        if what == "ours" and (pool := by_hands.pool(name, hands)) is not None:
            drain = partial(by_hands.drained, task.enter_context(pool))
            by_hands.warmed(pool, name, list(islice(_documents(stream), _WARM)), options)
            stream.seek(0)
        try:
            drain(name, islice(_documents(stream), _WARM), options)
        except FixConfiguration:
            return dict.fromkeys(("wall", "cpu", "files", "peak_mb"), 0.0)
        stream.seek(0)
        pass_over_loaded_objects()
        began, cpu = time.perf_counter(), by_hands.seconds()
        files = drain(name, _documents(stream), options)
        wall, cpu = time.perf_counter() - began, by_hands.seconds() - cpu
        peak = sum(map(_peak_mb, ("self", *by_hands.children())))
    return {"wall": wall, "cpu": cpu, "files": files, "peak_mb": peak}


def _documents(stream: BinaryIO) -> Iterator[bytes]:
    while length := stream.read(4):
        yield stream.read(struct.unpack(">I", length)[0])


def _ours(name: str, documents: Iterable[bytes], options: dict[str, object]) -> int:
    """De-identify everything in parcels as large as intake makes them; how many files were taken."""
    from anonymization.receipt import Applied
    from provision.formats import get
    from provision.formats.base import Report
    from provision.formats.documents import DocumentFormat
    from provision.intake.deidentify import deidentify

    source, report, applied, taken = get(name), Report(), Applied(), 0
    made = _in_groups if isinstance(source, DocumentFormat) else _as_one
    for parcel, files in made(source, documents, report, options):
        deidentify(parcel, source.dataset, report, applied)
        taken += files
    return taken


def _in_groups(
    source: Any, documents: Iterable[bytes], report: Any, options: dict[str, object]
) -> Iterator[tuple[Any, int]]:
    """Parcels of many documents, each with how many."""
    from provision.formats.documents import PARCEL_BYTES, PARCEL_DOCUMENTS

    waiting: list[object] = []
    size = 0
    for document, length in _taken(source, documents, options):
        waiting.append(document)
        size += length
        if len(waiting) >= PARCEL_DOCUMENTS or size >= PARCEL_BYTES:
            yield source.parcel(waiting, report, options), len(waiting)
            waiting, size = [], 0
    if waiting:
        yield source.parcel(waiting, report, options), len(waiting)


def _as_one(
    source: Any, documents: Iterable[bytes], report: Any, options: dict[str, object]
) -> Iterator[tuple[Any, int]]:
    """Parcels of files of lines (NDJSON), put together into one as in a bulk export, with the files drawn so far."""
    joined = by_hands.Joined(iter(documents))
    counted = 0
    for parcel in source.read(joined, report, options):
        yield parcel, joined.drawn - counted
        counted = joined.drawn


def _read(name: str, documents: Iterable[bytes], options: dict[str, object]) -> int:
    """Read every document and keep nothing; none where the format has none."""
    from provision.formats import get
    from provision.formats.documents import DocumentFormat

    source = get(name)
    return sum(1 for _ in _taken(source, documents, options)) if isinstance(source, DocumentFormat) else 0


def _taken(source: Any, documents: Iterable[bytes], options: dict[str, object]) -> Iterator[tuple[object, int]]:
    from provision.formats.documents import PassedOver

    for data in documents:
        try:
            yield source.document(data, options), len(data)
        except PassedOver:
            continue


def _parse(name: str, documents: Iterable[bytes], options: dict[str, object]) -> int:
    """Parse everything with what is usual for its kind, and keep nothing."""
    drawn = iter(documents)
    first = next(drawn, b"")
    parse, files = parser_of(first), 0
    for data in chain([first], drawn):
        parse(data)
        files += 1
    return files


def parser_of(data: bytes) -> Callable[[bytes], object]:
    """The rival for a document that begins so. ValueError where none is known."""
    front = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if front.startswith(b"<"):
        return _xml
    if front.startswith((b"{", b"[")):
        return _json
    if front.startswith((b"MSH", b"\x0bMSH")):
        return _hl7
    raise ValueError("no bare parser is known for documents that begin so")


def _xml(data: bytes) -> None:
    from lxml import etree

    deque(etree.iterparse(io.BytesIO(data)), maxlen=0)


def _json(data: bytes) -> None:
    import orjson

    lines = data.splitlines() if re.search(rb"\}\r?\n\{", data) else [data]
    for line in lines:
        orjson.loads(line)


def _hl7(data: bytes) -> None:
    import hl7

    encoding = "iso2022_jp" if b"\x1b$" in data else "utf-8"
    hl7.parse(data.decode(encoding).strip("\x0b\x1c\r\n"))


def _peak_mb(process: str) -> float:
    """Most memory of a process; `getrusage` would count what its parent had used."""
    found = re.search(r"VmHWM:\s+([0-9]+) kB", Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1000 if found else 0.0


if __name__ == "__main__":
    sys.exit(main())
