"""公表する事項: what the public is told of one plan, worked out from the columns and the channel of its releases.

Of a making the items of information about individuals (APPI art. 43(3), Rules art. 36); before a provision items and
method (art. 43(4), Rules art. 37), both at once where a set is made for immediate provision (PPC Q&A 15-27); of data
received anonymised items and method (art. 44, Rules art. 38).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from provision import channels
from provision.context import Context
from provision.model import Plan, Words
from provision.notices.basis import Basis, basis_of
from provision.releasing.shapes import layout

Stage = Literal["making", "provision"]
_ARTICLES: Mapping[tuple[Basis, Stage], tuple[str, ...]] = {
    (Basis.MADE, "making"): ("43(3)",),
    (Basis.MADE, "provision"): ("43(3)", "43(4)"),
    (Basis.RECEIVED, "provision"): ("44",),
}


@dataclass(frozen=True)
class Item:
    """One item of information about individuals (個人に関する情報の項目): a column, with its table."""

    table_ja: str
    table_en: str
    ja: str
    en: str

    @property
    def line(self) -> str:
        """As the log and the approval page name it."""
        return f"{self.table_ja}・{self.ja} / {self.table_en}: {self.en}"


@dataclass(frozen=True)
class Contents:
    """What one announcement says. `channel` and `method` are empty for a making; `commissions` are addresses where who
    commissioned the making publishes the items (Rules art. 36(2))."""

    plan: str
    stage: Stage
    basis: Basis
    title: tuple[str, str]
    operator: tuple[str, str]
    contact: str
    items: tuple[Item, ...]
    channel: str
    method: tuple[str, str] | None
    commissions: tuple[str, ...] = ()

    @property
    def articles(self) -> tuple[str, ...]:
        """Articles of the Act it is published under; KeyError where there is nothing to announce."""
        return _ARTICLES[self.basis, self.stage]

    @property
    def digest(self) -> str:
        """SHA-256 of everything it says: two announcements of one digest tell the public the same."""
        return hashlib.sha256(json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    @property
    def promise(self) -> str:
        """SHA-256 of what a release must keep to once it was announced: items, channel, article. Not of words."""
        said = {"items": self.lines, "channel": self.channel, "basis": self.basis}
        return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    @property
    def lines(self) -> list[str]:
        """The items as lines, for the log."""
        return [item.line for item in self.items]

    @property
    def method_line(self) -> str:
        """The method in both languages, "" for a making."""
        return " / ".join(self.method) if self.method else ""


def contents_of(ctx: Context, plan: Plan, stage: Stage = "provision") -> Contents:
    """What is to be announced of a plan. Raises as `layout` where a column may not go out."""
    operator = ctx.platform.operator
    return Contents(
        plan=plan.id,
        stage=stage,
        basis=basis_of(ctx, plan),
        title=_both(plan.title),
        operator=_both(operator.name),
        contact=operator.contact,
        items=tuple(Item(t.ja, t.en, c.ja, c.en) for t in layout(plan, ctx.catalogue) for c in t.columns),
        channel=plan.channel if stage == "provision" else "",
        method=_method(plan) if stage == "provision" else None,
        commissions=_commissions(ctx, plan),
    )


def _method(plan: Plan) -> tuple[str, str]:
    title = channels.get(plan.channel).title
    return title["ja"], title["en"]


def _commissions(ctx: Context, plan: Plan) -> tuple[str, ...]:
    mine = [ctx.source(name) for name in plan.sources]
    told = {s.permission.announced_at for s in mine if s.legal_status == "commissioned" and s.permission is not None}
    return tuple(sorted(told - {""}))


def _both(words: Words) -> tuple[str, str]:
    return words.ja, words.en
