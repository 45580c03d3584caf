"""Deliveries that are killed and repeated, as Airflow and an operator repeat them, and what must be true at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage

from provision.ledger.verify import verify
from provision.packaging.bag import bag_digest
from provision.releasing.drafting import release_id
from provision.releasing.resolving import resolve
from tests.support.processes import Stage
from tests.support.releases import (
    PLANS,
    RUN,
    Partners,
    at_recipient,
    log_of,
    opened,
    payload_digests,
    published_release,
    staged,
    write_config,
)


@dataclass
class Deliveries:
    """Zones of a published release for each channel, to be copied for every delivery."""

    config: Path
    identity: pyrage.x25519.Identity
    templates: dict[str, Path]
    folder: Path


@dataclass
class Outcome:
    """Kills that hit, states seen on the way, runs it took after the first, and deliveries an operator settled."""

    kills: int = 0
    runs: int = 0
    settled: int = 0
    states: list[str] = field(default_factory=list)


def published(base: Path, size: int) -> Deliveries:
    """A published release of `size` random bytes for every channel."""
    identity = write_config(base / "config")
    templates = {channel: base / channel for channel in PLANS}
    for channel, plan in PLANS.items():
        published_release(base / "config", templates[channel], plan, size)
    return Deliveries(base / "config", identity, templates, base)


def undisturbed(deliveries: Deliveries, partners: Partners, channel: str) -> float:
    """Seconds a delivery takes that nobody kills."""
    template, folder = deliveries.templates[channel], deliveries.folder / f"timed-{channel}"
    with staged(template, folder, deliveries.config, partners.connections()) as stage:
        partners.place(stage.config, f"{channel}-undisturbed".replace("_", "-"))
        ended = stage.step("deliver", release_id(PLANS[channel], RUN))
        assert ended.status == 0, ended.errors
        return ended.seconds


def killed_delivery(
    deliveries: Deliveries, partners: Partners, channel: str, name: str, kills: Sequence[Mapping[str, Any]]
) -> Outcome:
    """Kill a delivery again and again, each time looking at the recipient's end; then repeat it until it is done.

    At the end the recipient has the payload once, whole, without fragments, and the log says so.
    """
    case = name.replace(":", "-").replace(".", "-").replace("_", "-")
    release, done = release_id(PLANS[channel], RUN), Outcome()
    with staged(deliveries.templates[channel], deliveries.folder / case, deliveries.config, {}) as kept:
        stage = Stage(kept.folder, kept.config, partners.connections())
        partners.place(stage.config, case)
        digest = bag_digest(stage.home / "releases" / release / "made" / "bag")
        for how in kills:
            _run(channel, release, stage, partners, case, done, **how)
            _check_before_the_end(channel, stage, partners, case, digest, deliveries)
        for _ in range(3):
            if _run(channel, release, stage, partners, case, done):
                break
        else:
            raise AssertionError(f"not delivered after {done.states}")
        receipt = stage.step("deliver", release).said["result"]
        there = at_recipient(channel, stage, partners, case)
        assert [payload_digests(files, deliveries.identity) for files in there.sets] == [[digest]]
        assert there.fragments == []
        _check_log(stage, release, receipt)
    return done


def verified(stage: Stage) -> None:
    """The log verifies."""
    with opened(stage.config, stage.home) as context:
        assert verify(context.zones.ledger(), public_key=context.signer.public).ok


def state_of(stage: Stage, kind: str, subject: str) -> str:
    """A state, by the log."""
    with opened(stage.config, stage.home) as context:
        return context.ledger.state(kind, subject)


def _run(channel: str, release: str, stage: Stage, partners: Partners, case: str, done: Outcome, **how: Any) -> bool:
    """One run, killed or not; where it ends in doubt (a mail) an operator asks the recipient and says what is true."""
    recipient = next(payload["recipient"] for type, payload in log_of(stage) if type == "release.drafted")
    order = f"{release}.{recipient}.{channel}.1"
    ended = stage.step("deliver", release, **how)
    done.runs += 1
    if ended.killed:
        done.kills += 1
        return False
    done.states.append(state_of(stage, "delivery", order))
    if ended.status == 0:
        return True
    assert (channel, ended.status, done.states[-1]) == ("mail", 7, "unknown"), ended.errors
    mails = len(at_recipient(channel, stage, partners, case).sets)
    assert stage.step("deliver", release).status == 7  # it stays unknown, however often it is tried
    assert len(at_recipient(channel, stage, partners, case).sets) == mails
    with opened(stage.config, stage.home) as context:
        resolve(context, order, sent=mails == 1, reason="the recipient was asked", actor="test")
    done.settled += 1
    return False


def _check_before_the_end(
    channel: str, stage: Stage, partners: Partners, case: str, digest: str, deliveries: Deliveries
) -> None:
    """After a kill the recipient has nothing, or one whole delivery."""
    there = at_recipient(channel, stage, partners, case).sets
    assert len(there) <= 1
    for files in there:
        # In a bucket the files come one after the other, and no link is sent before the last one.
        if channel != "bucket":
            assert payload_digests(files, deliveries.identity) == [digest]


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
    assert state_of(stage, "release", release) == "open"
    (outbox,) = (stage.home / "outbox").iterdir()
    assert {path.name for path in outbox.iterdir()} == {".lock", f"{release}.zip.age", f"{release}.envelope.json"}
    assert state_of(stage, "delivery", outbox.name) == "handed_over"
    assert counts["delivery.sealed"] >= 1
    verified(stage)
