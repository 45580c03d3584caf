"""`make bench-delivery`: every channel over loopback beside the program a person would use instead.

SFTP against OpenSSH's ``sftp`` with the same cipher, the bucket against ``aws s3 cp`` (the AWS CLI is installed into an
environment of its own below var/bench), the image against bare xorriso, encryption against the age program. Pairs in
turns, the order within a pair alternating; the median of the pairs' ratios is printed, ours in theirs: 1.00 is as fast,
0.80 takes 1.25 times as long. Then whole deliveries with everything read back, for their peak memory. Nothing is
asserted, as times belong to a machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

import pyrage

from benchmarks import delivery_measured
from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer

FOLDER = Path("var/bench/delivery").absolute()
CLI = Path("var/bench/awscli").absolute()
BARS = {"sftp": 0.8, "bucket": 0.9, "image": 0.9, "age": 0.6}
MOST_MB = 300
BUCKET = "bench"

Measured = Callable[..., dict[str, float]]
Pair = tuple[list[str], list[str]]  # name of the measuring function and its words: ours, theirs


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--only", choices=sorted(BARS), action="append")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        what, folder, *words = arguments.measure
        measured: Measured = getattr(delivery_measured, what)
        print(json.dumps(measured(Path(folder), *words)))
        return 0
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        _all(arguments.megabytes, arguments.pairs, arguments.only or sorted(BARS))
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 0


def _all(megabytes: int, pairs: int, only: Sequence[str]) -> None:
    digest = made(FOLDER / delivery_measured.DATA, megabytes)
    key = str(pyrage.x25519.Identity.generate().to_public())
    with SftpServer(FOLDER / "sftp") as sftp, SmtpServer(FOLDER / "smtp") as smtp:
        sides: dict[str, Pair] = {
            "sftp": (
                ["sftp_ours", sftp.connection_json(), digest],
                ["sftp_theirs", sftp.connection_json(), str(sftp.folder / "user_key")],
            ),
            "image": (["image_ours"], ["image_theirs"]),
            "age": (["age_ours", key], ["age_theirs", key]),
        }
        for name in (each for each in ("age", "image", "sftp") if each in only):
            _pairs(name, sides[name], pairs, megabytes, lambda: _clear(sftp))
        if "sftp" in only:
            _whole("partner_sftp", {"directory": "incoming"}, {"c": sftp.connection_json()}, digest)
        if "bucket" in only:
            _bucket(smtp, digest, pairs, megabytes)


def _bucket(smtp: SmtpServer, digest: str, pairs: int, megabytes: int) -> None:
    program = aws()
    with S3Server(FOLDER / "s3", [BUCKET]) as store:
        known = store.connection_json()
        sides = (["s3_ours", known, BUCKET, digest], ["s3_theirs", known, BUCKET, program])
        _pairs("bucket", sides, pairs, megabytes, lambda: _empty(store))
        settings = {"bucket": BUCKET, "mail_connection": "mail", "address": "bench@recipient.example"}
        _whole("bucket", settings, {"c": known, "mail": smtp.connection_json()}, digest)


def made(path: Path, megabytes: int) -> str:
    """A file of random bytes; gives its SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(megabytes):
            piece = os.urandom(1_000_000)
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def aws() -> str:
    """The AWS CLI in an environment of its own: its libraries are not those of this project."""
    program = CLI / "bin" / "aws"
    if not program.exists():
        venv.create(CLI, with_pip=True)
        subprocess.run([CLI / "bin" / "python", "-m", "pip", "install", "--quiet", "awscli"], check=True)
    return str(program)


def _pairs(name: str, sides: Pair, pairs: int, megabytes: int, clear: Callable[[], None]) -> None:
    ratios, seconds, peak = [], ([], []), 0.0  # type: tuple[list[float], tuple[list[float], list[float]], float]
    for number in range(pairs):
        for side in (0, 1) if number % 2 else (1, 0):
            found = _measure(*sides[side], f"{name}-{number}-{side}")
            seconds[side].append(found["seconds"])
            peak = max(peak, 0.0 if side else found["peak_mb"])
            clear()
        ratios.append(seconds[1][-1] / seconds[0][-1])
    ours, theirs = (megabytes / statistics.median(each) for each in seconds)
    print(
        f"{name:12} {ours:6.0f} MB/s against {theirs:6.0f} MB/s, median ratio {statistics.median(ratios):.2f}"
        f" ({min(ratios):.2f}-{max(ratios):.2f}) of {pairs} pairs, bar {BARS[name]}; our peak {peak:.0f} MB",
        flush=True,
    )


def _whole(kind: str, settings: dict[str, object], connections: dict[str, str], digest: str) -> None:
    told = json.dumps({"kind": kind, "connection": "c", **settings})
    found = _measure("whole", kind, told, json.dumps(connections), digest, f"whole.{kind}.1")
    print(
        f"{kind:12} whole delivery, read back: {found['seconds']:.1f} s, peak {found['peak_mb']:.0f} MB, bar {MOST_MB}",
        flush=True,
    )


def _measure(what: str, *words: str) -> dict[str, float]:
    """In a process of its own, so that peak memory is that of this work alone."""
    command = [sys.executable, "-m", "benchmarks.bench_delivery", "--measure", what, str(FOLDER), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {key: float(value) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


def _clear(sftp: SftpServer) -> None:
    for path in [*(sftp.data / "incoming").iterdir(), *FOLDER.glob("*.iso"), *FOLDER.glob("*.age")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _empty(store: S3Server) -> None:
    client = store.client()
    for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=each["Key"])


if __name__ == "__main__":
    sys.exit(main())
