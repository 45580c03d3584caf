"""公表の頁: static HTML in Japanese and English that fetches nothing, and the list of all announcements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from provision.model import Platform
from provision.notices.contents import Contents

#: The frame of every page is that of the payload's documents.
_FOLDERS = (Path(__file__).parent / "templates", Path(__file__).parents[1] / "packaging" / "templates")


def page(contents: Contents, day: str) -> str:
    """One announcement, as published on `day`. The same contents and day give the same bytes."""
    tables: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for item in contents.items:
        tables.setdefault((item.table_ja, item.table_en), []).append((item.ja, item.en))
    return _render("announcement.html", one=contents, articles=contents.articles, tables=tables, day=day)


def shelf(platform: Platform, found: Iterable[Mapping[str, Any]]) -> str:
    """Every announcement by plan, newest first: what stands now, and the history."""
    plans: dict[str, list[Mapping[str, Any]]] = {}
    for one in found:
        plans.setdefault(str(one["plan"]), []).insert(0, one)
    return _render("announcements.html", operator=platform.operator, plans=plans)


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDERS), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
