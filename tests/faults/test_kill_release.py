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
from provision.packaging.bag import bag_digest
from provision.releasing.drafting import release_id
from tests.support.killing import Deliveries, killed_delivery, published, undisturbed, verified
from tests.support.processes import Ended, Stage
from tests.support.releases import (
    PLANS,
    RUN,
    Partners,
    approve,
    fill_store,
    log_of,
    opened,
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
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Deliveries:
    return published(Path(tmp_path_factory.mktemp("delivery")), SIZE)


@pytest.fixture(scope="module")
def partners(smtp_server: SmtpServer, s3_server: S3Server, sftp_server: SftpServer, xorriso: str) -> Partners:
    servers: list[LocalServer] = [smtp_server, s3_server, sftp_server]
    assert all(server.pid for server in servers)
    return Partners(smtp_server, s3_server, sftp_server)


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
    verified(stage)


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


@pytest.mark.parametrize("channel", PLANS)
@pytest.mark.parametrize("point", POINTS)
def test_delivery_killed_at_a_point(deliveries: Deliveries, partners: Partners, channel: str, point: str) -> None:
    mark = _mark(channel, point)
    done = killed_delivery(deliveries, partners, channel, f"{channel}-{point}", [{"mark": mark}])
    assert done.kills == 1
    assert ("unknown" in done.states) == (channel == "mail" and point in DOUBTFUL)


@pytest.mark.parametrize("channel", PLANS)
def test_delivery_killed_at_random_moments(deliveries: Deliveries, partners: Partners, channel: str) -> None:
    """Three moments of each channel, spread over the time an undisturbed delivery takes."""
    chance, seconds = random.Random(f"moments of {channel}"), undisturbed(deliveries, partners, channel)
    moments = [(third + chance.random()) / 3 * seconds for third in range(3)]
    done = [
        killed_delivery(deliveries, partners, channel, f"{channel}-at-{third}", [{"after": moment}])
        for third, moment in enumerate(moments)
    ]
    assert any(each.kills for each in done)


def test_undisturbed_and_killed_steps_say_the_same(room: Room) -> None:
    """The template itself went to the end in steps of their own: its log is the one the others are compared with."""
    with opened(room.config, room.folder / "home") as context:
        assert context.ledger.state("release", RELEASE) == "published"
        assert releasing.make(context, RELEASE, actor="test") == room.plain["make"].said["result"]
