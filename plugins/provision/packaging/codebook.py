"""コードブック: every table, column and code of a release, in Japanese and English, as CSV and HTML."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence
from pathlib import Path

from provision import codes
from provision.model import Plan
from provision.packaging.tableformats import TABLE_FORMATS
from provision.releasing.tables import ReleaseTable

_HEAD = {
    "ja": ("表", "列", "名称", "型", "取り得る値", "単位"),
    "en": ("table", "column", "meaning", "type", "values", "unit"),
}
_DOMAINS = {
    "month": {"ja": "年月（YYYY-MM）", "en": "month (YYYY-MM)"},
    "date": {"ja": "年月日（YYYY-MM-DD）", "en": "date (YYYY-MM-DD)"},
    "zip3": {"ja": "郵便番号の上3桁", "en": "first three digits of the ZIP code"},
    "insurer": {"ja": "保険者番号（6桁又は8桁）", "en": "insurer number (6 or 8 digits)"},
    "label": {"ja": "年齢階級（契約の締切月時点）", "en": "age band at the cut-off month"},
    "number": {"ja": "本提供内の無作為番号", "en": "random number within this release"},
}


def write_codebook(folder: Path, plan: Plan, tables: Sequence[ReleaseTable]) -> list[Path]:
    """Write codebook.<language>.csv and .html; gives the paths."""
    folder.mkdir()
    made = []
    for language in ("ja", "en"):
        rows = [_row(table, column, language) for table in tables for column in table.columns]
        made.append(_csv(folder / f"codebook.{language}.csv", (_HEAD[language], *rows)))
        made.append(_html(folder / f"codebook.{language}.html", plan, tables, language))
    return made


def _row(table: ReleaseTable, column: object, language: str) -> tuple[str, ...]:
    meaning = getattr(column, language)
    return (table.name, column.name, meaning, column.dtype, values(column.domain, language), column.unit)  # type: ignore[attr-defined]


def values(domain: str, language: str) -> str:
    """What a column may hold, in words."""
    word, _, rest = domain.partition(":")
    if word == "code":
        return "; ".join(f"{code}={names[language == 'en']}" for code, names in codes.load(rest).names.items())
    if word == "labels":
        return "; ".join(rest.split("|"))
    if word == "range":
        return rest.replace("..", " – ")
    if word == "form":
        return {"ja": "形式 ", "en": "form "}[language] + rest
    return _DOMAINS[word][language]


def _csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    path.write_text(buffer.getvalue(), encoding="utf-8")
    return path


def _html(path: Path, plan: Plan, tables: Sequence[ReleaseTable], language: str) -> Path:
    title = html.escape(getattr(plan.title, language))
    parts = [PAGE_HEAD.format(language=language, title=title), f"<h1>{title}</h1>"]
    for table in tables:
        parts.append(f"<h2>{html.escape(getattr(table, language))} <code>{table.name}</code></h2>")
        files = (f"<code>tables/{table.name}.{kind}</code>" for kind in TABLE_FORMATS if kind in plan.formats)
        parts.append(f"<p>{', '.join(files)}</p><table><thead><tr>")
        parts += [f"<th>{word}</th>" for word in _HEAD[language][1:]]
        parts.append("</tr></thead><tbody>")
        for column in table.columns:
            cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in _row(table, column, language)[1:])
            parts.append(f"<tr>{cells}</tr>")
        parts.append("</tbody></table>")
    path.write_text("\n".join([*parts, "</body></html>\n"]), encoding="utf-8")
    return path


PAGE_HEAD = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title><style>
body{{font-family:system-ui,"Noto Sans CJK JP","Yu Gothic",sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
color:#1c2430}}
table{{border-collapse:collapse;width:100%;font-size:.9rem}}
th,td{{border:1px solid #cdd5df;padding:.35rem .6rem;text-align:left;vertical-align:top}}
th{{background:#eef2f7}}code{{background:#eef2f7;padding:.1rem .3rem;border-radius:.2rem}}
@media(prefers-color-scheme:dark){{body{{background:#12161c;color:#e3e8ef}}th,code{{background:#222a35}}
th,td{{border-color:#38424f}}}}
</style></head><body>"""
