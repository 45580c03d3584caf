"""A drop with files of several formats: each to its own dataset, none on a guess, all of it at once, and once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from expectations import known_values
from provision import formats
from provision.context import Context
from provision.errors import FixConfiguration, Quarantined
from provision.formats.base import HEAD_BYTES, BadFile
from provision.formats.recognising import of_file
from provision.intake import fingerprints, receive, take_in
from provision.releasing.batches import batches_in_force
from provision.releasing.claims import Fates, lives
from provision.releasing.tables import Numbering
from tests.support import dpc
from tests.support.holding import HELD, RULE, Holding
from tests.support.intake import ACTOR, drop, heads, hospital, in_clear, platform, reopened
from tests.support.lives import RETURNS, Sent, bill
from tests.support.uke import CHART, KANA, NAME, Claim, encoded, file, lines
from tests.unit.formats.test_uke_dpc import FILE as DPC
from tests.unit.intake.test_taking import Killed, accepted, dying, gone

SOURCE = "test-hospital"
KINDS = ["uke-medical", "uke-medical-returns", "uke-dpc", "dpc-ef"]
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + NAME.encode("utf-8") + bytes(range(256)) * 20


def returned(*claims: Claim, period: str = "2025-05") -> bytes:
    """A return file of these claims."""
    return Sent(RETURNS, period, 1, claims).file


def monthly() -> dict[str, bytes]:
    """What a hospital leaves in May: claims, returned ones, DPC claims, a survey file, and a letter."""
    return {
        "RECEIPTC.UKE": file(bill("A", "2025-05"), bill("B", "2025-05"), Claim()),
        "RECEIPTC.HEN": returned(bill("A", "2025-04"), bill("B", "2025-05")),
        "RECEIPTD.UKE": encoded([*DPC, "GO,2,200,99"]),
        "EFn_131234567_2504.txt": dpc.encoded([dpc.ef("000"), dpc.ef("001")]),
        "tegami.pdf": PDF,
    }


APRIL = {"a.UKE": file(bill("A", "2025-04"), bill("B", "2025-04"))}


def mixed(home: Path, *kinds: str, **changes: object) -> Context:
    return platform(home, hospital(format=list(kinds or KINDS), **changes))


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return mixed(tmp_path / "home")


def batch_of(ctx: Context, files: dict[str, bytes], period: str = "2025-05", sequence: int = 1) -> str:
    drop(ctx, SOURCE, files, f"{period}-{sequence}", card=f'period: "{period}"\nsequence: {sequence}\n')
    (batch,) = receive(ctx, SOURCE, actor=ACTOR)
    return batch


def report(ctx: Context, batch: str) -> list[dict[str, object]]:
    return json.loads((ctx.zones.quarantine() / batch / "report.json").read_text("utf-8"))  # type: ignore[no-any-return]


def stored(ctx: Context, batch: str) -> dict[str, int]:
    """Rows by ``dataset.table`` as they lie in the store."""
    found: dict[str, int] = {}
    for folder in sorted(ctx.zones.store().glob(f"*/{SOURCE}/{batch}/*/")):
        name = f"{folder.parts[-4]}.{folder.name}"
        found[name] = pl.scan_parquet(folder / "*.parquet").select(pl.len()).collect().item()
    return found


def test_every_file_goes_to_the_dataset_of_its_format(ctx: Context) -> None:
    batch = batch_of(ctx, monthly())
    counts = take_in(ctx, batch, actor=ACTOR)
    payload = accepted(ctx, batch)
    assert counts["files_quarantined"] == 1
    assert payload["files_taken"] == dict.fromkeys(sorted(KINDS), 1)
    assert payload["format"] == sorted(KINDS)
    assert payload["tables"] == stored(ctx, batch)
    assert payload["rows_out"] == sum(stored(ctx, batch).values())
    assert {name: payload["tables"][f"{name}.claim"] for name in ("medical-claims", "dpc-claims")} == {  # type: ignore[index]
        "medical-claims": 3,
        "dpc-claims": 4,
    }
    assert all(edition.partition(" ")[0] in KINDS for edition in payload["editions"])  # type: ignore[attr-defined]
    assert len(payload["editions"]) == 4  # type: ignore[arg-type]
    (problem,) = report(ctx, batch)
    assert (problem["file"], problem["rule"]) == ("file 5", "format.foreign")
    received = next(iter(ctx.ledger.entries(type="batch.received")))
    assert received.payload["format"] == sorted(KINDS)
    assert gone(ctx, batch)
    assert in_clear(ctx.zones.home, NAME, KANA, CHART) == []


def test_claim_numbers_are_counted_in_each_dataset(ctx: Context) -> None:
    files = monthly() | {"b.UKE": file(bill("C", "2025-05"))}
    batch = batch_of(ctx, files)
    take_in(ctx, batch, actor=ACTOR)
    found = {kind: heads(ctx, batch, kind)["claim_no"].to_list() for kind in KINDS}
    assert found == {
        "uke-medical": [0, 1, 2, 3], "uke-medical-returns": [0, 1], "uke-dpc": [0, 1, 2, 3], "dpc-ef": [1],
    }  # fmt: skip


def test_one_person_is_one_in_all_files_of_a_source(ctx: Context) -> None:
    """The same chart and card stand on the medical and on the DPC claim: one alias group, without any document."""
    batch = batch_of(ctx, monthly())
    take_in(ctx, batch, actor=ACTOR)
    people = dict(ctx.vault.people(f"source-{SOURCE}")[0].iter_rows())
    dpc_people = {people[alias] for alias in heads(ctx, batch, "uke-dpc")["alias"]}
    assert len(dpc_people) == 1
    assert people[heads(ctx, batch, "uke-medical")["alias"][2]] in dpc_people
    assert len({people[alias] for alias in heads(ctx, batch, "uke-medical")["alias"]}) == 3


def test_known_values_of_all_files_are_in_one_index(ctx: Context) -> None:
    batch = batch_of(ctx, monthly())
    take_in(ctx, batch, actor=ACTOR)
    index = known_values.KnownValues([fingerprints.index_path(ctx, batch)], ctx.keys.symmetric(fingerprints.KEY))
    charts = [("1311234567", CHART), ("131234567", dpc.DATA_ID)]
    assert index.hits([known_values.fold("chart", *chart) for chart in charts]) == [True, True]


def test_one_bad_file_takes_nothing_from_the_others(ctx: Context) -> None:
    """A DPC file whose totals do not hold leaves no row, no claim number and no table of its dataset."""
    files = monthly() | {"RECEIPTD.UKE": encoded([*DPC, "GO,2,999,99"])}
    batch = batch_of(ctx, files)
    assert take_in(ctx, batch, actor=ACTOR)["files_quarantined"] == 2
    assert ctx.store.datasets(SOURCE, batch) == ("dpc-ef", "medical-claims", "medical-returns")
    assert not list((ctx.zones.store() / "dpc-claims" / SOURCE).iterdir())
    assert {b.dataset for b in batches_in_force(ctx, [SOURCE])} == {"dpc-ef", "medical-claims", "medical-returns"}
    assert accepted(ctx, batch)["tables"] == stored(ctx, batch)


def test_a_batch_without_a_file_that_can_be_taken_is_quarantined(ctx: Context) -> None:
    batch = batch_of(ctx, {"a.pdf": PDF, "b": b""})
    with pytest.raises(Quarantined):
        take_in(ctx, batch, actor=ACTOR)
    assert [(p["file"], p["rule"]) for p in report(ctx, batch)] == [
        ("file 1", "format.foreign"),
        ("file 2", "file.empty"),
    ]
    assert list(ctx.zones.store().glob(f"*/{SOURCE}/*")) == []


def test_a_file_of_a_format_the_source_does_not_have(tmp_path: Path) -> None:
    ctx = mixed(tmp_path, "uke-medical", "dpc-ef")
    batch = batch_of(ctx, {"a": file(), "b": encoded([*DPC, "GO,2,200,99"]), "c": dpc.encoded(dpc.k())})
    take_in(ctx, batch, actor=ACTOR)
    found = {str(p["file"]): (p["rule"], str(p["remedy"])) for p in report(ctx, batch)}
    assert {rule for rule, _ in found.values()} == {"format.another"}
    assert "uke-dpc" in found["file 2"][1]
    assert "dpc-k" in found["file 3"][1]


# two formats of one dataset


@pytest.fixture
def sieved(tmp_path: Path) -> Iterator[Context]:
    """Medical claims, and a format that fills the same dataset and recognises files with an odd line only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Holding, "recognise", lambda self, head: "an odd line" if b"??" in head else "")
        patch.setitem(formats.formats(), Holding().id, Holding())
        yield mixed(tmp_path, "uke-medical", Holding().id)


def plain_only(patch: pytest.MonkeyPatch) -> None:
    known = type(formats.get("uke-medical"))
    real = known.recognise
    patch.setattr(known, "recognise", lambda self, head: "" if b"??" in head else real(self, head))


def test_two_formats_of_one_dataset_share_its_numbers(sieved: Context) -> None:
    with pytest.MonkeyPatch.context() as patch:
        plain_only(patch)
        batch = batch_of(sieved, {"a": file(), "b": HELD + file(Claim(points=3)), "c": file(Claim(points=4))})
        take_in(sieved, batch, actor=ACTOR)
    assert heads(sieved, batch, "uke-medical")["claim_no"].to_list() == [0, 1, 2]
    payload = accepted(sieved, batch)
    assert payload["files_taken"] == {"held-claims": 1, "uke-medical": 2}
    assert payload["tables"] == {"claim": 3, "insurance": 3, "control_total": 3}
    assert payload["warnings"] == {f"held-claims held:{RULE}": 1}
    assert payload["records_quarantined"] == 1


def test_what_two_formats_recognise_is_not_taken(sieved: Context) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Holding, "recognise", lambda self, head: "mine, too")
        batch = batch_of(sieved, {"a": file()})
        with pytest.raises(Quarantined):
            take_in(sieved, batch, actor=ACTOR)
    (problem,) = report(sieved, batch)
    assert problem["rule"] == "format.ambiguous"
    assert "held-claims" in str(problem["remedy"])


def test_the_one_format_of_a_source_reads_what_nobody_recognises() -> None:
    one, other = formats.get("uke-medical"), formats.get("uke-dpc")
    assert of_file([one], b"IR") is one
    with pytest.raises(BadFile) as caught:
        of_file([one, other], b"IR")
    assert caught.value.rule == "format.unknown"


def test_a_dpc_file_that_begins_as_a_medical_one() -> None:
    """More than is looked at by the medical point table: DPC where the source has no medical claims, else medical; its
    reader stops at the first record of DPC."""
    head = encoded(lines(*[Claim()] * 1000))[:HEAD_BYTES]
    medical, stays, other = (formats.get(name) for name in ("uke-medical", "uke-dpc", "dpc-ef"))
    assert of_file([stays, other], head) is stays
    assert of_file([stays, medical], head) is medical
    with pytest.raises(BadFile) as caught:
        of_file([stays, other], head[: HEAD_BYTES // 2])
    assert caught.value.rule == "format.another"


# options


def test_options_are_those_of_the_format(tmp_path: Path) -> None:
    """A reader without options stops where it gets some: those of one format never reach another."""
    both = mixed(tmp_path / "a", "uke-medical", "dpc-ef", format_options={"dpc-ef": {"columns": {}}})
    take_in(both, batch_of(both, {"a": file()}), actor=ACTOR)
    with pytest.raises(FixConfiguration, match="dpc-ef"):
        take_in(both, batch_of(both, {"a": dpc.encoded([dpc.ef("000"), dpc.ef("001")])}, sequence=2), actor=ACTOR)


# identity of a batch


def test_the_order_of_formats_says_nothing(tmp_path: Path) -> None:
    found = {
        batch_of(mixed(tmp_path / str(number), *kinds), APRIL)
        for number, kinds in enumerate((KINDS, KINDS[::-1], KINDS[1:]))
    }
    assert len(found) == 2


def test_a_list_of_one_is_that_one(tmp_path: Path) -> None:
    listed, plain = mixed(tmp_path / "a", "uke-medical"), platform(tmp_path / "b", hospital())
    first, second = batch_of(listed, APRIL), batch_of(plain, APRIL)
    assert first == second
    for ctx in (listed, plain):
        take_in(ctx, first, actor=ACTOR)
    assert accepted(listed, first) == accepted(plain, first)
    assert accepted(plain, first)["format"] == "uke-medical"
    assert accepted(plain, first)["tables"] == {"claim": 2, "insurance": 2, "control_total": 1}


# returns


def fates(ctx: Context) -> Fates:
    return lives(ctx, batches_in_force(ctx, [SOURCE]))["medical-claims"].fates


@pytest.mark.parametrize("april_first", [True, False])
def test_returns_take_back_what_was_billed_in_earlier_batches_of_the_source(ctx: Context, april_first: bool) -> None:
    """A's claim of April is taken back by May's drop. B's of May came in the same drop as its return: it stands."""
    sent = [("2025-04", APRIL), ("2025-05", monthly())]
    for period, files in sent if april_first else sent[::-1]:
        take_in(ctx, batch_of(ctx, files, period), actor=ACTOR)
    assert fates(ctx) == Fates(withdrawn=1, unmatched_withdrawals=1)
    take_in(ctx, batch_of(ctx, {"a.HEN": returned(bill("B", "2025-05"), period="2025-06")}, "2025-06"), actor=ACTOR)
    assert fates(ctx) == Fates(withdrawn=2, unmatched_withdrawals=1)


# anonymised


def test_identifying_columns_of_any_format_stop_a_file_said_to_be_anonymised(tmp_path: Path) -> None:
    ctx = mixed(tmp_path, legal_status="anonymised_received")
    nobody = Claim(name="", kana="", chart="", symbol="", number="")
    batch = batch_of(ctx, monthly() | {"RECEIPTC.UKE": file(nobody)})
    take_in(ctx, batch, actor=ACTOR)
    rules = [str(problem["rule"]) for problem in report(ctx, batch)]
    assert sorted(rules) == ["format.foreign", "not_anonymised", "not_anonymised", "not_anonymised"]
    assert ctx.store.datasets(SOURCE, batch) == ("medical-claims",)
    assert "alias" not in heads(ctx, batch, "uke-medical").columns


# numbers of a release


def test_claims_of_two_datasets_with_one_number_are_two() -> None:
    keys = pl.DataFrame({"person": [1, 2], "batch": "B", "dataset": ["a", "b"], "claim_no": 0})
    numbered = keys.join(Numbering(keys).claims, on=["batch", "dataset", "claim_no"])
    assert sorted(numbered["claim_number"]) == [1, 2]


# death


STEPS = {
    "provision.intake.taking.take_file": 5,
    "provision.intake.fitting.deidentify": 4,
    "provision.store.Staging.write": 6,
    "provision.store.Store.keep_only": 1,
    "provision.store.Staging.commit": 4,
    "provision.store.os.rename": 4,
    "provision.intake.fingerprints.Fingerprints.write": 1,
    "provision.ledger.store.Ledger.transition": 2,
    "provision.keys.FileKeys.destroy": 1,
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], dict[str, int]]:
    ctx = mixed(tmp_path_factory.mktemp("undisturbed"))
    batch = batch_of(ctx, monthly())
    take_in(ctx, batch, actor=ACTOR)
    return accepted(ctx, batch), stored(ctx, batch)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("step", "number"), [(s, n) for s, most in STEPS.items() for n in range(1, most + 1)])
def test_death_between_two_datasets_and_again_is_one_batch(
    ctx: Context, undisturbed: tuple[dict[str, object], dict[str, int]], step: str, number: int, after: bool
) -> None:
    batch = batch_of(ctx, monthly())
    killing = dying(step, after, number)
    next(killing)
    with pytest.raises(Killed):
        take_in(ctx, batch, actor=ACTOR)
    next(killing, None)
    if ctx.ledger.state("batch", batch) == "received":
        assert batches_in_force(ctx, [SOURCE]) == ()
    ctx = reopened(ctx)
    take_in(ctx, batch, actor=ACTOR)
    assert (accepted(ctx, batch), stored(ctx, batch)) == undisturbed
    assert sum(heads(ctx, batch, kind)["alias"].null_count() for kind in KINDS) == 0
    assert list(ctx.zones.store().glob("*/*/.*")) == []
    assert gone(ctx, batch)


def test_what_a_dead_run_saw_otherwise_is_not_in_the_batch(ctx: Context) -> None:
    """Died with all datasets committed; then DPC claims were taken out of the source: the batch has none of them."""
    batch = batch_of(ctx, monthly())
    killing = dying("provision.ledger.store.Ledger.transition", False, 1)
    next(killing)
    with pytest.raises(Killed):
        take_in(ctx, batch, actor=ACTOR)
    next(killing, None)
    assert "dpc-claims" in ctx.store.datasets(SOURCE, batch)
    ctx = reopened(ctx)
    ctx.sources[SOURCE] = hospital(format=[kind for kind in KINDS if kind != "uke-dpc"])
    take_in(ctx, batch, actor=ACTOR)
    assert ctx.store.datasets(SOURCE, batch) == ("dpc-ef", "medical-claims", "medical-returns")
    assert accepted(ctx, batch)["tables"] == stored(ctx, batch)
    assert [p["rule"] for p in report(ctx, batch)] == ["format.another", "format.foreign"]
