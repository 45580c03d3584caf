"""What must hold before a byte leaves, with the real server of each channel at the other end: nothing arrives where the
payload was changed or the agreement has ended meanwhile, and two workers with one order deliver it once.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

import pytest

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from provision.context import Context, open_context
from provision.errors import Refused, RetryLater
from provision.packaging.bag import bag_digest
from provision.releasing.delivering import deliver
from provision.releasing.drafting import release_id
from tests.support.consignments import Connections
from tests.support.killing import Deliveries, published, verified
from tests.support.processes import Stage
from tests.support.releases import PLANS, RUN, Partners, at_recipient, payload_digests, staged

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Deliveries:
    return published(Path(tmp_path_factory.mktemp("believing")), 200_000)


@pytest.fixture(scope="module")
def partners(smtp_server: SmtpServer, s3_server: S3Server, sftp_server: SftpServer, xorriso: str) -> Partners:
    return Partners(smtp_server, s3_server, sftp_server)


@dataclass
class Ground:
    """One published release and its recipient."""

    channel: str
    stage: Stage
    partners: Partners
    case: str
    deliveries: Deliveries

    @property
    def release(self) -> str:
        return release_id(PLANS[self.channel], RUN)

    @property
    def bag(self) -> Path:
        return self.stage.home / "releases" / self.release / "made" / "bag"

    def open(self) -> Context:
        known = Connections(**self.partners.connections())
        return open_context(known, folder=self.stage.config, home=self.stage.home)

    def arrived(self) -> list[list[str]]:
        """Payload digests of each delivery at the recipient's end."""
        there = at_recipient(self.channel, self.stage, self.partners, self.case)
        assert there.fragments == []
        return [payload_digests(files, self.deliveries.identity) for files in there.sets]


@pytest.fixture(params=sorted(PLANS))
def ground(
    request: pytest.FixtureRequest, deliveries: Deliveries, partners: Partners, tmp_path: Path
) -> Iterator[Ground]:
    case = f"believing-{request.param.replace('_', '-')}-{next(_numbers)}"
    with staged(deliveries.templates[request.param], tmp_path / "stage", deliveries.config, {}) as stage:
        stage.scratch.mkdir()
        partners.place(stage.config, case)
        yield Ground(request.param, stage, partners, case, deliveries)


def test_a_payload_that_was_changed_after_the_approvals_stays_here(ground: Ground) -> None:
    with (ground.bag / "data" / "random.bin").open("ab") as file:
        file.write(b"more")
    with pytest.raises(Refused, match=r"deliver\.digest"):
        deliver(ground.open(), ground.release, actor="test")
    assert ground.arrived() == []
    assert not list(ground.open().ledger.entries(type="delivery.ordered"))


def test_nothing_leaves_under_an_agreement_that_has_ended_meanwhile(ground: Ground) -> None:
    for path in (ground.stage.config / "recipients").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"ends: \S+", "ends: 2026-04-02", text), encoding="utf-8")
    with pytest.raises(Refused, match=r"release\.agreement"):
        deliver(ground.open(), ground.release, actor="test")
    assert ground.arrived() == []


def test_two_workers_with_one_order_deliver_it_once(ground: Ground) -> None:
    together, digest = Barrier(2), bag_digest(ground.bag)

    def work(_: int) -> object:
        context = ground.open()
        together.wait(30)
        try:
            return deliver(context, ground.release, actor="test")["order"]
        except RetryLater as later:
            return later.rule

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(work, range(2)))
    again = deliver(ground.open(), ground.release, actor="test")
    assert set(said) <= {again["order"], "deliver.busy"}
    assert again["order"] in said
    assert ground.arrived() == [[digest]]
    assert len(list(ground.open().ledger.entries(type="delivery.handed_over"))) == 1
    verified(ground.stage)
