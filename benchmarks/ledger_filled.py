"""A log of many entries, made in bulk: rows as the log itself would have written them, without a transaction each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from provision.ledger import schema
from provision.ledger.entry import draft, stamp
from provision.ledger.merkle import Tree, leaf_hash
from provision.ledger.postgrescatalogue import TABLES

AT = datetime(2026, 4, 1, tzinfo=UTC)
_MARK = 123_456_789_012


def rows(size: int) -> dict[str, Iterator[tuple[Any, ...]]]:
    """Rows of every table for a log of `size` entries, half of them under a key."""
    tree, made = Tree(), list(_entries(size))
    for data in made:
        tree.append(leaf_hash(data))
    nodes = ((level, idx, value) for level, line in enumerate(tree.levels) for idx, value in enumerate(line))
    return {
        "entry": ((seq, "outbox.emptied", data, tree.levels[0][seq]) for seq, data in enumerate(made)),
        "subject": (("delivery", f"d{seq:012d}", seq) for seq in range(size)),
        "key": ((f"outbox:{seq:012d}", seq) for seq in range(size)),
        "node": nodes,
        "checkpoint": iter(()),
    }


def _entries(size: int) -> Iterator[bytes]:
    """Canonical bytes, each entry's number put into a pattern: making every one from its parts would take minutes."""
    name = f"{_MARK:012d}"
    new = draft("outbox.emptied", "bench", {"delivery": f"d{name}"}, {"what": "ciphertext"}, f"outbox:{name}")
    pattern = stamp(new, _MARK, AT).canonical()
    seq = f'"seq":{_MARK}'.encode()
    assert pattern.count(seq) == 1
    head, tail = pattern.replace(name.encode(), b"%012d").replace(b'"seq":%012d', seq).split(seq)
    for number in range(size):
        words = [number] * head.count(b"%012d"), [number] * tail.count(b"%012d")
        yield head % tuple(words[0]) + b'"seq":%d' % number + tail % tuple(words[1])


def fill_sqlite(path: Path, size: int) -> None:
    """A new file at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    schema.fill(path, rows(size))


def fill_postgres(admin_url: str, size: int) -> None:
    """Into an empty, prepared database, as its administrator."""
    with psycopg.connect(admin_url) as db, db.cursor() as cursor:
        made = rows(size)
        for table in TABLES:
            with cursor.copy(f"COPY provision_log.{table} FROM STDIN".encode()) as copy:
                for row in made[table]:
                    copy.write_row(row)
    with psycopg.connect(admin_url, autocommit=True) as db:
        db.execute("ANALYZE")
