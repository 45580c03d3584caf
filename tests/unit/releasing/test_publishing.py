"""Publishing: every item in both languages and the method of provision, before anything is provided."""

from __future__ import annotations

import hashlib
import html
from pathlib import Path

import pytest

from provision import approvals, channels, releasing
from provision.errors import Refused, RetryLater
from provision.notices import announcement
from provision.releasing.tables import layout
from tests.support.house import ACTOR, House
from tests.support.lives import withdraw_everybody


def approve(house: House, release: str) -> None:
    for login in ("officer1", "officer2"):
        ctx = house.open()
        digest = approvals.request(ctx, release).digest
        approvals.decide(ctx, release, login=login, digest=digest, approve=True, reason="")


def test_the_announcement_says_every_item_and_the_method(house: House, gated: str) -> None:
    approve(house, gated)
    said = releasing.publish(house.open(), gated, actor=ACTOR)
    ctx = house.open()
    plan, folder = ctx.plan("claims-for-university"), ctx.zones.published()
    page = (folder / str(said["name"])).read_text("utf-8")
    columns = [column for shape in layout(plan, ctx.catalogue) for column in shape.columns]
    assert len(columns) > 10
    words = [word for column in columns for word in (column.ja, column.en)]
    words += [*channels.get(plan.channel).title.values(), plan.title.ja, plan.title.en]
    words += [ctx.platform.operator.contact, "第43条第3項及び第4項", "Article 43, paragraphs (3) and (4)"]
    assert [word for word in words if html.escape(word) not in page] == []
    assert said["sha256"] == hashlib.sha256(page.encode()).hexdigest()
    assert (folder / f"{plan.id}.html").read_text("utf-8") == page
    assert f'href="{said["name"]}"' in (folder / "index.html").read_text("utf-8")
    assert str(said["url"]).endswith(f"/{said['name']}")


def test_publishing_twice_changes_nothing(house: House, gated: str) -> None:
    approve(house, gated)
    first = releasing.publish(house.open(), gated, actor=ACTOR)
    before = {path.name: path.read_bytes() for path in (house.home / "published").iterdir()}
    assert releasing.publish(house.open(), gated, actor="again") == first
    assert {path.name: path.read_bytes() for path in (house.home / "published").iterdir()} == before
    assert len(list(house.open().ledger.entries(type="release.published"))) == 1


def test_a_plan_keeps_the_history_of_its_announcements(house: House) -> None:
    ctx, folder = house.open(), house.open().zones.published()
    plan = ctx.plan("claims-for-university")
    fewer = plan.model_copy(update={"tables": plan.tables[:1]})
    first = announcement.announce(folder, ctx.platform, plan, layout(plan, ctx.catalogue), "2026-11-01")
    second = announcement.announce(folder, ctx.platform, fewer, layout(fewer, ctx.catalogue), "2026-12-01")
    assert first["name"] != second["name"]
    index = (folder / "index.html").read_text("utf-8")
    assert all(f'href="{name}"' in index for name in (first["name"], second["name"], f"{plan.id}.html"))
    assert (folder / f"{plan.id}.html").read_bytes() == (folder / second["name"]).read_bytes()


def test_what_cannot_be_read_back_is_not_published(house: House, gated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    approve(house, gated)
    write = announcement._write

    def cut(path: Path, text: str) -> None:
        write(path, text[: len(text) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(announcement, "_write", cut)
        with pytest.raises(RetryLater, match="read back"):
            releasing.publish(house.open(), gated, actor=ACTOR)
    assert house.open().ledger.state("release", gated) == "approved"
    assert releasing.publish(house.open(), gated, actor=ACTOR)


def test_words_of_configuration_are_no_markup(house: House) -> None:
    ctx = house.open()
    plan = ctx.plan("claims-for-university")
    title = plan.title.model_copy(update={"en": "<script>alert(1)</script>"})
    said = announcement.announce(
        ctx.zones.published(),
        ctx.platform,
        plan.model_copy(update={"title": title}),
        layout(plan, ctx.catalogue),
        "2026-11-01",
    )
    assert "<script>" not in (ctx.zones.published() / said["name"]).read_text("utf-8")


def test_with_somebody_withdrawn_since_nothing_is_announced(house: House, gated: str) -> None:
    approve(house, gated)
    withdraw_everybody(house.open(), "kita-hospital")
    with pytest.raises(Refused, match="were withdrawn since it was made") as refused:
        releasing.publish(house.open(), gated, actor=ACTOR)
    assert refused.value.rule == "release.withdrawn"
    assert list((house.home / "published").glob("*.html")) == []
