"""Several processes at once, and processes killed in the middle."""

from __future__ import annotations

import multiprocessing
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from ledger_world import BATCH, NAME, emptied_database, fill

from provision.errors import IllegalTransition
from provision.ledger.places import Place
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger
from provision.ledger.verify import verify
from tests.support.postgres import cluster

PROCESSES = multiprocessing.get_context("spawn")

#: Appends for ever, with a checkpoint every third time, and says the number of each entry once it is safe.
WRITER = """
import sys
from pathlib import Path
from provision.ledger.places import Place
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger
from tests.support.entrytypes import declare

declare()
signer = Signer.load(Path(sys.argv[3]))
with Ledger.open(Place(Path(sys.argv[1]), sys.argv[2])) as ledger:
    while True:
        entry = ledger.append("note.written", actor="writer", subjects={"release": "r1"}, payload={"n": ledger.size})
        print(entry.seq, flush=True)
        if entry.seq % 3 == 0:
            ledger.checkpoint(signer)
"""


def together(count: int, work: Callable[..., None], *arguments: Any) -> list[Any]:
    """Run `work` in `count` processes that start at one moment; gives what each put into the queue."""
    barrier, queue = PROCESSES.Barrier(count), PROCESSES.Queue()
    running = [PROCESSES.Process(target=work, args=(barrier, queue, i, *arguments)) for i in range(count)]
    for process in running:
        process.start()
    results = [queue.get(timeout=120) for _ in running]
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0] * count
    return results


def append_many(barrier: Barrier, queue: Any, number: int, place: Place, count: int) -> None:
    barrier.wait(60)
    with Ledger.open(place) as ledger:
        made = [
            ledger.append("note.written", actor=f"p{number}", subjects={"release": "r"}, payload={"n": n}).seq
            for n in range(count)
        ]
    queue.put(made)


def move_on(barrier: Barrier, queue: Any, number: int, place: Place, key: str | None) -> None:
    with Ledger.open(place) as ledger:
        barrier.wait(60)
        try:
            entry = ledger.transition("batch", "b1", "received", actor=f"p{number}", payload=BATCH, key=key)
            queue.put(entry.actor)
        except IllegalTransition:
            queue.put(None)


def test_eight_processes_append_one_log(place: Place) -> None:
    # The log is not there yet: making it is part of the race.
    numbers = together(8, append_many, place, 50)
    assert sorted(seq for made in numbers for seq in made) == list(range(400))
    assert all(made == sorted(made) for made in numbers)
    result = verify(place, public_key=None)
    assert (result.ok, result.size) == (True, 400)
    assert not list(place.path.parent.glob(".new-*"))


def test_of_two_processes_one_makes_the_transition(place: Place) -> None:
    with Ledger.open(place) as ledger:
        winners = together(2, move_on, place, None)
        assert winners.count(None) == 1
        assert [entry.actor for entry in ledger.entries()] == [winner for winner in winners if winner]


def test_with_a_key_both_get_the_one_entry(place: Place) -> None:
    with Ledger.open(place) as ledger:
        winners = together(2, move_on, place, "receive.b1")
        assert winners[0] == winners[1] is not None
        assert ledger.size == 1


def test_kill_9_while_appending_leaves_a_whole_log(place: Place, tmp_path: Path) -> None:
    signer = Signer.create(tmp_path / "log.pem", NAME)
    dice = random.Random(7)
    for _ in range(6):
        said = killed_writer(place, tmp_path / "log.pem", dice.randrange(1, 40))
        result = verify(place, public_key=signer.public)
        assert result.ok, result.problems
        assert result.size > said  # what was reported as written is there
    with Ledger.open(place) as ledger:
        fill(ledger, 1)
        ledger.checkpoint(signer)
    assert verify(place, public_key=signer.public).ok


def killed_writer(place: Place, key: Path, after: int) -> int:
    """Start a writer, kill it once it has reported `after` entries; gives the last number it reported."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, place.path, place.url, key], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    with writer.stdout as lines:
        said = [int(lines.readline()) for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        # The pipe may hold more, and its last line may be cut by the kill.
        said += [int(line) for line in lines if line.endswith("\n")]
    assert writer.wait(30) == -signal.SIGKILL
    return said[-1]


def test_what_was_appended_survives_the_crash_of_the_server(path: Path, tmp_path: Path) -> None:
    server = cluster()
    place = Place(path, emptied_database())
    signer = Signer.create(tmp_path / "log.pem", NAME)
    command = [sys.executable, "-c", WRITER, place.path, place.url, tmp_path / "log.pem"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as writer:
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(20)]
        server.kill()
        said += [int(line) for line in writer.stdout]
        assert writer.wait(60) != 0
    server.start()
    result = verify(place, public_key=signer.public)
    assert result.ok, result.problems
    assert result.size > said[-1]
    with Ledger.open(place) as ledger:
        fill(ledger, 1)
        ledger.checkpoint(signer)
    assert verify(place, public_key=signer.public).ok
