"""`make bench-intake`: de-identifying medical claims beside a plain Python loop, in the same run on the same file.

The rival only decodes, splits on commas and keeps lists per record type; ours also checks, de-identifies, encloses
every value in its domain and writes Parquet. Prints ratios and peak memory; asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

FOLDER = Path("var/bench")


def main() -> int:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--memory", type=int, nargs="*", default=[100, 800], help="sizes for the memory comparison")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", choices=["ours", "loop"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        return _measure(arguments.measure, arguments.file)
    path = _generated(arguments.megabytes)
    pairs = [(_run("ours", path), _run("loop", path)) for _ in range(arguments.rounds)]
    ratios = sorted(loop["wall"] / ours["wall"] for ours, loop in pairs)
    for number, (ours, loop) in enumerate(pairs, 1):
        ratio = loop["wall"] / ours["wall"]
        print(f"round {number}: ours {_shown(ours)}   plain loop {_shown(loop)}   {ratio:.2f} times as fast")
    peak = max(ours["peak_mb"] for ours, _ in pairs)
    print(f"median ratio {ratios[len(ratios) // 2]:.2f} (the bar is 3), peak memory {peak:,} MB (1,500)")
    peaks = {size: _run("ours", _generated(size))["peak_mb"] for size in arguments.memory}
    for size, peak in peaks.items():
        print(f"peak memory at {size} MB of input: {peak:,} MB")
    if len(peaks) > 1:
        print(f"spread {max(peaks.values()) / min(peaks.values()) - 1:.1%} (the bar is 20 %)")
    return 0


def _generated(megabytes: int) -> Path:
    from provision.sampledata import uke_stream

    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"claims-{megabytes}.UKE"
    if not path.exists():
        print(f"generating {megabytes} MB of claims", file=sys.stderr)
        with path.with_suffix(".tmp").open("wb") as file:
            file.writelines(uke_stream(1, megabytes * 1_000_000))
        path.with_suffix(".tmp").rename(path)
    return path


def _run(what: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", what, "--file", str(path)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _shown(figures: dict[str, float]) -> str:
    return f"{figures['wall']:6.1f} s wall {figures['cpu']:6.1f} s cpu {figures['peak_mb']:6,} MB"


def _measure(what: str, path: Path) -> int:
    from provision import formats
    from provision.intake.offline import deidentify_file

    out = FOLDER / f"out-{what}"
    shutil.rmtree(out, ignore_errors=True)
    began, cpu = time.perf_counter(), time.process_time()
    if what == "ours":
        out.mkdir()
        if deidentify_file(formats.get("uke-medical"), path, out, "file 1").problem is not None:
            return 1
    else:
        _plain_loop(path)
    figures = {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    shutil.rmtree(out, ignore_errors=True)
    print(json.dumps(figures))
    return 0


def _plain_loop(path: Path) -> dict[str, list[list[str]]]:
    """Decode, split on commas, keep lists per record type: what a first version of an intake does."""
    kept: dict[str, list[list[str]]] = defaultdict(list)
    with path.open("rb") as file:
        for line in file:
            fields = line.decode("cp932").rstrip("\r\n\x1a").split(",")
            kept[fields[0]].append(fields)
    return kept


if __name__ == "__main__":
    sys.exit(main())
