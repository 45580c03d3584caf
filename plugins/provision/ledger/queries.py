"""What the auditors' pages ask the log: newest entries first, page by page, with a simple search. Never writes."""

from __future__ import annotations

from collections.abc import Iterator

from provision.ledger.entry import Entry
from provision.ledger.reading import PAGE, LedgerReader, condition


def rows(
    ledger: LedgerReader, *, limit: int, before: int | None = None, type: str | None = None, text: str | None = None
) -> list[Entry]:
    """At most `limit` entries, newest first, those below number `before` where it is given.

    `type` as in `LedgerReader.entries`. `text` finds entries with these letters, in whatever case, in type, actor,
    key, subjects or any value of the payload. The next page starts `before` the last entry of this one.
    """
    found: list[Entry] = []
    for entry in _newest_first(ledger, before, type):
        if len(found) >= limit:
            break
        if not text or _mentions(entry, text.casefold()):
            found.append(entry)
    return found


def _newest_first(ledger: LedgerReader, before: int | None, type: str | None) -> Iterator[Entry]:
    where, values = condition(type, None, None)
    last = ledger.size if before is None else before
    query = f"SELECT seq, bytes FROM entry WHERE seq < ? AND {where} ORDER BY seq DESC LIMIT {PAGE}"
    while page := list(ledger.select(query, (last, *values))):
        for _, data in page:
            yield Entry.from_bytes(data)
        last = page[-1][0]


def _mentions(entry: Entry, text: str) -> bool:
    values = [entry.type, entry.actor, entry.key, *entry.subjects.values(), *_texts(entry.payload)]
    return any(text in value.casefold() for value in values)


def _texts(value: object) -> Iterator[str]:
    """Every value inside `value` as people read it; names of fields are not searched."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)
