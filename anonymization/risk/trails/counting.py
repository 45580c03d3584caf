"""軌跡の一意性: share of people whom 1, 2, 3 known events single out, over tables larger than memory.

A person is found if nobody else has all the known events in one unit (of a person, or of a claim where no number links
claims). With fewer events than are known, all of them are. One known event is counted for everybody (`_one`), more for
people drawn at random (`drawing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from anonymization.risk.larger import as_value, quoted
from anonymization.risk.trails.drawing import Drawn
from anonymization.risk.trails.events import EventColumn, number, pairs
from anonymization.risk.trails.figures import Known, TrailRisk, counted, estimated
from anonymization.risk.unfit import Unfit

if TYPE_CHECKING:
    import duckdb

#: People drawn: a share is then within 2.2 percentage points at 95 %.
SAMPLE = 2_000
_MADE = ("trail_events", "trail_pairs", "trail_people")


def trail_risk(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    person: str,
    events: Sequence[EventColumn],
    *,
    unit: str | None = None,
    known: int = 3,
    seed: int = 0,
    sample: int = SAMPLE,
) -> TrailRisk:
    """Trail risk of a table or view of text columns. `unit`: the column that links events, the person if not given.

    Leaves no table of its own behind. Unfit where there are no rows or persons, or `known` is not 1 to 3.
    """
    if known not in (1, 2, 3) or sample < 1 or not events:
        raise Unfit("a trail is judged by 1 to 3 known events, of at least one column, over at least one person")
    try:
        people = _people(connection, table, person, seed)
        different = _events(connection, pairs(table, person, unit or person, events, seed))
        found, looked, whole = {1: _one(connection, people)}, people, True
        if known > 1:
            drawn = Drawn(connection, people, known, seed, sample)
            found |= {size: _more(drawn, size) for size in range(2, known + 1)}
            looked, whole = drawn.people, drawn.whole
    finally:
        for made in _MADE:
            connection.execute(f"DROP TABLE IF EXISTS {made}")
    return TrailRisk(tuple(column.name for column in events), people, different, looked, whole, seed, found)


def _people(connection: duckdb.DuckDBPyConnection, table: str, person: str, seed: int) -> int:
    """Everybody by their digest, with events or without; gives how many. Unfit where a row belongs to nobody."""
    owner = as_value(person)
    lost = _first(connection, f"SELECT count(*) FILTER ({owner} IS NULL) FROM {quoted(table)}")
    if lost:
        raise Unfit(f"{lost} rows belong to nobody: the person column is empty there")
    query = f"SELECT DISTINCT {number(seed, owner)} AS p FROM {quoted(table)}"
    connection.execute(f"CREATE TEMP TABLE trail_people AS {query}")
    people = _first(connection, "SELECT count(*) FROM trail_people")
    if not people:
        raise Unfit("risk needs rows")
    return people


def _events(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """Who has which event, and how many people and units have it; gives how many different events there are."""
    connection.execute(f"CREATE TEMP TABLE trail_pairs AS {query}")
    linked = _first(connection, "SELECT count(*) FROM trail_pairs WHERE u <> p")
    people = "count(DISTINCT p)" if linked else "count(*)"
    connection.execute(
        f"CREATE TEMP TABLE trail_events AS SELECT e, {people} AS people, count(*) AS n FROM trail_pairs GROUP BY e"
    )
    return _first(connection, "SELECT count(*) FROM trail_events")


def _one(connection: duckdb.DuckDBPyConnection, people: int) -> Known:
    """One known event, for everybody: the share of a unit's events that only its person has, the mean over a person's
    units; who has no event is not found."""
    units = "SELECT p, u, avg((people = 1)::INTEGER) AS f FROM trail_pairs JOIN trail_events USING (e) GROUP BY p, u"
    persons = f"SELECT avg(f) AS f, max(f) > 0 AS w FROM ({units}) GROUP BY p"
    total, some = connection.execute(f"SELECT sum(f), count(*) FILTER (w) FROM ({persons})").fetchall()[0]
    share = round(float(total or 0) / people, 12)  # threads add up in any order
    return Known(counted(share), counted(int(some) / people))


def _more(drawn: Drawn, size: int) -> Known:
    unicity, worst = drawn.shares(size)
    if drawn.exact:
        return Known(counted(unicity), counted(worst))
    return Known(estimated(unicity, drawn.people), estimated(worst, drawn.people))


def _first(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
