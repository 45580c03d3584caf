"""突合: the payload's own description says exactly the tables and rows that the contract does."""

from __future__ import annotations

import json

from expectations.asking import Question
from expectations.contract import Contract
from expectations.read import Unreadable
from expectations.suite import Wanted


def manifest_questions(text: str, contract: Contract, where: str) -> list[Question]:
    """One question per table and format of a Frictionless data package (``resources`` with ``path`` and ``rows``).

    Raises `Unreadable` for a description that is not one, or that names other tables.
    """
    try:
        said = {str(one["path"]): int(one["rows"]) for one in json.loads(text)["resources"]}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Unreadable("manifest.not_one") from None
    rows = {f"tables/{t.name}.{form}": t.rows for t in contract.tables for form in t.formats}
    if said.keys() != rows.keys():
        raise Unreadable("manifest.tables")
    return [_rows(f"{where}: {path}", said[path] - rows[path], rows[path]) for path in sorted(rows)]


def _rows(where: str, apart: int, rows: int) -> Question:
    wanted = Wanted("ExpectCountsToReconcile", {})
    return Question(wanted, where, "rows", [apart], int(apart != 0), abs(apart), rows)
