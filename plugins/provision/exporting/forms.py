"""The forms of a report: CSV for spreadsheets, JSON for programs, PDF for people. The same report gives the same bytes.

CSV is UTF-8 with a byte order mark, which Excel wants to see. A cell that a spreadsheet would take for a formula gets
an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import astuple
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from provision import charts
from provision.auditing.words import channel_pair, state_pair
from provision.exporting.report import COLUMNS, Report
from provision.paper import FONTS, pdf

LANGUAGES = ("ja", "en")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(report: Report, language: str) -> bytes:
    """A header and one line a release; the same in every language."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in astuple(line)] for line in report.lines)
    return text.getvalue().encode("utf-8-sig")


def as_json(report: Report, language: str) -> bytes:
    """The whole report; the same in every language."""
    return (json.dumps(report.as_json(), ensure_ascii=False, indent=1) + "\n").encode()


def as_pdf(report: Report, language: str) -> bytes:
    """A4 pages with charts, tables and what proves them. Raises as `paper.pdf`."""
    return pdf(page(report, language))


def page(report: Report, language: str) -> str:
    """The page that is printed."""

    def say(ja: str, en: str) -> str:
        return ja if language == "ja" else en

    drawn = {
        "months": charts.columns(say("月別の提供件数", "Provisions per month"), report.by_month),
        "recipients": charts.bars(say("提供先別の提供件数", "Provisions by recipient"), report.by_recipient, left=170),
        "categories": charts.bars(
            say("情報の項目別の提供件数", "Provisions by content category"),
            [(say(f"項目 {number}", f"Category {number}"), count) for number, count in report.by_category],
            left=90,
        ),
    }
    template = _environment().get_template("period.html")
    return template.render(
        report=report, language=language, say=say, fonts=Markup(FONTS), charts=drawn,
        state=lambda name: say(*state_pair(name)) or name, channel=lambda name: say(*channel_pair(name)) or name,
    )  # fmt: skip


FORMS: Mapping[str, Callable[[Report, str], bytes]] = {"csv": as_csv, "json": as_json, "pdf": as_pdf}


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


@cache
def _environment() -> Environment:
    folder = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = lambda text: text[:16].replace("T", " ")  # ISO 8601 in Japan's time, as in `Line`
    return environment
