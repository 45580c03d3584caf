"""提案: a draft of the layout of a file somebody sent, from its headings and the shapes of its cells.

No value of the file is shown, logged or kept: what is said of a column are words about shapes. What is not certain
gets the strictest class, and every column is marked so that `tokumei config check` refuses the draft until a person
has confirmed it.
"""

from __future__ import annotations

from pathlib import Path

from provision.proposing.draft import written
from provision.proposing.looking import look


def propose(path: Path, layout_id: str, *, sheet: str = "", header_row: int = 1) -> str:
    """The draft of a layout for the file, as YAML. Raises `Refused` where the file cannot be looked at, where it holds
    My Numbers, or where what stands in its header row looks like data."""
    return written(look(path, sheet, header_row), layout_id)
