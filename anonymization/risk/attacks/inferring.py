"""推定 (inference, WP216 2.2.2): what does somebody learn of a person's sensitive value from the person's group?

Counted exactly, over people; who is in several groups counts in each, as in all figures of groups. The prior is what
is known without the group: the shares of the whole table.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from anonymization.risk.attacks.numbered import ROWS

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Inference:
    """Shares of people, 0 to 1. `certain`: everybody of their group has one value that not everybody of the table has.
    `doubled`: a value of theirs is at least twice as likely in their group as in the table. `guess`: the most frequent
    value of their group is theirs; `guess_before`: that of the table is."""

    certain: float
    doubled: float
    guess: float
    guess_before: float

    def figures(self) -> dict[str, float]:
        """For reports."""
        return asdict(self)


def inference(connection: duckdb.DuckDBPyConnection, column: int) -> Inference:
    """Inference of column number `column` of the numbered table from the group."""
    found = connection.execute(_QUERY.format(rows=ROWS, value=f"c{column}")).fetchall()[0]
    return Inference(*(float(share) for share in found))


_QUERY = """
WITH has AS (SELECT DISTINCT g, {value} AS v, p FROM {rows}),
    sizes AS (SELECT g, count(DISTINCT p) AS size FROM has GROUP BY g),
    overall AS (SELECT v, count(DISTINCT p) AS people FROM has GROUP BY v),
    cells AS (SELECT g, v, count(*) AS n FROM has GROUP BY g, v),
    judged AS (SELECT g, v, n, size, people, (SELECT count(DISTINCT p) FROM has) AS whole
        FROM cells JOIN sizes USING (g) JOIN overall USING (v)),
    groups AS (SELECT g, any_value(size) AS size, max(n) AS most, bool_or(n = size AND people < whole) AS sure
        FROM judged GROUP BY g),
    raised AS (SELECT DISTINCT g, p FROM has JOIN judged USING (g, v) WHERE n * whole >= 2 * people * size)
SELECT coalesce(sum(size) FILTER (sure), 0) / sum(size), (SELECT count(*) FROM raised) / sum(size),
    sum(most) / sum(size), (SELECT max(people) FROM overall) / (SELECT count(DISTINCT p) FROM has)
FROM groups
"""
