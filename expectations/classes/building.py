"""Turns an expectation of ours into a class of Great Expectations: a column-map metric and its expectation."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from expectations.classes.base import Own


def build(own: Own) -> Any:
    """Define the class, and thereby register it. To be called once per name and process.

    Great Expectations keeps the text of exceptions, and a test that stumbles over a value may quote it: what is raised
    instead names the kind of error only. The gate takes every report of an exception as a failure.
    """
    engine: Any = import_module("great_expectations.execution_engine").PandasExecutionEngine
    metrics: Any = import_module("great_expectations.expectations.metrics")
    base: Any = import_module("great_expectations.expectations.expectation").ColumnMapExpectation

    def look(cls: Any, column: Any, **arguments: Any) -> Any:
        try:
            return column.map(own.test(arguments)).astype(bool)
        except Exception as error:
            raise RuntimeError(type(error).__name__) from None

    type(
        f"{own.name}Metric",
        (metrics.ColumnMapMetricProvider,),
        {
            "condition_metric_name": own.metric,
            "condition_value_keys": tuple(own.arguments),
            "_pandas": metrics.column_condition_partial(engine=engine)(look),
        },
    )
    body: dict[str, Any] = {"__doc__": own.en, "__module__": __name__, "map_metric": own.metric}
    body["success_keys"] = (*own.arguments, "mostly")
    body["__annotations__"] = {key: type(default) for key, default in own.arguments.items()}
    return type(own.name, (base,), {**body, **own.arguments})
