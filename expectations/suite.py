"""The only importer of Great Expectations: named expectations over distinct values, answered in counts.

Great Expectations 1.24 fails open in five ways (an empty suite, no rows, `mostly`, a broken metric, an unlisted
column) and shows values in its results. So every answer is asked for without values, matched one to one with what was
asked, and compared by the gate with the gate's own count. Imported inside functions: the import takes five seconds.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING, Any

from expectations.identifiers import Identifier, Strength, all_kinds

if TYPE_CHECKING:
    import pandas as pd

K_ANONYMITY = "ExpectPeopleKAnonymityToBeAtLeast"
DECLARED_RANGE = "ExpectColumnValuesToLieInDeclaredDomain"
_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
_NO_VALUES = {"result_format": "BOOLEAN_ONLY"}


@dataclass(frozen=True)
class Wanted:
    """One expectation by class name, built-in or of this module, with its arguments. Nothing of it is ever printed."""

    expectation: str
    arguments: Mapping[str, Any] = field(repr=False)
    counts: bool = True  # a map expectation, which answers with a number of values


@dataclass(frozen=True)
class Answer:
    """What Great Expectations said: `failing` values where it counts them; `raised` where it could not look."""

    success: bool
    failing: int | None
    raised: bool


def expectation_name(kind: Identifier) -> str:
    """Class name of the expectation for one identifier kind: ExpectColumnValuesToContainNoJapaneseTelephone."""
    return "ExpectColumnValuesToContainNo" + "".join(word[:1].upper() + word[1:] for word in kind.en.split())


class Suite:
    """One ephemeral context for one examination. Evaluates frames; keeps and writes nothing."""

    def __init__(self) -> None:
        """Start Great Expectations (about five seconds the first time in a process)."""
        with _quiet():
            gx = _gx()
            context = gx.get_context(mode="ephemeral")
            context.variables.progress_bars = {"globally": False}
            source = context.data_sources.add_pandas("payload")
            self._batch = source.add_dataframe_asset("part").add_batch_definition_whole_dataframe("all")
            self._numbers = count()

    def evaluate(self, frame: pd.DataFrame, wanted: Sequence[Wanted]) -> list[Answer]:
        """One answer per expectation in `wanted`, in order. A wrong number of answers counts as raised for all."""
        if not wanted or not len(frame):
            return [Answer(False, None, True) for _ in wanted]
        with _quiet():
            answers: dict[int, Answer] = {}
            for counts, shape in ((True, _COUNTS), (False, _NO_VALUES)):
                chosen = {i: one for i, one in enumerate(wanted) if one.counts is counts}
                if chosen:
                    answers |= self._validate(frame, chosen, shape)
        return [answers.get(i, Answer(False, None, True)) for i in range(len(wanted))]

    def _validate(
        self, frame: pd.DataFrame, chosen: Mapping[int, Wanted], shape: Mapping[str, Any]
    ) -> dict[int, Answer]:
        gx = _gx()
        expectations = [
            _class(one.expectation)(**one.arguments, meta={"place": i}, severity="critical")
            for i, one in chosen.items()
        ]
        suite = gx.ExpectationSuite(name=f"part {next(self._numbers)}", expectations=expectations)
        batch = self._batch.get_batch(batch_parameters={"dataframe": frame})
        result = batch.validate(suite, result_format=dict(shape))
        answers = {one.expectation_config.meta["place"]: _answer(one) for one in result.results}
        if len(result.results) != len(chosen) or answers.keys() != chosen.keys():
            return {}
        return answers


def _answer(result: Any) -> Answer:
    info = result.exception_info or {}
    infos = [info] if "raised_exception" in info else list(info.values())
    raised = any(one.get("raised_exception") for one in infos)
    return Answer(bool(result.success), (result.result or {}).get("unexpected_count"), raised)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bar, no warning and no log line of Great Expectations: any of them may quote a value."""
    logger = logging.getLogger("great_expectations")
    disabled, logger.disabled = logger.disabled, True
    others = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("great_expect")]
    before = [(one, one.disabled) for one in others]
    for one in others:
        one.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = disabled
        for one, state in before:
            one.disabled = state


@cache
def _gx() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    return gx


@cache
def _class(name: str) -> Any:
    """The expectation class called `name`: ours or a built-in. Raises KeyError for neither."""
    own = _own_classes()
    if name in own:
        return own[name]
    import great_expectations.expectations as built_in

    return getattr(built_in, name)


@cache
def _own_classes() -> Mapping[str, Any]:
    """Define (and thereby register with Great Expectations) our expectations, once per process."""
    own = {expectation_name(kind): _identifier_class(kind) for kind in all_kinds()}
    own[DECLARED_RANGE] = _range_class()
    own[K_ANONYMITY] = _k_class()
    return own


def _map_class(name: str, doc: str, metric: str, test: Any, fields: Mapping[str, Any]) -> Any:
    engine: Any = import_module("great_expectations.execution_engine").PandasExecutionEngine
    metrics: Any = import_module("great_expectations.expectations.metrics")
    base: Any = import_module("great_expectations.expectations.expectation").ColumnMapExpectation

    def look(cls: Any, column: Any, **arguments: Any) -> Any:
        return column.map(test(arguments)).astype(bool)

    type(
        f"{name}Metric",
        (metrics.ColumnMapMetricProvider,),
        {
            "condition_metric_name": metric,
            "condition_value_keys": tuple(fields),
            "_pandas": metrics.column_condition_partial(engine=engine)(look),
        },
    )
    body: dict[str, Any] = {"__doc__": doc, "__module__": __name__, "map_metric": metric}
    body["success_keys"] = (*fields, "mostly")
    body["__annotations__"] = {key: type(default) for key, default in fields.items()}
    return type(name, (base,), {**body, **fields})


def _identifier_class(kind: Identifier) -> Any:
    def test(arguments: Mapping[str, Any]) -> Callable[[Any], bool]:
        context, limit = arguments["context"], Strength(arguments["at_least"])
        return lambda value: (found := kind.find(str(value), context)) is None or found < limit

    fields = {"context": "", "at_least": int(Strength.LIKELY)}
    doc = f"Expect no value to contain: {kind.en} ({kind.ja})."
    return _map_class(expectation_name(kind), doc, f"column_values.contain_no_{kind.id}", test, fields)


def _range_class() -> Any:
    def test(arguments: Mapping[str, Any]) -> Callable[[Any], bool]:
        shape = re.compile(arguments["shape"])
        places = max(len(arguments[key].partition(".")[2]) for key in ("low", "high", "step"))
        low, high, step = (_scaled(arguments[key], places) for key in ("low", "high", "step"))

        def inside(value: Any) -> bool:
            if not shape.fullmatch(str(value)):
                return False
            number = _scaled(str(value), places)
            return low <= number <= high and (number - low) % step == 0

        return inside

    fields = {"low": "0", "high": "0", "step": "1", "shape": ""}
    doc = "Expect every value to be a plainly written number in the contract's range."
    return _map_class(DECLARED_RANGE, doc, "column_values.lie_in_declared_domain", test, fields)


def _scaled(number: str, places: int) -> int:
    """A plainly written number as a whole number of its last place; other than the contract's decimal arithmetic."""
    whole, _, rest = number.partition(".")
    return int(whole + rest.ljust(places, "0"))


def _k_class() -> Any:
    def test(arguments: Mapping[str, Any]) -> Callable[[Any], bool]:
        return lambda value: int(value) >= int(arguments["k"])

    doc = "Expect every group of equal quasi-identifiers to hold at least k people."
    return _map_class(K_ANONYMITY, doc, "column_values.people_k_anonymity_at_least", test, {"k": 1})
