"""静止: rows leave the store only while nobody takes in and nobody makes a release, and the other way round.

Taking in and making share the store; ending batches or periods and erasing people want it alone. A lock of the
operating system on one file of the vault: it dies with its process, and all our containers share the volume.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from provision.context import Context
from provision.errors import RetryLater


@contextmanager
def shared(ctx: Context) -> Iterator[None]:
    """While something is read from the store or put into it. `RetryLater` where somebody takes rows out of it."""
    with _locked(ctx, fcntl.LOCK_SH, "rows are being taken out of the store now"):
        yield


@contextmanager
def alone(ctx: Context) -> Iterator[None]:
    """While rows leave the store. `RetryLater` where a batch is taken in or a release is made."""
    with _locked(ctx, fcntl.LOCK_EX, "a batch is being taken in or a release made now"):
        yield


@contextmanager
def _locked(ctx: Context, how: int, what: str) -> Iterator[None]:
    with (ctx.zones.vault() / "store.lock").open("a") as lock:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RetryLater(what, rule="store.busy", remedy="nothing was done; try the same again later") from None
        yield
