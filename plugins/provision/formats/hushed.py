"""標準エラー出力を伏せる: what a library in Rust writes to the standard error by itself is kept from every log.

Where Rust code panics, a line goes to file descriptor 2 before Python hears of it, and it may quote a cell. Airflow and
terminals show what comes there. So while the library works the descriptor leads into memory. If all went well, what
other threads wrote meanwhile is passed on; if not, nothing of it is.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ERR = 2
#: The descriptor belongs to the process, so one thread at a time leads it away.
_LOCK = threading.RLock()


@contextmanager
def hushed() -> Iterator[None]:
    """Nothing that is written to file descriptor 2 within comes out if an error is raised. May be nested."""
    with _LOCK:
        try:
            before = os.dup(_ERR)
        except OSError:  # a process without a standard error
            yield
            return
        with os.fdopen(before, "wb") as out, os.fdopen(os.memfd_create("stderr"), "w+b") as aside:
            os.dup2(aside.fileno(), _ERR)
            try:
                yield
            finally:
                os.dup2(out.fileno(), _ERR)
            if os.fstat(aside.fileno()).st_size:
                aside.seek(0)
                shutil.copyfileobj(aside, out)
