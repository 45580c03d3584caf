"""Counting with the index: subjects by state, provisions by month, recipient and category, and what filters offer."""

from __future__ import annotations

import sqlite3
from datetime import date

from provision import states


def tallies(index: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """How many subjects of every kind are in which state, states in the order of their course."""
    rows = index.execute("SELECT kind, state, count(*) FROM standing GROUP BY kind, state").fetchall()
    counts = {(kind, state): int(number) for kind, state, number in rows}
    return {
        kind: {state: counts[kind, state] for state in table if (kind, state) in counts}
        for kind, table in states.TRANSITIONS.items()
    }


def choices(index: sqlite3.Connection) -> dict[str, list[str]]:
    """Every recipient, purpose, channel, category and state that some release has, sorted."""
    found = {
        name: [str(row[0]) for row in index.execute(f"SELECT DISTINCT {name} FROM release ORDER BY {name}")]
        for name in ("recipient", "purpose", "channel")
    }
    found["category"] = [str(row[0]) for row in index.execute("SELECT DISTINCT number FROM category ORDER BY number")]
    standing = {row[0] for row in index.execute("SELECT DISTINCT state FROM standing WHERE kind = 'release'")}
    found["state"] = [state for state in states.TRANSITIONS["release"] if state in standing]
    return found


def types(index: sqlite3.Connection) -> list[str]:
    """Every type of entry in the log, sorted."""
    return [str(row[0]) for row in index.execute("SELECT DISTINCT type FROM entry ORDER BY type")]


def months(index: sqlite3.Connection, last: date, number: int = 12) -> list[tuple[str, int]]:
    """Provisions (deliveries handed over) in each of the `number` months up to that of `last`: ``YYYY-MM``, count."""
    names = [_month(last, back) for back in reversed(range(number))]
    query = "SELECT substr(day, 1, 7), count(*) FROM provision WHERE day >= ? GROUP BY 1"
    counts = {str(month): int(count) for month, count in index.execute(query, (names[0],))}
    return [(name, counts.get(name, 0)) for name in names]


def recipients(index: sqlite3.Connection, since: str = "", most: int = 10) -> list[tuple[str, int]]:
    """Provisions to each recipient since the day `since`, most first; those beyond `most` together under ``""``."""
    query = "SELECT recipient, count(*) FROM provision WHERE day >= ? GROUP BY 1 ORDER BY 2 DESC, 1"
    found = [(str(name), int(count)) for name, count in index.execute(query, (since,))]
    rest = sum(count for _, count in found[most:])
    return found[:most] + ([("", rest)] if rest else [])


def categories(index: sqlite3.Connection, since: str = "") -> list[tuple[int, int]]:
    """Provisions that held each content category since the day `since`; one provision counts for each it holds."""
    query = "SELECT number, count(*) FROM provision JOIN category USING (release) WHERE day >= ? GROUP BY 1 ORDER BY 1"
    return [(int(number), int(count)) for number, count in index.execute(query, (since,))]


def _month(last: date, back: int) -> str:
    months = last.year * 12 + last.month - 1 - back
    return f"{months // 12:04d}-{months % 12 + 1:02d}"
