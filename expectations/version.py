"""Which gate it was: one hash over everything that decides what the gate finds.

A verdict says what this code found, reading with these engines. Where either changes, it has to be asked again.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

#: Engines whose regular expressions and readers the gate trusts, and the name list of the name kinds.
_ENGINES = ("great-expectations", "japanese-personal-name-dataset", "pandas", "polars", "pyarrow", "pypdf")


@cache
def gate_version() -> str:
    """16 hexadecimal digits; equal ones find the same things."""
    folder = Path(__file__).parent
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(folder).as_posix()
            total.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    for engine in _ENGINES:
        total.update(f"{engine} {version(engine)}\n".encode())
    return total.hexdigest()[:16]
