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
from provision.formats.base import BadFile
from provision.formats.documents import PassedOver
from provision.intake import receive, take_in
from provision.intake.hands.job import Job, Made
from provision.intake.hands.pool import WORTH, Hands, hands_for
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
