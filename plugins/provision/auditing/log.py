"""What the pages read from the provision log: open for reading only, closed with the request."""

from __future__ import annotations

from provision import states
from provision.ledger.places import place_of
from provision.ledger.reading import LedgerReader
from provision.zones import Zones, home_folder


def opened() -> LedgerReader:
    """The log, to be closed by the caller, in the thread that reads it: a FastAPI dependency would run in another.
    `FixConfiguration` where there is none yet."""
    return LedgerReader.read(place_of(Zones(home_folder())))


def tallies(ledger: LedgerReader) -> dict[str, dict[str, int]]:
    """How many batches, releases and deliveries are in which state, states in the order of their course."""
    found: dict[str, dict[str, int]] = {}
    for kind, table in states.TRANSITIONS.items():
        counts = _last_states(ledger, kind, [state for state in table if state])
        found[kind] = {state: counts[state] for state in table if state in counts}
    return found


def types(ledger: LedgerReader) -> list[str]:
    """Every entry type in the log, sorted."""
    return [str(row[0]) for row in ledger.select("SELECT DISTINCT type FROM entry ORDER BY type")]


def _last_states(ledger: LedgerReader, kind: str, names: list[str]) -> dict[str, int]:
    """The state of a subject is its last entry that is one."""
    rows = ledger.select(
        "SELECT type, count(*) FROM entry JOIN (SELECT max(seq) AS seq FROM subject JOIN entry USING (seq)"
        f" WHERE kind = ? AND type IN ({', '.join('?' * len(names))}) GROUP BY id) AS latest USING (seq) GROUP BY type",
        (kind, *(f"{kind}.{name}" for name in names)),
    )
    return {str(entry_type).removeprefix(f"{kind}."): int(count) for entry_type, count in rows}
