"""突合: the payload's own manifest says exactly the tables and rows that the contract does."""

from __future__ import annotations

import json

from expectations.asking import Question
from expectations.contract import Contract
from expectations.read import Unreadable
from expectations.suite import Wanted


def manifest_questions(text: str, contract: Contract, where: str) -> list[Question]:
    """One question per table. Raises `Unreadable` for a manifest that is not one, or that names other tables."""
    try:
        said = {str(table["name"]): int(table["rows"]) for table in json.loads(text)["tables"]}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Unreadable("manifest.not_one") from None
    if said.keys() != {table.name for table in contract.tables}:
        raise Unreadable("manifest.tables")
    return [_rows(f"{where}: {table.name}", said[table.name] - table.rows, table.rows) for table in contract.tables]


def _rows(where: str, apart: int, rows: int) -> Question:
    wanted = Wanted("ExpectCountsToReconcile", {})
    return Question(wanted, where, "rows", [apart], int(apart != 0), abs(apart), rows)
