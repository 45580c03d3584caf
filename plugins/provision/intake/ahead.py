"""Reading one parcel ahead: the next piece of a file is parsed while the last one is de-identified and written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items in the same order, drawn by a thread that is at most one ahead. An error of `items` is raised in
    its place; leaving early ends the thread."""
    handed: queue.Queue[tuple[bool, Item | BaseException | None]] = queue.Queue(maxsize=1)
    left = threading.Event()
    thread = threading.Thread(target=_draw, args=(items, handed, left), daemon=True)
    thread.start()
    try:
        while True:
            more, item = handed.get()
            if isinstance(item, BaseException):
                raise item
            if not more:
                return
            yield item  # type: ignore[misc]  # None only stands with more=False
    finally:
        left.set()
        thread.join()


def _draw(
    items: Iterator[Item], handed: queue.Queue[tuple[bool, Item | BaseException | None]], left: threading.Event
) -> None:
    try:
        for item in items:
            if not _hand(handed, (True, item), left):
                return
        _hand(handed, (False, None), left)
    except BaseException as error:
        _hand(handed, (False, error), left)


def _hand(
    handed: queue.Queue[tuple[bool, Item | BaseException | None]],
    what: tuple[bool, Item | BaseException | None],
    left: threading.Event,
) -> bool:
    while not left.is_set():
        try:
            handed.put(what, timeout=0.1)
            return True
        except queue.Full:
            continue
    return False
