"""`make fuzz`: spoiled files of every format, for so many seconds each. Exit code 1 where anything is found.

    make fuzz ARGS="--seconds 60 --seed 7 --format uke-medical"

The seed is printed; the same seed spoils the same files in the same order. What is found is written below the system's
temporary folder, never into the project.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from provision.formats import formats
from tests.fuzz.campaign import Finding, campaign

FOLDER = Path(tempfile.gettempdir()) / "tokumei-fuzz"


def main() -> int:
    """Fuzz every format, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15, help="time per format")
    parser.add_argument("--seed", type=int, default=1)
    known = sorted(formats())
    parser.add_argument(
        "--format",
        action="append",
        choices=known,
        metavar="FORMAT",
        help="this format only; may be given several times",
    )
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.seconds:g} s per format")
    found: list[Finding] = []
    for name in arguments.format or known:
        began = time.monotonic()
        result = campaign(name, arguments.seed, arguments.seconds)
        found += result.findings
        print(
            f"{name:22} {result.runs:6} files in {time.monotonic() - began:4.0f} s: {result.parsed} parsed,"
            f" {result.refused} refused by {len(result.rules)} rules, peak {result.peak_mb} MB"
            f" ({result.start_mb} MB after the good files), {len(result.findings)} findings",
            flush=True,
        )
        for finding in result.findings:
            print(f"  {finding.end} {finding.rule}: {finding.text}\n    {_kept(finding)}", flush=True)
    return 1 if found else 0


def _kept(finding: Finding) -> Path:
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    path = FOLDER / f"{finding.format}-{finding.seed}-{finding.number}.bin"
    path.write_bytes(finding.data)
    return path


if __name__ == "__main__":
    sys.exit(main())
