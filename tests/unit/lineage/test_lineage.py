"""Lineage: the log as OpenLineage events, to a real server or a file, each once in order, and nothing of anybody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from provision import cli, intake, releasing
from provision.context import Context
from provision.errors import FixConfiguration, Quarantined, RetryLater
from provision.lineage.sending import position, send_new
from tests.support.intake import ACTOR, drop
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send

PLAN, CLAIMS = "claims-for-university", PLAN_SOURCES[0]
RECIPIENT = "tsukishima-university"
APRIL = Sent(CLAIMS, "2025-04", 1, tuple(bill(who, "2025-04") for who in "ABCDE"))
ORDER = "r-1.tsukishima-university.mail.1"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENLINEAGE_URL", "OPENLINEAGE__TRANSPORT__TYPE", "OPENLINEAGE_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    """A batch, one that could not be taken, a release, and two attempts to deliver it."""
    found = releasing_platform(tmp_path / "home", cutoff_month="2025-04")
    send(found, APRIL)
    drop(found, CLAIMS, {"a.UKE": b"x"}, "bad", card='period: "2025-05"\nsequence: 1\n')
    (bad,) = intake.receive(found, CLAIMS, actor=ACTOR)
    with pytest.raises(Quarantined):
        intake.take_in(found, bad, actor=ACTOR)
    release = releasing.draft(found, PLAN, "one", actor=ACTOR)
    releasing.make(found, release, actor=ACTOR)
    about = {"release": release, "recipient": RECIPIENT, "plan": PLAN}
    steps: list[tuple[str, dict[str, object]]] = [
        ("ordered", {"release": release, "recipient": RECIPIENT, "channel": "mail", "digest": "0"}),
        ("attempting", {"attempt": 1, "ciphertext_sha256": "0"}), ("failed", {"reason": "server"}),
        ("attempting", {"attempt": 2, "ciphertext_sha256": "0"}), ("handed_over", {"receipt": {}}),
    ]  # fmt: skip
    for state, payload in steps:
        found.ledger.transition("delivery", ORDER, state, actor=ACTOR, subjects=about, payload=payload)
    return found


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lineage.jsonl"
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "file")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", str(path))
    return path


def told(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def names(datasets: list[dict[str, Any]]) -> list[str]:
    return [dataset["name"] for dataset in datasets]


def test_from_source_to_recipient(ctx: Context, file: Path) -> None:
    assert send_new(ctx) == 10
    events = told(file)
    said = [(e["job"]["name"], e["eventType"], names(e["inputs"]), names(e["outputs"])) for e in events]
    received, store, release = f"received/{CLAIMS}", f"store/{CLAIMS}", f"release/{PLAN}"
    deliver = f"deliver.{RECIPIENT}.mail"
    assert said == [
        (f"intake.{CLAIMS}", "START", [received], []),
        (f"intake.{CLAIMS}", "COMPLETE", [received], [store]),
        (f"intake.{CLAIMS}", "START", [received], []),
        (f"intake.{CLAIMS}", "FAIL", [received], []),
        (f"make.{PLAN}", "START", [store, f"store/{PLAN_SOURCES[1]}"], []),
        (f"make.{PLAN}", "COMPLETE", [store, f"store/{PLAN_SOURCES[1]}"], [release]),
        (deliver, "START", [release], []),
        (deliver, "FAIL", [release], []),
        (deliver, "START", [release], []),
        (deliver, "COMPLETE", [release], [f"recipient/{RECIPIENT}"]),
    ]
    runs = [UUID(e["run"]["runId"]) for e in events]
    assert [runs[n] == runs[n + 1] for n in range(0, 10, 2)] == [True] * 5
    assert len(set(runs)) == 5  # two attempts are two runs
    (accepted,) = ctx.ledger.entries(type="batch.accepted")
    assert events[1]["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == accepted.payload["rows_out"]
    assert events[1]["outputs"][0]["facets"]["version"]["datasetVersion"] == accepted.subjects["batch"]
    facets = [e["job"]["facets"]["jobType"] for e in events]
    assert all(
        facet["_producer"] and facet["_schemaURL"].startswith("https://openlineage.io/spec/") for facet in facets
    )


def test_no_value_and_no_path_and_no_program_leaves(ctx: Context, file: Path) -> None:
    send_new(ctx)
    text = file.read_text(encoding="utf-8")
    claims = [bill(who, "2025-04") for who in "ABCDE"]
    secret = [str(ctx.zones.home), "a.UKE", "def ", "import ", "recipe", "sourceCode", *(c.name for c in claims),
              *(c.chart for c in claims), *(c.birth for c in claims), *(c.kana for c in claims)]  # fmt: skip
    assert not [part for part in secret if part in text]


def test_each_entry_is_told_once(ctx: Context, file: Path) -> None:
    assert [send_new(ctx), send_new(ctx)] == [10, 0]
    assert position(ctx) == ctx.ledger.size
    send(ctx, Sent(CLAIMS, "2025-06", 1, (bill("A", "2025-06"),)))
    assert send_new(ctx) == 2
    (ctx.zones.ledger().parent / "lineage.position").write_text("not a number")
    assert send_new(ctx) == 12  # told again, under the same ids
    assert len({e["run"]["runId"] for e in told(file)}) == 6


class Server(HTTPServer):
    """Takes events; answers 503 after `patience` of them."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self.patience = 100
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        tired = len(self.server.events) >= self.server.patience
        if not tired:
            self.server.events.append((self.path, self.headers.get("Authorization", ""), body))
        self.send_response(503 if tired else 201)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{found.server_port}/")
        yield found
        found.shutdown()
        thread.join()


def test_a_server_that_stops_taking_is_gone_on_with(
    ctx: Context, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "架空-key".encode().hex())
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "kakuu")
    server.patience = 3
    with pytest.raises(RetryLater) as later:
        send_new(ctx)
    assert later.value.rule == "lineage.server"
    server.patience = 100
    assert send_new(ctx) == 7
    assert {path for path, _, _ in server.events} == {"/api/v1/lineage"}
    assert {key.partition(" ")[0] for _, key, _ in server.events} == {"Bearer"}
    assert [e["eventType"] for _, _, e in server.events].count("START") == 5
    assert {e["job"]["namespace"] for _, _, e in server.events} == {"kakuu"}


def test_a_server_that_is_away(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    with pytest.raises(RetryLater):
        send_new(ctx)
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "True")
    assert send_new(ctx) == 0


def test_without_a_transport_nothing_is_sent(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send_new(ctx) == 0
    assert position(ctx) == 0
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "kafka")
    with pytest.raises(FixConfiguration):
        send_new(ctx)


def test_the_commands(
    ctx: Context, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("provision.context.open_context", lambda: ctx)
    assert cli.main(["lineage", "show"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 10
    assert cli.main(["lineage", "send"]) == 0
    assert capsys.readouterr().out == "10 events are sent\n"
