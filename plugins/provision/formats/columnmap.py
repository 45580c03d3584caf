"""Which column of a file is which column of a layout, by its heading; and which layout a file is of.

Headings are compared after NFKC, without spaces and letter case. A file fits a layout whose required columns it all
has, each once. Columns the layout does not name are dropped and counted, or, where it says so, make the file another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provision.formats.base import BadFile
from provision.formats.headings import fold
from provision.formats.mynumbers import is_heading, refuse_headings
from provision.layouts import Layout

#: Place of a column in its layout: ``columns``, ``test_values`` or ``answers``, and number.
Place = tuple[str, int]


@dataclass(frozen=True)
class ColumnMap:
    """Column of the layout -> position in the file; and how many columns of the file the layout does not name."""

    found: dict[Place, int]
    unknown: int


def fits(layout: Layout, header: Sequence[str]) -> bool:
    """Whether a file with these headings is of this layout. Headings of My Numbers say nothing: the reader refuses."""
    plain = [cell for cell in header if not is_heading(cell)]
    try:
        map_columns(layout, plain)
    except BadFile as refusal:
        return refusal.rule == "table.duplicate_header"
    return True


def map_columns(layout: Layout, header: Sequence[str]) -> ColumnMap:
    """Where the columns of the layout stand.

    Raises `BadFile`: ``my_number`` for a heading of My Numbers, ``table.undeclared`` where a required column is
    missing, or one is there that the layout does not name and that it does not drop, ``table.duplicate_header`` where
    two columns of the file are one of the layout's.
    """
    refuse_headings(header)
    names = {fold(heading): place for place, column in layout.headed() for heading in column.headings}
    meant = [(names[fold(cell)], at) for at, cell in enumerate(header) if fold(cell) in names]
    found = dict(meant)
    missing = [f"{place[0]}.{place[1]}" for place, c in layout.headed() if c.required and place not in found]
    unknown = sum(bool(fold(cell)) for cell in header) - len(meant)
    if missing or (unknown and layout.unknown_columns == "refuse"):
        raise BadFile("table.undeclared", record=1, remedy=_undeclared(layout, missing, unknown))
    if len(found) < len(meant):
        raise BadFile("table.duplicate_header", record=1, remedy="every column may stand once; ask the sender")
    return ColumnMap(found, unknown)


def _undeclared(layout: Layout, missing: list[str], unknown: int) -> str:
    """Columns by their place in the layout: headings of the file are the sender's words, and shown nowhere."""
    named = ", ".join(missing[:5]) + (" …" if missing[5:] else "")
    said = f"{len(missing)} required columns are missing ({named})" if missing else f"it has {unknown} columns more"
    return f"it is no file of {layout.format_id}: {said}; ask the sender, or add the headings to config/layouts"
