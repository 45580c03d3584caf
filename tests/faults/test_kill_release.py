"""kill -9 in every step of a release, then the step again: one release, one delivery, a log that verifies."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyrage
import pytest

from demo.servers.process import LocalServer
from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from provision import releasing
from provision.ledger.verify import verify
from provision.packaging.bag import bag_digest
from provision.releasing.drafting import release_id
from provision.releasing.resolving import resolve
from tests.support.processes import Ended, Stage
from tests.support.releases import (
    PLANS,
    RUN,
    Partners,
    approve,
    at_recipient,
    fill_store,
    log_of,
    opened,
    payload_digests,
    published_release,
    staged,
    write_config,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SIZE = 20_000_000
PLAN = "claims-for-university"
RELEASE = release_id(PLAN, RUN)
STEPS = ("draft", "make", "gate", "publish")
ENTRY = {"draft": "drafted", "make": "made", "gate": "gated", "publish": "published"}
#: Points of a delivery; mail has no progress before its end, so its middle is counted in bytes sent.
POINTS = (
    "before:delivery.ordered",
    "before:delivery.sealed",
    "after:delivery.sealed",
    "after:delivery.attempting",
    "middle",
    "handed:",
    "after:delivery.handed_over",
    "after:release.open",
)
DOUBTFUL = ("after:delivery.attempting", "middle", "handed:")  # after these nobody knows what became of a mail


@dataclass
class Room:
    """Zones before each step of one release, and before delivering over each channel."""

    config: Path
    identity: pyrage.x25519.Identity
    templates: dict[str, Path]
    folder: Path
    plain: dict[str, Ended]

    def run(self, step: str, stage: Stage, **how: Any) -> Ended:
        return stage.step(step, f"{PLAN}={RUN}" if step == "draft" else RELEASE, **how)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    base = Path(tmp_path_factory.mktemp("release"))
    identity = write_config(base / "config")
    fill_store(base / "config", base / "home", base / "world", people=900)
    templates, plain = {}, {}
    for step in STEPS:
        templates[step] = base / f"before-{step}"
        shutil.copytree(base / "home", templates[step])
        ended = Stage(base, base / "config").step(step, f"{PLAN}={RUN}" if step == "draft" else RELEASE)
        assert ended.status == 0, ended.errors
        plain[step] = ended
        if step == "gate":
            approve(base / "config", base / "home", RELEASE)
    return Room(base / "config", identity, templates, base, plain)


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Room:
    base = Path(tmp_path_factory.mktemp("delivery"))
    identity = write_config(base / "config")
    templates = {channel: base / channel for channel in PLANS}
    for channel, plan in PLANS.items():
        published_release(base / "config", templates[channel], plan, SIZE)
    return Room(base / "config", identity, templates, base, {})


@pytest.fixture(scope="module")
def partners(smtp_server: SmtpServer, s3_server: S3Server, sftp_server: SftpServer, xorriso: str) -> Partners:
    servers: list[LocalServer] = [smtp_server, s3_server, sftp_server]
    assert all(server.pid for server in servers)
    return Partners(smtp_server, s3_server, sftp_server)


def _verify(stage: Stage) -> None:
    with opened(stage.config, stage.home) as context:
        assert verify(context.zones.ledger(), public_key=context.signer.public).ok


def _state(stage: Stage, kind: str, subject: str) -> str:
    with opened(stage.config, stage.home) as context:
        return context.ledger.state(kind, subject)


def _killed_step(room: Room, step: str, name: str, *, last: str = "", **how: Any) -> bool:
    """Kill one step, repeat it, go on to the `last` step; everything is there once."""
    steps = STEPS[: STEPS.index(last or step) + 1]
    with staged(room.templates[step], room.folder / name.replace(":", "-"), room.config, {}) as stage:
        ended = room.run(step, stage, **how)
        for following in steps[STEPS.index(step) :]:
            again = room.run(following, stage)
            assert again.status == 0, again.errors
            if following == "gate" and last == "publish":
                approve(stage.config, stage.home, RELEASE)
            if following == step:
                assert room.run(step, stage).said["result"] == again.said["result"]
        _check_release(stage, steps)
    return ended.killed


def _check_release(stage: Stage, steps: tuple[str, ...]) -> None:
    """One entry for each step, the payload of the log, and no folder of a dead task."""
    log = log_of(stage)
    counts = Counter(type for type, _ in log if type.startswith("release."))
    approved = {"release.approval": 2, "release.approved": 1} if "publish" in steps else {}
    assert counts == {f"release.{ENTRY[step]}": 1 for step in steps} | approved
    folder, published = stage.home / "releases" / RELEASE, stage.home / "published"
    if "make" in steps:
        facts = next(payload for type, payload in log if type == "release.made")
        assert bag_digest(folder / "made" / "bag") == facts["digest"]
        assert {path.name for path in folder.iterdir()} - {"verdict.json"} == {"made"}
    if "publish" in steps:
        assert all(path.name.endswith(".html") or path.name.startswith(".") for path in published.iterdir())
        announced = next(payload["announcement"] for type, payload in log if type == "release.published")
        assert sha256((published / announced["name"]).read_bytes()).hexdigest() == announced["sha256"]
    _verify(stage)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_step_killed_around_its_entry(room: Room, step: str, when: str) -> None:
    last = "publish" if when == "before" else step
    assert _killed_step(room, step, f"{step}-{when}", last=last, mark=f"{when}:release.{ENTRY[step]}")


@pytest.mark.parametrize("step", ["make", "publish"])
def test_step_killed_before_changes_in_the_file_system(room: Room, step: str) -> None:
    changes = int(room.plain[step].said["changes"])
    points = range(1, changes + 1, max(1, changes // 6))
    killed = [_killed_step(room, step, f"{step}-event-{point}", mark=f"event:{point}") for point in points]
    assert all(killed)


@pytest.mark.parametrize("step", ["make", "gate"])
def test_step_killed_at_random_moments(room: Room, step: str) -> None:
    chance = random.Random(f"moments of {step}")
    moments = [chance.uniform(0, 0.9 * room.plain[step].seconds) for _ in range(3)]
    killed = [_killed_step(room, step, f"{step}-after-{moment}", after=moment) for moment in moments]
    assert any(killed)


def _mark(channel: str, point: str) -> str:
    if point != "middle":
        return point
    return f"sent:{SIZE // 2}" if channel == "mail" else "progress:0.5"


def _check_before_the_end(channel: str, stage: Stage, partners: Partners, case: str, digest: str, room: Room) -> int:
    """After a kill the recipient has nothing, or one whole delivery; gives which."""
    there = at_recipient(channel, stage, partners, case).sets
    assert len(there) <= 1
    for files in there:
        # In a bucket the files come one after the other, and no link is sent before the last one.
        if channel != "bucket":
            assert payload_digests(files, room.identity) == [digest]
    return len(there)


def _deliver_to_the_end(channel: str, release: str, stage: Stage, partners: Partners, case: str) -> list[str]:
    """Repeat as Airflow and, for a mail in doubt, an operator do; gives the states on the way."""
    recipient = next(payload["recipient"] for type, payload in log_of(stage) if type == "release.drafted")
    order, seen = f"{release}.{recipient}.{channel}.1", []
    for _ in range(3):
        again = stage.step("deliver", release)
        seen.append(_state(stage, "delivery", order))
        if again.status == 0:
            return seen
        assert (channel, again.status, seen[-1]) == ("mail", 7, "unknown"), again.errors
        mails = len(at_recipient(channel, stage, partners, case).sets)
        assert stage.step("deliver", release).status == 7  # it stays unknown, however often it is tried
        assert len(at_recipient(channel, stage, partners, case).sets) == mails
        with opened(stage.config, stage.home) as context:
            resolve(context, order, sent=mails == 1, reason="the recipient was asked", actor="test")
    raise AssertionError(f"not delivered after {seen}")


def _killed_delivery(room: Room, partners: Partners, channel: str, name: str, **how: Any) -> tuple[bool, list[str]]:
    """Kill a delivery, look at the recipient's end, repeat, look again."""
    case = name.replace(":", "-").replace(".", "-").replace("_", "-")
    release = release_id(PLANS[channel], RUN)
    with staged(room.templates[channel], room.folder / case, room.config, partners.connections()) as stage:
        partners.place(stage.config, case)
        digest = bag_digest(stage.home / "releases" / release / "made" / "bag")
        ended = stage.step("deliver", release, **how)
        assert ended.killed or ended.status == 0, ended.errors
        _check_before_the_end(channel, stage, partners, case, digest, room)
        states = _deliver_to_the_end(channel, release, stage, partners, case)
        receipt = stage.step("deliver", release).said["result"]
        there = at_recipient(channel, stage, partners, case)
        assert [payload_digests(files, room.identity) for files in there.sets] == [[digest]]
        assert there.fragments == []
        _check_log(stage, release, receipt)
    return ended.killed, states


def _check_log(stage: Stage, release: str, receipt: dict[str, Any]) -> None:
    """One receipt, one opening, every attempt with an end; in the outbox nothing but the two files."""
    log = log_of(stage)
    counts = Counter(type for type, _ in log)
    assert counts["delivery.ordered"] == counts["delivery.handed_over"] == counts["release.open"] == 1
    ends = counts["delivery.handed_over"] + counts["delivery.failed"] + counts["delivery.unknown"]
    resolved = [p for t, p in log if t == "delivery.failed" and str(p["reason"]).startswith("resolved")]
    taken = [p for t, p in log if t == "delivery.handed_over" and "resolved_by" in p["receipt"]["evidence"]]
    assert counts["delivery.attempting"] == ends - len(resolved) - len(taken)
    assert [p["receipt"] for t, p in log if t == "delivery.handed_over"] == [receipt]
    assert _state(stage, "release", release) == "open"
    (outbox,) = (stage.home / "outbox").iterdir()
    assert {path.name for path in outbox.iterdir()} == {".lock", f"{release}.zip.age", f"{release}.envelope.json"}
    assert _state(stage, "delivery", outbox.name) == "handed_over"
    assert counts["delivery.sealed"] >= 1
    _verify(stage)


@pytest.mark.parametrize("channel", PLANS)
@pytest.mark.parametrize("point", POINTS)
def test_delivery_killed_at_a_point(deliveries: Room, partners: Partners, channel: str, point: str) -> None:
    mark = _mark(channel, point)
    killed, states = _killed_delivery(deliveries, partners, channel, f"{channel}-{point}", mark=mark)
    assert killed
    assert ("unknown" in states) == (channel == "mail" and point in DOUBTFUL)


@pytest.mark.parametrize("channel", PLANS)
def test_delivery_killed_at_random_moments(deliveries: Room, partners: Partners, channel: str) -> None:
    """Three moments of each channel, spread over the time an undisturbed delivery takes."""
    chance = random.Random(f"moments of {channel}")
    killed = []
    with staged(deliveries.templates[channel], deliveries.folder / "t", deliveries.config, {}) as stage:
        case = f"{channel}-undisturbed".replace("_", "-")
        partners.place(stage.config, case)
        timed = Stage(stage.folder, stage.config, partners.connections())
        seconds = timed.step("deliver", release_id(PLANS[channel], RUN)).seconds
    for third in range(3):
        moment = (third + chance.random()) / 3 * seconds
        killed.append(_killed_delivery(deliveries, partners, channel, f"{channel}-at-{third}", after=moment)[0])
    assert any(killed)


def test_undisturbed_and_killed_steps_say_the_same(room: Room) -> None:
    """The template itself went to the end in steps of their own: its log is the one the others are compared with."""
    with opened(room.config, room.folder / "home") as context:
        assert context.ledger.state("release", RELEASE) == "published"
        assert releasing.make(context, RELEASE, actor="test") == room.plain["make"].said["result"]
