"""Helpers of the ledger's tests: filling a log, and tampering with its file as somebody who owns it could."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import rfc8785

from provision.ledger import merkle, schema
from provision.ledger.places import Place, as_place
from provision.ledger.postgrescatalogue import TABLES
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger
from tests.support.entrytypes import declare
from tests.support.postgres import cluster

NAME = "tokumei.test/provision-log"
declare()  # also in the processes that tests start
BATCH = {"source": "hospital-a", "period": "2026-04", "sequence": 1, "files": 2, "digest": "d" * 64}


def emptied_database(login: str = "tasks") -> str:
    """Address of an empty log in PostgreSQL; skips where that is not installed."""
    found = cluster()
    return found.url(found.borrowed(), login)


def fill(ledger: Ledger, count: int) -> None:
    """Append `count` entries, half of them under a key."""
    for _ in range(count):
        number = ledger.size
        ledger.append(
            "note.written",
            actor="tester",
            subjects={"release": f"r{number % 3}", "delivery": f"d{number}"},
            payload={"number": number},
            key=f"k{number}" if number % 2 else None,
        )


def build(path: Path | Place, signer: Signer, size: int, signed: Sequence[int]) -> list[str]:
    """A log of `size` entries with checkpoints at the sizes `signed`; gives the notes."""
    made = []
    with Ledger.open(path) as ledger:
        for upto in [*sorted(signed), size]:
            fill(ledger, upto - ledger.size)
            if upto in signed:
                made.append(ledger.checkpoint(signer))
    return made


class Forger:
    """An administrator of the PostgreSQL database, who writes SQLite's placeholders."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        self._db = db

    def execute(self, query: str, values: Sequence[object] = ()) -> Any:
        return self._db.execute(query.replace("?", "%s").encode(), values)

    def executemany(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        for row in rows:
            self.execute(query, row)


@contextmanager
def unlocked(where: Path | Place) -> Iterator[Any]:
    """The database with its triggers out of the way; they are put back afterwards, as a careful forger would do."""
    place = as_place(where)
    if place.url:
        with psycopg.connect(place.url.replace("//tasks:", "//admin:")) as admin:
            admin.execute("SET search_path = provision_log")
            for table in TABLES:
                admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER only_grows".encode())
            yield Forger(admin)
            for table in TABLES:
                admin.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER only_grows".encode())
        return
    with closing(sqlite3.connect(place.path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        yield db
        for _, sql in triggers:
            db.execute(sql)
        db.execute("COMMIT")


def rebuild(path: Path | Place, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Forge: change the entries, then number, hash and index all of them anew, as if it had always been so."""
    with unlocked(path) as db:
        entries = [json.loads(data) for (data,) in db.execute("SELECT bytes FROM entry ORDER BY seq")]
        change(entries)
        for table in ("entry", "node", "subject", "key"):
            db.execute(f"DELETE FROM {table}")
        tree = merkle.Tree()
        for seq, fields in enumerate(entries):
            write(db, tree, {**fields, "seq": seq})


def write(db: Any, tree: merkle.Tree, fields: dict[str, Any]) -> None:
    """One forged entry with everything that belongs to it."""
    seq, data = fields["seq"], rfc8785.dumps(fields)
    leaf = merkle.leaf_hash(data)
    db.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (seq, fields["type"], data, leaf))
    db.executemany("INSERT INTO node VALUES (?, ?, ?)", merkle.grow(seq, leaf, tree.get))
    tree.append(leaf)
    db.executemany("INSERT INTO subject VALUES (?, ?, ?)", [(k, v, seq) for k, v in fields["subjects"].items()])
    if fields["key"]:
        db.execute("INSERT INTO key VALUES (?, ?) ON CONFLICT DO NOTHING", (fields["key"], seq))


def truncate(path: Path | Place, size: int) -> None:
    """Cut everything from entry `size` on, without a trace in any table."""
    with unlocked(path) as db:
        for table in ("entry", "subject", "key"):
            db.execute(f"DELETE FROM {table} WHERE seq >= ?", (size,))
        db.execute("DELETE FROM node WHERE (idx + 1) << level > ?", (size,))
        db.execute("DELETE FROM checkpoint WHERE size > ?", (size,))


def settle(path: Path) -> None:
    """Move the write-ahead log into the file, so that copying or editing the one file is enough."""
    with closing(schema.FILE.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
