"""提供データ: the exact bytes that are gated, approved and delivered, the same on every channel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from provision.context import Context
from provision.model import Plan, Profile
from provision.notices.basis import basis_of
from provision.packaging.bag import bag_digest, close_bag
from provision.packaging.codebook import write_codebook
from provision.packaging.datapackage import Described, datapackage
from provision.packaging.notice import README, readme
from provision.packaging.pages import render
from provision.packaging.report import REPORT, report
from provision.packaging.tableformats import TABLE_FORMATS
from provision.releasing.tables import ReleaseTable

__all__ = ["bag_digest", "build_payload", "documents", "write_table"]

START, TERMS, DESCRIPTION = "はじめにお読みください.html", "terms.html", "datapackage.json"
#: What says tables and rows to programs, relative to the bag: the gate holds it against the log.
MANIFEST = f"data/{DESCRIPTION}"
_CODEBOOK = tuple(f"data/codebook/codebook.{language}.{kind}" for language in ("ja", "en") for kind in ("csv", "html"))


def documents() -> tuple[str, ...]:
    """Every file of a payload that is not a table, relative to the bag."""
    return (*(f"data/{name}" for name in (README, START, TERMS, REPORT, DESCRIPTION)), *_CODEBOOK)


def build_payload(
    ctx: Context,
    release: str,
    plan: Plan,
    profile: Profile,
    shapes: Sequence[ReleaseTable],
    frames: Mapping[str, pl.DataFrame],
    bag: Path,
    day: str,
) -> str:
    """Write the bag of these tables; gives digest D. The same frames and `day` (YYYY-MM-DD) give the same bytes.

    Raises `Refused` where a table is too large for a format of the plan.
    """
    for shape in shapes:
        for kind in plan.formats:
            TABLE_FORMATS[kind].fits(shape.name, frames[shape.name])
    data = bag / "data"
    (data / "tables").mkdir(parents=True)
    for shape in shapes:
        write_table(data / "tables", shape.name, frames[shape.name], plan.formats)
    write_codebook(data / "codebook", plan, shapes)
    recipient = ctx.recipient(plan.recipient)
    rows = {name: frame.height for name, frame in frames.items()}
    described = Described(release, plan, profile, recipient.agreement, shapes, rows, data / "tables", day)
    _write(data / DESCRIPTION, json.dumps(datapackage(described, ctx.catalogue), ensure_ascii=False, indent=1) + "\n")
    _write(data / README, readme(ctx.platform, recipient, plan, release, basis_of(ctx, plan)))
    _write(data / START, _start(ctx, described))
    _write(data / TERMS, _terms(ctx, described))
    _write(data / REPORT, report(plan, release, shapes, frames))
    return close_bag(
        bag,
        {
            "Source-Organization": ctx.platform.operator.name.en,
            "External-Identifier": release,
            "Bagging-Date": day,
            "External-Description": "Anonymously processed information (匿名加工情報)",
        },
    )


def write_table(folder: Path, name: str, frame: pl.DataFrame, formats: Sequence[str]) -> None:
    """One table in every format of the plan, below `folder`."""
    for kind, form in TABLE_FORMATS.items():
        if kind in formats:
            form.write(frame, folder / f"{name}.{form.ending}")


def _start(ctx: Context, what: Described) -> str:
    """For a person without any tool: what this is, how to open, verify and cite it."""
    endings = [TABLE_FORMATS[kind].ending for kind in TABLE_FORMATS if kind in what.plan.formats]
    tables = [
        {
            "ja": shape.ja,
            "en": shape.en,
            "rows": what.rows[shape.name],
            "files": [f"tables/{shape.name}.{ending}" for ending in endings],
        }
        for shape in what.shapes
    ]
    return render(
        "start.html", title=what.plan.title, release=what.release, day=what.day, first=what.plan.first_month,
        last=what.plan.cutoff_month, operator=ctx.platform.operator, tables=tables, formats=what.plan.formats,
    )  # fmt: skip


def _terms(ctx: Context, what: Described) -> str:
    """利用条件: what the agreement asks of the recipient."""
    recipient = ctx.recipient(what.plan.recipient)
    return render(
        "terms.html", agreement=what.agreement, release=what.release, operator=ctx.platform.operator,
        recipient=recipient.name,
    )  # fmt: skip


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
