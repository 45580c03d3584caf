"""The same figures for tables that do not fit into memory, by DuckDB, which spills to disk what does not fit.

Quasi-identifiers become one number per group (mixed radix of dictionary codes); people are counted by group; cells of a
sensitive column come back in the order of groups, parcel by parcel, and go through the models that small tables do.
Exact: no sampling, no sketches. Weights and populations are for tables in memory only.

Whoever opens the connection sets its memory and its folder for spilling. What is spilled are numbers whose dictionaries
stay in memory, and for persons digests under a key drawn for this one count: 128 bits, so that no two meet by chance.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from anonymization.risk import attackers
from anonymization.risk.assessing import Assessment, Sensitive, combined, worst
from anonymization.risk.groups import Cells, Groups, Ints
from anonymization.risk.histogram import from_pairs
from anonymization.risk.tables import NUMBER
from anonymization.risk.unfit import Unfit
from anonymization.risk.uniqueness import population_uniqueness

if TYPE_CHECKING:
    import duckdb

#: Cells that come back at once.
PARCEL = 1_000_000
#: Groups are numbered by whole numbers of 64 bits, of 128 where that is too few; they come back in two halves.
_HALF, _ROOM = 1 << 62, 1 << 124


def assess_larger(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    quasi: Sequence[str],
    sensitive: Sequence[str] = (),
    *,
    person: str | None = None,
    fraction: float | None = None,
) -> Assessment:
    """Assess a table or view of text columns that `connection` knows. Leaves no table of its own behind.

    Missing as a wildcard is counted only where nothing is missing (then both views agree). Unfit as in `assess`.
    """
    if not quasi or len({*quasi, *sensitive}) != len(quasi) + len(sensitive):
        raise Unfit("risk needs quasi-identifiers, and each column in one role")
    coding = _Coding(connection, table, person)
    try:
        rows = coding.number(quasi, sensitive)
        pairs = connection.execute(f"SELECT n, count(*) FROM ({coding.people('g')}) GROUP BY n").fetchall()
        sizes = from_pairs((int(n), int(groups)) for n, groups in pairs)
        found = {name: _sensitive(coding, number) for number, name in enumerate(sensitive)}
        people = coding.whole()
    finally:
        coding.end()
    return Assessment(
        rows, people, sizes, None if coding.missing else sizes.smallest, attackers.without_population(sizes), found,
        None, None if fraction is None else population_uniqueness(sizes, fraction),
    )  # fmt: skip


class _Coding:
    """The numbered table: ``g`` the group, ``v0``, ``v1`` … ranks of sensitive values, ``p`` the person."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str, person: str | None) -> None:
        self._connection = connection
        self._run = connection.execute
        self._table = quoted(table)
        self._person = person
        self.missing = False
        self._made: list[str] = []

    def number(self, quasi: Sequence[str], sensitive: Sequence[str]) -> int:
        """Make the numbered table, in two passes over the table; gives its rows."""
        self._count(quasi, sensitive)
        self._dictionaries(len(quasi), len(sensitive))
        columns = [f"{self._group(quasi)} AS g", *(self._rank(name, n) for n, name in enumerate(sensitive))]
        if self._person is not None:
            columns.append(f"md5_number('{secrets.token_hex(16)}' || {as_value(self._person)}) AS p")
        self._make("TABLE", "risk_numbered", f"SELECT {', '.join(columns)} FROM {self._table}")
        return self._first("SELECT count(*) FROM risk_numbered")

    def people(self, by: str) -> str:
        """A query that counts people by columns of the numbered table, as ``n``."""
        if self._person is None:
            return f"SELECT {by}, count(*) AS n FROM risk_numbered GROUP BY {by}"
        return f"SELECT {by}, count(*) AS n FROM (SELECT DISTINCT {by}, p FROM risk_numbered) GROUP BY {by}"

    def whole(self) -> int:
        """People of the table."""
        return self._first(f"SELECT count({'*' if self._person is None else 'DISTINCT p'}) FROM risk_numbered")

    def cells(self, number: int) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Whether a cell is the first of its group, its value and people, by group; a parcel may end within a group."""
        halves = f"(g // {_HALF})::BIGINT AS high, (g % {_HALF})::BIGINT AS low"
        query = f"SELECT {halves}, v{number} AS v, n FROM ({self.people(f'g, v{number}')}) ORDER BY g, v"
        before = (-1, -1)
        for batch in self._connection.sql(query).to_arrow_reader(PARCEL):
            high, low, value, count = (np.asarray(column, dtype=np.int64) for column in batch.columns)
            same = (np.diff(high, prepend=before[0]) == 0) & (np.diff(low, prepend=before[1]) == 0)
            before = int(high[-1]), int(low[-1])
            yield (~same).astype(np.int64), value, count

    def overall(self, number: int) -> Ints:
        """People of the whole table by value."""
        found = self._run(f"SELECT n FROM ({self.people(f'v{number}')}) ORDER BY v{number}").fetchall()
        return np.array([n for (n,) in found], dtype=np.int64)

    def end(self) -> None:
        """Take away what was made."""
        for made in reversed(self._made):
            self._run(f"DROP {made}")

    def _count(self, quasi: Sequence[str], sensitive: Sequence[str]) -> None:
        """One pass: the values of each column, and how many are missing. Unfit where there are no rows or persons."""
        quasi_lists = [f"list(DISTINCT {as_value(name)}) AS q{n}" for n, name in enumerate(quasi)]
        lists = [f"list(DISTINCT {as_value(name)}) AS v{n}" for n, name in enumerate(sensitive)]
        lists += [f"count(*) FILTER ({as_value(name)} IS NULL) AS without{n}" for n, name in enumerate(sensitive)]
        some = " OR ".join(f"{as_value(name)} IS NULL" for name in quasi)
        nobody = "0" if self._person is None else f"count(*) FILTER ({as_value(self._person)} IS NULL)"
        counts = f"count(*) AS n, count(*) FILTER ({some}) AS missing, {nobody} AS nobody"
        values = ", ".join([counts, *quasi_lists, *lists])
        self._make("TABLE", "risk_values", f"SELECT {values} FROM {self._table}")
        if not self._first("SELECT n FROM risk_values"):
            raise Unfit("risk needs rows")
        if lost := self._first("SELECT nobody FROM risk_values"):
            raise Unfit(f"{lost} rows belong to nobody: the person column is empty there")
        self.missing = bool(self._first("SELECT missing FROM risk_values"))

    def _dictionaries(self, quasi: int, sensitive: int) -> None:
        """A type with the values of each column; those of sensitive ones in their order."""
        for number in range(quasi):
            self._make("TYPE", f"risk_q{number}", f"ENUM ({_unnested(f'q{number}')})")
        for number in range(sensitive):
            values = _unnested(f"v{number}")
            texts = self._first(f"SELECT count(*) FROM ({values}) WHERE NOT regexp_matches(x, '{NUMBER}')")
            order = "x" if texts else "x::DOUBLE, x"
            self._make("TYPE", f"risk_v{number}", f"ENUM ({values} ORDER BY {order})")

    def _group(self, quasi: Sequence[str]) -> str:
        """The number of a row's group: codes of its values, 0 for missing, as digits of a mixed radix."""
        terms, room = list[tuple[str, int]](), 1
        for number, name in enumerate(quasi):
            terms.append((f"coalesce(enum_code({as_value(name)}::risk_q{number})::BIGINT + 1, 0)", room))
            room *= self._first(f"SELECT coalesce(len(q{number}), 0) FROM risk_values") + 1
            if room >= _ROOM:
                raise Unfit("the quasi-identifiers have too many values together to be numbered: leave one out")
        whole = "BIGINT" if room < _HALF else "HUGEINT"
        return " + ".join(f"{code}::{whole} * {radix}::{whole}" for code, radix in terms)

    def _rank(self, name: str, number: int) -> str:
        """Rank of a value in its order: missing first, numbers by size where all are numbers, else by code point."""
        missing = self._first(f"SELECT without{number} FROM risk_values")
        return f"coalesce(enum_code({as_value(name)}::risk_v{number})::BIGINT + {int(missing > 0)}, 0) AS v{number}"

    def _make(self, kind: str, name: str, query: str) -> None:
        self._run(f"CREATE {'TEMP ' if kind == 'TABLE' else ''}{kind} {name} AS {query}")
        self._made.append(f"{kind} {name}")

    def _first(self, query: str) -> int:
        return int(self._run(query).fetchall()[0][0])


def _sensitive(coding: _Coding, number: int) -> Sensitive:
    """The worst of all parcels; the cells of a parcel's last group wait for the next one."""
    overall, found = coding.overall(number), []
    waiting: tuple[Ints, Ints, Ints] = (np.zeros(0, np.int64),) * 3
    for parcel in coding.cells(number):
        fresh, value, count = (np.concatenate(parts) for parts in zip(waiting, parcel, strict=True))
        last = int(np.flatnonzero(fresh)[-1])
        if last:
            found.append(_worst(fresh[:last], value[:last], count[:last], overall))
        waiting = fresh[last:], value[last:], count[last:]
    return combined([*found, _worst(*waiting, overall)])


def _worst(fresh: Ints, value: Ints, count: Ints, overall: Ints) -> Sensitive:
    group = np.cumsum(fresh) - 1
    size = np.bincount(group, weights=count).astype(np.int64)
    return worst(Cells(group, value, count, overall), Groups(size))


def _unnested(column: str) -> str:
    """A query of the values of one list of ``risk_values``, as ``x``; missing is none of them."""
    return f"SELECT x FROM (SELECT unnest({column}) AS x FROM risk_values) WHERE x IS NOT NULL"


def quoted(name: str) -> str:
    """A name as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'


def as_value(name: str) -> str:
    """A column with every kind of missing as NULL, as `tables.as_values`."""
    column = f"{quoted(name)}::VARCHAR"
    return f"(CASE WHEN {column} NOT IN ('', 'NaN', 'nan') THEN {column} END)"
