"""名寄せ: which identities of a vault are one person. Pure: the same identities give the same people in any order.

Identities are joined through the strong tokens they share. Nothing is guessed:

* a token with contradicting evidence is a *collision* and joins nobody. Only `health_birth` (card, birth and sex, no
  branch) that collides by names, as with twins of one sex, still joins the records of one name, as far as these agree;
* a chain of tokens that would join two births or two sexes falls apart, and is counted;
* an identity without any usable strong token goes by its name: to the one person of the same kana, birth and sex within
  its source, or to each other where nobody has it; to nobody where there are two, or where it is written differently.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl

from provision.identity import EVIDENCE, STRONG, TOKENS

#: Evidence that a token must not contradict. Names change (marriage), so tokens of one person's own number ignore them;
#: `health_birth` is shared by twins of one sex, whom only the name tells apart.
_CONTRADICTS = {
    "health_branch": ("e_birth", "e_sex"),
    "health_birth": ("e_kana", "e_written"),
    "care": ("e_birth", "e_sex"),
    "facility_chart": ("e_birth", "e_sex"),
}
_ROW, _PERSON = "row", "person"


@dataclass(frozen=True)
class Linkage:
    """What joining found, in counts: `tokens` per domain, `merges` (identities joined to an earlier one), `collisions`
    (tokens that contradict themselves), `broken` chains, `ambiguous_names`."""

    identities: int
    people: int
    tokens: dict[str, int]
    merges: int
    collisions: dict[str, int]
    broken: int
    ambiguous_names: int

    def counts(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


def join(records: pl.DataFrame) -> tuple[pl.Series, Linkage]:
    """A number per record (columns `TOKENS` and `EVIDENCE`) that is the same for the records of one person only."""
    rows = _numbered(records)
    tokens = {name: _distinct(rows[name]) for name in TOKENS}
    keys, collisions = [], {}
    for token in STRONG:
        torn = rows.select(_torn(token, _CONTRADICTS[token])).to_series()
        collisions[token] = _distinct(rows.filter(torn)[token])
        keys.append(rows.select(pl.when(~torn).then(token)).to_series())
    keys += _by_name_on_one_card(rows)
    rows = rows.with_columns(usable=pl.any_horizontal([key.is_not_null() for key in keys]))
    rows = rows.with_columns(_components(keys).alias(_PERSON))
    rows, broken = _cut(rows)
    rows, ambiguous = _attach_by_name(rows)
    people = rows[_PERSON].n_unique()
    return rows[_PERSON], Linkage(rows.height, people, tokens, rows.height - people, collisions, broken, ambiguous)


def _numbered(records: pl.DataFrame) -> pl.DataFrame:
    """Tokens and evidence as numbers, the first row that has the value, which are quicker to compare than digests."""
    rows = records.select(*TOKENS, *EVIDENCE).with_row_index(_ROW)
    first = [pl.when(pl.col(c).is_not_null()).then(pl.col(_ROW).min().over(c)).alias(c) for c in (*TOKENS, *EVIDENCE)]
    return rows.select(pl.col(_ROW), *first)


def _distinct(column: pl.Series) -> int:
    return column.drop_nulls().n_unique()


def _torn(group: str, evidence: tuple[str, ...]) -> pl.Expr:
    """Rows whose group has two values of one kind of evidence; never where the group is null."""
    two = [pl.col(e).min().over(group) != pl.col(e).max().over(group) for e in evidence]
    return pl.col(group).is_not_null() & pl.any_horizontal(two).fill_null(False)


def _by_name_on_one_card(rows: pl.DataFrame) -> list[pl.Series]:
    """Keys that join records of one name among those of a colliding `health_birth`; null where names disagree."""
    evidence = _CONTRADICTS["health_birth"]
    few = rows.filter(_torn("health_birth", evidence))
    first = {name: pl.col(_ROW).min().over("health_birth", name) for name in evidence}
    keys = few.select(_ROW, *[pl.when(pl.col(n).is_not_null()).then(one).alias(n) for n, one in first.items()])
    labelled = few.with_columns(_components([keys[name] for name in evidence]).alias("namesake"))
    agreed = keys.filter(~labelled.select(_torn("namesake", evidence)).to_series())
    spread = rows.select(_ROW).join(agreed, on=_ROW, how="left", maintain_order="left")
    return [spread[name] for name in evidence]


def _components(keys: list[pl.Series]) -> pl.Series:
    """連結成分: the smallest row number that each row reaches over equal keys (nulls reach nothing)."""
    names = [f"k{number}" for number in range(len(keys))]
    frame = pl.DataFrame([key.alias(name) for key, name in zip(keys, names, strict=True)]).with_row_index(_ROW)
    frame = frame.with_columns(label=_ROW)
    while True:
        before = frame["label"]
        nearest = [pl.when(pl.col(name).is_not_null()).then(pl.col("label").min().over(name)) for name in names]
        frame = frame.with_columns(before=before, label=pl.min_horizontal("label", *nearest))
        # what one row of a component found holds for all of it, so that long chains close quickly
        frame = frame.with_columns(label=pl.col("label").min().over("before"))
        if frame["label"].equals(before):
            return before


def _cut(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """A chain of tokens may join two births although no single token did: such people fall apart again."""
    torn = _torn(_PERSON, ("e_birth", "e_sex"))
    broken = _distinct(rows.filter(torn)[_PERSON])
    return rows.with_columns(pl.when(torn).then(_ROW).otherwise(_PERSON).alias(_PERSON)), broken


def _attach_by_name(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Records without any usable stronger token join the one person of the same kana, birth and sex, if it is one."""
    name, weak, strong = "name_birth", ~pl.col("usable"), pl.when("usable").then(_PERSON)
    several = strong.min().over(name) != strong.max().over(name)
    unclear = several.fill_null(False) | _torn(name, ("e_written",))
    named = pl.col(name).is_not_null() & weak
    ambiguous = _distinct(rows.filter(named & unclear)[name])
    joined = pl.coalesce(strong.min().over(name), pl.when(weak).then(_ROW).min().over(name))
    return rows.with_columns(pl.when(named & ~unclear).then(joined).otherwise(_PERSON).alias(_PERSON)), ambiguous
