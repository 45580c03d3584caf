"""A table as numbers: who, their group, and every cell as a digest under the seed. Nothing of the table's text is kept.

``p`` the person, ``g`` the quasi-identifiers together, ``c0``, ``c1`` … the columns one by one, the quasi-identifiers
first and the sensitive ones after them. A missing cell is a value of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from anonymization.risk.larger import as_value, quoted
from anonymization.risk.trails.events import number
from anonymization.risk.unfit import Unfit

if TYPE_CHECKING:
    import duckdb

ROWS = "attack_rows"


@contextmanager
def numbered(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    person: str,
    quasi: Sequence[str],
    sensitive: Sequence[str],
    seed: int,
) -> Iterator[int]:
    """The temporary table `ROWS` while the context lasts; gives the number of people.

    Unfit where there are no rows, a row belongs to nobody, or a column has two roles.
    """
    columns = [*quasi, *sensitive]
    if not quasi or len({*columns, person}) != len(columns) + 1:
        raise Unfit("attacks need quasi-identifiers, and each column in one role")
    owner = number(seed, as_value(person))
    cells = [f"{number(seed, as_value(name))} AS c{place}" for place, name in enumerate(columns)]
    together = number(seed, *(as_value(name) for name in quasi))
    said = [f"{owner} AS p", f"{together} AS g", f"{as_value(person)} IS NULL AS nobody", *cells]
    connection.execute(f"CREATE TEMP TABLE {ROWS} AS SELECT {', '.join(said)} FROM {quoted(table)}")
    try:
        people, lost = connection.execute(f"SELECT count(DISTINCT p), count(*) FILTER (nobody) FROM {ROWS}").fetchall()[
            0
        ]
        if lost:
            raise Unfit(f"{lost} rows belong to nobody: the person column is empty there")
        if not people:
            raise Unfit("risk needs rows")
        yield int(people)
    finally:
        connection.execute(f"DROP TABLE {ROWS}")
