"""Documents of a batch: taken in groups, a bad one costs only itself, and nothing depends on how they were grouped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision.context import Context
from provision.errors import Quarantined
from provision.formats.base import BadFile, Parcel
from provision.intake import receive, take_in
from provision.intake.quarantine import key_name
from provision.intake.sealed import opened
from tests.support import uke
from tests.support.archives import zipped
from tests.support.bombs import BOMBS
from tests.support.intake import ACTOR, drop, heads, hospital, in_clear, platform, reopened
from tests.support.visits import Visits, index, registered, visit
from tests.unit.intake.test_taking import Killed, dying

SOURCE = "test-hospital"


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with registered("visits", "second"):
        yield


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return platform(tmp_path / "home", hospital(format="visits"))


def batch_of(ctx: Context, files: dict[str, bytes]) -> str:
    drop(ctx, SOURCE, files)
    (batch,) = receive(ctx, SOURCE, actor=ACTOR)
    return batch


def many(count: int, start: int = 0) -> dict[str, bytes]:
    return {f"{number:05d}.json": visit(number) for number in range(start, start + count)}


def entry(ctx: Context, batch: str, state: str = "accepted") -> dict[str, Any]:
    (found,) = ctx.ledger.entries(type=f"batch.{state}", kind="batch", subject=batch)
    return dict(found.payload)


def report(ctx: Context, batch: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ctx.zones.quarantine() / batch / "report.json").read_text("utf-8"))
    return found


def stored(ctx: Context, batch: str, table: str, form: str = "visits") -> pl.DataFrame:
    found = ctx.store.scan(form, table, {batch: SOURCE})
    assert found is not None
    return found.collect().sort("claim_no", maintain_order=True)


def small_groups(patch: pytest.MonkeyPatch, documents: int = 2_000, size: int = 1 << 24) -> None:
    patch.setattr("provision.intake.groups.PARCEL_DOCUMENTS", documents)
    patch.setattr("provision.intake.groups.PARCEL_BYTES", size)
    patch.setattr("provision.intake.groups.WAITING_BYTES", 2 * size)


def test_documents_go_together(ctx: Context) -> None:
    batch = batch_of(ctx, {**many(5), "index.json": index(), "sub/9_0": visit(9)})
    counts = take_in(ctx, batch, actor=ACTOR)
    assert (counts["rows_in"], counts["people"], counts["files_quarantined"]) == (5, 5, 0)
    said = entry(ctx, batch)
    assert said["files_taken"] == {"visits": 5}
    assert said["files_passed_over"] == {"visits.deleted": 1, "visits.index": 1}
    assert said["tables"] == {"visit": 5, "value": 5}
    assert heads(ctx, batch)["claim_no"].to_list() == [0, 1, 2, 3, 4]
    assert heads(ctx, batch)["alias"].n_unique() == 5
    assert len(list((ctx.zones.store() / "visits" / SOURCE / batch / "visit").iterdir())) == 1
    assert in_clear(ctx.zones.home, "架空山野1花子", "CH0000001", "9_0") == []


@pytest.mark.parametrize("documents", [1, 2, 3, 7])
def test_nothing_depends_on_the_size_of_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, documents: int) -> None:
    """Cards are counted over all groups: the two people on this one are far from each other."""
    files = {
        **many(7),
        "00003.json": b"{",
        "x.json": index(),
        "0.json": visit(8, number="5"),
        "z.json": visit(9, number="5", sex="1"),
    }
    found = []
    for name, size in (("whole", 2_000), ("pieces", documents)):
        with monkeypatch.context() as patch:
            small_groups(patch, size)
            ctx = platform(tmp_path / name, hospital(format="visits"))
            batch = batch_of(ctx, files)
            take_in(ctx, batch, actor=ACTOR)
            frames = [stored(ctx, batch, "visit").drop("alias"), stored(ctx, batch, "value")]
            found.append((entry(ctx, batch), report(ctx, batch), [frame.drop("batch") for frame in frames]))
    assert found[0][:2] == found[1][:2]
    assert found[0][0]["shared_cards"] == 1
    assert all(one.equals(other) for one, other in zip(found[0][2], found[1][2], strict=True))


def test_bytes_fill_a_group_too(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    small_groups(monkeypatch, size=2 * len(visit(1)))
    batch = batch_of(ctx, many(5))
    take_in(ctx, batch, actor=ACTOR)
    assert len(list((ctx.zones.store() / "visits" / SOURCE / batch / "visit").iterdir())) == 3
    assert heads(ctx, batch)["claim_no"].to_list() == [0, 1, 2, 3, 4]


def test_what_waits_is_bounded_over_all_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.intake.groups.WAITING_BYTES", 3 * len(visit(1)))
    ctx = platform(tmp_path / "home", hospital(format=["visits", "second"]))
    files = {f"{n}": visit(n, word=("visit", "second")[n % 2]) for n in range(8)}
    batch = batch_of(ctx, files)
    take_in(ctx, batch, actor=ACTOR)
    assert entry(ctx, batch)["files_taken"] == {"second": 4, "visits": 4}
    parts = [
        len(list((ctx.zones.store() / form / SOURCE / batch / "visit").iterdir())) for form in ("visits", "second")
    ]
    assert sum(parts) > 2


@pytest.mark.parametrize(
    ("bad", "rule"),
    [(b"{", "format.foreign"), (b'{"visit": 1}', "visits.shape"), (visit(3, name=1), "visits.cell")],
)
def test_a_bad_document_costs_only_itself(ctx: Context, bad: bytes, rule: str) -> None:
    batch = batch_of(ctx, {**many(5), "00002.json": bad})
    assert take_in(ctx, batch, actor=ACTOR)["files_quarantined"] == 1
    (problem,) = report(ctx, batch)
    assert (problem["file"], problem["record"]) == ("file 3", 0)
    with opened(ctx.zones.quarantine() / batch / "0003.age", ctx.keys.identity(key_name(batch))) as stream:
        assert stream.read() == bad
    assert heads(ctx, batch)["claim_no"].to_list() == [0, 1, 2, 3]
    assert rule == problem["rule"] or (bad == b"{" and problem["rule"] == "visits.json")


@pytest.mark.parametrize("opaque", [False, True])
def test_a_column_that_is_not_what_it_should_be_costs_the_documents_with_such_cells(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, opaque: bool
) -> None:
    """Thirty documents with another code than there are, and twenty-five with one in another column: each of them
    alone would pass, as a few cells are tolerated; together they are not what the format says. Of documents of a
    format's own making nobody knows how many claims they have: they are tried one by one, with the same end."""
    if opaque:
        read, gather = Visits.document, Visits.parcel
        monkeypatch.setattr(Visits, "document", lambda *given: (read(*given),))
        monkeypatch.setattr(Visits, "parcel", lambda kind, found, *rest: gather(kind, [one for (one,) in found], *rest))
    wrong = {f"kind{n:02d}": visit(100 + n, kind="7") for n in range(30)}
    also = {f"sex{n:02d}": visit(200 + n, sex="8") for n in range(25)}
    batch = batch_of(ctx, {**many(40), **wrong, **also})
    counts = take_in(ctx, batch, actor=ACTOR)
    assert (counts["files_quarantined"], counts["people"]) == (55, 40)
    told = {(p["rule"], p["field"], p["record"]) for p in report(ctx, batch)}
    assert told == {("domain", "visit.kind", 0), ("domain", "visit.sex", 0)}
    assert entry(ctx, batch)["warnings"] == {}
    assert heads(ctx, batch)["kind"].to_list() == ["1"] * 40


def test_a_few_cells_outside_their_domain_are_emptied_and_counted(ctx: Context) -> None:
    batch = batch_of(ctx, {**many(40), "wrong": visit(100, kind="7")})
    assert take_in(ctx, batch, actor=ACTOR)["files_quarantined"] == 0
    assert entry(ctx, batch)["warnings"] == {"outside_domain:visit.kind": 1}


def test_where_nobody_is_to_blame_all_are_kept(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    gather = Visits.parcel

    def only_alone(self: Visits, documents: list[Any], *rest: Any) -> Parcel:
        if len(documents) > 1:
            raise BadFile("visits.together", record=5, remedy="a mistake of the format")
        return gather(self, documents, *rest)

    monkeypatch.setattr(Visits, "parcel", only_alone)
    batch = batch_of(ctx, many(3))
    with pytest.raises(Quarantined):
        take_in(ctx, batch, actor=ACTOR)
    assert [(p["file"], p["rule"], p["record"]) for p in report(ctx, batch)] == [
        (f"file {n}", "visits.together", 0) for n in (1, 2, 3)
    ]
    assert not list(ctx.zones.store().rglob("*.parquet"))


def test_records_left_out_of_a_group_keep_their_documents(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    gather = Visits.parcel

    def leaving_out(self: Visits, documents: list[Any], report: Any, options: Any) -> Parcel:
        parcel = gather(self, documents, report, options)
        if any(document.people[0][0] == "架空山野1花子" for document in documents):
            report.hold(1, "text.undecodable", b"x")
        return parcel

    monkeypatch.setattr(Visits, "parcel", leaving_out)
    batch = batch_of(ctx, many(3))
    assert take_in(ctx, batch, actor=ACTOR)["files_quarantined"] == 1
    assert [(p["file"], p["rule"]) for p in report(ctx, batch)] == [("file 2", "text.undecodable")]


def test_identifying_cells_of_anonymised_data_cost_only_their_documents(tmp_path: Path) -> None:
    ctx = platform(tmp_path / "home", hospital(format="visits", legal_status="anonymised_received"))
    nameless = {f"{n}": visit(n, name="", chart="") for n in range(3)}
    batch = batch_of(ctx, {**nameless, "9": visit(9)})
    assert take_in(ctx, batch, actor=ACTOR)["files_quarantined"] == 1
    assert [(p["file"], p["rule"]) for p in report(ctx, batch)] == [("file 4", "not_anonymised")]


def test_what_a_refused_document_says_is_no_known_value(ctx: Context) -> None:
    """The names of a group that was taken apart are known values only where their document was taken."""
    import numpy as np

    wrong = {f"w{n:02d}": visit(100 + n, kind="7") for n in range(30)}
    batch = batch_of(ctx, {**many(40), **wrong})
    take_in(ctx, batch, actor=ACTOR)
    known = np.load(ctx.zones.vault() / "known_values" / f"{batch}.npy")
    alone = batch_of(other := platform(ctx.zones.home.parent / "other", hospital(format="visits")), many(40))
    take_in(other, alone, actor=ACTOR)
    assert len(known) == len(np.load(other.zones.vault() / "known_values" / f"{alone}.npy"))


@pytest.mark.parametrize("form", ["visits", ["visits", "uke-medical"]])
def test_a_batch_with_nothing_to_take_is_quarantined_whole(tmp_path: Path, form: str | list[str]) -> None:
    ctx = platform(tmp_path / "home", hospital(format=form))
    batch = batch_of(ctx, {"a_0": visit(1), "b": index(), "c": b'{"visit": 1}'})
    with pytest.raises(Quarantined):
        take_in(ctx, batch, actor=ACTOR)
    rules = sorted((p["file"], p["rule"]) for p in report(ctx, batch))
    assert rules == [("file 1", "batch.nothing"), ("file 2", "batch.nothing"), ("file 3", "visits.shape")]
    assert sum(entry(ctx, batch, "quarantined")["files_passed_over"].values()) == 2
    assert len(list((ctx.zones.quarantine() / batch).glob("0*.age"))) == 3
    with pytest.raises(Quarantined):
        take_in(ctx, batch, actor=ACTOR)


def test_documents_and_files_of_records_in_one_drop(tmp_path: Path) -> None:
    ctx = platform(tmp_path / "home", hospital(format=["visits", "uke-medical"]))
    files = {**many(3), "RECEIPTC.UKE": uke.file(), "a.pdf": b"%PDF-1.7", "x_0": visit(7), "y_0": uke.file(uke.Claim())}
    batch = batch_of(ctx, files)
    take_in(ctx, batch, actor=ACTOR)
    said = entry(ctx, batch)
    assert said["files_taken"] == {"uke-medical": 2, "visits": 3}
    assert said["files_passed_over"] == {"visits visits.deleted": 1}
    assert said["editions"][-1] == "visits 2025"
    assert said["files_quarantined"] == 1


def test_documents_from_an_archive_with_folders_are_the_same_batch(ctx: Context) -> None:
    """The sender's folders inside archives are part of the name a format is asked about."""
    packed = zipped({f"01/{n}/{n}_{n % 2}": visit(n) for n in range(6)})
    batch = batch_of(ctx, {"all.zip": packed})
    take_in(ctx, batch, actor=ACTOR)
    assert entry(ctx, batch)["files_taken"] == {"visits": 3}
    assert entry(ctx, batch)["files_passed_over"] == {"visits.deleted": 3}


def test_editions_of_all_documents_are_told(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Visits.document

    def dated(self: Visits, data: bytes, options: Any) -> Any:
        made = read(self, data, options)
        made.edition = "2024" if b"CH0000001" in data else "2025"
        return made

    monkeypatch.setattr(Visits, "document", dated)
    batch = batch_of(ctx, many(3))
    take_in(ctx, batch, actor=ACTOR)
    assert entry(ctx, batch)["editions"] == ["2024", "2025"]


@pytest.mark.timeout(120)
def test_bombs_end_in_quarantine(ctx: Context) -> None:
    bombs = {f"{n:03d}": data for n, data in enumerate(BOMBS.values()) if not data.startswith(b"PK")}
    batch = batch_of(ctx, {**bombs, "z": visit(1)})
    assert take_in(ctx, batch, actor=ACTOR)["people"] == 1
    assert entry(ctx, batch)["files_quarantined"] == len(bombs)
    assert all(p["rule"] and p["remedy"] for p in report(ctx, batch))


def test_a_document_over_the_limit_is_not_read(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.intake.one_file.DOCUMENT_BYTES", 2_000_000)
    batch = batch_of(ctx, {**many(2), "huge": visit(9)[:-1] + b" " * 3_000_000 + b"}"})
    assert take_in(ctx, batch, actor=ACTOR)["files_quarantined"] == 1
    assert [p["rule"] for p in report(ctx, batch)] == ["document.size"]


# death

STEPS = {
    "provision.intake.taking.take_file": 20,
    "provision.intake.groups.Groups.add": 3,
    "provision.intake.documents.Documents.together": 3,
    "provision.intake.documents.Documents.trial": 1,
    "provision.intake.fitting.deidentify": 4,
    "provision.intake.parcels.with_keys": 2,
    "provision.store.Staging.write": 4,
    "provision.store.Staging.rollback": 1,
    "provision.intake.quarantine.Keeping.whole": 30,
    "provision.intake.quarantine.Keeping.done": 1,
    "provision.intake.documents.Documents.flush": 1,
    "provision.store.Staging.commit": 1,
    "provision.ledger.store.Ledger.transition": 2,
    "provision.keys.FileKeys.destroy": 1,
}
DELIVERY = {
    **many(40), "0b": b"{", "0i": index(), "0n_0": visit(50),
    **{f"w{n:02d}": visit(100 + n, kind="7") for n in range(30)},
}  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    with registered(), pytest.MonkeyPatch.context() as patch:
        small_groups(patch, 35)
        ctx = platform(tmp_path_factory.mktemp("undisturbed"), hospital(format="visits"))
        batch = batch_of(ctx, DELIVERY)
        take_in(ctx, batch, actor=ACTOR)
        return entry(ctx, batch), report(ctx, batch)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("step", "number"), [(step, n) for step, most in STEPS.items() for n in {1, most}])
def test_death_at_any_document_and_again_is_one_batch(
    ctx: Context, undisturbed: tuple[dict[str, Any], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch,
    step: str, number: int, after: bool,
) -> None:  # fmt: skip
    small_groups(monkeypatch, 35)
    batch = batch_of(ctx, DELIVERY)
    killing = dying(step, after, number)
    next(killing)
    with pytest.raises(Killed):
        take_in(ctx, batch, actor=ACTOR)
    next(killing, None)
    ctx = reopened(ctx)
    take_in(ctx, batch, actor=ACTOR)
    assert (entry(ctx, batch), report(ctx, batch)) == undisturbed
    assert heads(ctx, batch)["claim_no"].to_list() == list(range(40))
    assert heads(ctx, batch)["alias"].n_unique() == 40
    assert list(ctx.zones.store().glob("*/*/.*")) == []
    assert in_clear(ctx.zones.home, "架空山野1花子", "CH0000001") == []
