"""Taking in: what enters the store, what goes to quarantine, and what is left after everything went well or died."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pytest

from expectations import known_values
from provision import stewardship
from provision.context import Context
from provision.errors import Quarantined, Refused
from provision.formats import formats, uke_medical
from provision.formats.base import HELD_RECORDS, BadFile, Format, Held, Parcel, Report
from provision.formats.uke_medical import FORMAT
from provision.intake import attention, fingerprints, receive, take_in
from provision.intake.domains import TOLERATED_CELLS, enforce
from provision.intake.looking import held_records, problems, show_file
from provision.intake.quarantine import key_name
from provision.intake.sealed import opened, read_manifest
from provision.releasing.select import batches_in_force
from provision.retention import Due
from tests.support.holding import HELD, RULE, Holding
from tests.support.intake import ACTOR, drop, heads, hospital, in_clear, linkage, platform, reopened, written
from tests.support.uke import CHART, IR, KANA, NAME, SI, Claim, encoded, file, lines

SOURCE = "test-hospital"
PLANTED = (NAME, NAME.split("　")[0], KANA, CHART)
BROKEN = encoded([IR, *Claim().records(), "GO,7,7,99"])


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return platform(tmp_path / "home", hospital())


@pytest.fixture(scope="module", autouse=True)
def holding() -> Iterator[None]:
    """A format that holds records, found like the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(formats(), Holding().id, Holding())
        yield


@pytest.fixture
def sieved(tmp_path: Path) -> Context:
    return platform(tmp_path / "home", hospital(format=Holding().id))


def batch_of(ctx: Context, *files: bytes, source: str = SOURCE, sequence: int = 1) -> str:
    """A received batch of these files."""
    card = f'period: "2025-05"\nsequence: {sequence}\n'
    drop(ctx, source, {f"{n}{NAME}.UKE": data for n, data in enumerate(files)}, f"{NAME}{sequence}", card=card)
    return receive(ctx, source, actor=ACTOR)[-1]


def accepted(ctx: Context, batch: str) -> dict[str, object]:
    (entry,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch)
    return entry.payload


def gone(ctx: Context, batch: str) -> bool:
    """Whether the batch's key and its sealed files are destroyed."""
    return not ctx.keys.exists(f"batch-{batch}") and not (ctx.zones.landing() / batch).exists()


def table(ctx: Context, batch: str, name: str) -> pl.DataFrame:
    found = ctx.store.scan("medical-claims", name, {batch: SOURCE})
    return found.collect() if found is not None else pl.DataFrame()


def test_a_batch_enters_the_store_and_its_key_is_destroyed(ctx: Context) -> None:
    batch = batch_of(ctx, file(Claim(reserved=NAME), Claim(points=5, body=(SI.format(category=21),))))
    counts = take_in(ctx, batch, actor=ACTOR)
    assert ctx.ledger.state("batch", batch) == "destroyed"
    assert gone(ctx, batch)
    assert (counts["rows_in"], counts["people"], counts["files_quarantined"]) == (7, 2, 0)
    payload = accepted(ctx, batch)
    assert payload["tables"] == {"claim": 2, "insurance": 2, "service": 1, "control_total": 1}
    assert payload["rows_out"] == 6
    assert payload["warnings"] == {"reserved_filled:RE.15": 1}
    head = heads(ctx, batch)
    assert head["birth_month"].to_list() == ["1956-02", "1956-02"]
    assert head["alias"].n_unique() == 1
    assert not {"patient_name", "patient_kana", "chart_number", "receipt_number", "reserved_1"} & set(head.columns)
    assert in_clear(ctx.zones.home, *PLANTED, "19560203") == []


def test_taking_in_twice_changes_nothing(ctx: Context) -> None:
    batch = batch_of(ctx, file())
    first = take_in(ctx, batch, actor=ACTOR)
    size = ctx.ledger.size
    assert take_in(reopened(ctx), batch, actor=ACTOR) == first
    assert ctx.ledger.size == size


def test_what_was_never_received_cannot_be_taken_in(ctx: Context) -> None:
    with pytest.raises(Refused, match="never received"):
        take_in(ctx, "B0000000000000000", actor=ACTOR)


def test_one_bad_file_among_good_ones(ctx: Context) -> None:
    only_there = Claim(body=("IY,21,1,610000001,1,5,1",))
    bad = encoded(lines(only_there, go="GO,1,101,99"))
    batch = batch_of(ctx, file(), bad, file(Claim(points=3)))
    counts = take_in(ctx, batch, actor=ACTOR)
    assert (counts["files_quarantined"], counts["people"], counts["shared_cards"]) == (1, 2, 0)
    assert accepted(ctx, batch)["problems"] == ["file 2: record 5 uke.totals"]
    report = json.loads((ctx.zones.quarantine() / batch / "report.json").read_text("utf-8"))
    assert [(p["file"], p["record"], p["field"], p["rule"]) for p in report] == [
        ("file 2", 5, "GO.points", "uke.totals")
    ]
    with opened(ctx.zones.quarantine() / batch / "0002.age", ctx.keys.identity(key_name(batch))) as stream:
        assert stream.read() == bad
    assert heads(ctx, batch)["claim_no"].to_list() == [0, 1]
    assert table(ctx, batch, "drug").height == 0
    assert gone(ctx, batch)
    assert in_clear(ctx.zones.home, *PLANTED) == []


def test_claims_of_several_files_keep_numbers_of_their_own(ctx: Context) -> None:
    body = (SI.format(category=21),)
    batch = batch_of(ctx, file(Claim(body=body), Claim()), file(Claim(points=1)), file(Claim(points=2, body=body)))
    take_in(ctx, batch, actor=ACTOR)
    assert heads(ctx, batch)["claim_no"].to_list() == [0, 1, 2, 3]
    assert sorted(table(ctx, batch, "service")["claim_no"]) == [0, 3]
    assert table(ctx, batch, "control_total")["claim_no"].to_list() == [None] * 3


def test_a_batch_of_bad_files_only_is_quarantined(ctx: Context) -> None:
    batch = batch_of(ctx, BROKEN, b"\x1a")
    with pytest.raises(Quarantined) as caught:
        take_in(ctx, batch, actor=ACTOR)
    assert ctx.ledger.state("batch", batch) == "quarantined"
    assert gone(ctx, batch)
    assert list(ctx.zones.store().rglob("*.parquet")) == []
    assert batches_in_force(ctx, [SOURCE]) == ()
    assert not [text for text in PLANTED if text in str(caught.value)]
    assert in_clear(ctx.zones.home, *PLANTED) == []
    assert receive(ctx, SOURCE, actor=ACTOR) == []
    with pytest.raises(Quarantined):
        take_in(ctx, batch, actor=ACTOR)


def test_known_values_are_those_of_files_that_were_taken(ctx: Context) -> None:
    bad = encoded(lines(Claim(name="別人　次郎", chart="KRT0009999"), go="GO,9,9,99"))
    batch = batch_of(ctx, file(), bad)
    take_in(ctx, batch, actor=ACTOR)
    index = known_values.KnownValues([fingerprints.index_path(ctx, batch)], ctx.keys.symmetric(fingerprints.KEY))
    assert index.hits([NAME, "別人　次郎"]) == [True, False]


@pytest.mark.parametrize("forms", [[], ["KRT[0-9]{7}"]])
def test_a_chart_number_alone_is_known_where_its_source_says_its_form(ctx: Context, forms: list[str]) -> None:
    source = ctx.source(SOURCE).model_copy(update={"chart_numbers": forms})
    ctx = replace(ctx, sources={**ctx.sources, SOURCE: source})
    batch = batch_of(ctx, file(Claim(chart="KRT0009999")))
    take_in(ctx, batch, actor=ACTOR)
    index = known_values.KnownValues([fingerprints.index_path(ctx, batch)], ctx.keys.symmetric(fingerprints.KEY))
    assert index.holds_any([known_values.fold("own_chart", "KRT0009999")]) == bool(forms)


def test_the_same_claim_billed_again_has_the_same_token(ctx: Context) -> None:
    batch = batch_of(ctx, file(Claim(search="1" * 28), Claim(search="１" * 28), Claim(search="2" * 28), Claim()))
    take_in(ctx, batch, actor=ACTOR)
    one, same, other, none = heads(ctx, batch)["claim_token"].to_list()
    assert one == same != other
    assert none is None
    assert "1" * 28 not in str(heads(ctx, batch).rows())


def test_sources_meet_only_where_a_document_allows_it(tmp_path: Path) -> None:
    group = [hospital(id=name, linkage=linkage()) for name in ("one", "two")]
    ctx = platform(tmp_path / "home", *group, hospital(id="three"), hospital(id="four"))
    aliases = {}
    for source in ctx.sources:
        batch = batch_of(ctx, file(), source=source)
        take_in(ctx, batch, actor=ACTOR)
        aliases[source] = heads(ctx, batch)["alias"][0]
    scopes = {source: ctx.vault.people(s)[0]["alias"].to_list() for source, s in _SCOPES.items()}
    assert {aliases["one"], aliases["two"]} <= set(scopes["one"])
    assert ctx.vault.people(_SCOPES["one"])[1].people == 1
    assert len({aliases["one"], aliases["three"], aliases["four"]}) == 3
    assert scopes["three"] == [aliases["three"]]


_SCOPES = {"one": "group-test-group", "three": "source-three", "four": "source-four"}

# data received already anonymised

ANONYMISED = Claim(name="", kana="", birth="", chart="", symbol="", number="")


@pytest.fixture
def anonymised(tmp_path: Path) -> Context:
    return platform(tmp_path / "home", hospital(legal_status="anonymised_received"))


def test_anonymised_data_are_taken_and_never_linked(anonymised: Context) -> None:
    batch = batch_of(anonymised, file(ANONYMISED, ANONYMISED))
    assert take_in(anonymised, batch, actor=ACTOR)["people"] == 2
    assert "alias" not in heads(anonymised, batch).columns
    assert not (anonymised.zones.vault() / "vault.db").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": NAME}, "claim.patient_name"),
        ({"kana": KANA}, "claim.patient_kana"),
        ({"chart": CHART}, "claim.chart_number"),
        ({"symbol": "１２"}, "insurance.card_symbol"),
        ({"number": "３"}, "insurance.card_number"),
        ({"body": ("KO,12136013,1234567,,1,100,,,,,,",)}, "public_expense.recipient_number"),
    ],
)
def test_anonymised_data_with_identifiers_are_quarantined(
    anonymised: Context, change: dict[str, object], field: str
) -> None:
    batch = batch_of(anonymised, file(ANONYMISED, ANONYMISED.but(**change)))
    with pytest.raises(Quarantined):
        take_in(anonymised, batch, actor=ACTOR)
    (problem,) = json.loads((anonymised.zones.quarantine() / batch / "report.json").read_text("utf-8"))
    assert (problem["rule"], problem["field"]) == ("not_anonymised", field)
    assert in_clear(anonymised.zones.home, *PLANTED) == []


# closed domains


def test_a_name_in_a_code_column_is_removed_and_counted(ctx: Context) -> None:
    batch = batch_of(
        ctx, file(*[Claim(body=(f"SY,{code},20250501,1,,,01,",)) for code in ("8830417", NAME, "8830417")])
    )
    take_in(ctx, batch, actor=ACTOR)
    assert table(ctx, batch, "diagnosis")["disease_code"].to_list() == ["8830417", None, "8830417"]
    assert accepted(ctx, batch)["warnings"] == {"outside_domain:diagnosis.disease_code": 1}
    assert in_clear(ctx.zones.home, *PLANTED) == []


def test_a_column_of_names_where_codes_belong_is_quarantined(ctx: Context) -> None:
    claims = [Claim(body=(f"SY,{NAME},20250501,1,,,01,",))] * (TOLERATED_CELLS + 1)
    batch = batch_of(ctx, file(*claims))
    with pytest.raises(Quarantined):
        take_in(ctx, batch, actor=ACTOR)
    (problem,) = json.loads((ctx.zones.quarantine() / batch / "report.json").read_text("utf-8"))
    assert (problem["rule"], problem["field"]) == ("domain", "diagnosis.disease_code")
    assert in_clear(ctx.zones.home, *PLANTED) == []


@pytest.mark.parametrize(
    ("rows", "wrong", "stops"), [(20, 20, False), (21, 21, True), (3000, 30, False), (2900, 30, True)]
)
def test_how_much_is_tolerated(rows: int, wrong: int, stops: bool) -> None:
    frame = pl.DataFrame({"sex": [NAME] * wrong + ["1"] * (rows - wrong)})
    report = Report()
    if stops:
        with pytest.raises(BadFile) as caught:
            enforce(FORMAT.dataset.table("claim"), frame, report)
        assert NAME not in repr(caught.value)
        return
    made = enforce(FORMAT.dataset.table("claim"), frame, report)
    assert report.warnings == {"outside_domain:claim.sex": wrong}
    assert made["sex"].to_list() == [None] * wrong + ["1"] * (rows - wrong)


# records nobody can decode


def test_a_record_that_cannot_be_decoded_is_kept_and_the_file_is_taken(sieved: Context) -> None:
    batch = batch_of(sieved, file(), HELD + file(Claim(points=3)), file())
    counts = take_in(sieved, batch, actor=ACTOR)
    assert (counts["files_quarantined"], counts["records_quarantined"], counts["people"]) == (0, 1, 3)
    payload = accepted(sieved, batch)
    assert payload["problems"] == [f"file 2: record 1 {RULE}"]
    assert payload["warnings"] == {f"held:{RULE}": 1}
    assert held_records(sieved, batch, 2) == [Held(1, RULE, HELD)]
    with pytest.raises(Refused, match="nothing of it is kept"):
        held_records(sieved, batch, 1)
    (problem,) = json.loads((sieved.zones.quarantine() / batch / "report.json").read_text("utf-8"))
    assert (problem["file"], problem["record"], problem["rule"]) == ("file 2", 1, RULE)
    listed = read_manifest(sieved.zones.quarantine() / batch, sieved.keys.identity(key_name(batch)))
    assert [item.number for item in listed] == [2]
    assert gone(sieved, batch)
    assert in_clear(sieved.zones.home, *PLANTED) == []
    assert all(HELD[6:] not in data for _, data in written(sieved.zones.home))


def test_a_claim_whose_name_is_no_text_is_kept_as_a_whole(ctx: Context) -> None:
    """The readers' own rule, on a claims file; the sum of points still has to hold with the claim counted in."""
    spoiled = "架空　次郎".encode("cp932"), b"\x81\xff\xff\xfd" + "次郎".encode("cp932")
    data = file(Claim(), Claim(points=4, name="架空　次郎"), Claim(points=3)).replace(*spoiled)
    batch = batch_of(ctx, data)
    counts = take_in(ctx, batch, actor=ACTOR)
    assert (counts["files_quarantined"], counts["records_quarantined"]) == (0, 1)
    assert heads(ctx, batch).height == 2
    (held,) = held_records(ctx, batch, 1)
    assert held.raw in data
    assert spoiled[1] in held.raw
    assert accepted(ctx, batch)["editions"] == ["2022-04"]
    stored = [blob for path, blob in written(ctx.zones.home) if path.suffix == ".parquet"]
    assert all(spoiled[1] not in blob for blob in stored)


def test_the_operator_is_told_of_records_in_quarantine(sieved: Context) -> None:
    take_in(sieved, batch_of(sieved, HELD + file()), actor="run-1")
    with pytest.raises(Quarantined) as caught:
        attention(sieved, SOURCE, actor="run-1")
    assert caught.value.rule == "intake.attention"
    attention(sieved, SOURCE, actor="run-2")


def test_records_in_quarantine_have_its_clock(sieved: Context) -> None:
    batch = batch_of(sieved, HELD + file())
    take_in(sieved, batch, actor=ACTOR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Due, "is_over", lambda due, now: due.zone == "quarantine")
        counts = stewardship.run(sieved, actor=ACTOR)
    assert counts["quarantine_destroyed"] == 1
    assert not sieved.keys.exists(key_name(batch))
    assert not (sieved.zones.quarantine() / batch).exists()
    with pytest.raises(Refused):
        held_records(sieved, batch, 1)


def test_records_of_a_file_that_is_refused_are_not_kept_twice(sieved: Context) -> None:
    bad = HELD + BROKEN
    batch = batch_of(sieved, file(), bad)
    counts = take_in(sieved, batch, actor=ACTOR)
    assert (counts["files_quarantined"], counts["records_quarantined"]) == (1, 0)
    folder = sieved.zones.quarantine() / batch
    assert sorted(p.name for p in folder.iterdir()) == ["0002.age", "0002.header", "manifest.age", "report.json"]
    with opened(folder / "0002.age", sieved.keys.identity(key_name(batch))) as stream:
        assert stream.read(-1) == bad


def test_too_many_such_records_are_a_bad_file(sieved: Context) -> None:
    batch = batch_of(sieved, HELD * (HELD_RECORDS + 1) + file())
    with pytest.raises(Quarantined):
        take_in(sieved, batch, actor=ACTOR)
    folder = sieved.zones.quarantine() / batch
    assert sorted(p.name for p in folder.iterdir()) == ["0001.age", "0001.header", "manifest.age", "report.json"]


def test_what_a_dead_run_put_into_quarantine_is_not_what_the_next_one_finds(sieved: Context) -> None:
    """Died after keeping; mended; the next run keeps nothing, or something else: never the dead one's."""
    batch = batch_of(sieved, HELD + file())
    killing = dying("provision.intake.quarantine.Keeping.done", True, 1)
    next(killing)
    with pytest.raises(Killed):
        take_in(sieved, batch, actor=ACTOR)
    next(killing, None)
    assert (sieved.zones.quarantine() / batch).is_dir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Report, "hold", lambda *_: None)
        assert take_in(reopened(sieved), batch, actor=ACTOR)["records_quarantined"] == 0
    assert list(sieved.zones.quarantine().iterdir()) == []
    assert not sieved.keys.exists(key_name(batch))


def test_a_steward_looks_at_what_is_kept_and_the_log_says_so(sieved: Context) -> None:
    batch = batch_of(sieved, HELD + file(), BROKEN, file())
    take_in(sieved, batch, actor=ACTOR)
    assert [(p.file, p.rule) for p in problems(sieved, batch)] == [("file 1", RULE), ("file 2", "uke.totals")]
    for number, kept in ((1, HELD), (2, BROKEN)):
        screen = io.BytesIO()
        show_file(sieved, batch, number, screen, actor="operator:steward")
        assert screen.getvalue() == kept
    for unknown in (3, 4, 0):
        with pytest.raises(Refused, match="nothing of it is kept"):
            show_file(sieved, batch, unknown, io.BytesIO(), actor="operator:steward")
    looks = [*sieved.ledger.entries(type="quarantine.opened", kind="batch", subject=batch)]
    assert [(e.actor, e.payload) for e in looks] == [
        ("operator:steward", {"file": 1, "records": 1}),
        ("operator:steward", {"file": 2, "records": 0}),
    ]


@pytest.mark.parametrize("batch", ["B0000000000000000", "..", "", "."])
def test_quarantine_holds_nothing_of_other_batches(ctx: Context, batch: str) -> None:
    with pytest.raises(Refused, match="nothing of it is kept"):
        problems(ctx, batch)


def test_a_batch_of_very_many_problems_fits_into_the_log(sieved: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.intake.problems.TOLD", 3)
    batch = batch_of(sieved, HELD * 5 + file(), file())
    take_in(sieved, batch, actor=ACTOR)
    told = accepted(sieved, batch)["problems"]
    assert told == [*[f"file 1: record {n} {RULE}" for n in (1, 2, 3)], "2 more in the quarantine report"]
    assert len(problems(sieved, batch)) == 5


# of which format a file is


def test_a_file_of_another_format_is_refused_by_its_name(ctx: Context) -> None:
    batch = batch_of(ctx, HELD + file(), file(Claim(points=3)))
    assert take_in(ctx, batch, actor=ACTOR)["files_quarantined"] == 1
    (problem,) = json.loads((ctx.zones.quarantine() / batch / "report.json").read_text("utf-8"))
    assert (problem["file"], problem["rule"]) == ("file 1", "format.another")
    assert Holding().id in problem["remedy"]


def test_a_file_nobody_recognises_is_judged_by_the_reader(sieved: Context) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for one in formats().values():
            patch.setattr(type(one), "recognise", lambda *_: "", raising=False)
        assert take_in(sieved, batch_of(sieved, file()), actor=ACTOR)["files_quarantined"] == 0


# editions and cards


def test_the_editions_the_files_were_read_by(ctx: Context) -> None:
    batch = batch_of(ctx, file(), file(Claim(points=3)), BROKEN)
    editions = iter(["2024-06", "2022-04", "1999-01"])
    read = type(FORMAT).read

    def dated(self: Format, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        yield from read(FORMAT, stream, report, options)
        report.edition = next(editions)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(FORMAT), "read", dated)
        take_in(ctx, batch, actor=ACTOR)
    assert accepted(ctx, batch)["editions"] == ["2022-04", "2024-06"]


def test_a_card_shared_across_pieces_of_a_file_is_counted_once(ctx: Context) -> None:
    claims = [Claim(birth=birth) for _ in range(20) for birth in ("19560203", "19600405")]
    apart = [Claim(number="９", birth="19560203"), *[Claim(number=str(n)) for n in range(40)],
             Claim(number="９", birth="19700101")]  # fmt: skip
    batch = batch_of(ctx, file(*claims), file(*apart))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uke_medical, "CHUNK", 2_000)
        assert take_in(ctx, batch, actor=ACTOR)["shared_cards"] == 2


# death at every step


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


STEPS = [
    "provision.intake.unpacking.seal_stream",
    "provision.intake.unpacking.write_manifest",
    "provision.keys.FileKeys.adopt_identity",
    "provision.intake.unpacking.os.rename",
    "provision.intake.unpacking.flush",
    "provision.ledger.store.Ledger.transition",
    "provision.intake.landing.inbox.os.rename",
    "provision.intake.landing.inbox.os.unlink",
    "provision.intake.landing.inbox.os.rmdir",
    "provision.intake.taking.manifest",
    "provision.intake.taking.take_file",
    "provision.intake.fitting.deidentify",
    "provision.vault.Vault.aliases",
    "provision.store.Staging.write",
    "provision.intake.quarantine.Keeping.whole",
    "provision.intake.quarantine.Keeping.records",
    "provision.intake.quarantine.Keeping.done",
    "provision.intake.quarantine.flush",
    "provision.intake.quarantine.write_manifest",
    "provision.intake.fingerprints.Fingerprints.write",
    "provision.store.Staging.commit",
    "provision.store.os.rename",
    "provision.keys.FileKeys.destroy",
    "provision.keys.os.unlink",
    "provision.intake.taking.shutil.rmtree",
]


def dying(step: str, after: bool, number: int) -> Iterator[None]:
    """Die before or after the `number`-th call of `step`."""
    with pytest.MonkeyPatch.context() as patch:
        real, calls = _resolve(step), iter(range(1, 10_000))

        def wrapped(*args: object, **kwargs: object) -> object:
            mine = next(calls) == number
            if mine and not after:
                raise Killed
            made = real(*args, **kwargs)
            if mine:
                raise Killed
            return made

        patch.setattr(step, wrapped)
        yield


def _resolve(step: str) -> Callable[..., object]:
    parts = step.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found: object = __import__(".".join(parts[:cut]), fromlist=["_"])
        except ImportError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found  # type: ignore[return-value]
    raise AssertionError(step)


def run(ctx: Context) -> None:
    for batch in receive(ctx, SOURCE, actor=ACTOR):
        take_in(ctx, batch, actor=ACTOR)


FILES = (
    file(Claim(), Claim(points=4, sex="1", name="架空　次郎", kana="カクウジロウ")),
    BROKEN,
    HELD + file(Claim(points=3)),
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    ctx = platform(tmp_path_factory.mktemp("undisturbed"), hospital(format=Holding().id))
    batch = batch_of(ctx, *FILES)
    run(ctx)
    return accepted(ctx, batch)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=[step.removeprefix("provision.") for step in STEPS])
def test_death_at_any_step_and_again_is_one_batch(
    sieved: Context, undisturbed: dict[str, object], step: str, after: bool, number: int
) -> None:
    ctx = sieved
    drop(ctx, SOURCE, {f"{n}{NAME}.UKE": data for n, data in enumerate(FILES)}, NAME)
    killing = dying(step, after, number)
    next(killing)
    died = False
    try:
        run(ctx)
    except Killed:
        died = True
    next(killing, None)
    assert died or number > 1  # every step is there; some come once
    assert in_clear(ctx.zones.home, *PLANTED) == []
    ctx = reopened(ctx)
    run(ctx)
    (entry,) = ctx.ledger.entries(type="batch.accepted")
    batch = entry.subjects["batch"]
    assert entry.payload == undisturbed
    assert held_records(ctx, batch, 3) == [Held(1, RULE, HELD)]
    assert [p.name for p in ctx.zones.quarantine().iterdir()] == [batch]
    assert ctx.ledger.state("batch", batch) == "destroyed"
    assert gone(ctx, batch)
    assert heads(ctx, batch).height == 3
    assert heads(ctx, batch)["alias"].n_unique() == 2
    assert ctx.vault.people(f"source-{SOURCE}")[0].height == 2
    assert [p.name for p in ctx.zones.store().glob("*/*/.*")] == []
    assert list(ctx.zones.inbox(SOURCE).iterdir()) == []
    assert in_clear(ctx.zones.home, *PLANTED) == []


@pytest.mark.parametrize("step", ["provision.keys.FileKeys.destroy", "provision.intake.taking.shutil.rmtree"])
@pytest.mark.parametrize("after", [False, True])
def test_death_after_quarantine_is_finished_by_the_next_run(ctx: Context, step: str, after: bool) -> None:
    batch = batch_of(ctx, BROKEN)
    killing = dying(step, after, 1)
    next(killing)
    with pytest.raises(Killed):
        take_in(ctx, batch, actor=ACTOR)
    next(killing, None)
    ctx = reopened(ctx)
    for waiting in receive(ctx, SOURCE, actor=ACTOR):
        with pytest.raises(Quarantined):
            take_in(ctx, waiting, actor=ACTOR)
    assert gone(ctx, batch)
    assert receive(ctx, SOURCE, actor=ACTOR) == []
