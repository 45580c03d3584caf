"""受領時の加工: the floor of de-identification, applied to every table before anything is stored.

This floor is code on purpose. Configuration can ask for more, never for less, so that no mistake in a file lets a
name, an address or an ID into the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from anonymization.rules import rules

#: column class -> rule; classes that are not here stay as they are. An unknown class is an error.
FLOOR: Mapping[str, str] = {
    "direct": "drop-column",
    "link": "drop-column",
    "free": "drop-column",
    "provider_name": "drop-column",
    "technical": "drop-column",
    "reserved": "drop-column",
    "birth": "birth-month",
    "zip": "zip3",
    "insurer": "insurer-number",
}
KEPT = frozenset({"provider", "sensitive", "quasi", "ordinary"})


@dataclass
class Applied:
    """Counts of what was done: rule -> cells that held something and were deleted or made coarser."""

    cells: dict[str, int] = field(default_factory=dict)

    def add(self, rule: str, count: int) -> None:
        """Count `count` more cells for `rule`."""
        if count:
            self.cells[rule] = self.cells.get(rule, 0) + count


def on_receipt(frame: pl.DataFrame, classes: Mapping[str, str], applied: Applied) -> pl.DataFrame:
    """De-identify one raw table by the class of each column; columns without a class are refused (ValueError).

    `frame` may hold keys of ours (``claim_no``) that are not in `classes`: they must be listed there as ordinary.
    """
    unclassed = [name for name in frame.columns if name not in classes]
    if unclassed:
        raise ValueError(f"{len(unclassed)} columns without a class")
    ruled: dict[str, list[str]] = {}
    for name in frame.columns:
        if (rule_id := FLOOR.get(classes[name])) is not None:
            ruled.setdefault(rule_id, []).append(name)
            applied.add(rule_id, _filled(frame[name]))
        elif classes[name] not in KEPT:
            raise ValueError(f"unknown class {classes[name]}")
    if not ruled:
        return frame
    treated: dict[str, pl.Expr | None] = {}
    for rule_id, names in ruled.items():
        made = rules()[rule_id].apply(rules()[rule_id].learn(frame.lazy(), names, {}))
        treated |= {name: made[name] for name in names}
    columns = (treated[name] if name in treated else pl.col(name) for name in frame.columns)
    return frame.select(column for column in columns if column is not None)


def _filled(column: pl.Series) -> int:
    filled = column.len() - column.null_count()
    return int((column != "").sum()) if filled and column.dtype == pl.String else filled  # null is neither
