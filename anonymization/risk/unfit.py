"""The one error of the risk rooms: a table, a hierarchy or a threshold does not fit. Its text never holds a value."""

from __future__ import annotations


class Unfit(ValueError):
    """What is wrong, in words that may be shown: counts, rows, levels and names of columns, never a cell or a label."""
