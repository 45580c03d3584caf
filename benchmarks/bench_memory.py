"""`make bench-formats ARGS=--memory`: the most memory that de-identifying documents takes, by their number.

Documents of the fictitious world are packed into one archive (HL7 messages stand in one file, one after another) and go
through `tokumei deidentify`, with everything it does: opening, recognising, checking, de-identifying, writing Parquet.
Each run is a process of its own. Every document is another one, since what is remembered of documents must be bounded,
too. Prints a line per format; "grows" marks where the most documents take half as much again as the number before them:
at 1,000 no parcel is full yet, and of an archive the names of its members are kept until its end (40 MB for 100,000).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path("var/bench")
FORMATS = ("checkup-cda", "guidance-cda", "checkup-claim", "guidance-claim", "ssmix2", "hl7v2")
NUMBERS = (1_000, 10_000, 100_000)
#: More than this times the memory of the number before is marked.
GROWN = 1.5
#: Bytes of an HL7 message of the fictitious world, about.
_MESSAGE = 1_100


def main() -> int:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", action="append", choices=FORMATS, help="this format only; may be given again")
    parser.add_argument("--documents", type=int, nargs="+", default=[*NUMBERS], help="how many, in each run")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measured(*arguments.measure)))
        return 0
    table(arguments.format or FORMATS, arguments.documents)
    return 0


def table(formats: Iterable[str], numbers: Iterable[int] = NUMBERS) -> None:
    """Print a line per format."""
    print(f"{'format':16} most MB at {', '.join(f'{number:,}' for number in numbers)} documents")
    for name in formats:
        runs = [_run(name, packed(name, number)) for number in numbers]
        peaks = [run["peak_mb"] for run in runs]
        grows = "  grows" if peaks[-1] > GROWN * min(peaks[-2:]) else ""
        records = ", ".join(f"{run['records']:,.0f}" for run in runs)
        print(f"{name:16} {' '.join(f'{peak:6.0f}' for peak in peaks)}{grows}   ({records} records)", flush=True)


def packed(name: str, number: int) -> Path:
    """An archive of so many documents; of HL7 messages a file."""
    from provision.sampledata import format_stream
    from provision.sampledata.deliveries import document_stream, senders

    FOLDER.mkdir(parents=True, exist_ok=True)
    stream = name not in senders()
    path = FOLDER / f"{name}-{number}{'.dat' if stream else '.zip'}"
    if path.exists():
        return path
    making = path.with_suffix(".tmp")
    if stream:
        with making.open("wb") as file:
            file.writelines(format_stream(name, 1, number * _MESSAGE))
    else:
        with zipfile.ZipFile(making, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for place, one in enumerate(document_stream(name, 1, number)):
                archive.writestr(f"{place // 1000:03d}/{place:06d}", one.data)
    return making.rename(path)


def _run(name: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.bench_memory", "--measure", name, str(path)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def measured(name: str, file: str) -> dict[str, float]:
    """De-identify a file in this process; most memory of the process in MB, records taken."""
    from provision.cli import main as tokumei

    out = FOLDER / f"out-{name}"
    shutil.rmtree(out, ignore_errors=True)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = tokumei(["deidentify", file, "--format", name, "--out", str(out), "--json", "--quiet"])
    shutil.rmtree(out, ignore_errors=True)
    if code:
        raise SystemExit(code)
    records = sum(one["records"] for one in json.loads(said.getvalue())["files"])
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return {"peak_mb": int(peak[1]) / 1000 if peak else 0.0, "records": records}


if __name__ == "__main__":
    sys.exit(main())
