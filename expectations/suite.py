"""The only user of Great Expectations: named expectations over distinct values, answered in counts.

Great Expectations 1.24 fails open in five ways (an empty suite, no rows, `mostly`, a broken metric, an unlisted
column) and shows values in its results. So every answer is asked for without values, matched one to one with what was
asked, and compared by the gate with the gate's own count. Imported inside functions: the import takes five seconds.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from expectations.classes import own
from expectations.classes.building import build

if TYPE_CHECKING:
    import pandas as pd

NOT_NULL = "ExpectColumnValuesToNotBeNull"
#: Built-in map expectations that were searched for values under `_COUNTS` (tests/contract/test_expectations.py), as
#: all of ours are. Any other answers with yes or no only: aggregate ones show values however they are asked.
COUNTED = frozenset({"ExpectColumnValuesToBeInSet", "ExpectColumnValuesToMatchRegex", NOT_NULL})
_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
_NO_VALUES = {"result_format": "BOOLEAN_ONLY"}


@dataclass(frozen=True)
class Wanted:
    """One expectation by class name, built-in or ours, with its arguments. Nothing of it is ever printed.

    Raises ValueError for ``mostly``: an expectation that tolerates some is none.
    """

    expectation: str
    arguments: Mapping[str, Any] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what would let some values pass."""
        if "mostly" in self.arguments:
            raise ValueError("an expectation of the gate tolerates nothing")

    @property
    def counts(self) -> bool:
        """Whether it may be asked for a number of values; see `COUNTED`."""
        return self.expectation in COUNTED or self.expectation in own()


@dataclass(frozen=True)
class Answer:
    """What Great Expectations said: `failing` values where it counts them; `raised` where it could not look."""

    success: bool
    failing: int | None
    raised: bool


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
    if name in own():
        return build(own()[name])
    import great_expectations.expectations as built_in

    return getattr(built_in, name)
