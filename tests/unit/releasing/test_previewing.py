"""What the portal is given of a release: its codebook and description, and nothing of its tables."""

from __future__ import annotations

from typing import Any

import pytest

from provision import releasing
from provision.errors import FixConfiguration
from provision.portal.previews import preview
from provision.releasing.previewing import SHOWN, lay_out
from tests.support.house import ACTOR, House
from tests.support.publishing import approve_and_publish
from tests.support.verdicts import gate_without_engine

PLAN = "linked-for-pharma"


@pytest.fixture
def linked(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    """A published release for a recipient with a portal."""
    return approve_and_publish(house, gate_without_engine(house, PLAN, monkeypatch))


def test_a_preview_holds_tables_columns_and_counts_and_no_row(house: House, linked: str) -> None:
    ctx = house.open()
    for _ in range(2):  # twice is once
        lay_out(ctx, linked)
    folder = ctx.zones.previews(linked)
    assert {path.name for path in folder.iterdir()} == {name.rpartition("/")[2] for name in SHOWN}
    made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=linked))).payload
    for language in ("ja", "en"):
        tables = preview(ctx.zones, linked, language)
        assert {table.name: table.rows for table in tables} == made["tables"]
        assert all(table.columns and table.files and table.title for table in tables)
    assert preview(ctx.zones, linked, "ja")[0].title != preview(ctx.zones, linked, "en")[0].title


@pytest.mark.parametrize("spoil", ["missing", "codebook", "description"])
def test_a_preview_that_is_not_as_we_lay_it_out_shows_nothing(house: House, linked: str, spoil: str) -> None:
    ctx = house.open()
    lay_out(ctx, linked)
    folder = ctx.zones.previews(linked)
    if spoil == "missing":
        (folder / "datapackage.json").unlink()
    elif spoil == "codebook":
        (folder / "codebook.ja.csv").write_text("a,b\r\n1,2\r\n", encoding="utf-8")
    else:
        (folder / "datapackage.json").write_text('{"resources": [{}]}', encoding="utf-8")
    assert preview(ctx.zones, linked, "ja") == ()


def test_delivering_lays_it_out_and_never_sends_open_links_without_the_portal(
    house: House, linked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    from provision.channels.bucket import BucketChannel

    def remember(channel: Any, consignment: Any, resolver: Any, progress: Any) -> Any:
        given.append(consignment)
        raise FixConfiguration("no store in this test", remedy="none")

    monkeypatch.setattr(BucketChannel, "deliver", remember)
    with pytest.raises(FixConfiguration, match="no store"):
        releasing.deliver(house.open(), linked, actor=ACTOR)
    assert given[0].page == f"http://127.0.0.1:8081/releases/{given[0].order}"
    assert given[0].acknowledge == ""
    assert (house.open().zones.previews(linked) / "datapackage.json").is_file()

    house.replace("platform.yaml", "portal_url:", "#portal_url:")
    with pytest.raises(FixConfiguration, match=r"channel\.portal"):
        releasing.deliver(house.open(), linked, actor=ACTOR)
    assert len(given) == 1
