"""Hands: whatever other processes make is what the one process would have made, and a hand that dies takes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from provision.context import Context
from provision.errors import FixConfiguration, RetryLater
from provision.formats.base import BadFile, Report
from provision.formats.documents import PassedOver
from provision.intake import receive, take_in
from provision.intake.hands.dealing import dealt, together
from provision.intake.hands.job import Job, Made, do
from provision.intake.hands.pool import WORTH, Hands, InOrder, hands_for
from provision.sampledata.deliveries import document_stream
from tests.support.fhir import bundle, condition, lines, observation, patient, written
from tests.support.intake import ACTOR, drop, hospital, platform

SOURCE = "test-hospital"
OF_THE_PLATFORM = ("alias", "claim_token", "batch")  # made with its keys
STRANGER = condition(code={"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "架空山 花子"}]})
BAD = {
    "fhir-bundle": [b'{"resourceType": "Bundle", "entry": 5}', written(bundle(observation()))],
    "fhir-ndjson": [lines(b'{"resourceType": "Condition", "code": 5}', condition(subject=None), STRANGER)],
    "fhir-resource": [
        b'{\n"resourceType": "Condition", "id": 5}',
        b'{\n"resourceType": "Practitioner"}',
        b'{\n"resourceType": "Bundle"}',
        b'{\n' + written(STRANGER)[1:],
    ],
}  # fmt: skip


class Idle:
    """Hands that do nothing: every piece is made by the process itself."""

    count = 2

    def submit(self, job: Job) -> Future[Made | None]:
        done: Future[Made | None] = Future()
        done.set_result(None)
        return done


@pytest.fixture(scope="module")
def hands() -> Iterator[Hands]:
    with Hands(2) as made:
        yield made


def files(form: str) -> dict[str, bytes]:
    """Documents of the world, and in the middle some that cannot be taken, each for another reason."""
    datas = [one.data for one in document_stream(form, 1, 30)]
    datas[11:11] = BAD.get(form, [b"<none>"])
    if form == "fhir-ndjson":
        datas = [b"\n".join(data.rstrip() for data in datas) + b"\n"]
    return {f"{number:03d}.json": data for number, data in enumerate(datas)}


def taken(home: Path, form: str, patch: pytest.MonkeyPatch, workers: object) -> tuple[Any, ...]:
    """What the log and the quarantine say of a batch, and what is stored of it."""
    patch.setattr("provision.intake.groups.PARCEL_DOCUMENTS", 7)
    patch.setattr("provision.formats.fhir_ndjson.BLOCK", 1 << 16)
    patch.setattr("provision.formats.fhir_ndjson._PIECE", 1 << 12)
    patch.setattr("provision.intake.taking.hands_for", lambda *_: nullcontext(workers) if workers else None)
    ctx = platform(home, hospital(format=form))
    drop(ctx, SOURCE, files(form))
    (batch,) = receive(ctx, SOURCE, actor=ACTOR)
    take_in(ctx, batch, actor=ACTOR)
    (entry,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch)
    told = json.loads((ctx.zones.quarantine() / batch / "report.json").read_text("utf-8"))
    said = dict(entry.payload) | {"problems": sorted(entry.payload["problems"])}  # they are told as they are found
    told.sort(key=lambda problem: (problem["file"], problem["record"]))
    return said, told, {name: ctx.store.scan(form, name, {batch: SOURCE}) for name in entry.payload["tables"]}


@pytest.mark.parametrize("form", sorted(BAD))
@pytest.mark.parametrize("idle", [False, True], ids=["hands", "idle"])
def test_a_batch_is_the_same_whoever_reads_it(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, idle: bool
) -> None:
    alone = taken(tmp_path / "alone", form, monkeypatch, None)
    together = taken(tmp_path / "together", form, monkeypatch, Idle() if idle else hands)
    assert together[:2] == alone[:2]
    assert alone[0]["problems"]
    assert alone[0]["rows_in"] > 25
    for name, frame in alone[2].items():
        mine, theirs = (f.collect().sort("claim_no", maintain_order=True) for f in (frame, together[2][name]))
        gone = [column for column in OF_THE_PLATFORM if column in mine.columns]
        assert_frame_equal(mine.drop(gone), theirs.drop(gone))


@pytest.mark.parametrize("form", ["checkup-cda", "ssmix2"])
def test_hands_read_other_documents_too(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    alone, together = (taken(tmp_path / name, form, monkeypatch, who) for name, who in (("a", None), ("b", hands)))
    assert together[:2] == alone[:2]
    assert together[0]["rows_in"] > 0


def job(*parts: bytes, form: str = "fhir-resource", **options: object) -> Job:
    return Job(form, options, False, parts)


def test_a_hand_says_of_every_document_why_it_is_not_taken(hands: Hands) -> None:
    made = hands.submit(job(*BAD["fhir-resource"], b"{\n" + written(observation())[1:])).result()
    assert made is not None
    assert made.parcel is not None
    shape, passed, whole, *fine = made.verdicts
    assert isinstance(shape, BadFile)
    assert (shape.rule, shape.field) == ("fhir.shape", "id")
    assert isinstance(passed, PassedOver)
    assert passed.rule == "fhir.passed"
    assert isinstance(whole, BadFile)
    assert whole.rule == "fhir.bundle"
    assert fine == [None, None]
    assert made.parcel.records == 2
    assert "架空" not in repr({name: frame.rows() for name, frame in made.tables.items()})


def test_hands_keep_nothing_of_the_piece_before(hands: Hands) -> None:
    long, short = written(bundle(patient(), *[observation()] * 50)), written(bundle(patient(), condition()))
    for data, tables in ((long, {"patient_record", "test_value"}), (short, {"patient_record", "condition"})) * 2:
        made = hands.submit(job(data, form="fhir-bundle")).result()
        assert made is not None
        assert set(made.tables) == tables


def test_what_hands_do_not_do_is_not_done(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong options are told by the process itself, and what finds no room is read there."""
    assert hands.submit(job(written(observation()), unheard="of")).result() is None
    monkeypatch.setattr("provision.intake.hands.pool.ROOM", 100)
    assert hands.submit(job(b"{}" * 51)).result() is None
    assert hands.submit(job(b"{}" * 50)).result() is not None


def test_wrong_options_are_told_as_such(hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.intake.taking.hands_for", lambda *_: nullcontext(hands))
    monkeypatch.setattr("provision.model.Source.options_of", lambda *_: {"unheard": "of"})
    ctx, batch = received(tmp_path)
    with pytest.raises(FixConfiguration, match=r"format\.options"):
        take_in(ctx, batch, actor=ACTOR)


def received(tmp_path: Path) -> tuple[Context, str]:
    ctx = platform(tmp_path / "home", hospital(format="fhir-bundle"))
    drop(ctx, SOURCE, {"one.json": written(bundle(patient(), observation()))})
    return ctx, receive(ctx, SOURCE, actor=ACTOR)[0]


def children() -> set[int]:
    """Processes that this one has started."""
    lists = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    return {int(number) for text in lists for number in text.split()}


def test_a_dead_hand_ends_the_task_and_nothing_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx, batch = received(tmp_path)
    before = children()
    with Hands(2) as mine, monkeypatch.context() as patch:
        patch.setattr("provision.intake.taking.hands_for", lambda *_: nullcontext(mine))
        for one in [mine.submit(job(b"{}")) for _ in range(mine.count)]:
            one.result()
        for pid in children() - before:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(RetryLater, match=r"intake\.hands") as raised:
            take_in(ctx, batch, actor=ACTOR)
        assert raised.value.__cause__ is None
    assert children() == before
    assert ctx.ledger.state("batch", batch) == "received"
    assert list(ctx.zones.store().rglob("*.parquet")) == []
    assert take_in(ctx, batch, actor=ACTOR)["rows_in"] == 1


def test_a_process_that_cannot_be_started_is_told_and_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("provision.intake.hands.pool.subprocess.Popen", full)
    with Hands(1) as mine:
        asked = [mine.submit(job(b"{}")) for _ in range(3)]
        for one in asked:
            with pytest.raises(RetryLater, match=r"intake\.hands"):
                one.result(timeout=60)


_ORPHANS = """
import sys, time
from provision.intake.hands.job import Job
from provision.intake.hands.pool import Hands
hands = Hands(1)
hands.submit(Job("fhir-resource", {}, False, [b"{}"])).result()
print(hands._all[0]._process.pid, flush=True)
time.sleep(600)
"""


def test_hands_end_with_their_process_however_it_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", _ORPHANS], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        hand = Path("/proc") / parent.stdout.readline().strip()
        assert hand.is_dir()
        parent.kill()
    for _ in range(600):
        if not hand.is_dir() or "Z (zombie)" in (hand / "status").read_text():
            return
        time.sleep(0.1)
    raise AssertionError("the hand outlived its process")


def test_small_batches_and_single_processes_need_no_hands() -> None:
    assert hands_for(WORTH - 1, 4) is None
    assert hands_for(WORTH, 1) is None
    found = hands_for(WORTH, 3)
    assert found is not None
    assert found.count == 3


def whole_job(form: str) -> Job:
    """Documents of the world with bad ones among them, as one job."""
    datas = list(files(form).values())
    return Job(form, {}, False, datas, 7 if form == "fhir-ndjson" else 0)


def facts(made: Made) -> tuple[object, ...]:
    """All that is said of a job but for its tables."""
    report = made.report
    judged = [(type(one), one and vars(one)) for one in made.verdicts]
    held = [(one.record, one.rule, one.raw) for one in report.held]
    counted = (report.records, report.people, report.edition, report.editions, report.warnings, report.totals)
    return judged, held, counted, report.rows, made.applied.cells, made.parcel and made.parcel.records


@pytest.mark.parametrize("form", [*sorted(BAD), "checkup-cda", "ssmix2"])
@pytest.mark.parametrize("count", [2, 3, 40])
def test_what_was_dealt_out_is_what_the_whole_is(monkeypatch: pytest.MonkeyPatch, form: str, count: int) -> None:
    monkeypatch.setattr("provision.intake.hands.dealing._WORTH", 0)
    whole, parts = do(whole_job(form)), dealt(whole_job(form), count)
    made = together(form, [do(part) for part in parts])
    assert 1 < len(parts) <= count
    assert b"".join(b"".join(part.parts) for part in parts) == b"".join(whole_job(form).parts)
    assert made is not None
    assert whole is not None
    assert made.parcel is not None
    assert whole.parcel is not None
    assert facts(made) == facts(whole)
    assert_frame_equal(made.parcel.people, whole.parcel.people)
    for mine, theirs in ((made.tables, whole.tables), (made.parcel.tables, whole.parcel.tables)):
        assert list(mine) == list(theirs)
        for name, frame in theirs.items():
            assert_frame_equal(mine[name], frame)


def test_parts_with_fewer_columns_make_a_table_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders and administrations of drugs fill different columns of one table."""
    monkeypatch.setattr("provision.intake.hands.dealing._WORTH", 0)
    drug = {"coding": [{"system": "urn:oid:1.2.392.100495.20.1.73", "code": "2189010F1020"}]}
    kinds = [
        {"resourceType": kind, "id": kind, "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": drug}
        for kind in ("MedicationAdministration", "MedicationRequest")
    ]
    for order in (kinds, kinds[::-1]):
        one = Job("fhir-ndjson", {}, False, [lines(*order)])
        whole, made = do(one), together(one.kind, [do(part) for part in dealt(one, 2)])
        assert whole is not None
        assert made is not None
        assert whole.tables["medication"].height == 2
        assert_frame_equal(made.tables["medication"], whole.tables["medication"])


def test_of_parts_that_were_not_all_done_nothing_is_made() -> None:
    made = do(job(b"{\n" + written(observation())[1:]))
    assert made is not None
    assert together("fhir-resource", [made, None]) is None
    assert together("fhir-resource", [made]) is made


def test_parts_that_are_too_wrong_together_are_judged_as_a_whole() -> None:
    """Of each part few enough cells are wrong, of both too many."""
    made = [
        Made([None], report=Report(warnings={"outside_domain:condition.icd10": wrong}, rows={"condition": 100}))
        for wrong in (15, 5, 1)
    ]
    assert together("fhir-resource", made) is None
    assert together("fhir-resource", made[:2]) is not None


class Watching(Idle):
    """Hands that do nothing, and remember how large each job was."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def submit(self, job: Job) -> Future[Made | None]:
        self.sizes.append(sum(map(len, job.parts)))
        return super().submit(job)


def test_the_last_jobs_go_to_all_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.intake.hands.dealing._WORTH", 10)
    monkeypatch.setattr("provision.intake.hands.pool.PARCEL_BYTES", 100)
    watching = Watching()
    jobs: InOrder[int] = InOrder(watching)  # type: ignore[arg-type]
    for left in (500, 400, 300, 200, 99, 5, 0):
        jobs.send(left, Job("fhir-resource", {}, False, [b"x" * 10] * (10 if left > 5 else 1)), left)
    assert watching.sizes == [100, 100, 100, 100, 50, 50, 10, 10]
    assert [what for what, _ in jobs.done(all_of_them=True)] == [500, 400, 300, 200, 99, 5, 0]
