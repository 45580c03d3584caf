"""提供の前提: what a plan rests on before its release may be drafted, approved, announced or delivered.

Purpose, people, agreement, contents and the legal status of every source. Each condition that does not hold is one
`Unmet`: file, key, what is wrong, what to do. `drafting.check` refuses with the first, `checking` lists them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from provision.catalogue import Catalogue
from provision.model import Agreement, Plan, Platform, Recipient, Source
from provision.releasing.shapes import layout

#: Content categories are numbered from 1; 0 is a column that belongs to none (a random number, an age band).
_NO_CATEGORY = 0


@dataclass(frozen=True)
class Unmet:
    """One condition that does not hold, in the file `folder`/`id`.yaml at `key`; `rule` is its short name."""

    folder: str
    id: str
    key: tuple[int | str, ...]
    what: str
    remedy: str
    rule: str

    @property
    def where(self) -> str:
        """File and key, as people write them."""
        return f"config/{self.folder}/{self.id}.yaml, {'.'.join(map(str, self.key))}"


def about_people(plan: Plan, platform: Platform) -> Iterator[Unmet]:
    """利用目的、起案者、承認者: a published purpose, an entitled requester, two officers beside the requester."""
    if plan.purpose not in platform.purposes:
        yield _of(plan, "purpose", "not a published purpose", "use one of platform.yaml, or publish it first")
    if plan.requester not in platform.requesters:
        yield _of(plan, "requester", "not a requester of platform.yaml", "add the requester there")
    if not set(plan.approvers) <= {officer.id for officer in platform.officers}:
        yield _of(plan, "approvers", "an approver is no officer of platform.yaml", "name officers")
    if len(set(plan.approvers) - {plan.requester}) < 2:
        yield _of(plan, "approvers", "two approvers besides the requester are needed", "name two other officers")


def about_agreement(plan: Plan, recipient: Recipient) -> Iterator[Unmet]:
    """提供契約: it is the recipient's, for this purpose, and covers channel, formats and datasets."""
    agreement = recipient.agreement
    if plan.agreement != agreement.id:
        yield _of(plan, "agreement", "is not the recipient's agreement", "name the agreement in force")
    if plan.channel not in agreement.channels:
        yield _of(plan, "channel", "the agreement does not allow this channel", "use an agreed one")
    if plan.purpose != agreement.purpose:
        yield _of(plan, "purpose", "is not the agreement's purpose", "correct it, or amend the agreement")
    for number, form in enumerate(plan.formats):
        if form not in agreement.formats:
            remedy = f"use one of: {', '.join(agreement.formats)}"
            yield Unmet("releases", plan.id, ("formats", number), "the agreement does not name it", remedy, "formats")
    for number, table in enumerate(plan.tables):
        if table.dataset not in agreement.datasets:
            what = "the agreement does not cover it"
            yield Unmet("releases", plan.id, ("tables", number, "dataset"), what, "leave it out", "tables")


def about_days(recipient: Recipient, on: date) -> Iterator[Unmet]:
    """契約期間: the agreement is in force on the day `on`, both ends included."""
    agreement = recipient.agreement
    for key, holds, word in (("starts", agreement.starts <= on, "begun"), ("ends", on <= agreement.ends, "ended")):
        if not holds:
            what = f"the agreement is not in force today: it has {'not begun' if word == 'begun' else word}"
            remedy = "wait, or renew the agreement in writing and enter its days; do not release"
            yield Unmet("recipients", recipient.id, ("agreement", key), what, remedy, "agreement")


def about_contents(plan: Plan, recipient: Recipient, known: Catalogue) -> Iterator[Unmet]:
    """項目: content categories and columns of what goes out are agreed ones. Raises as `layout` where there is no
    such column."""
    agreement = recipient.agreement
    for number, (selection, shape) in enumerate(zip(plan.tables, layout(plan, known), strict=True)):
        agreed = agreement.columns(selection.dataset, selection.table)
        for place, name in enumerate(selection.columns):
            key = ("tables", number, "columns", place)
            if agreed is not None and name not in agreed:
                what = "the agreement does not name this item"
                yield Unmet("releases", plan.id, key, what, "leave it out, or amend agreement.items", "items")
            category = shape.column(name).category
            if category not in {_NO_CATEGORY, *agreement.categories}:
                what = f"it is of content category {category}, which the agreement does not name"
                yield Unmet("releases", plan.id, key, what, "leave it out, or amend agreement.categories", "categories")


def about_sources(plan: Plan, sources: Mapping[str, Source], on: date) -> Iterator[Unmet]:
    """提供元の法的な位置づけ: nothing goes out that its source's legal status forbids.

    Personal data of our own may be made into a release (APPI art. 43). Data handled under commission (委託, art.
    27(5)(i)) only where the commission covers it and who commissioned it publishes the items (Rules art. 36(2)). Data
    received anonymised only under a contract that allows passing them on (art. 44), and never together with others:
    side by side they could be collated to identify (art. 45).
    """
    mine = [sources[name] for name in plan.sources]
    received = {source.id for source in mine if source.legal_status == "anonymised_received"}
    for source in mine:
        if source.legal_status != "personal":
            yield from _permitted(source, on)
    if received and len(received) < len(mine):
        what = f"data received anonymised ({', '.join(sorted(received))}) stand beside others (APPI art. 45)"
        yield Unmet("releases", plan.id, ("sources",), what, "release them by a plan of their own", "sources")


def _permitted(source: Source, on: date) -> Iterator[Unmet]:
    """The document by which others let us release what is theirs."""
    commissioned = source.legal_status == "commissioned"
    what = f"the legal status {source.legal_status} forbids releasing it without a document that allows it"
    remedy = (
        "name the commission that covers making and providing anonymously processed information, or leave it out"
        if commissioned
        else "name the contract that allows passing it on (APPI art. 44), or leave it out"
    )
    permission = source.permission
    if permission is None:
        yield Unmet("sources", source.id, ("permission",), what, remedy, "legal_status")
        return
    if not permission.starts <= on <= permission.ends:
        late = "the document that allows releasing this source is not in force today"
        yield Unmet("sources", source.id, ("permission", "ends"), late, "renew it, or leave the source out",
                    "legal_status")  # fmt: skip
    if commissioned and not permission.announced_at:
        yield Unmet(
            "sources", source.id, ("permission", "announced_at"), "who commissioned it has published no items",
            "ask for the address of their publication (Rules art. 36(2))", "legal_status",
        )  # fmt: skip


def first(found: Iterable[Unmet]) -> Unmet | None:
    """The first condition that does not hold."""
    return next(iter(found), None)


def _of(plan: Plan, key: str, what: str, remedy: str) -> Unmet:
    return Unmet("releases", plan.id, (key,), what, remedy, key)


def terms(agreement: Agreement) -> dict[str, object]:
    """契約の要点, as the log keeps them with a draft: whole numbers and words, no address of a person."""
    said = agreement.model_dump(mode="json", exclude={"addresses", "trail"})
    return {name: value for name, value in said.items() if value not in ([], {})}
