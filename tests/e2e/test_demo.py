"""The demonstration as a newcomer starts it, in a folder of its own, and the search for people in all it leaves."""

from __future__ import annotations

import json
import re
import secrets
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import pytest

from provision.ledger.reading import LedgerReader
from provision.packaging.bag import bag_digest
from provision.sampledata.leaks import identifying_values
from tests.support.leaksearch import search
from tests.support.processes import plain_environment, with_mark

PROJECT = Path(__file__).resolve().parents[2]
CHANNELS = {
    "aozora-pharma": "bucket",
    "hinode-institute": "disc",
    "midori-foundation": "partner_sftp",
    "tsukishima-university": "mail",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Run:
    """One finished demonstration; `mark` stands in the environment of everything it started."""

    root: Path
    mark: str
    status: int
    output: str

    @property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "summary.json").read_text(encoding="utf-8")))

    def tokumei(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Our command line on this demonstration's zones."""
        places = {"TOKUMEI_HOME": str(self.root / "home"), "TOKUMEI_CONFIG": str(self.root / "config")}
        command = [str(Path(sys.executable).with_name("tokumei")), *words]
        return subprocess.run(command, env=plain_environment() | places, capture_output=True, text=True, timeout=200)


def demonstrate(root: Path) -> Run:
    mark = f"demo-{secrets.token_hex(8)}"
    command = [sys.executable, "-m", "demo", "--root", str(root)]
    environment = plain_environment() | {"TOKUMEI_TEST_MARK": mark}
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=700
    )
    return Run(root, mark, done.returncode, done.stdout)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = demonstrate(Path(tmp_path_factory.mktemp("demonstration")) / "demo")
    assert made.status == 0, made.output[-3000:]
    return made


def _check_summary(run: Run) -> None:
    found = run.summary
    releases = found["releases"]
    assert {r["recipient"]: r["channel"] for r in releases} == CHANNELS
    assert [r["receipt"]["order"].rsplit(".", 1)[0] for r in releases] == [
        f"{r['release']}.{r['recipient']}.{r['channel']}" for r in releases
    ]
    assert all(r["receipt"]["handed_over_at"] and r["receipt"]["evidence"] for r in releases)
    assert all(r["gate_passed"] is True and r["expectations"] > 20 for r in releases)
    assert all(r["smallest_group"] >= 5 and r["people_out"] > 0 and r["rows"] > 0 for r in releases)
    assert all(r["suppressed_share"] <= 0.1 and len(r["approvals"]) == 2 for r in releases)
    assert found["intake"]["sources"] == 3
    assert found["intake"]["batches"] == len(list((run.root / "senders").glob("*/*/batch.yaml")))
    assert found["ledger"]["verified"] is True
    assert found["ledger"]["size"] > 50


def test_summary_holds_four_receipts_and_every_count(run: Run) -> None:
    _check_summary(run)


def test_no_process_and_no_port_is_left(run: Run) -> None:
    assert with_mark(run.mark, str(run.root)) == []
    ports = {int(port) for port in re.findall(r"(?:port |127\.0\.0\.1:)(\d{4,5})", run.output)}
    assert len(ports) == 5  # mail, object store, SFTP, portal, Airflow
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("recipient", CHANNELS)
def test_recipient_holds_exactly_the_payload_of_the_ledger(run: Run, recipient: str) -> None:
    bags = list((run.root / "recipients" / recipient / "payload").iterdir())
    assert len(bags) == 1
    with LedgerReader.read(run.root / "home" / "ledger" / "ledger.db") as ledger:
        made = [e.payload["digest"] for e in ledger.entries(type="release.made", kind="recipient", subject=recipient)]
        handed = [e.subjects["recipient"] for e in ledger.entries(type="delivery.handed_over")]
    assert made == [bag_digest(bags[0])]
    assert handed.count(recipient) == 1
    assert {r["digest"] for r in run.summary["releases"] if r["recipient"] == recipient} == set(made)


@pytest.mark.parametrize("recipient", CHANNELS)
def test_scan_finds_nothing_certain_in_what_a_recipient_has(run: Run, recipient: str) -> None:
    scanned = run.tokumei("scan", str(run.root / "recipients" / recipient / "payload"), "--json")
    assert scanned.returncode == 0, scanned.stdout[-2000:]
    assert json.loads(scanned.stdout)


def test_ledger_verifies_on_the_command_line(run: Run) -> None:
    verified = run.tokumei("ledger", "verify", "--json")
    assert verified.returncode == 0, verified.stdout[-2000:]
    found = json.loads(verified.stdout)
    assert found["ok"] is True
    assert found["size"] == run.summary["ledger"]["size"]


def test_nobody_is_found_anywhere_but_with_the_senders_landing_and_vault(run: Run) -> None:
    """Also in the output, the logs and databases of Airflow and of every server, and in what recipients opened."""
    root = run.root
    (root / "output.txt").write_text(run.output, encoding="utf-8")
    values = list(identifying_values(root / "truth"))
    assert search([root / "senders"], values[:2000]), "the search must find people where they are"
    keys = [*root.glob("recipients/*/identity.txt"), root / "escrow" / "identity.txt"]
    identities = [pyrage.x25519.Identity.from_str(path.read_text().strip()) for path in keys]
    kept_out = [root / "senders", root / "truth", root / "home" / "landing", root / "home" / "vault"]
    assert search([root], values, excluding=kept_out, identities=identities) == []


def test_landing_holds_no_person_any_more(run: Run) -> None:
    landing = run.root / "home" / "landing"
    assert [path for path in landing.rglob("*") if path.is_file()] == []
    keys = [path.name for path in (run.root / "home" / "vault" / "keys").iterdir()]
    assert [name for name in keys if name.startswith("batch-")] == []


def test_a_second_run_starts_anew_and_works(run: Run) -> None:
    first = run.summary["ledger"]["root"]
    again = demonstrate(run.root)
    assert again.status == 0, again.output[-3000:]
    _check_summary(again)
    assert again.summary["ledger"]["root"] != first
    assert with_mark(again.mark, str(again.root)) == []


def test_a_folder_that_is_no_demonstration_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("precious")
    refused = demonstrate(tmp_path)
    assert refused.status == 2
    assert (tmp_path / "precious.txt").read_text() == "precious"
