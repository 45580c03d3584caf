"""提供先への報告: what the recipient's data hold, in counts, for choosing methods before opening a file.

Part of the payload, so it says nothing of the method that could help restoring (APPI art. 45): no threshold, rule,
level, or count of who was left out; only what a recipient could count in the tables, under the small-cell rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from provision import codes
from provision.model import Plan
from provision.packaging.pages import render
from provision.packaging.utility import LEAST, marginal
from provision.releasing.shapes import CLAIM, PERSON, ReleaseTable

REPORT = "report.html"


def report(plan: Plan, release: str, shapes: Sequence[ReleaseTable], frames: Mapping[str, pl.DataFrame]) -> str:
    """The page, in both languages. The same frames give the same page."""
    tables = [_table(shape, frames[shape.name].cast(pl.String)) for shape in shapes]
    return render("report.html", title=plan.title, release=release, least=LEAST, tables=tables)


def _table(shape: ReleaseTable, frame: pl.DataFrame) -> dict[str, Any]:
    people = frame[PERSON].n_unique() if PERSON in frame.columns else None
    columns = [column for column in shape.columns if column.name not in (PERSON, CLAIM)]
    return {
        "ja": shape.ja, "en": shape.en, "rows": frame.height, "people": people,
        "columns": [
            {"name": c.name, "ja": c.ja, "en": c.en, "missing": _share(frame[c.name].null_count(), frame.height),
             "values": _values(c.domain, frame, c.name) if c.name in shape.counted else []}
            for c in columns
        ],
    }  # fmt: skip


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def _values(domain: str, frame: pl.DataFrame, column: str) -> list[dict[str, Any]]:
    """Values of what was counted of people, by their words where they are codes."""
    word, _, rest = domain.partition(":")
    names = codes.load(rest).names if word == "code" else {}
    found = marginal(frame, column)["values"]
    assert isinstance(found, list)
    return [{**cell, "words": " / ".join(names.get(cell["value"], ()))} for cell in found]
