"""A payload to be: clean tables and documents of a seed, what is planted into them, and the bag made of both."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from benchmarks.leak_matrix.sentences import sentence
from expectations.contract import (
    CodeList,
    ColumnContract,
    Contract,
    Domain,
    Form,
    FreeText,
    NumberRange,
    PeopleContract,
    TableContract,
)
from provision.packaging.bag import close_bag

FORMATS = ("parquet", "csv")
#: Rows of every table that hold nothing planted. k of the coded table stays above 2 whatever is planted beside them.
CLEAN_ROWS = 48
_DISEASES = ("E119", "I10", "J459", "M170", "N189", "K219", "H259", "E785")
_AGES = (*(f"{age}-{age + 4}" for age in range(20, 90, 5)), "90-")
_MONTH = "[0-9]{4}-(?:0[1-9]|1[0-2])"


@dataclass(frozen=True)
class Closed:
    """A column with a closed domain: its contract, a clean value by row, and what is no leak because it is legal."""

    dtype: str
    domain: Domain
    clean: Callable[[int], Any]
    legal: Callable[[str], bool]


CLOSED: Mapping[str, Closed] = {
    "person": Closed("integer", NumberRange(Decimal(1), Decimal(99)), lambda i: i // 2 + 1, lambda t: False),
    "sex": Closed("string", CodeList("sex", frozenset("12")), lambda i: "12"[i % 2], lambda t: t in "12"),
    "disease": Closed(
        "string", CodeList("disease", frozenset(_DISEASES)), lambda i: _DISEASES[i % 8], lambda t: t in _DISEASES
    ),
    "age_band": Closed("string", CodeList("age_band", frozenset(_AGES)), lambda i: _AGES[i % 15], lambda t: t in _AGES),
    "birth_month": Closed(
        "string", Form("month", _MONTH), lambda i: f"19{50 + i}-0{i % 9 + 1}", lambda t: bool(re.fullmatch(_MONTH, t))
    ),
    "zip3": Closed(
        "string", Form("zip3", "[0-9]{3}"), lambda i: f"{100 + i}", lambda t: bool(re.fullmatch("[0-9]{3}", t))
    ),
    "points": Closed("integer", NumberRange(Decimal(0), Decimal(9999)), lambda i: 70 + i, lambda t: _whole(t, 9999)),
    "amount": Closed("integer", NumberRange(Decimal(0), Decimal(99999)), lambda i: 10 * i, lambda t: _whole(t, 99999)),
    "bmi": Closed(
        "decimal",
        NumberRange(Decimal(10), Decimal(60), Decimal("0.1")),
        lambda i: Decimal(180 + i) / 10,
        lambda t: False,
    ),
}  # fmt: skip


def _whole(text: str, top: int) -> bool:
    # Zeros in front say nothing in a column of numbers.
    return re.fullmatch("[0-9]{1,18}", text) is not None and int(text) <= top


@dataclass
class Draft:
    """What one payload will hold besides its clean parts. Texts of a column stand in 1, 2, 4, … rows, in order."""

    seed: int
    cells: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    info: dict[str, str] = field(default_factory=dict)
    rows: int = CLEAN_ROWS

    def plant(self, table: str, column: str, text: str) -> int:
        """Plant into a column of ``coded``, ``notes`` or ``telling``; gives the number of the text in its column."""
        self.cells.setdefault((table, column), []).append(text)
        return len(self.cells[table, column]) - 1


def write(draft: Draft, folder: Path) -> tuple[Contract, str]:
    """Write the bag; gives the contract it was promised to keep to, and digest D."""
    (folder / "data" / "tables").mkdir(parents=True)
    tables = [_coded(draft, folder), _notes(draft, folder)]
    if any(table == "telling" for table, _ in draft.cells):
        tables.append(_telling(draft, folder))
    tables += [_outer(draft, folder, name) for name in (*draft.metadata, *draft.headers)]
    for path, content in ({"data/README.txt": _readme(draft).encode()} | draft.documents | draft.files).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    digest = close_bag(folder, {"Bagging-Date": "2026-12-01", **draft.info})
    people = PeopleContract("coded", ("sex",), "person", 2)
    return Contract("leak-matrix", tuple(tables), ("data/README.txt", *draft.documents), people), digest


def _readme(draft: Draft) -> str:
    draw = Random(draft.seed)
    return "匿名加工情報\n" + "\n".join(sentence(draw) for _ in range(20)) + "\n"


def _coded(draft: Draft, folder: Path) -> TableContract:
    planted = {name: _repeated(draft, "coded", name) for name in CLOSED}
    size = draft.rows + max(len(texts) for texts in planted.values())
    columns = {}
    for name, closed in CLOSED.items():
        clean = [closed.clean(i % CLEAN_ROWS) for i in range(size - len(planted[name]))]
        columns[name] = _series(name, planted[name], clean, closed.dtype)
    contracts = tuple(ColumnContract(name, closed.dtype, closed.domain) for name, closed in CLOSED.items())
    return _write_table(folder, "coded", pl.DataFrame(columns), contracts)


def _series(name: str, planted: list[str], clean: list[Any], dtype: str) -> pl.Series:
    """Of the declared type where all that is planted has it, else text: that is what a careless maker would write."""
    if dtype == "integer" and all(text.isascii() and text.isdigit() and len(text) < 19 for text in planted):
        return pl.Series(name, [*map(int, planted), *clean], dtype=pl.Int64)
    if dtype == "decimal" and not planted:
        return pl.Series(name, clean, dtype=pl.Decimal(10, 1))
    return pl.Series(name, [*planted, *map(str, clean)], dtype=pl.String)


NOTES = ("text", "cell", "left", "right")


def _notes(draft: Draft, folder: Path) -> TableContract:
    draw = Random(draft.seed)
    # A million rows hold few different notes: claims repeat theirs, and detectors read every different one.
    pool = [sentence(draw) for _ in range(min(draft.rows, 500))]
    # The halves of split values have columns only where there are any: every column costs time.
    names = [name for name in NOTES if name in ("text", "cell") or ("notes", name) in draft.cells]
    planted = {name: _repeated(draft, "notes", name) for name in names}
    size = draft.rows + max(len(texts) for texts in planted.values())
    columns = {name: texts + draw.choices(pool, k=size - len(texts)) for name, texts in planted.items()}
    return _write_table(folder, "notes", pl.DataFrame(columns), _free(names))


def _telling(draft: Draft, folder: Path) -> TableContract:
    names = [column for table, column in draft.cells if table == "telling"]
    planted = {name: _repeated(draft, "telling", name) for name in names}
    size = max(len(texts) for texts in planted.values())
    columns = {
        name: pl.Series(texts + [None] * (size - len(texts)), dtype=pl.String) for name, texts in planted.items()
    }
    return _write_table(folder, "telling", pl.DataFrame(columns), _free(names))


def _repeated(draft: Draft, table: str, column: str) -> list[str]:
    return [text for place, text in enumerate(draft.cells.get((table, column), ())) for _ in range(1 << place)]


def _free(names: tuple[str, ...] | list[str]) -> tuple[ColumnContract, ...]:
    return tuple(ColumnContract(name, "string", FreeText(asked_for=True)) for name in names)


def _outer(draft: Draft, folder: Path, name: str) -> TableContract:
    """A small table whose file metadata or header holds something planted."""
    frame = pl.DataFrame({"points": list(range(5))})
    if name in draft.headers:
        frame = frame.with_columns(pl.lit("1").alias(draft.headers[name]))
    contract = _write_table(folder, name, frame, (ColumnContract("points", "integer", CLOSED["points"].domain),))
    if name in draft.metadata:
        _add_metadata(folder / f"data/tables/{name}.parquet", *draft.metadata[name])
    return contract


def _add_metadata(path: Path, of_file: dict[str, str], of_column: dict[str, str]) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    # Typed as the method wants it: dictionaries are invariant.
    column: dict[bytes | str, bytes | str] = dict(of_column.items())
    pairs: dict[bytes | str, bytes | str] = dict(of_file.items())
    schema = table.schema.set(0, table.schema.field(0).with_metadata(column))
    pq.write_table(table.cast(schema.with_metadata(pairs)), path)


def _write_table(folder: Path, name: str, frame: pl.DataFrame, columns: tuple[ColumnContract, ...]) -> TableContract:
    frame.write_parquet(folder / f"data/tables/{name}.parquet", statistics=False)
    frame.write_csv(folder / f"data/tables/{name}.csv", line_terminator="\r\n")
    return TableContract(name, columns, frame.height, FORMATS)
