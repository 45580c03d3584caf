"""金庫: which records belong to one person, per linkage group. Holds keyed tokens and random aliases, no identifier.

The store knows aliases only. People are worked out from the tokens when a release is made, so the order of arrival
cannot matter, a wrong join never has to be undone, and ambiguity is counted instead of guessed.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from provision.identity import EVIDENCE, STRONG, TOKENS

_SCHEMA = f"""
create table if not exists identity (
    scope text not null, identity blob not null, alias text not null unique,
    {", ".join(f"{name} blob" for name in (*TOKENS, *EVIDENCE))},
    primary key (scope, identity)
) without rowid, strict;
"""

#: Evidence that a token must not contradict. Names change (marriage), so tokens of one person's own number ignore them;
#: `health_birth` is shared by twins of one sex, whom only the name tells apart.
_CONTRADICTS = {
    "health_branch": ("e_birth", "e_sex"),
    "health_birth": ("e_kana", "e_written"),
    "care": ("e_birth", "e_sex"),
    "facility_chart": ("e_birth", "e_sex"),
}


@dataclass(frozen=True)
class Linkage:
    """What joining found, in counts."""

    identities: int
    people: int
    collisions: dict[str, int]
    broken: int
    ambiguous_names: int

    def counts(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


class Vault:
    """One SQLite file; `scope` is a linkage group, or a source of its own where no document allows linking."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(self._open()) as database:
            database.executescript(_SCHEMA)
        path.chmod(0o600)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=full")
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

    def people(self, scope: str) -> tuple[pl.DataFrame, Linkage]:
        """`alias` and `person` (a number that means nothing outside this call), and what joining found."""
        columns = ("alias", *TOKENS, *EVIDENCE)
        with closing(self._open()) as database:
            rows = database.execute(
                f"select {', '.join(columns)} from identity where scope = ? order by identity", (scope,)
            ).fetchall()
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        joined, linkage = _join(records)
        people = pl.DataFrame(
            {"alias": [r["alias"] for r in records], "person": joined}, schema={"alias": pl.String, "person": pl.Int64}
        )
        return people, linkage

    def end_period(self, scope: str) -> int:
        """End an accumulation period: forget every token of `scope`. Gives the number of identities forgotten."""
        with closing(self._open()) as database:
            return database.execute("delete from identity where scope = ?", (scope,)).rowcount


def _known(database: sqlite3.Connection, scope: str, wanted: list[bytes]) -> dict[bytes, str]:
    """Aliases of the wanted identities: a vault of millions is never read whole for one parcel."""
    found: dict[bytes, str] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        marks = ", ".join("?" * len(some))
        query = f"select identity, alias from identity where scope = ? and identity in ({marks})"
        found.update(database.execute(query, (scope, *some)))
    return found


Record = dict[str, bytes | str | None]


def _join(records: list[Record]) -> tuple[list[int], Linkage]:
    parent = list(range(len(records)))
    collisions = dict.fromkeys(STRONG, 0)
    usable = [False] * len(records)
    for token in STRONG:
        for members in _groups(records, token):
            if _contradict([records[i] for i in members], _CONTRADICTS[token]):
                collisions[token] += 1
                continue
            for index in members:
                usable[index] = True
                _union(parent, members[0], index)
    broken = _break_contradictions(records, parent)
    ambiguous = _attach_by_name(records, parent, usable)
    roots = [_find(parent, i) for i in range(len(records))]
    return roots, Linkage(len(records), len(set(roots)), collisions, broken, ambiguous)


def _groups(records: list[Record], token: str) -> Iterable[list[int]]:
    by_token: dict[bytes | str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        value = record[token]
        if value is not None:
            by_token[value].append(index)
    return by_token.values()


def _contradict(records: list[Record], evidence: tuple[str, ...]) -> bool:
    return any(len({r[name] for r in records} - {None}) > 1 for name in evidence)


def _break_contradictions(records: list[Record], parent: list[int]) -> int:
    """A chain of tokens may join two births although no single token did: such people fall apart again."""
    members: dict[int, list[int]] = defaultdict(list)
    for index in range(len(records)):
        members[_find(parent, index)].append(index)
    broken = 0
    for group in members.values():
        if len(group) > 1 and _contradict([records[i] for i in group], ("e_birth", "e_sex")):
            broken += 1
            for index in group:
                parent[index] = index
    return broken


def _attach_by_name(records: list[Record], parent: list[int], usable: list[bool]) -> int:
    """Records without any usable stronger token join the one person of the same kana, birth and sex, if it is one."""
    ambiguous = 0
    for members in _groups(records, "name_birth"):
        strong = {_find(parent, i) for i in members if usable[i]}
        weak = [i for i in members if not usable[i]]
        if len(strong) > 1 or _contradict([records[i] for i in members], ("e_written",)):
            ambiguous += bool(
                weak
            )  # namesakes of one birth and sex are told apart by how they are written, or not at all
        elif weak:
            for index in weak:
                _union(parent, next(iter(strong), weak[0]), index)
    return ambiguous


def _find(parent: list[int], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index


def _union(parent: list[int], one: int, other: int) -> None:
    low, high = sorted((_find(parent, one), _find(parent, other)))
    parent[high] = low
