"""What is new goes to the operators once, by a real server; everything to a real collector, and nothing of anybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from demo.servers.smtp import SmtpServer
from provision import health
from provision.context import Context
from provision.errors import FixConfiguration, RetryLater
from provision.health import metrics
from provision.health.watching import watch
from provision.ledger.store import Ledger
from tests.support.consignments import Connections
from tests.support.intake import ACTOR
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send
from tests.support.servers import smtp_server

__all__ = ["smtp_server"]
ALERTS = "operators@health-data.example"
CLAIMS = PLAN_SOURCES[0]


class Collector(HTTPServer):
    """Takes OTLP over HTTP; `status` is what it answers."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Handler)

    def gauges(self) -> dict[tuple[str, ...], int]:
        """Name and attributes -> value of the newest request."""
        said = ExportMetricsServiceRequest.FromString(self.requests[-1][1])
        return {
            (metric.name, *sorted(a.value.string_value for a in point.attributes)): int(point.as_int)
            for resource in said.resource_metrics for scope in resource.scope_metrics
            for metric in scope.metrics for point in metric.gauge.data_points
        }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def ctx(tmp_path: Path, smtp_server: SmtpServer) -> Context:
    """With one entry that nobody signed since the day before yesterday; agreements are nobody's business here."""
    plain = releasing_platform(tmp_path)
    found = replace(plain, recipients={}, resolver=Connections(tokumei_smtp=smtp_server.connection_json()))
    past = Ledger.open(found.zones.ledger(), clock=lambda: datetime.now(UTC) - timedelta(days=2))
    past.append("test.entry", actor=ACTOR, subjects={}, payload={})
    return found


def mails(server: SmtpServer) -> list[str]:
    messages = [message_from_bytes(path.read_bytes(), policy=default) for path in server.messages(ALERTS)]
    return [str(each.get_content()) for each in messages]


def test_a_sign_is_an_alert_once(ctx: Context, smtp_server: SmtpServer) -> None:
    before = len(mails(smtp_server))
    assert watch(ctx, actor=ACTOR) == {"signs_wait": 0, "signs_look": 0, "signs_act": 1, "alerted": 1, "metrics": 0}
    (text,) = mails(smtp_server)[before:]
    assert "1 件の記録に署名がありません 1 entry is not signed" in text
    assert "tokumei ledger checkpoint を実行し" in text
    assert "tokumei ledger checkpoint; look at" in text
    assert watch(ctx, actor=ACTOR)["alerted"] == 0
    assert len(mails(smtp_server)) == before + 1
    ctx.ledger.checkpoint(ctx.signer)
    assert watch(ctx, actor=ACTOR)["signs_act"] == 0


def test_an_alert_that_cannot_go_goes_later(ctx: Context, smtp_server: SmtpServer, collector: Collector) -> None:
    away = replace(ctx, resolver=Connections())
    with pytest.raises(FixConfiguration):
        watch(away, actor=ACTOR)
    assert len(collector.requests) == 1  # metrics went out all the same
    assert watch(ctx, actor=ACTOR)["alerted"] == 1


def test_everything_is_a_gauge(ctx: Context, collector: Collector) -> None:
    assert watch(ctx, actor=ACTOR)["metrics"] == 1
    assert collector.requests[-1][0] == "/v1/metrics"
    found = collector.gauges()
    assert found["tokumei.health.signs", "act", "unsigned"] == 1
    assert found["tokumei.health.signs", "act", "delivery"] == 0
    assert len(found) == 3 * len(health.KINDS) + 1
    assert found["tokumei.ledger.entries",] == 2  # the alert's own entry is there, too


def test_no_id_and_nobody_is_in_a_metric(ctx: Context, collector: Collector) -> None:
    batch = send(ctx, Sent(CLAIMS, "2025-04", 1, (bill("A", "2025-04"),)))
    watch(ctx, actor=ACTOR)
    (body,) = [body for _, body in collector.requests]
    said = [CLAIMS, batch, bill("A", "2025-04").name, bill("A", "2025-04").chart, str(ctx.zones.home)]
    assert not [text for text in said if text.encode() in body]


def test_a_collector_that_refuses_is_tried_again(ctx: Context, collector: Collector) -> None:
    collector.status = 400  # no sense in trying the same again at once
    with pytest.raises(RetryLater) as later:
        metrics.export({("landing", "act"): 1}, 1)
    assert later.value.rule == "health.metrics"


def test_without_an_endpoint_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert metrics.export({}, 0) is False
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon")
    with pytest.raises(FixConfiguration):
        metrics.export({}, 0)
