"""Announcing: every item in both languages and the method, read back from where the public reads it, once."""

from __future__ import annotations

import hashlib
import html
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from provision import approvals, channels, releasing
from provision.errors import Refused, RetryLater
from provision.notices import announcement, making, register
from provision.notices.contents import contents_of
from provision.notices.pages import shelf
from provision.releasing.tables import layout
from tests.support.house import ACTOR, House
from tests.support.lives import withdraw_everybody
from tests.support.verdicts import gate_without_engine

PLAN = "claims-for-university"
PLAN_FILE = f"releases/{PLAN}.yaml"
#: Longer than any approval may take.
LATE = datetime.now(UTC) + timedelta(days=30)


def approve(house: House, release: str) -> None:
    for login in ("officer1", "officer2"):
        ctx = house.open()
        digest = approvals.request(ctx, release).digest
        approvals.decide(ctx, release, login=login, digest=digest, approve=True, reason="")


def folder(house: House) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (house.home / "published").glob("*")}


def told(house: House) -> list[Any]:
    return list(house.open().ledger.entries(type=register.PUBLISHED))


@pytest.fixture
def site(house: House) -> Iterator[list[str]]:
    """A web server for the public over the published zone; names in the list answer 404. Configuration reads back by
    URL."""
    (house.home / "published").mkdir(exist_ok=True)
    hidden: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if any(word in self.path for word in hidden):
                self.send_error(404)
            else:
                super().do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=house.home / "published"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    house.edit("platform.yaml", lambda said: said.pop("publication"))
    address = f"http://127.0.0.1:{server.server_port}"
    house.edit("platform.yaml", lambda said: said["operator"].update(announcement_url=address))
    yield hidden
    server.shutdown()
    server.server_close()


def test_the_announcement_says_every_item_and_the_method(house: House, gated: str) -> None:
    approve(house, gated)
    said = releasing.publish(house.open(), gated, actor=ACTOR)
    ctx = house.open()
    plan, place = ctx.plan(PLAN), ctx.zones.published()
    page = (place / str(said["name"])).read_text("utf-8")
    columns = [column for shape in layout(plan, ctx.catalogue) for column in shape.columns]
    assert len(columns) > 10
    words = [word for column in columns for word in (column.ja, column.en)]
    words += [*channels.get(plan.channel).title.values(), plan.title.ja, plan.title.en]
    words += [ctx.platform.operator.contact, "個人情報の保護に関する法律第43条第3項、第43条第4項"]
    words += ["Article 43, paragraph (3) and Article 43, paragraph (4)"]
    assert [word for word in words if html.escape(word) not in page] == []
    assert "http" not in page.replace("http-equiv", "")  # nothing is fetched
    assert said["sha256"] == hashlib.sha256(page.encode()).hexdigest()
    assert (place / f"{plan.id}.html").read_text("utf-8") == page
    assert f'href="{said["name"]}"' in (place / "index.html").read_text("utf-8")
    assert str(said["url"]).endswith(f"/{said['name']}")
    assert said["articles"] == ["43(3)", "43(4)"]


def test_publishing_twice_changes_nothing(house: House, gated: str) -> None:
    approve(house, gated)
    first = releasing.publish(house.open(), gated, actor=ACTOR)
    before = folder(house)
    assert releasing.publish(house.open(), gated, actor="again") == first
    assert folder(house) == before
    assert len(list(house.open().ledger.entries(type="release.published"))) == len(told(house)) == 1


def test_what_stands_is_not_announced_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two releases of one plan, months apart: one announcement says that it continues; other items need a new one."""
    first = gate_without_engine(house, PLAN, monkeypatch)
    approve(house, first)
    one = releasing.publish(house.open(), first, actor=ACTOR)
    monkeypatch.setattr(announcement, "today", lambda: date(2027, 5, 1))
    second = gate_without_engine(house, PLAN, monkeypatch, key="run-2")
    approve(house, second)
    assert releasing.publish(house.open(), second, actor=ACTOR) == one
    assert len(told(house)) == 1
    house.edit(PLAN_FILE, lambda plan: plan["tables"][1]["columns"].remove("outcome"))
    third = gate_without_engine(house, PLAN, monkeypatch, key="run-3")
    approve(house, third)
    other = releasing.publish(house.open(), third, actor=ACTOR)
    assert other["name"] != one["name"]
    entry = told(house)[1]
    assert (entry.payload["added"], len(entry.payload["removed"]), entry.payload["on"]) == ([], 1, "2027-05-01")
    index = (house.home / "published/index.html").read_text("utf-8")
    assert index.index(str(other["name"])) < index.index(str(one["name"]))  # newest first, the old one stays
    assert f"削除 / removed: {html.escape(entry.payload['removed'][0])}" in index
    assert "追加 / added" not in index  # the first announcement is no change
    files = folder(house)
    assert files[f"{PLAN}.html"] == files[str(other["name"])] != files[str(one["name"])]


def test_what_was_announced_before_may_be_announced_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """There and back within a day: the first page stands again, and the log says so."""

    def announced() -> str:
        ctx = house.open()
        return str(announcement.announce(ctx, contents_of(ctx, ctx.plan(PLAN)), release="r-x", actor=ACTOR)["name"])

    monkeypatch.setattr(announcement, "today", lambda: date(2027, 5, 1))
    plan, first = (house.config / PLAN_FILE).read_bytes(), announced()
    house.edit(PLAN_FILE, lambda plan: plan["tables"].pop())
    house.edit(PLAN_FILE, lambda plan: plan["tables"][1]["columns"].append("start_date"))
    second = announced()
    (house.config / PLAN_FILE).write_bytes(plan)
    assert (announced(), announced()) == (first, first)
    assert [entry.payload["name"] for entry in told(house)] == [first, second, first]
    assert folder(house)[f"{PLAN}.html"] == folder(house)[first]


def test_what_changed_is_known_before(house: House, gated: str) -> None:
    ctx = house.open()
    contents = contents_of(ctx, ctx.plan(PLAN))
    assert register.difference(ctx, contents).needed
    approve(house, gated)
    releasing.publish(house.open(), gated, actor=ACTOR)
    assert not register.difference(house.open(), contents).needed
    house.edit(PLAN_FILE, lambda plan: plan.update(channel="disc"))
    ctx = house.open()
    found = register.difference(ctx, contents_of(ctx, ctx.plan(PLAN)))
    assert (found.needed, found.method, found.added, found.removed) == (True, True, (), ())


def test_a_lost_page_is_written_again(house: House, gated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    approve(house, gated)
    said = releasing.publish(house.open(), gated, actor=ACTOR)
    before = folder(house)
    for name in before:
        (house.home / "published" / name).unlink()
    monkeypatch.setattr(announcement, "today", lambda: date(2027, 5, 1))
    second = gate_without_engine(house, PLAN, monkeypatch, key="run-2")
    approve(house, second)
    assert releasing.publish(house.open(), second, actor=ACTOR) == said
    assert folder(house)[str(said["name"])] == before[str(said["name"])]


def test_what_cannot_be_read_back_is_not_published(house: House, gated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    approve(house, gated)
    write = announcement._write

    def cut(path: Path, text: str) -> None:
        write(path, text[: len(text) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(announcement, "_write", cut)
        with pytest.raises(RetryLater, match=r"\[notice\.read_back\]"):
            releasing.publish(house.open(), gated, actor=ACTOR)
    assert house.open().ledger.state("release", gated) == "approved"
    assert told(house) == []
    assert releasing.publish(house.open(), gated, actor=ACTOR)


def test_the_public_address_is_read_back(house: House, site: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    gated = gate_without_engine(house, PLAN, monkeypatch)
    approve(house, gated)
    site.append(f"{PLAN}-")
    with pytest.raises(RetryLater, match="answers 404"):
        releasing.publish(house.open(), gated, actor=ACTOR)
    assert house.open().ledger.state("release", gated) == "approved"
    site.clear()
    said = releasing.publish(house.open(), gated, actor=ACTOR)
    assert str(said["url"]).startswith("http://127.0.0.1:")
    ctx = house.open()
    announcement.require_announced(ctx, gated)
    site.append(str(said["name"]))
    with pytest.raises(RetryLater):
        announcement.require_announced(ctx, gated)


def test_a_page_that_the_server_changes_is_no_publication(
    house: House, site: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gated = gate_without_engine(house, PLAN, monkeypatch)
    approve(house, gated)
    said = releasing.publish(house.open(), gated, actor=ACTOR)
    page = house.home / "published" / str(said["name"])
    page.write_bytes(page.read_bytes().replace(b"</body>", b"<!-- minified --></body>"))
    with pytest.raises(RetryLater, match="not what was written"):
        announcement.require_announced(house.open(), gated)


def test_nobody_answers_at_the_address(house: House, site: list[str], gated: str) -> None:
    house.edit("platform.yaml", lambda said: said["operator"].update(announcement_url="http://127.0.0.1:1/x"))
    approve(house, gated)
    with pytest.raises(RetryLater, match="cannot be read"):
        releasing.publish(house.open(), gated, actor=ACTOR)


@pytest.mark.parametrize("address", ["http://operator.example", "ftp://operator.example", "", "https:/x"])
def test_an_address_that_is_none(house: House, address: str) -> None:
    from provision.config import load_platform

    house.edit("platform.yaml", lambda said: said["operator"].update(announcement_url=address))
    platform, problems = load_platform(house.config)
    assert (platform, problems[0].key) == (None, "operator.announcement_url")


def test_the_items_of_a_making_are_announced_when_officers_take_long(house: House, gated: str) -> None:
    """APPI art. 43(3) asks for no approval: items alone, no method; with the provision the rest follows."""
    assert making.announce_makings(house.open(), actor=ACTOR) == 0
    assert making.announce_makings(house.open(), actor=ACTOR, at=LATE) == 1
    assert making.announce_makings(house.open(), actor=ACTOR, at=LATE) == 0
    (entry,) = told(house)
    assert (entry.payload["articles"], entry.payload["method"]) == (["43(3)"], "")
    page = folder(house)[str(entry.payload["name"])].decode()
    assert "匿名加工情報の作成に関する公表" in page
    assert "提供の方法" not in page
    assert entry.payload["items"]
    assert house.open().ledger.state("release", gated) == "gated"
    approve(house, gated)
    assert releasing.publish(house.open(), gated, actor=ACTOR)["articles"] == ["43(3)", "43(4)"]
    assert {f"{PLAN}.html", f"{PLAN}.making.html"} <= folder(house).keys()


def test_items_that_were_announced_before_provision_need_no_announcement_of_the_making(
    house: House, gated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(house, gated)
    releasing.publish(house.open(), gated, actor=ACTOR)
    gate_without_engine(house, PLAN, monkeypatch, key="run-2")
    assert making.announce_makings(house.open(), actor=ACTOR, at=LATE) == 0


def test_words_of_configuration_are_no_markup(house: House) -> None:
    house.edit(PLAN_FILE, lambda plan: plan["title"].update(en="<script>alert(1)</script>"))
    ctx = house.open()
    said = announcement.announce(ctx, contents_of(ctx, ctx.plan(PLAN)), release="r-x", actor=ACTOR)
    files = folder(house)
    assert all(b"<script>" not in files[name] for name in (str(said["name"]), "index.html"))


def test_with_somebody_withdrawn_since_nothing_is_announced(house: House, gated: str) -> None:
    approve(house, gated)
    withdraw_everybody(house.open(), "kita-hospital")
    with pytest.raises(Refused, match="were withdrawn since it was made") as refused:
        releasing.publish(house.open(), gated, actor=ACTOR)
    assert refused.value.rule == "release.withdrawn"
    assert list((house.home / "published").glob("*.html")) == []


def test_an_agreement_that_ended_since_is_not_announced(house: House, gated: str) -> None:
    approve(house, gated)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("provision.releasing.publishing.today", lambda: date(2029, 4, 1))
        with pytest.raises(Refused, match="not in force") as refused:
            releasing.publish(house.open(), gated, actor=ACTOR)
    assert refused.value.rule == "release.agreement"
    assert house.open().ledger.state("release", gated) == "approved"


def test_data_received_anonymised_are_announced_under_article_44(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from provision.packaging.notice import statement
    from provision.releasing import drafting

    monkeypatch.setattr(drafting, "_check_receipts", lambda *_: None)  # the house received them as personal
    permission = {"document": "受領契約 2026-R-01 第5条", "starts": date(2026, 4, 1), "ends": date(2099, 3, 31)}

    def received(source: dict[str, Any]) -> None:
        source.update(legal_status="anonymised_received", permission=permission)
        source.pop("linkage")

    house.edit("sources/kita-hospital.yaml", received)
    house.edit(PLAN_FILE, lambda plan: plan.update(sources=["kita-hospital"]))
    ctx = house.open()
    contents = contents_of(ctx, ctx.plan(PLAN))
    assert contents.articles == ("44",)
    said = announcement.announce(ctx, contents, release="r-x", actor=ACTOR)
    page = folder(house)[str(said["name"])].decode()
    assert "受領した匿名加工情報" in page
    assert "第43条" not in page
    words = statement(ctx.platform, ctx.recipient("tsukishima-university"), contents.basis)
    assert "第44条" in words["ja"]
    assert "Article 44" in words["en"]
    assert all(ctx.platform.operator.contact in text for text in words.values())


def test_who_commissioned_the_making_is_named_by_its_address(house: House) -> None:
    """規則第36条第2項: then their publication of the items stands for ours."""
    permission = {
        "document": "委託契約 2026-K-09", "starts": date(2026, 4, 1), "ends": date(2099, 3, 31),
        "announced_at": "https://hospital.example/anonymised",
    }  # fmt: skip
    house.edit(
        "sources/kita-hospital.yaml", lambda source: source.update(legal_status="commissioned", permission=permission)
    )
    ctx = house.open()
    said = announcement.announce(ctx, contents_of(ctx, ctx.plan(PLAN)), release="r-x", actor=ACTOR)
    assert "https://hospital.example/anonymised" in folder(house)[str(said["name"])].decode()


def test_the_commands(
    house: House, gated: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from provision.cli import main

    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    assert main(["notices", "preview", PLAN]) == 0
    assert "needs a new announcement" in capsys.readouterr().out
    approve(house, gated)
    said = releasing.publish(house.open(), gated, actor=ACTOR)
    for words, expected in ((["list"], said["url"]), (["preview", PLAN], "stands already"), (["verify"], "ok ")):
        assert main(["notices", *words]) == 0
        assert str(expected) in capsys.readouterr().out
    (house.home / "published" / str(said["name"])).unlink()
    assert main(["notices", "verify"]) == 4
    assert "NO " in capsys.readouterr().out


def test_two_plans_announced_at_once_are_both_in_the_list(house: House) -> None:
    plans = (PLAN, "care-for-institute", "linked-for-pharma", "checkups-for-foundation")

    def one(plan: str) -> None:
        ctx = house.open()
        announcement.announce(ctx, contents_of(ctx, ctx.plan(plan)), release=f"r-{plan}", actor=ACTOR)
        ctx.ledger.close()

    threads = [threading.Thread(target=one, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    index = (house.home / "published/index.html").read_text("utf-8")
    assert [plan for plan in plans if f'id="{plan}"' not in index] == []
    assert len(told(house)) == 4


def test_the_list_of_announcements_says_where_there_is_none(house: House) -> None:
    page = shelf(house.open().platform, [])
    assert "まだ公表はありません" in page
    assert "<table" not in page


def test_nothing_that_is_announced_is_called_as_the_law_calls_my_numbers(house: House) -> None:
    """個人番号 is the number of the 番号利用法; what a release calls a person by is drawn for it and is none."""
    ctx = house.open()
    said = [item.ja for plan in ctx.plans.values() for item in contents_of(ctx, plan).items]
    assert [ja for ja in said if "仮ID" in ja]
    assert [ja for ja in said if "個人番号" in ja] == []
