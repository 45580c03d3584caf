"""計測値: the signs as OpenTelemetry gauges, to where Airflow's own metrics go: the standard OTEL_ variables say where.

`tokumei.health.signs` by kind and level, and `tokumei.ledger.entries`. Words of ours and numbers only: no id, no name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from provision.errors import FixConfiguration, RetryLater

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricExporter, MetricsData

#: Either says that metrics are wanted (OpenTelemetry, "OTLP Exporter Configuration").
_WHERE = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_HOW = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_MILLISECONDS = 10_000


def export(signs: Mapping[tuple[str, str], int], entries: int) -> bool:
    """Send the gauges once. False where no endpoint is named. `RetryLater` where the collector does not take them."""
    if not any(os.environ.get(name) for name in _WHERE):
        return False
    from opentelemetry.sdk.metrics.export import MetricExportResult

    exporter = _exporter()
    try:
        result = exporter.export(_gauges(signs, entries), timeout_millis=_MILLISECONDS)
    finally:
        exporter.shutdown()
    if result is not MetricExportResult.SUCCESS:
        raise RetryLater(
            "the collector did not take the metrics", rule="health.metrics",
            remedy="look whether it runs; the next run sends what is true then",
        )  # fmt: skip
    return True


def _exporter() -> MetricExporter:
    protocol = next((os.environ[name] for name in _HOW if os.environ.get(name)), "http/protobuf")
    if protocol == "http/protobuf":
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as OverHttp

        return OverHttp()
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as OverGrpc

        return OverGrpc()
    raise FixConfiguration(
        "metrics go over http/protobuf or grpc", where=_HOW[1], rule="health.metrics", remedy="name one of them"
    )


def _gauges(signs: Mapping[tuple[str, str], int], entries: int) -> MetricsData:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource

    reader = InMemoryMetricReader()
    service = {SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or "tokumei"}
    provider = MeterProvider([reader], Resource.create(service))
    meter = provider.get_meter("tokumei")
    gauge = meter.create_gauge("tokumei.health.signs", description="things that somebody has to look at")
    for (kind, level), count in signs.items():
        gauge.set(count, {"kind": kind, "level": level})
    meter.create_gauge("tokumei.ledger.entries", description="entries of the provision log").set(entries)
    found = reader.get_metrics_data()
    provider.shutdown()
    assert found is not None  # gauges were just set
    return found
