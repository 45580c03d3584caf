"""The index finds what the log holds, grows with it, is made anew at will, and is never believed over it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.errors import RetryLater
from provision.ledger.places import Place
from provision.ledger.reading import LedgerReader
from provision.ledger.store import Ledger
from provision.lookup import counting, searching, tables, updating
from provision.lookup.searching import Entries, Wanted
from tests.support import stories


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "ledger" / "ledger.db"
    stories.write(path, 30)
    return path


@pytest.fixture
def ledger(path: Path) -> Iterator[LedgerReader]:
    with LedgerReader.read(path) as opened:
        yield opened


@pytest.fixture
def index(ledger: LedgerReader) -> Iterator[sqlite3.Connection]:
    with updating.opened(ledger, seconds=60) as (found, progress):
        assert progress.complete
        yield found


def every(ledger: LedgerReader) -> list[tuple[str, dict[str, object], str]]:
    """Every release by the log itself: id, how it was drafted, state; newest first."""
    drafted = list(ledger.entries(type="release.drafted"))[::-1]
    return [(e.subjects["release"], e.payload, ledger.state("release", e.subjects["release"])) for e in drafted]


@given(st.data())
def test_it_finds_exactly_the_releases_the_log_has(path: Path, data: st.DataObject) -> None:
    """Any mixture of filters, against a walk over the log."""
    choose = lambda *values: data.draw(st.sampled_from(("", *values)))  # noqa: E731
    category = data.draw(st.sampled_from((None, *range(1, 9))))
    wanted = Wanted(
        recipient=choose(*stories.RECIPIENTS), purpose=choose(*stories.PURPOSES), channel=choose(*stories.CHANNELS),
        state=choose("open", "closed", "rejected", "recalled", "gated"), category=category,
        text=choose("CLAIMS", "pharma", "a-2025-02", stories.digest("payload", 3)[:12], "no such thing"),
    )  # fmt: skip
    with LedgerReader.read(path) as ledger, updating.opened(ledger, seconds=60) as (index, _):
        expected = [
            release for release, said, state in every(ledger)
            if all(not value or said[name] == value for name, value in
                   (("recipient", wanted.recipient), ("purpose", wanted.purpose), ("channel", wanted.channel)))
            and (not wanted.state or state == wanted.state)
            and (category is None or category in said["categories"])  # type: ignore[operator]
            and wanted.text.casefold() in "\n".join([release, str(said["plan"]), str(said["agreement"]), *(
                str(e.payload["digest"]) for e in ledger.entries(type="release.made", kind="release", subject=release)
            )]).casefold()
        ]  # fmt: skip
        found = searching.releases(index, ledger, wanted, limit=100)
        assert [one.id for one in found] == expected
        assert searching.count(index, wanted) == len(expected)
        assert [one.state for one in found] == [ledger.state("release", one.id) for one in found]


def test_pages_follow_each_other_without_gap(index: sqlite3.Connection, ledger: LedgerReader) -> None:
    seen: list[str] = []
    before = None
    while page := searching.releases(index, ledger, Wanted(), limit=7, before=before):
        seen += [one.id for one in page]
        before = page[-1].drafted.seq
    assert seen == [release for release, _, _ in every(ledger)]


def test_days_are_of_japan_and_of_what_was_asked(index: sqlite3.Connection, ledger: LedgerReader) -> None:
    drafted = searching.releases(index, ledger, Wanted(since="2025-05-01", until="2025-05-31"), limit=100)
    months = {one.drafted.when.astimezone(stories_tokyo()).strftime("%Y-%m") for one in drafted}
    assert months == {"2025-05"}
    provided = searching.releases(index, ledger, Wanted(since="2025-05-01", by="provided"), limit=100)
    assert provided
    assert all(list(ledger.entries(type="delivery.handed_over", kind="release", subject=o.id)) for o in provided)


def stories_tokyo() -> object:
    from provision.lookup.reading_in import TOKYO

    return TOKYO


def test_entries_by_type_subject_text_and_day(index: sqlite3.Connection, ledger: LedgerReader) -> None:
    release = every(ledger)[0][0]
    about = searching.entries(index, ledger, Entries(subject=release), limit=100)
    assert [e.seq for e in about] == [e.seq for e in ledger.entries(kind="release", subject=release)][::-1]
    for wanted, holds in (
        (Entries(type="delivery."), lambda e: e.type.startswith("delivery.")),
        (Entries(type="release.gated"), lambda e: e.type == "release.gated"),
        (Entries(text="期間が契約より長い"), lambda e: e.payload.get("reason") == "期間が契約より長い"),
        (Entries(text="SCHEDULED__7"), lambda e: "scheduled__7" in str(e.payload.get("run_key", ""))),
        (Entries(type="batch.", text="4120"), lambda e: e.type == "batch.accepted"),
    ):
        found = searching.entries(index, ledger, wanted, limit=1000)
        assert [e.seq for e in found] == [e.seq for e in ledger.entries() if holds(e)][::-1], wanted
        assert found


def test_counts_are_those_of_the_log(index: sqlite3.Connection, ledger: LedgerReader) -> None:
    releases = every(ledger)
    counts = counting.tallies(index)
    assert sum(counts["release"].values()) == len(releases)
    assert counts["release"]["recalled"] == sum(state == "recalled" for _, _, state in releases)
    handed = list(ledger.entries(type="delivery.handed_over"))
    months = counting.months(index, date(2026, 3, 31), 12)
    assert [name for name, _ in months][::11] == ["2025-04", "2026-03"]
    assert sum(count for _, count in months) == len(handed)
    assert sum(count for _, count in counting.recipients(index, most=2)) == len(handed)
    assert counting.recipients(index, most=2)[-1][0] == ""
    assert dict(counting.categories(index))[1] == len(handed)
    assert counting.choices(index)["state"] == ["gated", "published", "open", "closed", "rejected", "recalled"]


def test_it_grows_with_the_log_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.db"
    stories.write(path, 4)
    monkeypatch.setattr(updating, "PIECE", 5)
    with LedgerReader.read(path) as ledger:
        with updating.opened(ledger, seconds=0) as (_, first):
            assert (first.done, first.complete) == (5, False)
        with updating.opened(ledger, seconds=0) as (_, second):
            assert second.done == 10
        with updating.opened(ledger, seconds=60) as (index, last):
            assert last.complete
            assert searching.count(index, Wanted()) == 4
    with Ledger.open(path) as log:
        stories.release(log, 77, "open")
    with LedgerReader.read(path) as ledger, updating.opened(ledger, seconds=60) as (index, _):
        assert searching.count(index, Wanted()) == 5


def test_an_index_of_another_log_is_made_anew(tmp_path: Path) -> None:
    one, other = tmp_path / "one" / "ledger.db", tmp_path / "other" / "ledger.db"
    stories.write(one, 3)
    stories.write(other, 3, first=stories.datetime(2020, 1, 1, tzinfo=stories.UTC))
    with LedgerReader.read(one) as ledger, updating.opened(ledger, seconds=60):
        pass
    tables.place(other).write_bytes(tables.place(one).read_bytes())
    with LedgerReader.read(other) as ledger, updating.opened(ledger, seconds=60) as (index, _):
        assert index.execute("SELECT min(day) FROM entry").fetchone()[0].startswith("2020")


@pytest.mark.parametrize("damage", ["garbage", "rows", "release", "version"])
def test_a_spoiled_index_is_never_believed(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "ledger.db"
    stories.write(path, 3)
    with LedgerReader.read(path) as ledger, updating.opened(ledger, seconds=60):
        pass
    place = tables.place(path)
    if damage == "garbage":
        tables.remove(place)
        place.write_bytes(b"no database at all, but long enough to be looked at" * 40)
    else:
        with closing(sqlite3.connect(place, isolation_level=None)) as spoiled:
            spoiled.execute({"rows": "DELETE FROM entry WHERE seq = 3", "version": "PRAGMA user_version = 99",
                             "release": "UPDATE release SET seq = seq + 1, id = 'r-' || seq"}[damage])  # fmt: skip
    with LedgerReader.read(path) as ledger:
        if damage == "release":
            with updating.opened(ledger) as (index, _):
                index.execute("INSERT INTO standing SELECT 'release', id, 'open' FROM release")
                with pytest.raises(RetryLater):
                    searching.releases(index, ledger, Wanted(), limit=9)
        with updating.opened(ledger, seconds=60) as (index, progress):
            assert progress.complete
            found = searching.releases(index, ledger, Wanted(), limit=9)
            assert [one.id for one in found] == [release for release, _, _ in every(ledger)]


def test_several_processes_may_bring_it_up_at_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "ledger.db"
    stories.write(path, 12)

    def once(_: int) -> int:
        with LedgerReader.read(path) as ledger, updating.opened(ledger, seconds=60) as (index, _progress):
            return searching.count(index, Wanted())

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(once, range(4))) == {12}


def test_of_a_log_in_postgresql_it_is_the_same(tmp_path: Path) -> None:
    """The same stories in both databases: the same releases, entries and counts, and an export that holds."""
    from provision.exporting import package, verifying
    from provision.exporting.period import Period
    from tests.support.postgres import cluster

    server = cluster()
    url = server.url(server.borrowed(), "tasks")
    (tmp_path / "database").mkdir()
    places = (tmp_path / "file" / "ledger.db", Place(tmp_path / "database" / "ledger.db", url))
    found = []
    for place in places:
        stories.write(place, 12)
        key = stories.sign(place, tmp_path / "key.pem")
        with LedgerReader.read(place) as ledger, updating.opened(ledger, seconds=60) as (index, progress):
            assert progress.complete
            releases = searching.releases(index, ledger, Wanted(channel="bucket"), limit=50)
            made = package.export(ledger, Period(date(2025, 5, 1), date(2025, 6, 30)), "csv")
            entries = searching.entries(index, ledger, Entries(text="期間"), limit=9)
            found.append((releases, entries, counting.tallies(index), verifying.verify(made.content, key)))
    assert found[0] == found[1]
    assert found[0][0]
