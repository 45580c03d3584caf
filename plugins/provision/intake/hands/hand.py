"""A hand: a process that makes de-identified tables of the pieces it is handed, until nobody hands it any more.

``python -m provision.intake.hands.hand MEMORY ASKED ANSWERED`` with the numbers of open files: the memory that pieces
are put into, and the pipes of questions and answers. It writes nothing anywhere else.
"""

from __future__ import annotations

import gc
import mmap
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from provision.allocation import keep_freed_memory, pass_over_loaded_objects
from provision.formats import formats
from provision.intake.hands.job import Made, do
from provision.intake.hands.wire import answer, told


def serve(memory: mmap.mmap, asked: Connection, answered: Connection) -> None:
    """Answer every question until there are no more. What fails here is not done: whoever asked does it again, and
    finds the failure where it can be told of."""
    while True:
        try:
            message = asked.recv_bytes()
        except EOFError:
            return
        made: Made | None = None
        with suppress(Exception):
            made = do(told(message, memory))
        for part in answer(made):
            answered.send_bytes(part)
        made = None
        gc.collect(1)  # what a job left behind is young; looking at all that ever was costs a twentieth of a job


def main() -> int:
    """Load what is needed, then serve."""
    memory, asked, answered = map(int, sys.argv[1:])
    keep_freed_memory()
    formats()
    pass_over_loaded_objects()
    gc.disable()  # what is read has no circles, and looking for them costs a tenth of reading it
    with (
        mmap.mmap(memory, 0, access=mmap.ACCESS_READ) as mapped,
        Connection(asked, writable=False) as questions,
        Connection(answered, readable=False) as answers,
    ):
        serve(mapped, questions, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
