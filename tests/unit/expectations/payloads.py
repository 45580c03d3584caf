"""Small payloads for the gate's tests: a clean one as a BagIt bag, and ways to spoil it. Only fictitious people."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from expectations.contract import (
    AllowedText,
    CodeList,
    ColumnContract,
    Contract,
    Form,
    FreeText,
    NumberRange,
    PeopleContract,
    TableContract,
)

ROWS = 60
README = "data/README_匿名加工情報.txt"
CODEBOOK = "data/codebook.csv"
SUMMARY = "data/summary.json"

TABLE = TableContract(
    name="claims",
    columns=(
        ColumnContract("person", "integer", NumberRange(Decimal(1), Decimal(999_999)), nullable=False),
        ColumnContract("sex", "string", CodeList("sex", frozenset({"1", "2"})), nullable=False),
        ColumnContract("zip3", "string", Form("zip3", "[0-9]{3}")),
        ColumnContract("points", "integer", NumberRange(Decimal(0), Decimal(99_999))),
        ColumnContract("bmi", "decimal", NumberRange(Decimal(10), Decimal(60), Decimal("0.1"))),
        ColumnContract("note", "string", FreeText(asked_for=True)),
    ),
    rows=ROWS,
    formats=("parquet", "csv"),
)
CONTRACT = Contract(
    version="test-1",
    tables=(TABLE,),
    documents=(README, CODEBOOK, SUMMARY),
    people=PeopleContract("claims", ("sex",), "person", 3),
    allowed_texts=(
        AllowedText(README, "匿名加工 一郎 電話 03-5550-0199", "苦情の窓口: "),
        AllowedText(README, "https://www.example.jp/policy", "方針 "),
    ),
)


def clean_frame() -> pl.DataFrame:
    """60 rows of 12 people; nothing in them identifies anybody."""
    notes = ["経過良好", "橋本病で通院中", "血圧120/80", None]
    return pl.DataFrame(
        {
            "person": [i % 12 + 1 for i in range(ROWS)],
            "sex": ["1" if i % 2 else "2" for i in range(ROWS)],
            "zip3": ["100" if i % 3 else None for i in range(ROWS)],
            "points": [i * 10 for i in range(ROWS)],
            "bmi": pl.Series([Decimal("18.5") + Decimal(i) / 10 for i in range(ROWS)], dtype=pl.Decimal(10, 1)),
            "note": [notes[i % 4] for i in range(ROWS)],
        }
    )


DOCUMENTS = {
    README: "これは匿名加工情報です。作成日 2026年12月1日。\n苦情の窓口: 匿名加工 一郎 電話 03-5550-0199\n"
    "方針 https://www.example.jp/policy\nThis is anonymously processed information.\n",
    CODEBOOK: "table,column,ja,domain\r\nclaims,sex,性別,1|2\r\nclaims,note,橋本病などの注記,free\r\n",
    SUMMARY: '{"created": "2026-12-01", "sha256": "' + "1234567890" * 6 + '1234", "rows": 24}\n',
}


@dataclass
class Payload:
    """A bag on disk and its digest."""

    root: Path
    digest: str

    def seal(self) -> Payload:
        """Write the manifests again over what is there now, as an honest maker would, and take the new digest."""
        self.digest = seal(self.root)
        return self

    def table(self, form: str) -> Path:
        """The table in one format."""
        return self.root / f"data/tables/claims.{form}"

    def write(self, frame: pl.DataFrame) -> Payload:
        """Replace the table in both formats."""
        frame.write_parquet(self.table("parquet"))
        frame.write_csv(self.table("csv"), line_terminator="\r\n")
        return self.seal()


def make_payload(root: Path, change: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame) -> Payload:
    """A payload below `root` with the clean table, changed."""
    (root / "data/tables").mkdir(parents=True)
    for name, text in DOCUMENTS.items():
        (root / name).write_bytes(text.encode())
    (root / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (root / "bag-info.txt").write_text("Bagging-Date: 2026-12-01\nExternal-Identifier: example-2026-12\n")
    return Payload(root, "").write(change(clean_frame()))


def seal(root: Path) -> str:
    """Manifests of a bag; returns the SHA-256 of its tag manifest."""
    data = sorted(path for path in (root / "data").rglob("*") if path.is_file())
    (root / "manifest-sha256.txt").write_text(_lines(root, data))
    tags = [root / name for name in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")]
    tags += [p for p in sorted(root.iterdir()) if p.is_file() and p not in tags and p.name != "tagmanifest-sha256.txt"]
    (root / "tagmanifest-sha256.txt").write_text(_lines(root, tags))
    return hashlib.sha256((root / "tagmanifest-sha256.txt").read_bytes()).hexdigest()


def _lines(root: Path, paths: list[Path]) -> str:
    marks = [(hashlib.sha256(path.read_bytes()).hexdigest(), path.relative_to(root).as_posix()) for path in paths]
    return "".join(f"{mark}  {name}\n" for mark, name in marks)


def plant(column: str, value: str | int | Decimal) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Put `value` into two rows of `column`."""
    return lambda frame: frame.with_columns(
        pl.when(pl.int_range(pl.len()).is_in([4, 9])).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    )


def add_metadata(path: Path, key: str, value: str) -> None:
    """Add a key-value pair to a Parquet file."""
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), key: value}), path)


def with_table(**changes: object) -> Contract:
    """The contract with its table changed."""
    return replace(CONTRACT, tables=(replace(TABLE, **changes),))  # type: ignore[arg-type]


def with_column(name: str, **changes: object) -> Contract:
    """The contract with one column changed."""
    columns = tuple(replace(c, **changes) if c.name == name else c for c in TABLE.columns)  # type: ignore[arg-type]
    return with_table(columns=columns)
