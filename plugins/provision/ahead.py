"""Working one piece ahead: the next piece of a file is looked through, or parsed, while the last one is worked on.

Readers use it between finding the lines of a piece and making columns of them, intake between reading and writing. No
more than two pieces are in memory at a time: the one in work, and the one that is being made or waits.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """The same items in the same order, drawn by a thread that is at most one ahead. An error of `items` is raised in
    its place. Leaving early ends the thread and `items`: close it (`contextlib.closing`) before what they read from."""
    handed: queue.Queue[tuple[bool, Item | BaseException | None]] = queue.Queue()
    wanted = threading.Semaphore(1)
    left = threading.Event()
    thread = threading.Thread(target=_draw, args=(items, handed, wanted, left), daemon=True)
    thread.start()
    try:
        while True:
            more, item = handed.get()
            if isinstance(item, BaseException):
                raise item
            if not more:
                return
            wanted.release()
            yield item  # type: ignore[misc]  # None only stands with more=False
    finally:
        left.set()
        wanted.release()
        thread.join()
        if isinstance(items, Generator):
            items.close()


def _draw(
    items: Iterator[Item],
    handed: queue.Queue[tuple[bool, Item | BaseException | None]],
    wanted: threading.Semaphore,
    left: threading.Event,
) -> None:
    try:
        while not _left(wanted, left):
            handed.put((True, next(items)))
    except StopIteration:
        handed.put((False, None))
    except BaseException as error:
        handed.put((False, error))


def _left(wanted: threading.Semaphore, left: threading.Event) -> bool:
    """Wait until the next item is wanted; True where nobody wants any more."""
    wanted.acquire()
    return left.is_set()
