"""出来事: which columns make an event, how coarse they are taken, and the SQL that turns rows into numbered events.

A trail is the set of a person's different events. Digests under the seed stand for persons and events: what DuckDB
spills are numbers, and their order is a random one that the seed repeats. A row whose event columns are all missing is
no event, but its person counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from anonymization.risk.larger import as_value, quoted
from anonymization.risk.unfit import Unfit

Grain = Literal["whole", "month", "quarter", "year"]
#: Coarser grains of a date, the finest first.
GRAINS: tuple[Grain, ...] = ("month", "quarter", "year")
#: Dates and months as the platform writes them.
DAY, MONTH = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{4}-[0-9]{2}"


@dataclass(frozen=True)
class EventColumn:
    """One column of an event; `grain` cuts dates (YYYY-MM-DD) and months (YYYY-MM) to something coarser."""

    name: str
    grain: Grain = "whole"

    @property
    def sql(self) -> str:
        """The cell as it is known; NULL where it is missing."""
        cell = as_value(self.name)
        if self.grain == "whole":
            return cell
        if self.grain == "quarter":
            return f"({cell}[:4] || 'Q' || ((({cell}[6:7])::INTEGER + 2) // 3)::VARCHAR)"
        return f"{cell}[:{7 if self.grain == 'month' else 4}]"


def columns(names: Sequence[str]) -> tuple[EventColumn, ...]:
    """Columns as they are. Unfit where there are none or one stands twice."""
    if not names or len(set(names)) != len(names):
        raise Unfit("a trail needs columns that make an event, each once")
    return tuple(EventColumn(name) for name in names)


def number(seed: int, *texts: str) -> str:
    """SQL: 64 bits for these texts together, NULL being a text of its own; other numbers with another seed."""
    parts = [f"coalesce(length({text})::VARCHAR || ':' || {text}, '-')" for text in texts]
    together = " || ".join([f"'{seed}|'", *parts])
    return f"md5_number_upper({together})"


def pairs(table: str, person: str, unit: str, events: Sequence[EventColumn], seed: int) -> str:
    """A query of different (person ``p``, unit ``u``, event ``e``); a unit is what links events: a person, a claim."""
    cells = [column.sql for column in events]
    some = " OR ".join(f"{cell} IS NOT NULL" for cell in cells)
    owner = as_value(person)
    linked = number(seed, owner) if unit == person else number(seed, owner, as_value(unit))
    return (
        f"SELECT DISTINCT {number(seed, owner)} AS p, {linked} AS u, {number(seed, *cells)} AS e "
        f"FROM {quoted(table)} WHERE {some}"
    )
