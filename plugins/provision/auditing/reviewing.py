"""承認の資料: everything an officer decides on, gathered for the approval page in one language.

From the log, the configuration of today and the announcements; never from the data. What cannot be said today (a file
that does not hold) is said as such and hides nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provision import codes
from provision.approvals import NEEDED, ApprovalRequest, request
from provision.auditing import figures
from provision.auditing.language import Language, speaker
from provision.auditing.refusals import told_in
from provision.context import Context
from provision.errors import TokumeiError
from provision.notices.contents import contents_of
from provision.notices.register import difference
from provision.releasing.conditions import terms
from provision.releasing.explaining import sections
from provision.releasing.shapes import layout
from provision.releasing.since import PARTS, since_last
from provision.releasing.verdicts import expired

#: What the page says in sections of its own; the rest of the facts of a making stands at its end.
_SHOWN = frozenset({"digest", "risk", "trails", "attacks", "earlier_releases", "tables", "people", "claims", "rules",
                    "generalisation", "suppression", "rare_codes", "profile", "columns"})  # fmt: skip


def gathered(ctx: Context, release: str, language: Language) -> dict[str, Any]:
    """Values for the template ``review.html``. `Refused` where the release was never gated."""
    one, say = request(ctx, release), speaker(language)
    made: Mapping[str, Any] = one.made
    return {
        "one": one, "say": say, "lang": language, "needed": NEEDED,
        "expired": _expired(ctx, release), "refusals": told_in(language),
        "since": since_last(ctx, release), "parts": PARTS, "shown": figures.shown,
        "risk": list(figures.before_after(made["risk"], say)),
        "trails": list(figures.trails(made, say)),
        "attacks": list(figures.attacks(made.get("attacks"), say)),
        "across": list(figures.across(made.get("earlier_releases", []))),
        "left_out": figures.ppm(made["risk"].get("suppressed_ppm", 0)),
        "explained": [[said[language] for said in found] for name, found in _explained(made) if name != "risk"],
        "tables": _tables(ctx, one, language), "announcement": _announcement(ctx, one),
        "agreement": terms(ctx.recipient(one.recipient).agreement), "key": ctx.recipient(one.recipient).encryption,
        "rest": {name: value for name, value in made.items() if name not in _SHOWN},
    }  # fmt: skip


def _expired(ctx: Context, release: str) -> str:
    """Why the verdict shown does not hold any more; also where a file it rests on does not."""
    try:
        return expired(ctx, release)
    except TokumeiError as error:
        return error.what


def _explained(made: Mapping[str, Any]) -> list[tuple[str, list[dict[str, str]]]]:
    """Sentences about method and people left out; none of facts that an older version did not keep."""
    try:
        return [(name, found) for name, found in sections(made).items() if found]
    except KeyError:
        return []


def _tables(ctx: Context, one: ApprovalRequest, language: Language) -> list[dict[str, Any]]:
    """Tables with rows, and columns with the content category of each; empty where the plan does not hold any more."""
    names = codes.load("content_category").names
    try:
        shapes = layout(ctx.plan(one.plan), ctx.catalogue)
    except TokumeiError:
        return []
    rows = one.made["tables"]
    place = 0 if language == "ja" else 1
    return [
        {"title": getattr(shape, language), "name": shape.name, "rows": figures.count(_of(rows, shape.name)),
         "columns": [(getattr(column, language), column.name,
                      names[str(column.category)][place] if column.category else "") for column in shape.columns]}
        for shape in shapes
    ]  # fmt: skip


def _of(rows: object, name: str) -> object:
    return rows.get(name) if isinstance(rows, Mapping) else None


def _announcement(ctx: Context, one: ApprovalRequest) -> dict[str, Any]:
    """What the public is to be told, and what of it is new; why not, where that cannot be worked out today."""
    try:
        contents = contents_of(ctx, ctx.plan(one.plan))
        return {"contents": contents, "difference": difference(ctx, contents), "trouble": ""}
    except TokumeiError as error:
        return {"contents": None, "difference": None, "trouble": error.what}
