"""Writes docs/datasets.md from the source formats: what `tokumei datasets` knows, as a page to read.

Run it after a field table, the receipt floor or the names of the content categories changed; tests/unit/test_docs.py
compares the page with what it makes.
"""

from __future__ import annotations

from pathlib import Path

from anonymization.receipt import FLOOR
from provision import codes
from provision.formats import formats
from provision.formats.base import Column, Dataset, Format, Table
from provision.formats.coverage import KEPT_AS_IT_IS, RULES, editions, is_stored

PAGE = Path(__file__).parents[1] / "docs" / "datasets.md"

HEAD = """# Datasets (データセット)

Made by `python scripts/make_datasets_page.py` from the field tables in `plugins/provision/formats/fields/`; do not edit
it by hand. `tokumei datasets` prints the same for a terminal, `tokumei datasets --json` for programs.

**Class** decides what happens on receipt, before anything is stored. It is code
(`anonymization/receipt.py`), not configuration.

| class | on receipt |
|---|---|
{classes}

A column that goes on receipt can never be asked for in a plan. Head tables (one row per claim or member) also carry an
`alias`, which is random; where the format knows a claim's own number, they carry a keyed `claim_token`, and where it
has what makes two claims the same bill, a keyed `claim_place`. Rows of `life`, where an empty cell means "no update",
name the cells that were taken back (`emptied`). None of these can go out. A plan may ask a head table for `age_band`
and `prefecture`, which are worked out when a release is made.

**Domain** is what a stored value may look like. Cells outside it are emptied on receipt and counted; where more than
20 cells and more than 1 % of one column lie outside (in one piece of a file as it is read), the file goes to
quarantine. The gate checks the domain again.

| domain | value |
|---|---|
| `code:<list>` | a code of `config/codes/<list>.tsv` |
| `form:<pattern>` | text of exactly this form (a regular expression) |
| `range:<low>..<high>/<step>` | a number from low to high; the step is 1 where it is not given |
| `month`, `date` | YYYY-MM, YYYY-MM-DD |
| `zip3`, `insurer` | three digits; six or eight digits |
| `none`, `free` | never stored |

**Category** is the number of the content category (提供する情報の項目) that a column belongs to in the operator's
published policy; agreements name the categories they cover. The policy numbers them from 1 to 8. Its wording is not
part of this repository: the operator fills the names into `config/codes/content_category.tsv`, and checks the numbers
of the columns (field tables, column `category`; empty: none) against the policy before the first release.

| category | 名称 | name | datasets with columns of it |
|---|---|---|---|
{categories}
"""

CLASSES = (
    "direct", "link", "free", "provider_name", "technical", "reserved", "birth", "zip", "insurer",
    "provider", "sensitive", "quasi", "ordinary",
)  # fmt: skip


def on_receipt(cls: str) -> str:
    """What the receipt floor does to a column of this class, in words."""
    return RULES[FLOOR[cls]] if cls in FLOOR else KEPT_AS_IT_IS


def page() -> str:
    """The whole page."""
    rows = "\n".join(f"| `{cls}` | {on_receipt(cls)} |" for cls in CLASSES)
    found = [source for _, source in sorted(formats().items())]
    head = HEAD.format(classes=rows, categories=_categories([source.dataset for source in found]))
    return "\n".join([head, *(_dataset(source) for source in found)])


def _categories(found: list[Dataset]) -> str:
    """One line per content category: its names and the datasets with columns of it."""
    lines = []
    for code, (ja, en) in codes.load("content_category").names.items():
        of = [d.id for d in found if any(c.category == int(code) for t in d.tables for c in t.columns)]
        lines.append(f"| {code} | {ja} | {en} | {', '.join(f'`{name}`' for name in of)} |")
    return "\n".join(lines)


def _dataset(source: Format) -> str:
    dataset, named = source.dataset, [table.dataset.edition for table in editions(source)]
    words = f"Editions {', '.join(named)}" if len(named) > 1 else f"Edition {named[0]}"
    title = f"## `{dataset.id}`: {dataset.ja} / {dataset.en}\n\n{words}; head table `{dataset.head}`.\n"
    return "\n".join([title, *(_table(table) for table in dataset.tables)])


def _table(table: Table) -> str:
    kept = sum(is_stored(column) for column in table.columns)
    title = f"### `{table.name}`: {table.ja} / {table.en}"
    source = f"Source record: {table.source}. " if table.source else ""
    counts = f"{source}{len(table.columns)} columns, {kept} stored."
    head = (
        "| column | 名称 | meaning | class | domain | unit | category | on receipt |\n|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([title, "", counts, "", head, *(_row(column) for column in table.columns), ""])


def _row(column: Column) -> str:
    cells = (
        f"`{column.name}`", column.ja, column.en, str(column.cls), f"`{column.domain}`", column.unit,
        str(column.category or ""), on_receipt(str(column.cls)),
    )  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
