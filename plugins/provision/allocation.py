"""Freed memory stays with the process: reading a file needs the same large pieces again and again, and having each from
the kernel anew costs about as much as filling it. What a process holds at most is not changed by this.

Documents that wait for their parcel are many small objects, which sets off Python's garbage collector again and again;
each of its full rounds looks at all that was ever imported, a quarter of the time of reading small documents.
"""

from __future__ import annotations

import ctypes
import gc
from functools import cache

#: Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_PIECE = 1 << 30


@cache
def keep_freed_memory() -> bool:
    """Ask the allocator, once a process, for pieces of up to 1 GiB to be kept and used again. False where it cannot be
    asked: another C library than glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all([mallopt(_MMAP_THRESHOLD, _PIECE), mallopt(_TRIM_THRESHOLD, _PIECE)])


@cache
def pass_over_loaded_objects() -> None:
    """Have the garbage collector look, from now on, only at what is made from now on; once a process."""
    gc.collect()
    gc.freeze()
