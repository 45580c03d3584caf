"""`make bench-ledger`: the provision log on SQLite and PostgreSQL beside pymerkle.

Appends per second by one writer and by eight processes at once (then verified: no fork, no gap), and the time of one
inclusion proof at 100,000 and 1,000,000 entries, median over random entries. pymerkle 7 with its SQLite tree does the
same in the same run, in an environment of its own below var/bench. Nothing is asserted but that nothing forked, as
times belong to a machine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import shutil
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

from benchmarks.ledger_filled import fill_postgres, fill_sqlite
from provision.ledger.places import Place
from provision.ledger.reading import LedgerReader
from provision.ledger.store import Ledger
from provision.ledger.verify import verify
from tests.support.postgres import Cluster, server_programs

FOLDER = Path("var/bench/ledger").absolute()
PYMERKLE = Path("var/bench/pymerkle").absolute()
VERSION = "7.0.0"
WRITERS = 8
#: A proof takes at most this share of pymerkle's time.
BAR = 0.1


def main() -> int:
    """Measure and print; 1 where the log forked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--appends", type=int, default=1000, help="of one writer; each of eight writes an eighth")
    parser.add_argument("--proofs", type=int, default=300)
    arguments = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    programs = server_programs()
    cluster = Cluster(programs) if programs else None
    try:
        return _all(arguments, cluster)
    finally:
        if cluster:
            cluster.stop()
        shutil.rmtree(FOLDER, ignore_errors=True)


def _all(arguments: argparse.Namespace, cluster: Cluster | None) -> int:
    theirs = _pymerkle(arguments)
    print(f"{'pymerkle ' + VERSION:12}  append {1000 / theirs['append_ms']:7.0f}/s", flush=True)
    whole = True
    for name in ("SQLite", "PostgreSQL"):
        if name == "PostgreSQL" and cluster is None:
            print("PostgreSQL is not installed (make setup-all)")
            continue
        place = _place(name, cluster)
        one, many = _appended(place, arguments.appends, 1), _appended(place, arguments.appends, WRITERS)
        found = verify(place, public_key=None)
        held = found.ok and found.size == 2 * (arguments.appends // WRITERS * WRITERS)
        whole &= held
        print(f"{name:12}  append {one:7.0f}/s, {WRITERS} writers {many:7.0f}/s, {'no fork' if held else 'FORKED'}")
        for size in arguments.sizes:
            ours = _proof(_filled(name, cluster, size), size, arguments.proofs)
            share = ours / theirs[f"proof_ms_{size}"]
            print(
                f"{name:12}  proof at {size:9,}: {ours:7.3f} ms, pymerkle {theirs[f'proof_ms_{size}']:9.3f} ms,"
                f" {share:.4f} of its time {'' if share <= BAR else f'(more than {BAR})'}",
                flush=True,
            )
    return 0 if whole else 1


def _place(name: str, cluster: Cluster | None, folder: str = "appended") -> Place:
    path = FOLDER / f"{name}-{folder}" / "ledger.db"
    return Place(path, cluster.url(cluster.database(), "tasks") if cluster and name == "PostgreSQL" else "")


def _appended(place: Place, count: int, writers: int) -> float:
    """Appends per second, everything on the disk."""
    each = count // WRITERS * WRITERS // writers
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(writers + 1)
    running = [spawn.Process(target=_write, args=(barrier, place, each, i)) for i in range(writers)]
    for process in running:
        process.start()
    barrier.wait()
    start = time.perf_counter()
    for process in running:
        process.join()
    taken = time.perf_counter() - start
    assert all(process.exitcode == 0 for process in running)
    return each * writers / taken


def _write(barrier: multiprocessing.synchronize.Barrier, place: Place, count: int, number: int) -> None:
    with Ledger.open(place) as ledger:
        barrier.wait()
        for _ in range(count):
            ledger.append(
                "outbox.emptied", actor=f"writer-{number}", subjects={"delivery": "d"}, payload={"what": "ciphertext"}
            )


def _filled(name: str, cluster: Cluster | None, size: int) -> Place:
    place = _place(name, cluster, str(size))
    if place.url:
        fill_postgres(place.url.replace("//tasks:", "//admin:"), size)
    else:
        fill_sqlite(place.path, size)
    return place


def _proof(place: Place, size: int, count: int) -> float:
    """Milliseconds, the median."""
    dice, times = random.Random(7), []
    with LedgerReader.read(place) as ledger:
        assert ledger.size == size
        for _ in range(count):
            seq = dice.randrange(size)
            start = time.perf_counter()
            ledger.inclusion_proof(seq, size)
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _pymerkle(arguments: argparse.Namespace) -> dict[str, float]:
    python = PYMERKLE / "bin" / "python"
    if not python.exists():
        venv.create(PYMERKLE, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"pymerkle=={VERSION}"], check=True)
    script = Path(__file__).with_name("pymerkle_measured.py")
    # Its proofs take time in proportion to the log, so fewer are measured.
    words = [json.dumps(arguments.sizes), str(max(5, arguments.proofs // 30)), str(arguments.appends)]
    done = subprocess.run([python, script, FOLDER, *words], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    sys.exit(main())
