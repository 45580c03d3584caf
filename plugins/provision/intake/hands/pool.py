"""The hands of one task: processes that are started when there is work for them, and end with the task."""

from __future__ import annotations

import mmap
import os
import queue
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Generic, Self, TypeVar

from provision.errors import RetryLater
from provision.formats.documents import DOCUMENT_BYTES, PARCEL_BYTES
from provision.intake.hands.job import Job, Made
from provision.intake.hands.wire import answered, tell

#: Room for the bytes of one piece: the last document of a group comes on top of a full one.
ROOM = PARCEL_BYTES + DOCUMENT_BYTES
#: A batch of fewer bytes is not worth the second that a process needs to start.
WORTH = 64 * 1024 * 1024
_MOST = 4
#: Hands work beside each other, their engines need no threads of their own.
_ALONE = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
What = TypeVar("What")


class Hands:
    """So many hands. Jobs are done in any order, an answer comes by its `Future`: Made, None where the job was not
    done, or `RetryLater` where a hand died."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._threads = ThreadPoolExecutor(count)
        self._free: queue.SimpleQueue[_Hand | None] = queue.SimpleQueue()
        self._all: list[_Hand] = []
        for _ in range(count):
            self._free.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End them, whatever they are doing."""
        for hand in self._all:
            hand.kill()  # who waits for an answer gets an end of the pipe
        self._threads.shutdown(cancel_futures=True)
        for hand in self._all:
            hand.close()

    def submit(self, job: Job) -> Future[Made | None]:
        """Have a job done by the first hand that is free."""
        return self._threads.submit(self._ask, job)

    def _ask(self, job: Job) -> Made | None:
        hand = self._free.get()
        try:
            if hand is None:
                hand = _Hand()
                self._all.append(hand)
            return hand.ask(job)
        except (EOFError, OSError):  # it is gone, or there is no room for one more process
            raise _died() from None
        finally:
            self._free.put(hand)


def hands_for(size: int, wanted: int | None) -> Hands | None:
    """The hands for a batch of `size` bytes: as many as configured, else one a core, up to four. None for a small
    batch, which would be done before they are ready, for a single one, and where memory cannot be shared so."""
    count = wanted or min(len(os.sched_getaffinity(0)), _MOST) if hasattr(os, "memfd_create") else 1
    return Hands(count) if size >= WORTH and count > 1 else None


class _Hand:
    """One process, the memory it shares with this one, and two pipes. Nothing of it has a name."""

    def __init__(self) -> None:
        memory = os.memfd_create("piece")
        os.ftruncate(memory, ROOM)
        self._memory = mmap.mmap(memory, ROOM)
        (asked, ask), (answer, answers) = os.pipe(), os.pipe()
        self._ask, self._answer = Connection(ask, readable=False), Connection(answer, writable=False)
        command = [sys.executable, "-P", "-m", "provision.intake.hands.hand", *map(str, (memory, asked, answers))]
        try:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **_ALONE, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(memory, asked, answers),
            )
        finally:
            for number in (memory, asked, answers):
                os.close(number)

    def ask(self, job: Job) -> Made | None:
        """What becomes of a job; one without room is not done. `EOFError` or `OSError`: the process is gone."""
        if sum(map(len, job.parts)) > ROOM:
            return None
        at = 0
        for part in job.parts:
            self._memory[at : at + len(part)] = part
            at += len(part)
        self._ask.send_bytes(tell(job))
        first = self._answer.recv_bytes()
        return answered(first, iter(self._answer.recv_bytes, None))

    def kill(self) -> None:
        """End the process: it holds nothing that is not here, too."""
        self._process.kill()

    def close(self) -> None:
        """Let go of everything, after nobody asks any more."""
        self.kill()
        self._process.wait()
        self._ask.close()
        self._answer.close()
        self._memory.close()


class InOrder(Generic[What]):
    """Jobs handed out, settled in the order in which they were."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands
        self._sent: deque[tuple[What, Future[Made | None]]] = deque()

    def send(self, what: What, job: Job) -> None:
        """Hand out a job for `what`."""
        self._sent.append((what, self.hands.submit(job)))

    def done(self, *, all_of_them: bool = False) -> Iterator[tuple[What, Made | None]]:
        """What became of the first jobs: so many that no more are open than keep the hands busy. Raises `RetryLater`
        where a hand died."""
        while len(self._sent) > (0 if all_of_them else self.hands.count + 1):
            what, future = self._sent.popleft()
            yield what, future.result()


def _died() -> RetryLater:
    return RetryLater(
        "a process that reads documents for this task has died, or could not be started",
        rule="intake.hands",
        remedy="nothing was taken; look whether the machine ran out of memory, or set intake_processes to 1",
    )
