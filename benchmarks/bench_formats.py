"""`make bench-formats`: MB/s of every reader beside a plain `csv` reader of the same file, in the same run.

Files are as large as a month of a mid-sized sender (80 MB), since throughput is what is asked: the first megabytes of a
process cost more, as its memory comes page by page. Each measurement is a process of its own, its memory set up like an
intake task's (`allocation`); ours and the rival take turns, so that a machine that slows down slows both. Ours reads to
the end with every check and draws all parcels (``--deidentify``: de-identifies them, too); the rival is `plain_reader`.
Prints the median of the rounds' ratios with the lowest and highest, and the peak memory of ours at two sizes. Ours uses
two cores where they are free: the next chunk is scanned while the last one is made into columns. The ratio of CPU time
says what it costs on a busy machine. 3.0 is the bar, marked where it is missed; nothing is asserted, as times belong to
a machine. Formats of single documents are measured by `bench_documents`.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from benchmarks import bench_documents, bench_memory, by_hands

FOLDER = Path("var/bench")
BAR = 3.0
HEADINGS = (
    f"{'format':22} {'MB':>5} {'ours':>7} {'csv':>7}  {'ratio (lowest to highest)':33}  {'of CPU':>7}  peak MB at both"
)


def main() -> int:
    """Generate, measure, print."""
    from provision.formats import formats
    from provision.sampledata.sheets import SENDERS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=80, help="size of the files that are timed")
    parser.add_argument("--larger", type=int, default=2, help="memory is measured at so many times this size, too")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--deidentify", action="store_true", help="ours de-identifies every parcel, too")
    parser.add_argument("--lean", action="store_true", help="a rival that leaves text and empty cells as they are")
    parser.add_argument("--documents", type=int, default=5_000, help="how many documents of a format are timed")
    parser.add_argument("--schemas", default="", help="folder of schema files, for documents that can be validated")
    documents = bench_documents.written()
    known = sorted(name for name in formats() if name in {*SENDERS, *documents} - {"dpc-k"})  # K files are refused
    parser.add_argument(
        "--format",
        action="append",
        choices=known,
        metavar="FORMAT",
        help="this format only; may be given several times",
    )
    parser.add_argument("--memory", action="store_true", help="the memory of documents instead: see bench_memory")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        return _measure(*arguments.measure)
    if arguments.memory:
        bench_memory.table(arguments.format or bench_memory.FORMATS)
        return 0
    wanted = arguments.format or known
    if of_lines := [name for name in wanted if name not in documents]:
        _table(of_lines, arguments)
    if of_documents := [name for name in wanted if name in documents]:
        bench_documents.table(of_documents, argparse.Namespace(**vars(arguments), module="", hands=by_hands.usual()))
    return 0


def _table(names: list[str], arguments: argparse.Namespace) -> None:
    extent = "with" if arguments.deidentify else "without"
    print(f"MB/s, {arguments.rounds} rounds, ours {extent} de-identification{', lean rival' if arguments.lean else ''}")
    print(HEADINGS)
    for name in names:
        print(_line(name, arguments), flush=True)


def _line(name: str, arguments: argparse.Namespace) -> str:
    what = "deidentify" if arguments.deidentify else "ours"
    rival_is = "lean" if arguments.lean else "csv"
    path = _generated(name, arguments.megabytes)
    size = path.stat().st_size / 1e6
    pairs = [(_run(what, name, path), _run(rival_is, name, path)) for _ in range(arguments.rounds)]
    larger = _run(what, name, _generated(name, arguments.megabytes * arguments.larger))["peak_mb"]
    ours, rival = (statistics.median(size / run["wall"] for run in runs) for runs in zip(*pairs, strict=True))
    ratios = sorted(csv["wall"] / own["wall"] for own, csv in pairs)
    median = statistics.median(ratios)
    cpu = statistics.median(csv["cpu"] / own["cpu"] for own, csv in pairs)
    peak = max(own["peak_mb"] for own, _ in pairs)
    odd = "" if pairs[0][0]["records"] == pairs[0][1]["records"] else "  RECORDS DIFFER"
    below = "" if median >= BAR else f"  below {BAR:g}"
    spread = f"{median:5.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}){below:12}"
    return f"{name:22} {size:5.0f} {ours:7.1f} {rival:7.1f}  {spread}  {cpu:7.2f}  {peak:5.0f} {larger:5.0f}{odd}"


def _generated(name: str, megabytes: float) -> Path:
    from provision.sampledata import format_stream

    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}-{megabytes}.dat"
    if not path.exists():
        with path.with_suffix(".tmp").open("wb") as file:
            file.writelines(format_stream(name, 1, int(megabytes * 1_000_000)))
        path.with_suffix(".tmp").rename(path)
    return path


def _run(what: str, name: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.bench_formats", "--measure", what, name, str(path)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _measure(what: str, name: str, file: str) -> int:
    """Time one reading in this process. Both have read a small file before the clock starts: what is imported and
    loaded once is not what is measured."""
    from provision.allocation import keep_freed_memory

    keep_freed_memory()
    _drain(what, name, _generated(name, 0.2))
    began, cpu = time.perf_counter(), time.process_time()
    records = _drain(what, name, Path(file))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu, "records": records, "peak_mb": _peak_mb()}))
    return 0


def _drain(what: str, name: str, path: Path) -> int:
    from benchmarks import plain_reader

    if what in {"csv", "lean"}:
        return _drain_csv(plain_reader.read(name, path, lean=what == "lean"))
    return _drain_ours(name, path, deidentified=what == "deidentify")


def _drain_csv(rows: object) -> int:
    last: deque[tuple[int, object]] = deque(enumerate(rows, 1), maxlen=1)  # type: ignore[call-overload]
    return last[0][0] if last else 0


def _drain_ours(name: str, path: Path, *, deidentified: bool) -> int:
    """Records that are people's or the file's own; lines that a plain reader passes over are not counted."""
    from anonymization.receipt import Applied
    from provision.formats import formats
    from provision.formats.base import Report
    from provision.intake.deidentify import deidentify

    source, report, applied, records = formats()[name], Report(), Applied(), 0
    with path.open("rb") as stream:
        for parcel in source.read(stream, report, {}):
            records += parcel.records
            if deidentified:
                deidentify(parcel, source.dataset, report, applied)
    return records


def _peak_mb() -> float:
    """Most memory of this process; `getrusage` would count what its parent had used."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


if __name__ == "__main__":
    sys.exit(main())
