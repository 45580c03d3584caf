"""ポータルの鍵の交代: the portal's key made anew, and everything that it seals put under the new one.

Stop the portal first: it would go on with the former key. What was sealed is opened by whichever of both keys opens it,
so a run that died is run again: in one transaction all is under the new key, and only then the new key takes its place.
Sign-ins, one-time links and personal links of before go on, for of these only digests are kept; counters of attempts
begin anew. Was the key copied (with the database it opens seeds), everybody enrols anew and no former link opens.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass

from provision.errors import FixConfiguration, Refused
from provision.keys import ROTATED, FileKeys, erase
from provision.portal.desk import KEY, Desk
from provision.portal.secrecy import Secrecy
from provision.store import flush

#: The new key until everything is under it.
_NEXT = f"{KEY}-next"
_COMPROMISED = (
    "UPDATE member SET seed = NULL, step = 0, failures = 0, locked = 0",
    "UPDATE session SET ended = :now WHERE ended IS NULL",
    "DELETE FROM ticket",
    "DELETE FROM link",
)


@dataclass(frozen=True)
class _Place:
    """A sealed column of a table: the table's key, and the column that says whose it is (`Secrecy.seal`)."""

    table: str
    key: str
    column: str
    owner: str


_SEALED = (
    _Place("member", "id", "seed", "id"), _Place("ticket", "hash", "seed", "member"),
    _Place("report", "id", "words", "id"),
)  # fmt: skip


@dataclass(frozen=True)
class Rotated:
    """What was sealed anew: seeds of authenticator apps, reports."""

    seeds: int
    reports: int


def rotate(desk: Desk, *, actor: str, compromised: bool = False) -> Rotated:
    """Make the portal's key anew. `Refused` where there is none, `FixConfiguration` where neither key opens what is in
    the database: then nothing was changed."""
    keys = FileKeys(desk.zones.portal() / "keys")
    path, following, former = keys.path(KEY), keys.path(_NEXT), keys.path(KEY).with_suffix(".former")
    _forget(keys)
    new, old = Secrecy(keys.symmetric(_NEXT)), Secrecy(keys.symmetric(KEY))
    with desk.database.opened() as rows:
        counts = {place.table: _reseal(rows, place, new, old) for place in _SEALED}
        for statement in _COMPROMISED if compromised else ():
            rows.execute(statement, {"now": desk.clock()})
    with desk.context() as ctx:
        ctx.ledger.append(
            ROTATED, actor=actor, subjects={"key": KEY}, payload={"compromised": compromised},
            key=f"rotated:{new.mac('rotation')[:32]}:{compromised}",
        )  # fmt: skip
    os.link(path, former)
    os.replace(following, path)
    flush(path.parent)
    erase(former)
    return Rotated(counts["member"] + counts["ticket"], counts["report"])


def _forget(keys: FileKeys) -> None:
    """What a run left that died: another name of the key in use, or the key before it."""
    path = keys.path(KEY)
    former = path.with_suffix(".former")
    if not path.exists():
        raise Refused("there is no such key", where=KEY, rule="keys.rotate", remedy="tokumei portal makes it")
    if former.exists() and former.samefile(path):
        former.unlink()
    erase(former)


def _reseal(rows: sqlite3.Connection, at: _Place, new: Secrecy, old: Secrecy) -> int:
    """One column of one table; gives how many there are."""
    query = f"SELECT {at.key}, {at.owner}, {at.column} FROM {at.table} WHERE {at.column} IS NOT NULL"
    found = rows.execute(query).fetchall()
    for key, owner, sealed in found:
        again = new.seal(_either(sealed, owner, new, old), owner)
        rows.execute(f"UPDATE {at.table} SET {at.column} = ? WHERE {at.key} = ?", (again, key))
    return len(found)


def _either(sealed: bytes, owner: str, new: Secrecy, old: Secrecy) -> bytes:
    """What one of both keys opens: the new one did where an earlier run died behind its transaction."""
    try:
        return new.open(sealed, owner)
    except FixConfiguration:
        return old.open(sealed, owner)
