"""One table of a payload in one format, as the gate looks at it: its outside, and questions about every column."""

from __future__ import annotations

from pathlib import Path

from expectations.asking import DISAGREE, NOT_EVALUATED, Question, ask
from expectations.columns import column_questions
from expectations.contract import ColumnContract, TableContract
from expectations.known_values import KnownValues
from expectations.read import TableText, Unreadable, read_table
from expectations.suite import NOT_NULL, Suite, Wanted
from expectations.verdict import Finding

#: Types of formats that have fewer than Parquet: what stands in a column -> types of the contract it may be.
_FITTING = {
    ("csv", "text"): ("string", "integer", "decimal"),
    ("xlsx", "number"): ("integer", "decimal"),
}


def opened(payload: Path, table: TableContract, form: str) -> TableText:
    """The table in one format. Raises `Unreadable` where it does not keep to the format, or is empty."""
    text = read_table(payload / f"data/tables/{table.name}.{form}", form)
    if text.rows == 0:
        raise Unreadable("table.empty")
    return text


def header_findings(suite: Suite, table: TableContract, text: TableText, form: str) -> list[Finding]:
    """Columns in order, number of rows, and the physical type of every column."""
    import pandas as pd

    where, wanted = f"{table.name} ({form})", [column.name for column in table.columns]
    columns = Wanted("ExpectTableColumnsToMatchOrderedList", {"column_list": wanted})
    frame = pd.DataFrame([[0] * len(text.header)], columns=list(text.header))
    (answer,) = suite.evaluate(frame, [columns])
    exact = list(text.header) == wanted
    note = NOT_EVALUATED if answer.raised else "" if answer.success == exact else DISAGREE
    found = [Finding(columns.expectation, where, "columns", text.rows, 0, exact and not note, note)]
    apart = text.rows - table.rows
    rows = Question(
        Wanted("ExpectCountsToReconcile", {}), where, "rows", [apart], int(apart != 0), abs(apart), text.rows
    )
    return [*found, *ask(suite, [rows]), *_types(table, text, form)]


def _types(table: TableContract, text: TableText, form: str) -> list[Finding]:
    """Parquet columns have the contract's physical type; CSV has none but text, a workbook texts and numbers."""
    types, findings = dict(zip(text.header, text.types, strict=True)), []
    for column in table.columns:
        found = types.get(column.name, "missing")
        fits = column.dtype in _FITTING.get((form, found), (found,))
        place = f"{table.name}.{column.name} ({form})"
        note = "" if fits else found
        findings.append(Finding("ExpectColumnToHavePhysicalType", place, "type", text.rows, 0, fits, note))
    return findings


def questions_of(
    text: TableText,
    column: ColumnContract,
    where: str,
    known: KnownValues | None,
    findings: list[Finding],
    forms: tuple[str, ...] = (),
) -> list[Question]:
    """Questions about one column; a column of nothing but nulls is a failing finding, put into `findings`."""
    frame = text.distinct(column.name)
    rows, missing = int(frame["rows"].sum()), int(frame.filter(frame["value"].is_null())["rows"].sum())
    if missing == rows:
        findings.append(Finding("ExpectColumnToHaveValues", where, "column", rows, 0, False))
    questions = column_questions(frame, column, where, known, forms)
    if not column.nullable:
        # Great Expectations leaves nulls out of every other question, so this one has a frame of its own.
        seen: list[object] = [None if missing else 0, 0]
        questions.append(Question(Wanted(NOT_NULL, {}), where, "null", seen, int(missing > 0), missing, rows))
    return questions
