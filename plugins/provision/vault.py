"""金庫: which records belong to one person, per linkage group. Holds keyed tokens and random aliases, no identifier.

The store knows aliases only. People are worked out from the tokens when a release is made, so the order of arrival
cannot matter, a wrong join never has to be undone, and ambiguity is counted instead of guessed.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import polars as pl

from provision.identity import EVIDENCE, TOKENS
from provision.joining import Linkage, join
from provision.migrations.versions import prepare

#: What `Vault.withdrawn` tells.
WITHDRAWN = {"alias": pl.String, "cause": pl.String, "entry": pl.Int64}

_SCHEMA = f"""
create table if not exists identity (
    scope text not null, identity blob not null, alias text not null unique,
    {", ".join(f"{name} blob" for name in (*TOKENS, *EVIDENCE))},
    primary key (scope, identity)
) without rowid, strict;
create table if not exists withdrawal (
    scope text not null, alias text not null, cause text not null check (cause in ('veto', 'deletion')),
    entry integer not null, lifted integer, primary key (scope, alias, cause, entry)
) without rowid, strict;
"""
#: Later than any entry of the log.
_NOW = 2**63 - 1


class Vault:
    """One SQLite file; `scope` is a linkage group, or a source of its own where no document allows linking."""

    def __init__(self, path: Path) -> None:
        """Open it, make it where it is new. `FixConfiguration` where it is of another version (`tokumei migrate`)."""
        self.path = path
        with closing(self._open()) as database:
            prepare(database, "vault", _SCHEMA)
        path.chmod(0o600)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=full")
        database.execute("pragma secure_delete=on")  # what is forgotten is overwritten, not only unlisted
        return database

    def aliases(self, scope: str, found: pl.DataFrame) -> pl.DataFrame:
        """`claim_no` and `alias` for every row of `identity.identities`. Unknown identities get a random alias, known
        ones keep theirs; rows without an identity get an alias that is never used again."""
        distinct = (
            found.drop("claim_no").filter(pl.col("identity").is_not_null()).unique("identity", maintain_order=True)
        )
        columns = ("identity", *TOKENS, *EVIDENCE)
        marks = ", ".join("?" * (len(columns) + 2))
        with closing(self._open()) as database:
            database.execute("begin immediate")
            database.executemany(
                f"insert into identity (scope, alias, {', '.join(columns)}) values ({marks}) on conflict do nothing",
                [(scope, secrets.token_hex(16), *row) for row in distinct.select(columns).iter_rows()],
            )
            database.execute("commit")
            known = _known(database, scope, distinct["identity"].to_list())
        given = [known[i] if i is not None else secrets.token_hex(16) for i in found["identity"]]
        return found.select("claim_no").with_columns(alias=pl.Series(given, dtype=pl.String))

    def scopes(self) -> list[str]:
        """Every scope of which somebody is known."""
        with closing(self._open()) as database:
            return [row[0] for row in database.execute("select distinct scope from identity order by scope")]

    def records(self, scope: str) -> pl.DataFrame:
        """`alias`, tokens and evidence (Binary or null) of every identity of a scope."""
        columns = ("alias", *TOKENS, *EVIDENCE)
        with closing(self._open()) as database:
            rows = database.execute(
                f"select {', '.join(columns)} from identity where scope = ? order by identity", (scope,)
            ).fetchall()
        values = zip(*rows, strict=True) if rows else ([] for _ in columns)
        kinds = (pl.String, *[pl.Binary] * (len(columns) - 1))
        return pl.DataFrame([pl.Series(*column) for column in zip(columns, values, kinds, strict=True)])

    def forget(self, aliases: Iterable[str]) -> int:
        """Forget the identities of these aliases: no token leads to them any more. Gives how many there were."""
        with closing(self._open()) as database:
            database.execute("begin immediate")
            rows = database.executemany("delete from identity where alias = ?", [(alias,) for alias in aliases])
            database.execute("commit")
            _overwrite(database)
            return max(rows.rowcount, 0)

    def people(self, scope: str, known: pl.Series | None = None) -> tuple[pl.DataFrame, Linkage]:
        """`alias` and `person` (a number that means nothing outside this call), and what joining found; of all
        identities of the scope, or of those with an alias in `known`."""
        records = self.records(scope)
        if known is not None:
            records = records.join(known.unique().to_frame("alias"), on="alias", how="semi", maintain_order="left")
        person, linkage = join(records)
        return records.select("alias", person=person.cast(pl.Int64)), linkage

    def withdraw(self, scope: str, aliases: Iterable[str], cause: Literal["veto", "deletion"], entry: int) -> None:
        """本人の申出: these people may not be in any release any more; `entry` of the log says so. Twice is once."""
        with closing(self._open()) as database:
            database.executemany(
                "insert into withdrawal (scope, alias, cause, entry) values (?, ?, ?, ?) on conflict do nothing",
                [(scope, alias, cause, entry) for alias in aliases],
            )

    def withdrawn(self, scope: str, before: int | None = None) -> pl.DataFrame:
        """`alias`, `cause` and first `entry` of everybody who is withdrawn from a scope, or was by the entries of the
        log before number `before`. An alias outlives its identity here so that earlier releases can be compared; alone
        it says nothing of anybody."""
        at = _NOW if before is None else before
        with closing(self._open()) as database:
            rows = database.execute(
                "select alias, cause, min(entry) from withdrawal where scope = ? and entry < ? "
                "and (lifted is null or lifted >= ?) group by alias, cause order by alias, min(entry)",
                (scope, at, at),
            ).fetchall()
        return pl.DataFrame(rows, schema=WITHDRAWN, orient="row")

    def vetoed(self, entries: Sequence[int]) -> dict[str, set[str]]:
        """By scope, the aliases that a veto withdrew by these entries of the log, whether it was lifted or not."""
        found: dict[str, set[str]] = {}
        with closing(self._open()) as database:
            for entry in entries:
                query = "select scope, alias from withdrawal where cause = 'veto' and entry = ?"
                for scope, alias in database.execute(query, (entry,)):
                    found.setdefault(scope, set()).add(alias)
        return found

    def lift(self, entries: Iterable[int], lifted: int) -> None:
        """停止の解除: what a veto withdrew by these entries of the log is in releases again from entry `lifted` on. An
        erasure stays; what was withdrawn then is told by `withdrawn` for ever. Twice is once."""
        query = "update withdrawal set lifted = ? where cause = 'veto' and entry = ? and lifted is null"
        with closing(self._open()) as database:
            database.execute("begin immediate")
            database.executemany(query, [(lifted, entry) for entry in entries])
            database.execute("commit")

    def withdrawn_scopes(self) -> list[str]:
        """Every scope from which somebody was withdrawn."""
        with closing(self._open()) as database:
            return [row[0] for row in database.execute("select distinct scope from withdrawal order by scope")]

    def withdrawn_since(self, scope: str, entry: int) -> bool:
        """Whether anybody of a scope was withdrawn by an entry of the log after this one, and still is."""
        with closing(self._open()) as database:
            query = (
                "select 1 from withdrawal where scope = ? and lifted is null group by alias, cause "
                "having min(entry) > ? limit 1"
            )
            return database.execute(query, (scope, entry)).fetchone() is not None

    def end_period(self, scope: str) -> int:
        """End an accumulation period: forget every token of `scope`. Gives the number of identities forgotten."""
        with closing(self._open()) as database:
            count = database.execute("delete from identity where scope = ?", (scope,)).rowcount
            _overwrite(database)
            return count


def _overwrite(database: sqlite3.Connection) -> None:
    """Bring overwritten pages from the write-ahead log into the file, and empty the log, as far as nobody reads it."""
    database.execute("pragma wal_checkpoint(truncate)").fetchall()


def _known(database: sqlite3.Connection, scope: str, wanted: list[bytes]) -> dict[bytes, str]:
    """Aliases of the wanted identities: a vault of millions is never read whole for one parcel."""
    found: dict[bytes, str] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        marks = ", ".join("?" * len(some))
        query = f"select identity, alias from identity where scope = ? and identity in ({marks})"
        found.update(database.execute(query, (scope, *some)))
    return found
